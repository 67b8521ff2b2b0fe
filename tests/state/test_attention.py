"""What needs a person, in words and in the order of what waiting costs."""

from datetime import UTC, datetime, timedelta

from kametrix.models import OrgRole, PlatformRole, RechargeFailure
from kametrix.services.access import Actor, actor_of
from kametrix.services.attention import AgentNeed, AgentTrouble, Attention, MissedCaller, Personal
from kametrix.services.attention_money import MoneyTrouble
from kametrix.state.attention import ICONS, Need, needs

NOW = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
NOTHING = Attention(False, 0, (), 0, 0, (), waits_for_purchase=False)
NOBODY = Personal(None, is_unverified=False)
AGENTS = tuple(
    AgentTrouble(f"a{place}", name, need) for place, (name, need) in enumerate(zip(("Front desk", "Night", "New"), AgentNeed, strict=True))
)
ALL = Attention(
    is_switched_off=True,
    declined_today=2,
    missed=(
        MissedCaller("c1", "+14155550111", NOW - timedelta(minutes=18), was_turned_away=True),
        MissedCaller("c2", "+14155550122", NOW - timedelta(hours=20), was_turned_away=False),
    ),
    missed_count=4,
    failed_calls=1,
    agents=AGENTS,
    waits_for_purchase=True,
    money=MoneyTrouble(in_review=2, disputed=1000, declines_calls=True, recharge_stopped=RechargeFailure.DECLINED),
)


def person(role: OrgRole = OrgRole.OWNER) -> Actor:
    return actor_of(user_id="u", email="dana@example.com", organization_id="o", role=role, platform_role=PlatformRole.USER)


def told(found: Attention, own: Personal = NOBODY, role: OrgRole = OrgRole.OWNER) -> list[Need]:
    return needs(found, own, person(role), NOW)


def test_nothing_when_nothing_waits() -> None:
    assert told(NOTHING) == []


def test_everything_that_waits_stands_in_the_order_of_what_it_costs() -> None:
    found = told(ALL, Personal(NOW - timedelta(days=1), is_unverified=True))
    assert [need.title for need in found] == [
        "Your agents are switched off",
        "2 calls were turned away today",
        "Confirm your e-mail address",
        "$10.00 of your payments is disputed",
        "Automatic recharge is switched off",
        "2 payments are being checked",
        "+1 415 555 0111 was turned away",
        "+1 415 555 0122 was not answered",
        "2 more callers nobody answered",
        "Front desk was not updated",
        "1 call did not work",
        "Night is switched off",
        "New has no telephone number",
        "Finish setting up your agent",
    ]
    assert {need.icon for need in found} <= set(ICONS)
    assert all(need.action and need.href.startswith("/") for need in found)


def test_a_caller_can_be_called_back_and_their_call_opened() -> None:
    caller = next(need for need in told(ALL) if need.number)
    assert (caller.number, caller.href) == ("+14155550111", "/calls/c1")
    assert caller.text == "Today, 14:12. Nobody has followed up yet."


def test_what_the_provider_said_goes_before_our_words() -> None:
    failed = AgentTrouble("a", "Front desk", AgentNeed.NOT_UPDATED, "The greeting is too long to be spoken.")
    assert told(Attention(False, 0, (), 0, 0, (failed,), waits_for_purchase=False))[0].text == "The greeting is too long to be spoken."


def test_many_agents_with_one_trouble_are_one_line() -> None:
    many = tuple(AgentTrouble(str(place), "A", AgentNeed.OFF) for place in range(3))
    assert [(need.title, need.href) for need in told(Attention(False, 0, (), 0, 0, many, waits_for_purchase=False))] == [
        ("3 agents are switched off", "/agents")
    ]


def test_who_may_not_buy_or_switch_is_told_whom_to_ask() -> None:
    off, declined = told(ALL, role=OrgRole.VIEWER)[:2]
    assert off.action == "See the settings"
    assert declined.text.endswith("Ask an owner to buy credits.")
    assert "Buy credits" not in {need.action for need in told(ALL, role=OrgRole.VIEWER)}
    assert told(ALL)[1].href == "/credits"


def test_why_an_agent_has_no_number() -> None:
    bare = (AgentTrouble("a", "New", AgentNeed.NO_NUMBER),)
    first, later = (told(Attention(False, 0, (), 0, 0, bare, waits_for_purchase=waits))[0].text for waits in (True, False))
    assert "Before the first pack" in first
    assert "None is free" in later


def test_money_in_trouble_is_told_by_what_it_costs_and_who_can_mend_it() -> None:
    def of(role: OrgRole = OrgRole.OWNER, **fields: object) -> Need:
        return told(Attention(False, 0, (), 0, 0, (), waits_for_purchase=False, money=MoneyTrouble(**fields)), role=role)[0]  # type: ignore[arg-type]  # its fields by name

    declined = of(disputed=1000, declines_calls=True)
    assert (declined.tone, declined.href) == ("red", "/credits")
    assert "turned away" in declined.text
    assert of(disputed=1000).tone == "amber"
    assert of(declines_calls=True).title == "A disputed payment was lost"
    stopped = of(recharge_stopped=RechargeFailure.AUTHENTICATION_REQUIRED)
    assert stopped.href == "/credits/billing"
    assert stopped.text.endswith("Choose another card, or buy a pack yourself.")
    assert of(OrgRole.VIEWER, recharge_stopped=RechargeFailure.NO_METHOD).text.endswith("An owner can choose another.")
    assert of(in_review=1).title == "A payment is being checked"
