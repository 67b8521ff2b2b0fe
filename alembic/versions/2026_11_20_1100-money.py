"""money: purchases, refunds, disputes, recharging, holds of running calls, checkpoints of the ledger, and the outbox of mail

A correction may now also undo a refund that failed. New columns have defaults, so the release before runs on it.
Roll back: loses what was bought, refunded and disputed beyond its ledger rows, and all mail; afterwards new rows for
refunds that failed (CORRECTION rows of a payment) are refused again.
"""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "money"
down_revision = "persons_rows"
branch_labels = None
depends_on = None

ORG = "(select current_setting('app.org_id', true))"
TABLES = ("credit_purchase", "credit_refund", "credit_dispute", "auto_recharge", "credit_hold", "ledger_checkpoint", "mail_message")
WRITABLE = {
    "credit_purchase": "insert",
    "auto_recharge": "insert, update (enabled, threshold_cents, credit_pack_id, monthly_cap_cents, failures, last_failure, last_failure_at, cap_told_at, updated_at)",
    "mail_message": "insert",
}
"""What pages write themselves: what became of it is the platform's."""
UNSEEN = ("mail_message",)
"""Closed to reading by pages: links in it open things."""
SIGNS = """alter table credit_transaction drop constraint credit_transaction_sign, add constraint credit_transaction_sign check (case type
    when 'PURCHASE' then amount > 0 and stripe_payment_id is not null
    when 'CALL_USAGE' then amount < 0 and call_id is not null and balance_after >= 0
    when 'GRACE_USAGE' then amount < 0 and call_id is not null and balance_after < 0
    when 'ADMIN_ADJUSTMENT' then user_id is not null and note is not null and btrim(note) <> ''
    when 'CORRECTION' then {correction}
    when 'REFUND' then amount < 0
    when 'DISPUTE' then amount < 0
    when 'DISPUTE_REVERSAL' then amount > 0
    else false end){check}"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    _tables()
    run = op.get_bind().exec_driver_sql
    run(SIGNS.format(correction="call_id is not null or (amount > 0 and stripe_payment_id is not null)", check=""))
    for table in TABLES:
        _protect(run, table)
    run("grant update (when_empty, forwarding_number) on organization to kametrix_app")
    run("grant update (when_empty, forwarding_number, low_balance_told_at, grace_told_at) on organization to kametrix_platform")
    run("create trigger append_only before update or delete on ledger_checkpoint for each row execute function forbid_change()")
    run("create trigger no_truncate before truncate on ledger_checkpoint for each statement execute function forbid_change()")


def _protect(run: Callable[[str], Any], table: str) -> None:
    """Row security for both logins, and what each may do."""
    run(f"alter table {table} enable row level security")
    run(f"create policy platform_sees_all on {table} to kametrix_platform using (true) with check (true)")
    run(f"create policy tenant on {table} to kametrix_app using (organization_id = {ORG}) with check (organization_id = {ORG})")
    if table not in UNSEEN:
        run(f"grant select on {table} to kametrix_app")
    if table in WRITABLE:
        run(f"grant {WRITABLE[table]} on {table} to kametrix_app")
    run(f"grant select, insert{'' if table == 'ledger_checkpoint' else ', update'} on {table} to kametrix_platform")
    if table == "mail_message":
        run(f"grant delete on {table} to kametrix_platform")


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    run = op.get_bind().exec_driver_sql
    run("revoke update (when_empty, forwarding_number) on organization from kametrix_app, kametrix_platform")
    run(SIGNS.format(correction="call_id is not null", check=" not valid"))
    # a row that says a refund failed stays, it is part of the chain: with one the rule holds for new rows only
    run("""do $$ begin alter table credit_transaction validate constraint credit_transaction_sign;
        exception when check_violation then null; end $$""")
    op.drop_column("organization", "grace_told_at")
    op.drop_column("organization", "low_balance_told_at")
    op.drop_constraint("organization_forwards_somewhere", "organization")
    op.drop_column("organization", "when_empty")
    op.drop_index("credit_hold_active", table_name="credit_hold", postgresql_where="released_at is null")
    op.drop_table("credit_hold")
    op.drop_index("credit_refund_of_purchase", table_name="credit_refund")
    op.drop_index("credit_refund_of_organization", table_name="credit_refund")
    op.drop_table("credit_refund")
    op.drop_index("credit_dispute_of_organization", table_name="credit_dispute")
    op.drop_index("credit_dispute_blocking", table_name="credit_dispute", postgresql_where="status <> 'WON' and lifted_at is null")
    op.drop_table("credit_dispute")
    op.drop_index("mail_message_waiting", table_name="mail_message", postgresql_where="status = 'PENDING'")
    op.drop_index("mail_message_of_organization", table_name="mail_message")
    op.drop_index("mail_message_by_time", table_name="mail_message")
    op.drop_table("mail_message")
    op.drop_index("credit_purchase_unfinished", table_name="credit_purchase", postgresql_where="status in ('OPEN', 'PENDING')")
    op.drop_index(
        "credit_purchase_one_recharge", table_name="credit_purchase", postgresql_where="kind = 'RECHARGE' and status in ('OPEN', 'PENDING')"
    )
    op.drop_index("credit_purchase_of_organization", table_name="credit_purchase")
    op.drop_table("credit_purchase")
    op.drop_table("ledger_checkpoint")
    op.drop_table("auto_recharge")


def _tables() -> None:
    op.create_table(
        "auto_recharge",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("enabled", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("threshold_cents", sa.Integer(), server_default="500", nullable=False),
        sa.Column("credit_pack_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("monthly_cap_cents", sa.Integer(), server_default="10000", nullable=False),
        sa.Column("stripe_payment_method_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column("card_brand", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=True),
        sa.Column("card_last4", sqlmodel.sql.sqltypes.AutoString(length=4), nullable=True),
        sa.Column("card_expires", sqlmodel.sql.sqltypes.AutoString(length=7), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "last_failure",
            sa.Enum(
                "DECLINED",
                "AUTHENTICATION_REQUIRED",
                "NO_METHOD",
                "CAP_REACHED",
                name="auto_recharge_last_failure",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column("last_failure_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cap_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "not enabled or (credit_pack_id is not null and stripe_payment_method_id is not null)", name="auto_recharge_ready"
        ),
        sa.CheckConstraint("threshold_cents >= 0 and monthly_cap_cents > 0 and failures >= 0", name="auto_recharge_positive"),
        sa.ForeignKeyConstraint(["credit_pack_id"], ["credit_pack.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.PrimaryKeyConstraint("organization_id"),
    )
    op.create_table(
        "ledger_checkpoint",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("balance", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("key_id", sqlmodel.sql.sqltypes.AutoString(length=40), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("octet_length(hash) = 32 and octet_length(signature) = 64", name="ledger_checkpoint_sizes"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("organization_id", "day", name="ledger_checkpoint_once"),
    )
    op.create_table(
        "credit_purchase",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column(
            "kind",
            sa.Enum("CHECKOUT", "RECHARGE", name="credit_purchase_kind", native_enum=False, create_constraint=True, length=32),
            nullable=False,
        ),
        sa.Column(
            "status",
            sa.Enum(
                "OPEN",
                "PENDING",
                "PAID",
                "FAILED",
                "EXPIRED",
                "REVIEW",
                name="credit_purchase_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            server_default="OPEN",
            nullable=False,
        ),
        sa.Column("credit_pack_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("pack_name", sqlmodel.sql.sqltypes.AutoString(length=60), nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("price_in_cents", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.sql.sqltypes.AutoString(length=3), nullable=False),
        sa.Column("stripe_session_id", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=True),
        sa.Column("stripe_payment_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column("stripe_payment_method_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column("checkout_url", sa.Text(), nullable=True),
        sa.Column("failure_code", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paid_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("status <> 'PAID' or (paid_at is not null and stripe_payment_id is not null)", name="credit_purchase_paid"),
        sa.CheckConstraint("credits > 0 and price_in_cents > 0", name="credit_purchase_positive"),
        sa.ForeignKeyConstraint(["credit_pack_id"], ["credit_pack.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stripe_payment_id"),
        sa.UniqueConstraint("stripe_session_id"),
    )
    op.create_index("credit_purchase_of_organization", "credit_purchase", ["organization_id", "created_at", "id"], unique=False)
    op.create_index(
        "credit_purchase_one_recharge",
        "credit_purchase",
        ["organization_id"],
        unique=True,
        postgresql_where="kind = 'RECHARGE' and status in ('OPEN', 'PENDING')",
    )
    op.create_index(
        "credit_purchase_unfinished",
        "credit_purchase",
        ["created_at", "id"],
        unique=False,
        postgresql_where="status in ('OPEN', 'PENDING')",
    )
    op.create_table(
        "mail_message",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("user_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("to_email", sqlmodel.sql.sqltypes.AutoString(length=255), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "WELCOME",
                "RECEIPT",
                "LOW_BALANCE",
                "RECHARGE_FAILED",
                "PAYMENT_FAILED",
                "DISPUTE_OPENED",
                "STATEMENT",
                "PASSWORD_RESET",
                "INVITATION",
                name="mail_message_kind",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("language", sqlmodel.sql.sqltypes.AutoString(length=8), nullable=False),
        sa.Column("facts", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=False),
        sa.Column("secret", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sqlmodel.sql.sqltypes.AutoString(length=200), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "PENDING", "SENT", "FAILED", "SKIPPED", name="mail_message_status", native_enum=False, create_constraint=True, length=32
            ),
            server_default="PENDING",
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(status = 'SENT') = (sent_at is not null)", name="mail_message_sent"),
        sa.CheckConstraint("status = 'PENDING' or secret is null", name="mail_message_forgotten"),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dedupe_key"),
    )
    op.create_index("mail_message_by_time", "mail_message", ["created_at", "id"], unique=False)
    op.create_index("mail_message_of_organization", "mail_message", ["organization_id", "created_at", "id"], unique=False)
    op.create_index("mail_message_waiting", "mail_message", ["created_at", "id"], unique=False, postgresql_where="status = 'PENDING'")
    op.create_table(
        "credit_dispute",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("credit_purchase_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("stripe_dispute_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column(
            "status",
            sa.Enum("OPEN", "WON", "LOST", name="credit_dispute_status", native_enum=False, create_constraint=True, length=32),
            server_default="OPEN",
            nullable=False,
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.CheckConstraint("(status = 'OPEN') = (closed_at is null)", name="credit_dispute_closed"),
        sa.CheckConstraint("(lifted_at is null) = (lifted_by_id is null)", name="credit_dispute_lifted"),
        sa.CheckConstraint("amount > 0", name="credit_dispute_positive"),
        sa.ForeignKeyConstraint(["credit_purchase_id"], ["credit_purchase.id"]),
        sa.ForeignKeyConstraint(["lifted_by_id"], ["user.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stripe_dispute_id"),
    )
    op.create_index(
        "credit_dispute_blocking",
        "credit_dispute",
        ["organization_id"],
        unique=False,
        postgresql_where="status <> 'WON' and lifted_at is null",
    )
    op.create_index("credit_dispute_of_organization", "credit_dispute", ["organization_id", "created_at", "id"], unique=False)
    op.create_table(
        "credit_refund",
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("credit_purchase_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("stripe_refund_id", sqlmodel.sql.sqltypes.AutoString(length=80), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "REQUESTED",
                "PENDING",
                "SUCCEEDED",
                "FAILED",
                name="credit_refund_status",
                native_enum=False,
                create_constraint=True,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("requested_by_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=True),
        sa.Column("reason", sqlmodel.sql.sqltypes.AutoString(length=500), nullable=True),
        sa.Column("beyond_unspent", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("failure", sqlmodel.sql.sqltypes.AutoString(length=300), nullable=True),
        sa.CheckConstraint("requested_by_id is null or btrim(reason) <> ''", name="credit_refund_reason"),
        sa.CheckConstraint("amount > 0", name="credit_refund_positive"),
        sa.ForeignKeyConstraint(["credit_purchase_id"], ["credit_purchase.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.ForeignKeyConstraint(["requested_by_id"], ["user.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("stripe_refund_id"),
    )
    op.create_index("credit_refund_of_organization", "credit_refund", ["organization_id", "created_at", "id"], unique=False)
    op.create_index("credit_refund_of_purchase", "credit_refund", ["credit_purchase_id"], unique=False)
    op.create_table(
        "credit_hold",
        sa.Column("id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("organization_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("call_id", sqlmodel.sql.sqltypes.AutoString(length=32), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("rate_cents", sa.Integer(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("minutes > 0 and rate_cents > 0 and amount = minutes * rate_cents", name="credit_hold_amount"),
        sa.ForeignKeyConstraint(["call_id"], ["call.id"]),
        sa.ForeignKeyConstraint(["organization_id"], ["organization.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("call_id"),
    )
    op.create_index(
        "credit_hold_active", "credit_hold", ["organization_id", "expires_at"], unique=False, postgresql_where="released_at is null"
    )
    op.add_column(
        "organization",
        sa.Column(
            "when_empty",
            sa.Enum("GRACE", "STOP", "FORWARD", name="organization_when_empty", native_enum=False, create_constraint=True, length=32),
            server_default="GRACE",
            nullable=False,
        ),
    )
    op.add_column("organization", sa.Column("low_balance_told_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("organization", sa.Column("grace_told_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        "organization_forwards_somewhere", "organization", "when_empty <> 'FORWARD' or forwarding_number is not null"
    )
