"""PostgreSQL: what whoever runs `grant` must be able to do, so that a server without a superuser for us is enough.

Each step says what it takes: to create a role, to have ADMIN on one, to have the rights of one. What is missing is said
before anything is changed: to grant what one may not is a mere warning to the server.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jumelage.database.engines import Step
from jumelage.database.sql import query
from jumelage.errors import DatabaseError
from jumelage.texts import Label, both, same

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

# What a step takes of the role that it names: to create it, to have ADMIN on it, to have its rights, to be it as the
# owner of the database.
CREATE, ADMIN, RIGHTS, DATABASE = "create", "admin", "rights", "database"
_OF_THE_DATABASE = "pg_database_owner"
# A CREATEROLE of PostgreSQL 15 administers whoever is no superuser. Since 16 it administers the roles that it created.
_ADMINISTERS = (
    "pg_has_role(oid, 'MEMBER WITH ADMIN OPTION') or (current_setting('server_version_num')::int < 160000 "
    "and not rolsuper and exists (select 1 from pg_roles me where me.rolname = current_user and me.rolcreaterole))"
)


@dataclass(frozen=True, slots=True)
class Grantor:
    """Who runs `grant`, and what it may do; names are as SQL writes them."""

    name: str
    superuser: bool
    creates: bool
    inherits: bool
    chooses: bool  # since PostgreSQL 16 a membership says whether its rights are inherited
    rights: frozenset[str]  # the roles whose rights it has
    becomes: frozenset[str]
    administers: frozenset[str]
    superusers: frozenset[str]
    database: str
    database_owner: str


# Members of PostgreSQL 16 and newer may be members without being able to become the role.
MEMBER = "case when current_setting('server_version_num')::int >= 160000 then 'SET' else 'MEMBER' end"


def grantor(connection: Connection) -> Grantor:
    """Look at who asks."""
    ((name, superuser, creates, inherits, chooses, database, owner),) = query(
        connection,
        "select quote_ident(current_user), r.rolsuper, r.rolcreaterole, r.rolinherit, "
        "current_setting('server_version_num')::int >= 160000, quote_ident(d.datname), "
        "quote_ident(pg_get_userbyid(d.datdba)) from pg_roles r, pg_database d "
        "where r.rolname = current_user and d.datname = current_database()",
    )[1]
    _, roles = query(
        connection,
        f"select quote_ident(rolname), pg_has_role(oid, 'USAGE'), pg_has_role(oid, {MEMBER}), {_ADMINISTERS}, rolsuper "
        "from pg_roles",
    )
    rights, becomes, administers, superusers = (
        frozenset(role for role, *may in roles if may[place]) for place in range(4)
    )
    return Grantor(
        name, superuser, creates, inherits, chooses, rights, becomes, administers, superusers, database, owner
    )


def lent(by: Grantor, owner: str, before: Sequence[Step], steps: Sequence[Step]) -> Iterator[Step]:
    """Give the steps that take the rights of the owner, whose member is for as long as this takes who may be it.

    A superuser needs no such thing. Who may not take all steps, those before included, is not made a member: it hands
    the SQL to somebody else.
    """
    steps = [step if any(step.needs) else replace(step, needs=(RIGHTS, owner)) for step in steps]
    has_them = by.superuser or (owner in by.rights and owner in by.becomes)
    becomes_it = f"grant {owner} to {by.name}"
    becomes = any(step.sql == becomes_it for step in steps)
    if not steps or has_them or becomes or _missing(by, owner, [*before, *steps]):
        yield from steps
        return
    yield Step(
        becomes_it + (" with inherit true, set true" if by.chooses else ""),
        both("{} est membre de {} le temps de ceci", "{} is a member of {} while this lasts", by.name, owner),
        (ADMIN, owner),
    )
    yield from steps
    yield Step(f"revoke {owner} from {by.name}", same(""), (ADMIN, owner))


def check_may(by: Grantor, owner: str, steps: Sequence[Step], shown: str) -> None:
    """Raise DatabaseError for who may not take all steps, with all that it lacks."""
    if lacks := _missing(by, owner, steps):
        listed = Label("\n  ".join(one.fr for one in lacks), "\n  ".join(one.en for one in lacks))
        raise DatabaseError(
            both(
                "{0}\u00a0: {1} ne peut pas faire tout cela\u00a0; il lui manque\u00a0:\n  {2}\n"
                "qu’on le lui donne, ou qu’un super-utilisateur lance grant, ou ce que dit grant --dry-run",
                "{0}: {1} may not do all of this; it lacks:\n  {2}\n"
                "have it given that, or a superuser run grant, or what grant --dry-run says",
                shown,
                by.name,
                listed,
            )
        )


def _missing(by: Grantor, owner: str, steps: Sequence[Step]) -> list[Label]:
    """Return what is missing, each with the statement that gives it."""
    if by.superuser:
        return []
    created = {step.needs[1] for step in steps if step.needs[0] == CREATE}
    found: dict[tuple[str, str], Label] = {}
    for kind, role in dict.fromkeys(step.needs for step in steps):
        if kind == CREATE and not by.creates:
            found[CREATE, ""] = both(
                "CREATEROLE, d’un super-utilisateur\u00a0: alter role {0} createrole",
                "CREATEROLE, from a superuser: alter role {0} createrole",
                by.name,
            )
        elif (kind == DATABASE or role == _OF_THE_DATABASE) and role not in by.rights:
            found[DATABASE, ""] = both(
                "la base, de {1} ou d’un super-utilisateur\u00a0: alter database {2} owner to {0}",
                "the database, from {1} or a superuser: alter database {2} owner to {0}",
                by.name,
                by.database_owner,
                by.database,
            )
        elif kind == RIGHTS and role not in by.rights and role != owner:
            found[RIGHTS, role] = both(
                "ce qui est à {0}, super-utilisateur\u00a0: qu’il lance grant une fois"
                if role in by.superusers
                else "ce qui est à {0}, d’un super-utilisateur ou de qui a ADMIN sur {0}\u00a0: grant {0} to {1}",
                "what belongs to {0}, a superuser: let it run grant once"
                if role in by.superusers
                else "what belongs to {0}, from a superuser or who has ADMIN on {0}: grant {0} to {1}",
                role,
                by.name,
            )
        elif (
            kind in {ADMIN, RIGHTS}
            and role not in created | by.administers
            and not (kind == RIGHTS and role in by.rights and role in by.becomes)
        ):
            found[ADMIN, role] = both(
                "ADMIN sur {0}, d’un super-utilisateur ou de qui l’a\u00a0: grant {0} to {1} with admin option",
                "ADMIN on {0}, from a superuser or who has it: grant {0} to {1} with admin option",
                role,
                by.name,
            )
        elif kind == RIGHTS and role == owner and not (by.chooses or by.inherits):
            found[RIGHTS, role] = both(
                "INHERIT, d’un super-utilisateur\u00a0: alter role {0} inherit",
                "INHERIT, from a superuser: alter role {0} inherit",
                by.name,
            )
    return list(found.values())
