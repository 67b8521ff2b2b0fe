"""Billing: the choice for the time at zero and the card that is charged by itself; errors at their fields, rights."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlmodel import select

from kametrix import db
from kametrix.models import AutoRecharge, Organization, OrgRole, RechargeFailure, SyncState, WhenEmpty
from kametrix.services.access import Actor
from kametrix.services.recharge import Recharge
from kametrix.services.when_empty import Rules
from kametrix.state.billing_at_zero import AtZeroState, grace, holds, switching, ungated
from kametrix.state.billing_recharge import RechargeState, card_words, failure_words
from kametrix.state.billing_recharge import holds as recharge_holds
from tests import factories
from tests.state.people import member
from tests.state.processor import Server, serve
from tests.state.purchases import create_recharge, pack

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NUMBER = "+14155552671"


def rules(**columns: Any) -> Rules:
    given: dict[str, Any] = {
        "mode": "GRACE", "forwarding_number": "", "ceiling_cents": None, "own_limit_cents": None, "has_purchased": True, "is_gated": False,
        "not_gated": (), "updating": (),
    }  # fmt: skip
    return Rules(**{**given, **columns})


def shown(**columns: Any) -> Recharge:
    given: dict[str, Any] = {
        "enabled": False, "threshold_cents": 500, "pack_id": "p", "pack_name": "Popular", "pack_price_cents": 2500,
        "monthly_cap_cents": 10_000, "spent_cents": 0, "card_brand": "visa", "card_last4": "4242", "card_expires": "12/2030",
        "failures": 0, "last_failure": "", "last_failure_at": None, "is_running": False,
    }  # fmt: skip
    return Recharge(**{**given, **columns})


def organization_of(actor: Actor) -> Organization:
    with db.transaction() as session:
        return session.get_one(Organization, actor.organization_id)


def recharge_of(actor: Actor) -> AutoRecharge | None:
    with db.transaction() as session:
        return session.exec(select(AutoRecharge).where(AutoRecharge.organization_id == actor.organization_id)).one_or_none()


@pytest.mark.parametrize(
    ("told", "rule", "words"),
    [
        (holds, rules(), "on grace"),
        (holds, rules(mode="STOP"), "nobody can take the call"),
        (holds, rules(mode="FORWARD", forwarding_number=NUMBER), "connected to +1 415 555 2671"),
        (grace, rules(), "Without a limit"),
        (grace, rules(own_limit_cents=200), "Up to $2.00"),
        (grace, rules(has_purchased=False, ceiling_cents=300), "up to $3.00"),
        (switching, rules(), ""),
        (switching, rules(updating=(NUMBER,)), "+1 415 555 2671 is being switched."),
        (switching, rules(updating=(NUMBER, "+14155552672")), "2 numbers are being switched."),
        (ungated, rules(), ""),
        (ungated, rules(not_gated=(NUMBER,)), "without asking us first"),
        (ungated, rules(mode="STOP", is_gated=True), ""),
        (ungated, rules(mode="STOP", is_gated=True, not_gated=(NUMBER,)), "Until they are switched"),
    ],
)
def test_what_holds_at_zero_is_told(told: Callable[[Rules], str], rule: Rules, words: str) -> None:
    assert words in told(rule)
    assert bool(words) == bool(told(rule))


def test_the_choice_is_saved_with_its_number_and_the_numbers_are_switched(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        factories.create_phone_number(session, factories.create_agent(session, actor, sync_state=SyncState.LIVE))

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing")
        await tab.send(AtZeroState.load)
        await tab.send(AtZeroState.keep, name="mode", value="FORWARD")
        told = await tab.send(AtZeroState.save, form={"forwarding_number": "+1 (415) 555-2671"})
        assert "Saved" in told
        state = await tab.state(AtZeroState)
        assert (state.mode, state.number, state.holds) == ("FORWARD", "+1 415 555 2671", "Callers are connected to +1 415 555 2671.")
        assert "is being switched" in state.switching

    serve(scenario)
    saved = organization_of(actor)
    assert (saved.when_empty, saved.forwarding_number) == (WhenEmpty.FORWARD, NUMBER)


@pytest.mark.parametrize("number", ["", "nonsense", "555", "415 555 2671", "+1 415", "x" * 5000, "+1 415 555 2671; drop"])
def test_a_number_that_is_none_is_told_at_its_field_and_stays_as_typed(database: str, number: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing")
        await tab.send(AtZeroState.load)
        await tab.send(AtZeroState.keep, name="mode", value="FORWARD")
        await tab.send(AtZeroState.keep, name="forwarding_number", value=number)
        await tab.send(AtZeroState.save, form={"forwarding_number": number})
        await tab.send(AtZeroState.refresh)
        state = await tab.state(AtZeroState)
        assert state.errors.keys() == {"forwarding_number"}
        assert (state.mode, state.start["forwarding_number"], state.is_saving) == ("FORWARD", number[:100], False)

    serve(scenario)
    assert organization_of(actor).when_empty is WhenEmpty.GRACE


def test_a_mode_nobody_offers_is_refused(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing")
        await tab.send(AtZeroState.load)
        await tab.send(AtZeroState.keep, name="mode", value="FREE_FOR_ALL")
        await tab.send(AtZeroState.save, form={})
        assert "mode" in (await tab.state(AtZeroState)).errors

    serve(scenario)
    assert organization_of(actor).when_empty is WhenEmpty.GRACE


@pytest.mark.parametrize("role", [role for role in OrgRole if role is not OrgRole.OWNER])
def test_only_who_pays_changes_billing(database: str, role: OrgRole) -> None:
    actor, cookie = member(role=role)
    with db.transaction() as session:
        create_recharge(session, actor, enabled=True)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing?setup=cs_test_stolen")
        await tab.send(AtZeroState.load)
        await tab.send(RechargeState.load)
        await tab.send(AtZeroState.save, form={"forwarding_number": NUMBER})
        for handler, payload in (
            (RechargeState.save, {"form": {}}), (RechargeState.remove_card, {"_form": {}}), (RechargeState.save_card, {}),
        ):  # fmt: skip
            assert "_redirect" not in await tab.send(handler, **payload)

    serve(scenario)
    kept = recharge_of(actor)
    assert organization_of(actor).forwarding_number is None
    assert kept is not None
    assert (kept.enabled, kept.card_last4) == (True, "4242")


def test_the_recharge_is_switched_on_with_what_was_typed(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        create_recharge(session, actor)
        popular = pack(session, "Popular").id

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing")
        await tab.send(RechargeState.load)
        state = await tab.state(RechargeState)
        assert (state.is_on, state.card, state.expires, state.holds) == (False, "Visa ending in 4242", "Expires 12/2030", "Off")
        await tab.send(RechargeState.keep, name="enabled", value=True)
        await tab.send(RechargeState.keep, name="pack_id", value=popular)
        told = await tab.send(RechargeState.save, form={"threshold_cents": "$7.50", "monthly_cap_cents": "1,000", "pack_id": popular})
        assert "charged by itself from now on" in told
        after = await tab.state(RechargeState)
        assert (after.is_on, after.holds) == (True, "Popular for $25.00, whenever the balance falls below $7.50")

    serve(scenario)
    saved = recharge_of(actor)
    assert saved is not None
    assert (saved.enabled, saved.threshold_cents, saved.monthly_cap_cents, saved.credit_pack_id) == (True, 750, 100_000, popular)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"threshold_cents": "a lot"}, "threshold_cents"),
        ({"threshold_cents": "1.005"}, "threshold_cents"),
        ({"threshold_cents": "-5"}, "threshold_cents"),
        ({"threshold_cents": "9" * 90}, "threshold_cents"),
        ({"monthly_cap_cents": ""}, "monthly_cap_cents"),
        ({"monthly_cap_cents": "5"}, "monthly_cap_cents"),
        ({"pack_id": "no-such-pack"}, "pack_id"),
    ],
)
def test_what_cannot_be_is_told_at_its_field_and_stays_as_typed(database: str, typed: dict[str, str], field: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        create_recharge(session, actor)
        starter = pack(session).id

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing")
        await tab.send(RechargeState.load)
        await tab.send(RechargeState.keep, name="enabled", value=True)
        form = {"threshold_cents": "5.00", "monthly_cap_cents": "100", "pack_id": starter, **typed}
        await tab.send(RechargeState.save, form=form)
        await tab.send(RechargeState.refresh)
        state = await tab.state(RechargeState)
        assert state.errors.keys() == {field}
        assert (state.is_on, state.start[field]) == (True, form[field][:100])

    serve(scenario)
    kept = recharge_of(actor)
    assert kept is not None
    assert not kept.enabled


def test_without_a_card_nothing_can_be_switched_on(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        starter = pack(session).id

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing")
        await tab.send(RechargeState.load)
        await tab.send(RechargeState.keep, name="enabled", value=True)
        await tab.send(RechargeState.save, form={"threshold_cents": "5", "monthly_cap_cents": "100", "pack_id": starter})
        assert (await tab.state(RechargeState)).errors == {"enabled": "Save a card first."}

    serve(scenario)
    kept = recharge_of(actor)
    assert kept is None or not kept.enabled


def test_a_card_is_removed_after_a_question(database: str) -> None:
    actor, cookie = member()
    with db.transaction() as session:
        create_recharge(session, actor, enabled=True)

    async def scenario(server: Server) -> None:
        tab = server.tab("t", cookie, path="/credits/billing")
        await tab.send(RechargeState.load)
        await tab.send(RechargeState.turn_question, is_open=True)
        told = await tab.send(RechargeState.remove_card, _form={})
        assert "Nothing is charged by itself any more" in told
        state = await tab.state(RechargeState)
        assert (state.is_asking, state.is_removing, state.is_on) == (False, False, False)

    serve(scenario)
    kept = recharge_of(actor)
    assert kept is not None
    assert not kept.enabled


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (RechargeFailure.DECLINED, "your card was declined"),
        (RechargeFailure.AUTHENTICATION_REQUIRED, "wanted you to confirm"),
        (RechargeFailure.NO_METHOD, "no card left"),
        (RechargeFailure.CAP_REACHED, "limit for this month"),
    ],
)
def test_a_failed_charge_is_told_with_what_to_do(failure: RechargeFailure, words: str) -> None:
    found = failure_words(shown(last_failure=failure.value, last_failure_at=NOON), NOON)
    assert found.startswith("Today, 12:00: ")
    assert words in found
    assert "switched off" in found
    assert "switched off" not in failure_words(shown(enabled=True, last_failure=failure.value, last_failure_at=NOON), NOON)
    assert failure_words(shown(), NOON) == ""


def test_a_card_is_called_by_what_its_owner_knows_it_by() -> None:
    assert card_words(shown()) == "Visa ending in 4242"
    assert card_words(shown(card_brand="amex", card_last4="0005")) == "American Express ending in 0005"
    assert card_words(shown(card_brand="somebank")) == "Somebank ending in 4242"
    assert card_words(shown(card_last4="")) == ""
    assert recharge_holds(shown(enabled=True)) == "Popular for $25.00, whenever the balance falls below $5.00"
