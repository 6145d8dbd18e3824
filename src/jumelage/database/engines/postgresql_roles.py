"""PostgreSQL: the reader, the loader and the owner of a database, roles that carry its name, and what each may do.

The loader is a member of the reader, the owner of the loader. What is wanted is held against what is there, and each
difference is a step; where there is none nothing is to be done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jumelage.database.engines import ROLES, Step
from jumelage.database.engines.postgresql_grantor import ADMIN, CREATE, DATABASE, MEMBER, RIGHTS, grantor, lent
from jumelage.database.engines.postgresql_rights import granted
from jumelage.database.models import LISTED, OF_A_LOAD, SCHEMA, metadata
from jumelage.database.sql import literal, query
from jumelage.errors import UsageError
from jumelage.texts import Label, both, filled, same

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy import Connection

    Relation = tuple[str, str]  # kind and name, as `granted` has them
    Wanted = dict[Relation, set[tuple[str, str]]]  # privilege and role

_APPENDED = {f"{SCHEMA}.{name}" for name in (*OF_A_LOAD, "waves", "revisions", "withdrawals", LISTED)}
_VERSION = ("version", '"alembic_version"')
ANALYZE = "jumelage_analyze"
_LONGEST = 63  # bytes of a name
_MAY = {
    "SELECT": Label("{}\u00a0: lit {}", "{}: may read {}"),
    "INSERT": Label("{}\u00a0: ajoute à {}", "{}: may append to {}"),
}
_OWNS = Label("{}\u00a0: a {}", "{}: owns {}")
_NO_LONGER = Label("{0}\u00a0: n’a plus ce droit\u00a0: {1} sur {2}", "{0}: has no right any more: {1} on {2}")
_THINGS = Label("{0} table{0:s} et vue{0:s}", "{0} table{0:s} and view{0:s}")


@dataclass(frozen=True, slots=True)
class There:
    """What the server has: names are as SQL writes them, quoted where that is needed."""

    database: str
    home: str
    reader: str
    loader: str
    owner: str
    roles: frozenset[str]
    members: frozenset[tuple[str, str]]  # role and member
    survey: bool  # whether the schema is there
    owners: dict[str, str]  # of the database and of the schema of the views
    rights: frozenset[tuple[str, str, str]] = field(repr=False)  # of database and schemas: what, privilege, role
    later: frozenset[tuple[str, str]] = field(repr=False)  # schema and role of the default privileges of the owner


def there(connection: Connection) -> There:
    """Look at the server; UsageError where the names of the roles would be too long."""
    ((database, length, home, of_database, of_home, survey, reader, loader, owner),) = query(
        connection,
        "select quote_ident(current_database()), octet_length(current_database()), coalesce(current_setting("
        "'search_path'), ''), quote_ident(pg_get_userbyid(d.datdba)), (select quote_ident(pg_get_userbyid(n.nspowner)) "
        "from pg_namespace n where quote_ident(n.nspname) = current_setting('search_path')), "
        "to_regnamespace('survey') is not null, "
        + ", ".join(f"quote_ident(current_database() || '_{role}')" for role in ROLES)
        + " from pg_database d where d.datname = current_database()",
    )[1]
    if length + max(len(role) for role in ROLES) + 1 > _LONGEST:
        raise UsageError(
            both(
                "le nom de la base, {}, est trop long pour celui de ses rôles\u00a0: {} octets au plus",
                "the name of the database, {}, is too long for the names of its roles: {} bytes at most",
                database,
                _LONGEST - 1 - max(len(role) for role in ROLES),
            )
        )
    who = "case a.grantee when 0 then 'public' else quote_ident(pg_get_userbyid(a.grantee)) end"
    rights = query(
        connection,
        f"select 'database', a.privilege_type, {who} from pg_database d, aclexplode(coalesce(d.datacl, "
        "acldefault('d', d.datdba))) a where d.datname = current_database() union all "
        f"select quote_ident(n.nspname), a.privilege_type, {who} from pg_namespace n, aclexplode(coalesce(n.nspacl, "
        "acldefault('n', n.nspowner))) a",
    )[1]
    later = query(
        connection,
        f"select quote_ident(n.nspname), {who} from pg_default_acl d join pg_namespace n on n.oid = d.defaclnamespace, "
        "aclexplode(d.defaclacl) a where d.defaclobjtype = 'r' and a.privilege_type = 'SELECT' "
        f"and quote_ident(pg_get_userbyid(d.defaclrole)) = {literal(owner)}",
    )[1]
    members = query(
        connection,
        # Since PostgreSQL 16 who creates a role is a member of it that has none of its rights and cannot become it.
        "select quote_ident(pg_get_userbyid(m.roleid)), quote_ident(pg_get_userbyid(m.member)) from pg_auth_members m "
        'where not \'{"set_option": false, "inherit_option": false}\' <@ to_jsonb(m)',
    )[1]
    roles = (role for (role,) in query(connection, "select quote_ident(rolname) from pg_roles")[1])
    return There(
        database, home, reader, loader, owner, owners={"database": of_database, home: of_home}, survey=survey,
        roles=frozenset(roles), members=frozenset(members), rights=frozenset(rights), later=frozenset(later),
    )  # fmt: skip


def steps(connection: Connection, relations: Sequence[Relation], logins: Sequence[str], role: str) -> Iterator[Step]:
    """Give what is to be done so that the three roles may do what they should and no more, and logins are one of them.

    UsageError for a login that there is not.
    """
    at = there(connection)
    names = dict(zip(ROLES, (at.reader, at.loader, at.owner), strict=True))
    before = [*_created(at, names.values())]
    for of, member in ((at.reader, at.loader), (at.loader, at.owner)):
        before += _member(at, of, member)
    before += _of_database(at)
    yield from before
    ours = [*_of_owner(connection, at, relations), *of_relations(connection, at, relations)]
    yield from lent(grantor(connection), at.owner, before, ours)
    quoted = dict(query(connection, "select rolname, quote_ident(rolname) from pg_roles")[1])
    for login in dict.fromkeys(logins):
        if login not in quoted:
            raise UsageError(
                both(
                    "il n’y a pas de rôle {0} sur ce serveur\u00a0; créez-le\u00a0: createuser {0}",
                    "there is no role {0} on this server; create it: createuser {0}",
                    login,
                )
            )
        yield from _member(at, names[role], quoted[login])


def of_relations(connection: Connection, at: There, relations: Sequence[Relation]) -> Iterator[Step]:
    """Give what is to be done on the schemas, tables and views, which their owner may do."""
    for schema in (SCHEMA,) if at.survey else ():
        if (schema, "USAGE", at.reader) not in at.rights:
            yield Step(
                f"grant usage on schema {schema} to {at.reader}",
                both("{}\u00a0: accède au schéma {}", "{}: may enter the schema {}", at.reader, schema),
            )
    for schema in (at.home, *((SCHEMA,) if at.survey else ())):
        if (schema, at.reader) not in at.later:
            yield Step(
                f"alter default privileges for role {at.owner} in schema {schema} "
                f"grant select on tables to {at.reader}",
                both(
                    "{}\u00a0: lit ce que {} créera dans {}",
                    "{}: may read what {} makes in {} later",
                    at.reader,
                    at.owner,
                    schema,
                ),
            )
    if not relations:
        return
    every = [*relations, _VERSION]
    wanted, found = _wanted(at, every), _found(connection, at, every)
    yield from _grouped(at, found, wanted, take=True)
    yield from _grouped(at, wanted, _left(found, wanted), take=False)
    yield from _analyzing(connection, at)


def renewed(connection: Connection, relations: Sequence[Relation]) -> None:
    """Let the roles of a database, if it has them, have their rights on what a migration made anew."""
    at = there(connection)
    if at.owner in at.roles and at.reader in at.roles and at.loader in at.roles and _owns(connection, at):
        for step in of_relations(connection, at, relations):
            connection.exec_driver_sql(step.sql)


def become(connection: Connection, role: str) -> bool:
    """Go on, until the transaction ends, as the `owner` or the `reader`, where the database has one; tell whether.

    Who owns the tables makes what is new, whoever runs the migration. Who only reads can read no more than the reader.
    """
    name = _ready(connection, role)
    if name:
        connection.exec_driver_sql(f"set local role {name}")
    return name is not None


def unguarded(connection: Connection) -> str | None:
    """Return the role of the session if it may write and there is no reader to go on as."""
    sql = (
        "select current_user from pg_class c where c.oid = to_regclass('survey.waves') "
        "and has_table_privilege(c.oid, 'insert')"
    )
    found: str | None = connection.exec_driver_sql(sql).scalar()
    return found if found and _ready(connection, "reader") is None else None


def _ready(connection: Connection, role: str) -> str | None:
    """Return the role of the database if it is set up and the session may go on as it."""
    ready = {
        "owner": f"not exists (select 1 from pg_namespace n where n.nspname = '{SCHEMA}' and n.nspowner <> r.oid)",
        "reader": f"exists (select 1 from pg_namespace n where n.nspname = '{SCHEMA}' "
        "and has_schema_privilege(r.oid, n.oid, 'usage'))",
    }[role]
    found: str | None = connection.exec_driver_sql(
        "select quote_ident(r.rolname) from pg_roles r "
        f"where r.rolname = current_database() || '_{role}' and pg_has_role(r.oid, {MEMBER}) and {ready}"
    ).scalar()
    return found


def _owns(connection: Connection, at: There) -> bool:
    sql = f"select quote_ident(pg_get_userbyid(nspowner)) from pg_namespace where nspname = '{SCHEMA}'"
    return query(connection, sql)[1] == [(at.owner,)]


def _created(at: There, names: Iterable[str]) -> Iterator[Step]:
    for name in names:
        if name not in at.roles:
            said = both("{}\u00a0: rôle créé", "{}: role created", name)
            yield Step(f"create role {name} nologin", said, (CREATE, name))


def _member(at: There, role: str, member: str) -> Iterator[Step]:
    if (role, member) not in at.members and role != member:
        yield Step(
            f"grant {role} to {member}",
            both("{} est membre de {}", "{} is a member of {}", member, role),
            (ADMIN, role),
        )


def _of_database(at: There) -> Iterator[Step]:
    """Give what is to be done on the database and the schema of the views: nobody else makes anything there."""
    wanted = (
        ("database", "CONNECT", at.reader, both("{}\u00a0: se connecte", "{}: may connect", at.reader)),
        ("database", "CREATE", at.owner, both("{}\u00a0: crée des schémas", "{}: may create schemas", at.owner)),
        ("database", "TEMPORARY", at.owner, both("{}\u00a0: crée des tables temporaires",
                                                 "{}: may create temporary tables", at.owner)),
        (at.home, "USAGE", at.reader, both("{}\u00a0: accède au schéma {}", "{}: may enter the schema {}",
                                           at.reader, at.home)),
        (at.home, "CREATE", at.owner, both("{}\u00a0: crée dans le schéma {}", "{}: may create in the schema {}",
                                           at.owner, at.home)),
    )  # fmt: skip
    for what, privilege, role, said in wanted:
        if (what, privilege, role) not in at.rights:
            on, needs = _on(at, what)
            yield Step(f"grant {privilege.lower()} on {on} to {role}", said, needs)
    for what, privilege in (("database", "TEMPORARY"), (at.home, "CREATE")):
        if (what, privilege, "public") in at.rights:
            on, needs = _on(at, what)
            said = filled(_NO_LONGER, "public", privilege.lower(), on)
            yield Step(f"revoke {privilege.lower()} on {on} from public", said, needs)


def _on(at: There, what: str) -> tuple[str, tuple[str, str]]:
    """Return how a statement names the database or a schema, and what it takes to give a right on it."""
    if what == "database":
        return f"database {at.database}", (DATABASE, at.owners[what])
    return f"schema {what}", (RIGHTS, at.owners[what])


def _of_owner(connection: Connection, at: There, relations: Sequence[Relation]) -> Iterator[Step]:
    """Give what lets all that is ours belong to the owner; who had it and logs in becomes a member."""
    found = list(_not_owned(connection, at, relations))
    people = query(connection, "select quote_ident(rolname) from pg_roles where rolcanlogin and not rolsuper")[1]
    for owner in sorted({owner for _, _, owner in found} & {name for (name,) in people}):
        yield from _member(at, at.owner, owner)
    for place, (what, kind, whose) in enumerate(found):
        said = same("") if place else filled(_OWNS, at.owner, filled(_THINGS, len(found)))
        yield Step(f"alter {kind} {_qualified(at, what)} owner to {at.owner}", said, (RIGHTS, whose))


def _not_owned(connection: Connection, at: There, relations: Sequence[Relation]) -> Iterator[tuple[str, str, str]]:
    """Give what is ours and does not belong to the owner: its name, its kind and whose it is."""
    names = {name for _, name in relations}
    sql = (
        f"select '{SCHEMA}', 'schema', quote_ident(pg_get_userbyid(nspowner)) from pg_namespace "
        f"where nspname = '{SCHEMA}' union all "
        "select case when c.relnamespace = to_regnamespace('survey') then 'survey.' || c.relname "
        "else '\"' || c.relname || '\"' end, case c.relkind when 'v' then 'view' else 'table' end, "
        "quote_ident(pg_get_userbyid(c.relowner)) from pg_class c where c.relkind in ('r', 'v') and "
        f"quote_ident(c.relnamespace::regnamespace::text) in ('{SCHEMA}', {literal(at.home)}) order by 2, 1"
    )
    for name, kind, owner in query(connection, sql)[1]:
        if owner != at.owner and (kind == "schema" or name in names or name == _VERSION[1]):
            yield name, kind, owner


def _qualified(at: There, name: str) -> str:
    """Return the name of a relation with its schema, so that it is that one on whatever search path."""
    return f"{at.home}.{name}" if name.startswith('"') else name


def _wanted(at: There, relations: Iterable[Relation]) -> Wanted:
    """Return what the reader and the loader should be able to do: who loaded and why is not for the reader."""
    found: Wanted = {}
    for relation in relations:
        name = relation[1]
        columns = metadata.tables[name].columns if name in metadata.tables else ()
        rights = found[relation] = set()
        if any(column.info.get("private") for column in columns):
            rights |= {(f"SELECT ({one.name})", at.reader) for one in columns if not one.info.get("private")}
            rights.add(("SELECT", at.loader))
        else:
            rights.add(("SELECT", at.reader))
        if name in _APPENDED:
            rights.add(("INSERT", at.loader))
    return found


def _found(connection: Connection, at: There, relations: Sequence[Relation]) -> Wanted:
    rights = granted(connection, relations)
    return {
        relation: {(privilege, role) for privilege, role, _ in rights[relation] if role in {at.reader, at.loader}}
        for relation in relations
    }


def _left(found: Wanted, wanted: Wanted) -> Wanted:
    """Return what is left of rights when those that are not wanted are taken: one on a table takes its columns' too."""
    left: Wanted = {}
    for relation, rights in found.items():
        taken = rights - wanted[relation]
        left[relation] = {
            (privilege, role) for privilege, role in rights if (privilege.partition(" ")[0], role) not in taken
        }
    return left


def _grouped(at: There, more: Wanted, less: Wanted, *, take: bool) -> Iterator[Step]:
    """Give a step for each right and role: what `more` has and `less` has not is granted, or taken."""
    groups: dict[tuple[str, str], list[str]] = {}
    columns: dict[tuple[str, str, str], list[str]] = {}
    for relation, rights in more.items():
        name = _qualified(at, relation[1])
        for privilege, role in sorted(rights - less.get(relation, set())):
            kind, mark, column = privilege.partition(" ")
            if mark:
                columns.setdefault((kind, role, name), []).append(column.strip("()"))
            else:
                groups.setdefault((kind, role), []).append(name)
    word, to = ("revoke", "from") if take else ("grant", "to")
    for (kind, role), names in groups.items():
        said = (
            filled(_NO_LONGER, role, kind.lower(), ", ".join(names))
            if take
            else filled(_MAY[kind], role, filled(_THINGS, len(names)))
        )
        yield Step(f"{word} {kind.lower()} on {', '.join(names)} {to} {role}", said)
    for (kind, role, name), found in columns.items():
        listed = ", ".join(found)
        on = f"{name} ({listed})"
        said = filled(_NO_LONGER, role, kind.lower(), on) if take else filled(_MAY[kind], role, same(on))
        yield Step(f"{word} {kind.lower()} ({listed}) on {name} {to} {role}", said)


def _analyzing(connection: Connection, at: There) -> Iterator[Step]:
    """Give what lets the loader tell the planner what it has loaded, which only an owner of tables may do."""
    name = f"{at.home}.{ANALYZE}()"
    body = f"analyze (skip_locked) {', '.join(sorted(_APPENDED))}"
    ((text, right),) = query(
        connection,
        "select (select p.prosrc || ' ' || quote_ident(pg_get_userbyid(p.proowner)) from pg_proc p "
        f"where p.oid = to_regprocedure({literal(name)})), "
        f"exists (select 1 from pg_proc p, aclexplode(p.proacl) a where p.oid = to_regprocedure({literal(name)}) "
        f"and quote_ident(pg_get_userbyid(a.grantee)) = {literal(at.loader)})",
    )[1]
    if text == f"{body} {at.owner}" and right:
        return
    said = both("{}\u00a0: met à jour les statistiques", "{}: may bring the statistics up to date", at.loader)
    yield Step(
        f"create or replace function {name} returns void language sql security definer "
        f"set search_path = pg_catalog as {literal(body)}",
        said,
    )
    yield Step(f"alter function {name} owner to {at.owner}", same(""))
    yield Step(f"revoke all on function {name} from public", same(""))
    yield Step(f"grant execute on function {name} to {at.loader}", same(""))


def analyzing(connection: Connection, tables: Sequence[str]) -> str:
    """Return the statement by which a session may analyze tables: the loader does so through what the owner made."""
    ((through,),) = query(
        connection,
        f"select has_function_privilege(p.oid, 'execute') and not pg_has_role(c.relowner, 'usage') from pg_class c "
        f"left join pg_proc p on p.oid = to_regprocedure(current_setting('search_path') || '.{ANALYZE}()') "
        f"where c.oid = {literal(tables[0])}::regclass",
    )[1]
    return f"select {ANALYZE}()" if through else f"analyze (skip_locked) {', '.join(tables)}"
