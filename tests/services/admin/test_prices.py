"""Prices: effective for the next call, never for one that was settled; told when somebody else was faster."""

import pytest
from sqlmodel import Session, select

from kametrix.errors import Conflict, Invalid
from kametrix.models import AuditLog, CreditPack
from kametrix.services import credits, ledger, packs, site_settings
from kametrix.services.admin import prices
from kametrix.services.admin.prices import PackForm
from tests import factories


def test_the_next_call_costs_the_new_price_and_a_settled_one_keeps_its_own(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    agent = factories.create_agent(session, owner)
    before, after = factories.create_call(session, agent), factories.create_call(session, agent)
    ledger.charge_call(session, before, seconds=272, rate=site_settings.cents_per_minute(session))
    prices.set_price(session, operator, "cents_per_minute", 20, was=15)
    ledger.charge_call(session, after, seconds=272, rate=site_settings.cents_per_minute(session))
    ledger.charge_call(session, before, seconds=300, rate=site_settings.cents_per_minute(session))  # its report comes again
    assert [(call.rate_cents_per_minute, call.credits_used) for call in (before, after)] == [(15, 75), (20, 100)]
    trace = session.exec(select(AuditLog).where(AuditLog.action == "SETTINGS_UPDATE")).one()
    assert (trace.old_values, trace.new_values) == ({"cents_per_minute": 15}, {"cents_per_minute": 20, "name": "the price of a minute"})


def test_a_price_somebody_else_changed_meanwhile_is_not_overwritten(session: Session) -> None:
    operator = factories.create_operator(session)
    prices.set_price(session, operator, "cents_per_minute", 20, was=15)
    with pytest.raises(Conflict, match="Somebody else"), session.begin_nested():
        prices.set_price(session, operator, "cents_per_minute", 10, was=15)
    assert site_settings.cents_per_minute(session) == 20


@pytest.mark.parametrize(
    ("key", "value"), [("cents_per_minute", 0), ("cents_per_minute", 1001), ("welcome_ceiling_cents", -1), ("other", 5)]
)
def test_a_price_outside_the_range_is_refused(session: Session, key: str, value: int) -> None:
    with pytest.raises(Invalid):
        prices.set_price(session, factories.create_operator(session), key, value, was=15)


def test_packs_stand_where_the_operator_puts_them_and_are_never_deleted(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    packs.seed(session)

    def on_sale() -> list[str]:
        return [pack.name for pack in credits.packs(session, owner)]

    assert on_sale() == ["Starter", "Popular", "Pro", "Business"]
    by_name = {pack.name: pack.id for pack in prices.prices(session, operator).packs}
    prices.move_pack(session, operator, by_name["Business"], -1)
    prices.move_pack(session, operator, by_name["Starter"], -1)  # it is first already
    prices.set_pack_active(session, operator, by_name["Popular"], False)
    prices.create_pack(session, operator, PackForm(" Team ", 20_000, 19_000))
    assert on_sale() == ["Starter", "Business", "Pro", "Team"]
    packs.seed(session)  # at the next start
    assert len(session.exec(select(CreditPack)).all()) == 5


@pytest.mark.parametrize(
    ("form", "field"),
    [(PackForm(" ", 1, 100), "name"), (PackForm("x" * 61, 1, 100), "name"),
     (PackForm("A", 0, 100), "credits"), (PackForm("A", 1, 49), "price"),
     (PackForm("starter", 1, 100), "name")],
)  # fmt: skip
def test_a_pack_that_cannot_be_sold_is_told_at_the_field(session: Session, form: PackForm, field: str) -> None:
    packs.seed(session)
    with pytest.raises(Invalid) as refused:
        prices.create_pack(session, factories.create_operator(session), form)
    assert set(refused.value.errors) == {field}


def test_a_pack_is_not_renamed_to_what_another_is_called(session: Session) -> None:
    operator = factories.create_operator(session)
    packs.seed(session)
    by_name = {pack.name: pack.id for pack in prices.prices(session, operator).packs}
    with pytest.raises(Invalid) as refused:
        prices.update_pack(session, operator, by_name["Pro"], PackForm("STARTER", 1, 100))
    assert set(refused.value.errors) == {"name"}
    prices.update_pack(session, operator, by_name["Pro"], PackForm("Pro", 1, 100))
