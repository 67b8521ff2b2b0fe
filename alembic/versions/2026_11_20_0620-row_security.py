"""row security: what each login may see and change

`kametrix_app` sees the organization named by `app.org_id` (set per transaction), `kametrix_platform` sees all; neither
can write the wallet or the ledger, which `post_credit` alone does, and `kametrix_app` cannot raise its own rights. The
owner is not restrained: the definer functions read as the owner, so row level security is not forced.

Roll back: removes policies and grants; the two logins then see nothing until it is upgraded again.
"""

from alembic import op

revision = "row_security"
down_revision = "ledger"
branch_labels = None
depends_on = None

TENANT_TABLES = ("agent", "phone_number", "call", "transcript", "tool_call_result", "credit_transaction", "audit_log", "user_organization")
OTHER_TABLES = ("organization", "user", "session", "webhook_event", "rate_limit", "credit_pack", "site_setting")
ORG = "(select current_setting('app.org_id', true))"
PERSON = "(select current_setting('app.user_id', true))"
# What pages change, to the column: passwords are the log-in's, numbers and results the provider's, status and role the platform's.
# Locking a row needs the right to change one column of it: `updated_at`.
OWN_ORGANIZATION = "updated_at"
OWN_USER = "name, updated_at"
READ_USER = (
    "id, email, name, role, status, email_verified, language, current_org_id, last_login_at, deleted_at, created_at, updated_at, is_staff"
)
CLAIM_NUMBER = "status, organization_id, agent_id, available_from, updated_at"
ANY_ORGANIZATION = (
    "name, timezone, language, business_hours, grace_limit_cents, updated_at, slug, status, currency, stripe_customer_id, deleted_at"
)


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    run = op.get_bind().exec_driver_sql
    run("grant usage on schema public to kametrix_app, kametrix_platform")
    for table in (*TENANT_TABLES, *OTHER_TABLES):
        run(f'alter table "{table}" enable row level security')
        run(f'create policy platform_sees_all on "{table}" to kametrix_platform using (true) with check (true)')
    for table in TENANT_TABLES:
        run(f'create policy tenant on "{table}" to kametrix_app using (organization_id = {ORG}) with check (organization_id = {ORG})')
    run(f"create policy tenant on organization to kametrix_app using (id = {ORG}) with check (id = {ORG})")
    run(f"""create policy member on "user" for select to kametrix_app using (id = {PERSON} or exists (
        select 1 from user_organization m where m.user_id = "user".id and m.organization_id = {ORG}))""")
    run(f"""create policy self on "user" for update to kametrix_app using (id = {PERSON}) with check (id = {PERSON})""")
    run(f"create policy own on session to kametrix_app using (user_id = {PERSON}) with check (user_id = {PERSON})")
    run("create policy free_numbers on phone_number for select to kametrix_app using (status = 'AVAILABLE')")
    run(f"""create policy claim on phone_number for update to kametrix_app using (status = 'AVAILABLE')
        with check (organization_id = {ORG} or organization_id is null)""")
    run("create policy everyone_reads on credit_pack for select to kametrix_app using (true)")
    run("create policy everyone_reads on site_setting for select to kametrix_app using (true)")

    run("grant select, insert, update on agent, phone_number, call, transcript, tool_call_result, user_organization to kametrix_platform")
    run("grant select, insert, update on agent to kametrix_app")
    run(f"grant select, update ({CLAIM_NUMBER}) on phone_number to kametrix_app")
    run("grant select on call, transcript, tool_call_result, user_organization to kametrix_app")
    run("grant select on credit_transaction to kametrix_app, kametrix_platform")
    run("grant select, insert on audit_log to kametrix_app, kametrix_platform")
    run(f"grant select, update ({OWN_ORGANIZATION}) on organization to kametrix_app")
    run(f"grant select, insert, update ({ANY_ORGANIZATION}) on organization to kametrix_platform")
    run(f'grant select ({READ_USER}), update ({OWN_USER}) on "user" to kametrix_app')
    run('grant select, insert, update on "user" to kametrix_platform')
    run("grant select, delete on session to kametrix_app")
    run("grant select, insert, update, delete on session, webhook_event, rate_limit, tool_call_result to kametrix_platform")
    run("grant select on credit_pack, site_setting to kametrix_app")
    run("grant select, insert, update on credit_pack, site_setting to kametrix_platform")
    run("grant select on alembic_version to kametrix_platform")
    run("grant execute on function post_credit to kametrix_platform")
    run("""create function agent_by_token(p_token_hash text) returns table (agent_id text, organization_id text)
        language sql stable security definer set search_path = public, pg_temp
        as $$ select id, organization_id from agent where webhook_token_hash = p_token_hash $$""")
    run("revoke all on function agent_by_token from public")
    run("grant execute on function agent_by_token to kametrix_platform")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    run = op.get_bind().exec_driver_sql
    run("drop function agent_by_token")
    run("revoke all on function post_credit from kametrix_platform")
    run("revoke all on all tables in schema public from kametrix_app, kametrix_platform")
    run("revoke all on schema public from kametrix_app, kametrix_platform")
    for table in (*TENANT_TABLES, *OTHER_TABLES):
        run(f'drop policy platform_sees_all on "{table}"')
        run(f'alter table "{table}" disable row level security')
    for table in (*TENANT_TABLES, "organization"):
        run(f'drop policy tenant on "{table}"')
    for policy, table in (
        ("member", '"user"'),
        ("self", '"user"'),
        ("own", "session"),
        ("free_numbers", "phone_number"),
        ("claim", "phone_number"),
    ):
        run(f"drop policy {policy} on {table}")
    for table in ("credit_pack", "site_setting"):
        run(f"drop policy everyone_reads on {table}")
