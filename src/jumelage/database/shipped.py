"""The register of authorities that the project brings: three of its files, put together in the workbench."""

from __future__ import annotations

SHIPPED = "shipped"

# The towns that were asked, the communes of the region, and what is above them. A delegated commune that shares the
# code of the present one has one of its own. `list_NAME` are the files as they stand.
SHIPPED_REGISTER = f"""
    select code, kind, name, status, 'FR' as country, part_of, departement, population, valid_from, valid_to,
    '{SHIPPED}' as list
    from (
        select case when kind = 'delegated' and code = part_of then code || '-D' else code end as code,
        'commune' as kind, name, nullif(kind, 'commune') as status, coalesce(part_of, 'FR-' || departement) as part_of,
        departement
        from list_communes
        union all by name
        select * from list_authorities
        union all by name
        select code, kind, name from list_cities where code not in (select code from list_communes)
    )
"""
