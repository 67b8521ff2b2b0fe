"""console: the order of packs, and calls and postings of all organizations by time

Roll back: packs stand in the order of their prices again; nothing has to be done by hand.
"""

import sqlalchemy as sa
from alembic import op

revision = "console"
down_revision = "call_search"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.add_column("credit_pack", sa.Column("position", sa.Integer(), server_default="0", nullable=False))
    op.create_index("call_by_time", "call", ["started_at", "id"])
    op.create_index("credit_transaction_by_time", "credit_transaction", ["created_at", "id"])


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.drop_index("credit_transaction_by_time", table_name="credit_transaction")
    op.drop_index("call_by_time", table_name="call")
    op.drop_column("credit_pack", "position")
