"""The schema of a migrated database as stable text, from the catalogues: `python -m tests.dump_schema` writes tests/schema.txt.

The job queue's own tables and functions are left out: they are another project's.
"""

import sys
from pathlib import Path

from sqlalchemy import create_engine, text

FILE = Path(__file__).parent / "schema.txt"

RELATIONS = """
select c.oid, c.relname as name, c.relrowsecurity, c.relforcerowsecurity, c.relacl, c.relowner from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')
  and c.relname !~ '^(procrastinate_|alembic_version$)'
"""
OURS = f"with ours as ({RELATIONS})"
PARTS = f"""
{OURS}
select name, 0 as kind, 0 as position, 'row security '
  || case when relforcerowsecurity then 'forced' when relrowsecurity then 'on' else 'off' end as line
from ours
union all
select name, 1, a.attnum, 'column ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
  || case when a.attnotnull then ' not null' else '' end
  || case a.attidentity when 'a' then ' identity always' when 'd' then ' identity default' else '' end
  || coalesce(case when a.attgenerated = 's' then ' generated ' else ' default ' end || pg_get_expr(d.adbin, d.adrelid), '')
from ours join pg_attribute a on a.attrelid = ours.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
union all
select name, 2, 0, 'constraint ' || k.conname || ' ' || pg_get_constraintdef(k.oid)
from ours join pg_constraint k on k.conrelid = ours.oid and k.contype <> 'n'
union all
select name, 3, 0, 'index ' || pg_get_indexdef(i.indexrelid)
from ours join pg_index i on i.indrelid = ours.oid
where not exists (select from pg_constraint k where k.conindid = i.indexrelid and k.contype in ('p', 'u', 'x') and k.conrelid = ours.oid)
union all
select name, 4, 0, 'trigger ' || pg_get_triggerdef(t.oid) || case t.tgenabled when 'O' then '' else ' enabled ' || t.tgenabled::text end
from ours join pg_trigger t on t.tgrelid = ours.oid and not t.tgisinternal
union all
select name, 5, 0, format('policy %s %s %s to %s using (%s) check (%s)', p.policyname, lower(p.permissive), lower(p.cmd),
  array_to_string(p.roles, ', '), coalesce(p.qual, ''), coalesce(p.with_check, ''))
from ours join pg_policies p on p.schemaname = 'public' and p.tablename = name
union all
select name, 6, 0, format('grant %s to %s', string_agg(lower(g.privilege_type), ', ' order by g.privilege_type),
  case g.grantee when 0 then 'public' else g.grantee::regrole::text end)
from ours cross join aclexplode(relacl) g where g.grantee <> relowner group by name, g.grantee
union all
select name, 7, 0, format('grant %s (%s) to %s', lower(g.privilege_type), string_agg(a.attname, ', ' order by a.attnum), g.grantee::regrole)
from ours join pg_attribute a on a.attrelid = ours.oid cross join aclexplode(a.attacl) g group by name, g.privilege_type, g.grantee
order by 1, 2, 3, 4
"""
FUNCTIONS = """
select pg_get_functiondef(p.oid) || 'grants: ' || coalesce((
    select string_agg(format('%s to %s', lower(g.privilege_type), case g.grantee when 0 then 'public' else g.grantee::regrole::text end),
      ', ' order by g.grantee::regrole::text)
    from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee <> p.proowner), 'none')
from pg_proc p where p.pronamespace = 'public'::regnamespace and p.proname not like 'procrastinate%'
  and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'i') order by p.proname
"""
"""Those a type brings with itself are left out."""
RANGE_TYPES = """
select format('type %s as range of %s collate "%s"', t.typname, r.rngsubtype::regtype, c.collname)
from pg_range r join pg_type t on t.oid = r.rngtypid left join pg_collation c on c.oid = r.rngcollation
where t.typnamespace = 'public'::regnamespace order by 1
"""
SEQUENCES = """
select format('sequence %s: %s to %s', c.relname, lower(g.privilege_type), g.grantee::regrole)
from pg_class c cross join aclexplode(c.relacl) g
where c.relkind = 'S' and c.relnamespace = 'public'::regnamespace
  and c.relname not like 'procrastinate%' and g.grantee <> c.relowner order by 1
"""


def dump(url: str) -> str:
    """Tables (columns, constraints, indexes, triggers, policies, grants), functions with text and grants, sequences, range types."""
    engine = create_engine(url)
    with engine.connect() as connection:
        connection.execute(text("set search_path = public"))
        lines: list[str] = []
        seen = ""
        for relation, _, _, line in connection.execute(text(PARTS)):
            if relation != seen:
                lines += ["", f"table {relation}"]
                seen = relation
            lines.append(f"  {line}")
        for (definition,) in connection.execute(text(FUNCTIONS)):
            lines += ["", *definition.splitlines()]
        for more in (SEQUENCES, RANGE_TYPES):
            lines += ["", *(line for (line,) in connection.execute(text(more)))]
    engine.dispose()
    return "\n".join(lines).strip() + "\n"


def main() -> None:
    """Migrate a database of its own to head and write the file."""
    from kametrix import embedded
    from tests.conftest import ROOT, migrate

    cluster = embedded.start(ROOT / ".data" / "test" / "postgres", options=("fsync = off", "synchronous_commit = off"))
    cluster.execute("drop database if exists schema_dump with (force)")
    cluster.ensure_database("schema_dump")
    migrate(cluster, "schema_dump")
    FILE.write_text(dump(cluster.url("schema_dump", embedded.SUPERUSER)))
    cluster.execute("drop database schema_dump with (force)")
    sys.stdout.write(f"{FILE}\n")


if __name__ == "__main__":
    main()
