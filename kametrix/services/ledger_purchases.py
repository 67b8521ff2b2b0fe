"""The audit of bought money: each ledger row of a payment has its purchase, refund or dispute, and each of those its row."""

from typing import Final

from sqlalchemy import text
from sqlmodel import Session

from kametrix.services.access import SYSTEM, open_to
from kametrix.services.ledger_audit import Report

_WITHOUT_CAUSE: Final = text("""
    select t.organization_id, t.seq, t.type, t.amount, t.idempotency_key as key,
      case t.type when 'PURCHASE' then case
          when p.id is null then 'no purchase was paid with payment ' || coalesce(t.stripe_payment_id, 'none')
          when p.status <> 'PAID' then 'purchase ' || p.id || ' is ' || p.status || ', not PAID'
          when p.credits <> t.amount then 'purchase ' || p.id || ' is over ' || p.credits || ' cents'
          when t.idempotency_key <> 'pi:' || p.stripe_payment_id then 'its key is not that of payment ' || p.stripe_payment_id end
        when 'REFUND' then case
          when r.id is null then 'no refund has this key'
          when r.status not in ('SUCCEEDED', 'FAILED') then 'refund ' || r.id || ' is ' || r.status
          when abs(-t.amount - share) >= 1 then 'refund ' || r.id || ' is over ' || r.amount || ' cents' end
        when 'CORRECTION' then case
          when r.id is null then 'no refund has this key'
          when r.status <> 'FAILED' then 'refund ' || r.id || ' is ' || r.status || ', not FAILED'
          when abs(t.amount - share) >= 1 then 'refund ' || r.id || ' is over ' || r.amount || ' cents' end
        else case
          when d.id is null then 'no dispute has this key'
          when t.type = 'DISPUTE_REVERSAL' and d.status <> 'WON' then 'dispute ' || d.id || ' is ' || d.status || ', not WON'
          when abs(abs(t.amount) - share) >= 1 then 'dispute ' || d.id || ' is over ' || d.amount || ' cents' end
      end as problem
    from credit_transaction t
    left join credit_purchase p on t.type = 'PURCHASE' and p.organization_id = t.organization_id
      and p.stripe_payment_id = t.stripe_payment_id
    left join credit_refund r on t.type in ('REFUND', 'CORRECTION') and r.organization_id = t.organization_id
      and t.idempotency_key in ('refund:' || r.stripe_refund_id, 'refund_failed:' || r.stripe_refund_id)
    left join credit_dispute d on t.type in ('DISPUTE', 'DISPUTE_REVERSAL') and d.organization_id = t.organization_id
      and t.idempotency_key in ('dispute:' || d.stripe_dispute_id, 'dispute_won:' || d.stripe_dispute_id)
    left join credit_purchase of on of.id = coalesce(r.credit_purchase_id, d.credit_purchase_id)
    cross join lateral (select coalesce(r.amount, d.amount) * cast(of.credits as numeric) / of.price_in_cents as share) money
    where t.type in ('PURCHASE', 'REFUND', 'DISPUTE', 'DISPUTE_REVERSAL') or (t.type = 'CORRECTION' and t.call_id is null)""")
"""`share`: the credits that the money of a refund or dispute had bought, of which a row holds the whole part, give or take the rounding."""
_WITHOUT_ROW: Final = text("""
    with taken as (
      select r.organization_id, 'refund' as what, r.id, r.stripe_refund_id as named, r.status, p.credits, p.price_in_cents, r.amount
        from credit_refund r join credit_purchase p on p.id = r.credit_purchase_id
      union all select d.organization_id, 'dispute', d.id, d.stripe_dispute_id, d.status, p.credits, p.price_in_cents, d.amount
        from credit_dispute d join credit_purchase p on p.id = d.credit_purchase_id),
    expected as (
      select organization_id, 'purchase ' || id as what, 'pi:' || stripe_payment_id as key from credit_purchase where status = 'PAID'
      union all select organization_id, what || ' ' || id, what || ':' || named from taken
        where amount * credits >= price_in_cents and (what = 'dispute' or status = 'SUCCEEDED')
      union all select organization_id, 'failed refund ' || id, 'refund_failed:' || named from taken where what = 'refund'
        and status = 'FAILED' and exists (select from credit_transaction t where t.idempotency_key = 'refund:' || named)
      union all select organization_id, 'won dispute ' || id, 'dispute_won:' || named from taken where what = 'dispute'
        and status = 'WON' and amount * credits >= price_in_cents)
    select organization_id, what, key from expected
    where not exists (select from credit_transaction t where t.idempotency_key = expected.key
      and t.organization_id = expected.organization_id)
    order by organization_id, what""")
_REFUNDED: Final = text("""
    select p.organization_id, p.id, p.price_in_cents, sum(r.amount) as refunded from credit_purchase p
    join credit_refund r on r.credit_purchase_id = p.id and r.status = 'SUCCEEDED'
    group by p.organization_id, p.id, p.price_in_cents having sum(r.amount) > p.price_in_cents""")


@open_to(SYSTEM)
def verify(session: Session, report: Report) -> None:
    """Add to `report` what the ledger says was paid and the purchases do not, and the other way round."""
    session.flush()
    connection = session.connection()
    report.purchases += connection.execute(text("select count(*) from credit_purchase where status = 'PAID'")).scalar_one()
    for row in connection.execute(_WITHOUT_CAUSE):
        if row.problem:
            report.note(row.organization_id, row.seq, f"{row.type} of {row.amount} cents with key {row.key}: {row.problem}")
    for row in connection.execute(_WITHOUT_ROW):
        report.note(row.organization_id, None, f"{row.what} has no ledger row with key {row.key}")
    for row in connection.execute(_REFUNDED):
        report.note(row.organization_id, None, f"purchase {row.id} cost {row.price_in_cents} cents and {row.refunded} were given back")
