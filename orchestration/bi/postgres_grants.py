"""Who may read tables of a PostgreSQL schema, as statements that say it again of new tables."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import psycopg
from psycopg.sql import SQL, Composed, Identifier

Server = psycopg.Connection[dict[str, Any]]


def grants_on_tables(
    server: Server, schema: str, beside: str, tables: Collection[str]
) -> list[Composed]:
    """Grants on tables and on single columns, to everybody but the owner.

    `tables`: those that stand in the schema `beside` under the same name. A grant on a column that
    stands there no more is left out.
    """
    rows = server.execute(
        """
        select
            c.relname, null as attname, g.privilege_type, g.is_grantable,
            case when g.grantee <> 0 then pg_get_userbyid(g.grantee) end as grantee
        from pg_class as c, aclexplode(c.relacl) as g
        where
            c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s)
            and c.relname = any(%(tables)s) and g.grantee <> c.relowner
        union all
        select
            c.relname, a.attname, g.privilege_type, g.is_grantable,
            case when g.grantee <> 0 then pg_get_userbyid(g.grantee) end
        from pg_class as c
        join pg_attribute as a on a.attrelid = c.oid and not a.attisdropped
        join pg_attribute as kept on kept.attname = a.attname and not kept.attisdropped
        join pg_class as new on new.oid = kept.attrelid and new.relname = c.relname
        cross join aclexplode(a.attacl) as g
        where
            c.relnamespace = (select oid from pg_namespace where nspname = %(schema)s)
            and new.relnamespace = (select oid from pg_namespace where nspname = %(beside)s)
            and c.relname = any(%(tables)s) and g.grantee <> c.relowner
        """,
        {"schema": schema, "beside": beside, "tables": list(tables)},
    ).fetchall()
    return [_grant(schema, **row) for row in rows]


def default_grants(server: Server, schema: str, tables: Collection[str]) -> list[Composed]:
    """What the schema's default privileges give on tables that had no grants of their own yet.

    The server applies them to tables created in a schema, not to those moved into it.
    """
    rows = server.execute(
        """
        select
            g.privilege_type, g.is_grantable,
            case when g.grantee <> 0 then pg_get_userbyid(g.grantee) end as grantee
        from pg_default_acl as d, aclexplode(d.defaclacl) as g
        where
            d.defaclnamespace = (select oid from pg_namespace where nspname = %(schema)s)
            and d.defaclobjtype = 'r' and pg_get_userbyid(d.defaclrole) = current_user
        """,
        {"schema": schema},
    ).fetchall()
    return [
        _grant(schema, relname=table, attname=None, **row)
        for table in sorted(tables)
        for row in rows
    ]


def tables_with_policies(server: Server, schema: str) -> list[str]:
    """Tables of which somebody may see only some rows."""
    rows = server.execute(
        "select c.relname from pg_class as c join pg_namespace as n on c.relnamespace = n.oid "
        "where n.nspname = %s and c.relrowsecurity order by 1",
        (schema,),
    ).fetchall()
    return [row["relname"] for row in rows]


def _grant(
    schema: str,
    relname: str,
    attname: str | None,
    privilege_type: str,
    is_grantable: bool,
    grantee: str | None,
) -> Composed:
    what: SQL | Composed = SQL(privilege_type)  # one of the server's own words
    if attname is not None:
        what = SQL("{} ({})").format(what, Identifier(attname))
    return SQL("grant {} on table {} to {}{}").format(
        what,
        Identifier(schema, relname),
        SQL("public") if grantee is None else Identifier(grantee),
        SQL(" with grant option" if is_grantable else ""),
    )
