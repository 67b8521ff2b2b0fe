"""job queue: procrastinate 3.10's own schema

Roll back: drops the queue with every waiting job; agents that were being updated stay UPDATING until they are saved again.
"""

from procrastinate.schema import SchemaManager

from alembic import op

revision = "job_queue"
down_revision = "row_security"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    run = op.get_bind().exec_driver_sql
    run(SchemaManager.get_schema().replace("%", "%%"))
    run(
        "grant select, insert, update, delete on procrastinate_jobs, procrastinate_events, procrastinate_periodic_defers, procrastinate_workers"
        " to kametrix_platform"
    )
    # Pages enqueue and read nothing of jobs but what tells them that one waits already (a violation names only readable columns).
    run("grant insert, select (id, queueing_lock) on procrastinate_jobs to kametrix_app")
    run("grant insert on procrastinate_events to kametrix_app")
    run("grant usage on all sequences in schema public to kametrix_app, kametrix_platform")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.get_bind().exec_driver_sql("""
        revoke usage on all sequences in schema public from kametrix_app, kametrix_platform;
        do $$
        declare thing record;
        begin
          for thing in select oid::regclass as name from pg_class where relname like 'procrastinate%%' and relkind = 'r'
            and relnamespace = 'public'::regnamespace loop
            execute 'drop table ' || thing.name || ' cascade';
          end loop;
          for thing in select oid::regprocedure as name from pg_proc where proname like 'procrastinate%%'
            and pronamespace = 'public'::regnamespace loop
            execute 'drop function ' || thing.name || ' cascade';
          end loop;
          for thing in select oid::regtype as name from pg_type where typname like 'procrastinate%%' and typtype in ('e', 'c')
            and typnamespace = 'public'::regnamespace loop
            execute 'drop type ' || thing.name || ' cascade';
          end loop;
        end $$;
    """)
