"""persons' rows: a draft is seen by its person alone, and an invited person by nobody of the organization until they accept

Roll back: colleagues' drafts, and people who did not accept yet, can be read by the pages' login again; nothing has to be done by hand.
"""

from alembic import op

revision = "persons_rows"
down_revision = "console"
branch_labels = None
depends_on = None

ORG = "(select current_setting('app.org_id', true))"
PERSON = "(select current_setting('app.user_id', true))"
OWN_DRAFT = f"organization_id = {ORG} and user_id = {PERSON}"
MEMBER = f'm.user_id = "user".id and m.organization_id = {ORG}'


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    run = op.get_bind().exec_driver_sql
    run(f"alter policy tenant on wizard_draft using ({OWN_DRAFT}) with check ({OWN_DRAFT})")
    run("revoke delete on wizard_draft from kametrix_app")
    run(f"""alter policy member on "user" using (id = {PERSON} or exists (
        select 1 from user_organization m where {MEMBER} and m.accepted_at is not null))""")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    run = op.get_bind().exec_driver_sql
    run(f"""alter policy member on "user" using (id = {PERSON} or exists (select 1 from user_organization m where {MEMBER}))""")
    run("grant delete on wizard_draft to kametrix_app")
    run(f"alter policy tenant on wizard_draft using (organization_id = {ORG}) with check (organization_id = {ORG})")
