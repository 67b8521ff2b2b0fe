"""call search: what a call is found by, in one vector and one index, and a function that asks that index within one organization

The column is generated, so the release before fills it without knowing it. Adding it writes the table of calls anew (about 20 seconds
per 100,000 calls, during which messages wait and are delivered again). Roll back: drops the column and the functions; nothing is lost.
"""

from alembic import op

revision = "call_search"
down_revision = "call_statistics"
branch_labels = None
depends_on = None

WORDS = r"""
create function call_words(p_organization text, p_agent text, p_member text, p_status text, p_direction text, p_number text,
    p_started_at timestamptz, p_summary text, p_transcript text) returns tsvector
  language sql immutable parallel safe set search_path = pg_catalog, pg_temp as $$
  -- Marks begin with signs no word begins with. A number is found by any three or more digits in a row, so by each of its ends;
  -- 30 days are one mark, so that the index can be asked for a part of the time.
  select array_to_tsvector(array['#' || p_organization, '@' || p_agent, '%' || coalesce(p_member, ''), '=' || p_status,
        '>' || p_direction, '~' || floor(extract(epoch from p_started_at) / 2592000)::int] || array(select '*' || right(digits, n) from generate_series(3, length(digits)) n))
      || to_tsvector('simple', coalesce(p_summary, '') || ' '
        || regexp_replace(left(coalesce(p_transcript, ''), 60000), '^(AI|User|Agent|Caller|Assistant|Bot|Customer): ', '', 'gn'))
    from (select left(regexp_replace(coalesce(p_number, ''), '[^0-9]', '', 'g'), 15) as digits) d
$$;
"""
COLUMN = """
alter table call add column search tsvector generated always as (
  case when status in ('QUEUED', 'RINGING', 'IN_PROGRESS') then null else
    call_words(organization_id, agent_id, handled_by_id, case ended_cause when 'rejected_by_us' then 'REJECTED' else status end, direction,
      case direction when 'OUTBOUND' then to_number else from_number end, started_at, left(summary, 20000), transcript) end) stored;
-- kept in the row where it fits: walking the newest calls then reads them and nothing else
alter table call alter column search set storage main;
-- The order of the list. Nothing is null here; saying where nulls stand keeps the planner from walking the calls of everybody by time.
create index call_list on call (organization_id, started_at desc nulls last, id desc nulls last);
create index call_search on call using gin (search) with (gin_pending_list_limit = 256) where search is not null;
"""
FOUND = """
create function calls_found(p_organization text, p_index tsquery, p_wanted tsquery, p_from timestamptz, p_until timestamptz, p_at timestamptz, p_id text,
    p_newer boolean, p_limit int) returns table (id text, total bigint)
  language sql stable security definer set search_path = public, pg_temp set plan_cache_mode = force_custom_plan as $$
  -- A plan made for any question would walk the calls of the organization, thirty times as slow as the one for this question.
  -- Row security would keep the index from being asked (its operator is not leakproof), so this looks past it, at one organization
  with hits as materialized (
    select call.id, call.started_at from call
    where call.search @@ ((quote_literal('#' || p_organization))::tsquery && p_index)
      and ts_match_vq(call.search, p_wanted)  -- the operator by another name: as @@ the index would be asked this too
      and call.organization_id = p_organization
      and (session_user = 'kametrix_platform' or p_organization = current_setting('app.org_id', true))
      and call.started_at >= p_from and call.started_at < p_until
      and case when p_newer then (call.started_at, call.id) > (p_at, p_id) else (call.started_at, call.id) < (p_at, p_id) end)
  select hits.id, count(*) over () from hits
  order by case when p_newer then hits.started_at end, case when p_newer then hits.id end, hits.started_at desc, hits.id desc
  limit p_limit
$$;
revoke all on function calls_found from public;
grant execute on function calls_found to kametrix_app, kametrix_platform;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for part in (WORDS, COLUMN, FOUND):
        op.get_bind().exec_driver_sql(part.replace("%", "%%"))


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.get_bind().exec_driver_sql(
        "drop function calls_found; drop index call_list; alter table call drop column search; drop function call_words;"
    )
