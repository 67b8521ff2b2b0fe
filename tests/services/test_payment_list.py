from datetime import timedelta

import pytest

from kametrix import clock, db
from kametrix.errors import Forbidden, Invalid
from kametrix.integrations.stripe import events
from kametrix.models import CreditPurchase, OrgRole
from kametrix.services import disputes, purchases, refunds
from kametrix.services.access import Actor
from tests import stripe_facts as facts
from tests.factories import create_member


@pytest.fixture
def owner(database: str) -> Actor:
    with db.transaction() as session:
        return create_member(session, name="Dana Whitlock")


def bought(actor: Actor, name: str = "Starter") -> CreditPurchase:
    with db.transaction() as session:
        return facts.bought(session, actor, name)


def listed(actor: Actor, *, after: str | None = None, size: int = 20) -> purchases.PaymentPage:
    """Under the row security of a page."""
    with db.transaction(actor) as session:
        return purchases.payments(session, actor, after=after, size=size)


def test_an_organization_sees_its_own_payments_newest_first_page_by_page(owner: Actor) -> None:
    begun = clock.now()
    made = []
    for number in range(5):
        with clock.at(begun + timedelta(minutes=number)):
            made.append(bought(owner).id)
    with db.transaction() as session:
        stranger = create_member(session)
    bought(stranger)
    seen: list[str] = []
    after: str | None = None
    for _ in range(3):
        page = listed(owner, after=after, size=2)
        seen += [row.id for row in page.rows]
        after = page.next
    assert seen == made[::-1]
    assert after is None
    assert len(listed(stranger).rows) == 1


def test_what_became_of_a_payment_is_added_up(owner: Actor) -> None:
    first, second = bought(owner), bought(owner, "Pro")
    with db.transaction() as session:
        for amount, state in ((100, "succeeded"), (200, "succeeded"), (50, "pending"), (25, "failed")):
            back = events.refund(facts.refund(first, amount, status=state))
            assert back is not None
            refunds.apply(session, back)
        taken = events.dispute(facts.dispute(second))
        assert taken is not None
        disputes.apply(session, taken)
    rows = {row.id: row for row in listed(owner).rows}
    assert (rows[first.id].refunded, rows[first.id].refunding, rows[first.id].disputed) == (300, 50, 0)
    assert (rows[second.id].refunded, rows[second.id].disputed, rows[second.id].lost) == (0, 5000, 0)


@pytest.mark.parametrize("cursor", ["", "x", "20261120T000000000000", "20269920T000000000000-" + "0" * 32, "0" * 500, "' or 1=1"])
def test_a_cursor_that_is_none_is_told(owner: Actor, cursor: str) -> None:
    with pytest.raises(Invalid):
        listed(owner, after=cursor)


def test_who_may_not_see_money_sees_none(owner: Actor) -> None:
    with db.transaction() as session:
        agent = create_member(session, role=OrgRole.AGENT)
    with pytest.raises(Forbidden):
        listed(agent)
