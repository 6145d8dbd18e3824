"""What a wave said of itself, as it is kept with its revision."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from jumelage import database

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from jumelage.revisions.scope import Scope


def declared(connection: Connection, scope: Scope) -> dict[str, Any]:
    """Return the wave.toml of the revision in scope; nothing of one that was loaded before it was kept."""
    wave, revision = scope.single
    rows = f"wave = {database.literal(wave)} and revision = {revision}"
    ((kept,),) = database.query(connection, f"select declared from survey.revisions where {rows}")[1]
    return dict(json.loads(kept or "{}"))
