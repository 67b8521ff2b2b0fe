"""ledger: the chain, its guards, and the one function that moves money

Each row is chained to its predecessor by foreign key (sequence, balance, hash) and the wallet to its last row, so that
balance = sum(amount) holds by construction. Rows cannot be changed or removed.

Roll back: removes the function and the guards; rows stay. Nothing can post money until it is upgraded again.
"""

from alembic import op

revision = "ledger"
down_revision = "tables"
branch_labels = None
depends_on = None

GUARDS = """
alter table organization
  add constraint organization_ledger_started check ((ledger_seq is null) = (ledger_hash is null) and (ledger_seq is not null or balance_cents = 0)),
  add constraint organization_grace_limit check (grace_limit_cents >= 0);

alter table credit_transaction
  add constraint credit_transaction_nonzero check (amount <> 0),
  add constraint credit_transaction_seq check (seq > 0),
  add constraint credit_transaction_cause check (btrim(idempotency_key) <> '' and btrim(stripe_payment_id) <> ''),
  add constraint credit_transaction_moment check (created_at between '2020-01-01Z' and '2200-01-01Z'),  -- the audit can read it
  add constraint credit_transaction_sum check (balance_after = balance_before + amount),
  add constraint credit_transaction_first check (seq > 1 or (balance_before = 0 and prev_hash = decode(repeat('00', 32), 'hex'))),
  add constraint credit_transaction_hash check (octet_length(hash) = 32 and octet_length(prev_hash) = 32),
  add constraint credit_transaction_sign check (case type
    when 'PURCHASE' then amount > 0 and stripe_payment_id is not null
    when 'CALL_USAGE' then amount < 0 and call_id is not null and balance_after >= 0
    when 'GRACE_USAGE' then amount < 0 and call_id is not null and balance_after < 0
    when 'ADMIN_ADJUSTMENT' then user_id is not null and note is not null and btrim(note) <> ''
    when 'CORRECTION' then call_id is not null
    when 'REFUND' then amount < 0
    when 'DISPUTE' then amount < 0
    when 'DISPUTE_REVERSAL' then amount > 0
    else false end),
  add constraint credit_transaction_predecessor foreign key (organization_id, prev_seq, balance_before, prev_hash)
    references credit_transaction (organization_id, seq, balance_after, hash);

create unique index credit_transaction_once_in_sequence on credit_transaction (organization_id, seq);
create unique index credit_transaction_call_charged_once on credit_transaction (call_id) where type in ('CALL_USAGE', 'GRACE_USAGE');
create index credit_transaction_purchases on credit_transaction (organization_id) where type = 'PURCHASE';

alter table organization
  add constraint organization_last_row foreign key (id, ledger_seq, balance_cents, ledger_hash)
    references credit_transaction (organization_id, seq, balance_after, hash) deferrable initially deferred;

create function forbid_change() returns trigger language plpgsql as $$
begin
  raise exception '%% is append-only', tg_table_name using errcode = 'restrict_violation';
end $$;
create trigger append_only before update or delete on credit_transaction for each row execute function forbid_change();
create trigger no_truncate before truncate on credit_transaction for each statement execute function forbid_change();
create trigger append_only before update or delete on audit_log for each row execute function forbid_change();
create trigger no_truncate before truncate on audit_log for each statement execute function forbid_change();
"""

HASH = """
create function ledger_field(value text) returns bytea language sql immutable parallel safe as $$
  select case when value is null then int4send(-1) else int4send(octet_length(convert_to(value, 'UTF8'))) || convert_to(value, 'UTF8') end
$$;

create function ledger_hash(
  p_prev bytea, p_organization text, p_seq bigint, p_type text, p_amount bigint, p_before bigint, p_after bigint, p_key text,
  p_user text, p_call text, p_payment text, p_description text, p_at timestamptz
) returns bytea language sql immutable parallel safe as $$
  select sha256(
    p_prev || ledger_field('kametrix-ledger-1') || ledger_field(p_organization) || ledger_field(p_seq::text) || ledger_field(p_type)
    || ledger_field(p_amount::text) || ledger_field(p_before::text) || ledger_field(p_after::text) || ledger_field(p_key)
    || ledger_field(p_user) || ledger_field(p_call) || ledger_field(p_payment) || ledger_field(p_description)
    || ledger_field((extract(epoch from p_at) * 1000000)::bigint::text))
$$;
"""

POST = """
create function post_credit(
  p_organization text, p_type text, p_amount bigint, p_key text, p_description text, p_at timestamptz,
  p_user text default null, p_call text default null, p_payment text default null, p_note text default null,
  out applied boolean, out transaction_id text, out balance bigint, out grace_used bigint, out grace_repaid bigint
) language plpgsql security definer set search_path = public, pg_temp as $$
declare
  wallet record;
  at_zero constant bytea := decode(repeat('00', 32), 'hex');
  after bigint;
  kind text;
  hashed bytea;
begin
  select balance_cents as before, coalesce(ledger_seq, 0) + 1 as seq, coalesce(ledger_hash, at_zero) as prev into wallet
    from organization where id = p_organization for no key update;
  if not found then
    raise exception 'no organization %%', p_organization using errcode = 'no_data_found';
  end if;
  if p_call is not null and not exists (select from call where id = p_call and organization_id = p_organization) then
    raise exception 'call %% is not of organization %%', p_call, p_organization using errcode = 'foreign_key_violation';
  end if;
  -- a column drops spaces beyond its length without a word: what is stored would not be what was hashed
  if char_length(p_key) > 160 or char_length(p_payment) > 80 or char_length(p_description) > 200 then
    raise exception 'key, payment or description is too long' using errcode = 'string_data_right_truncation';
  end if;
  after := wallet.before + p_amount;
  kind := case when p_type = 'CALL_USAGE' and after < 0 then 'GRACE_USAGE' else p_type end;
  hashed := ledger_hash(wallet.prev, p_organization, wallet.seq, kind, p_amount, wallet.before, after, p_key,
    p_user, p_call, p_payment, p_description, p_at);
  insert into credit_transaction (id, organization_id, seq, type, amount, balance_before, balance_after, idempotency_key, user_id, call_id,
      stripe_payment_id, description, note, created_at, prev_hash, hash)
    values (replace(gen_random_uuid()::text, '-', ''), p_organization, wallet.seq, kind, p_amount, wallet.before,
      after, p_key, p_user, p_call, p_payment, p_description, p_note, p_at, wallet.prev, hashed)
    returning true, id, balance_after, credit_transaction.grace_used, credit_transaction.grace_repaid
    into applied, transaction_id, balance, grace_used, grace_repaid;
  update organization set balance_cents = after, ledger_seq = wallet.seq, ledger_hash = hashed where id = p_organization;
exception when unique_violation then  -- redelivery: nothing was written; report the first outcome, refuse a key used for another cause
  select false, t.id, t.balance_after, t.grace_used, t.grace_repaid into applied, transaction_id, balance, grace_used, grace_repaid
    from credit_transaction t
    where t.idempotency_key = p_key and t.organization_id = p_organization and t.amount = p_amount
      and t.call_id is not distinct from p_call and t.stripe_payment_id is not distinct from p_payment
      and (t.type = p_type or (p_type = 'CALL_USAGE' and t.type = 'GRACE_USAGE'));
  if found then
    return;
  end if;
  if exists (select from credit_transaction where idempotency_key = p_key) then
    raise exception 'idempotency key %% reused with other arguments', p_key using errcode = 'unique_violation';
  end if;
  raise;
end $$;
revoke all on function post_credit from public;
"""


def upgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    for part in (GUARDS, HASH, POST):
        op.get_bind().exec_driver_sql(part)


def downgrade() -> None:
    op.execute("set local lock_timeout = '5s'")
    op.get_bind().exec_driver_sql("""
        drop function post_credit;
        drop function ledger_hash;
        drop function ledger_field;
        drop trigger append_only on credit_transaction;
        drop trigger no_truncate on credit_transaction;
        drop trigger append_only on audit_log;
        drop trigger no_truncate on audit_log;
        drop function forbid_change;
        alter table organization drop constraint organization_last_row, drop constraint organization_ledger_started,
          drop constraint organization_grace_limit;
        drop index credit_transaction_once_in_sequence, credit_transaction_call_charged_once, credit_transaction_purchases;
        alter table credit_transaction drop constraint credit_transaction_predecessor, drop constraint credit_transaction_sign,
          drop constraint credit_transaction_hash, drop constraint credit_transaction_first, drop constraint credit_transaction_sum,
          drop constraint credit_transaction_seq, drop constraint credit_transaction_nonzero,
          drop constraint credit_transaction_cause, drop constraint credit_transaction_moment;
    """)
