"""The files of a publication: those in its folder, whatever the link to it leads to at the moment, and no others."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from jumelage.serving.guard import PUBLISHED

if TYPE_CHECKING:
    import os

    from starlette.responses import Response
    from starlette.types import Scope

# What a browser is told of a file, on every machine alike; what is not here is a text of UTF-8.
_MEDIA = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".pdf": "application/pdf",
    ".parquet": "application/vnd.apache.parquet",
    ".duckdb": "application/octet-stream",
    ".zip": "application/zip",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class Published(StaticFiles):
    """The folder of a publication; 404 as long as there is none."""

    def __init__(self, folder: Path) -> None:
        """Give the files of a folder that need not be there yet."""
        super().__init__(directory=folder, html=True, check_dir=False)
        self._folder = folder

    @property
    def there(self) -> bool:
        """Whether something is published."""
        return self._folder.is_dir()

    async def check_config(self) -> None:
        """Check nothing: a folder that is not there may be so tomorrow."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Find a file; what is hidden is not published, though `.well-known` is a name that others look for."""
        parts = PurePath(path).parts
        if any(part.startswith(".") and part != ".well-known" for part in parts):
            return "", None
        try:
            return super().lookup_path(path)
        except PermissionError:
            return "", None

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with its media type, of which a browser asks each time whether it has changed."""
        if not self.there:
            raise HTTPException(404)
        found = await super().get_response(path, scope)
        if "content-type" in found.headers:
            kind = PurePath(getattr(found, "path", "")).suffix.lower()
            found.headers["Content-Type"] = _MEDIA.get(kind, "text/plain; charset=utf-8")
        found.headers["Cache-Control"] = "no-cache"
        found.headers["Content-Security-Policy"] = PUBLISHED
        return found
