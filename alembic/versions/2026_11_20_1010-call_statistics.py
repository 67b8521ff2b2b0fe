"""call statistics: an index that answers the dashboard's counts without reading the calls themselves

Roll back: drops the index; the dashboard of an organization with many calls becomes slower.
"""

from alembic import op

revision = "call_statistics"
down_revision = "suite"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.create_index(
        "call_statistics",
        "call",
        ["organization_id", "started_at"],
        unique=False,
        postgresql_include=["status", "answered_at", "ended_cause", "billed_minutes", "credits_used"],
    )


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("call_statistics", table_name="call")
