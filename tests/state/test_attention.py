"""What needs a person, in words and in the order of what waiting costs."""

from datetime import UTC, datetime, timedelta

from kametrix.models import OrgRole, PlatformRole
from kametrix.services.access import Actor, actor_of
from kametrix.services.attention import AgentNeed, AgentTrouble, Attention, MissedCaller, Personal
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
    caller = told(ALL)[2]
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
    assert "/credits" not in {need.href for need in told(ALL, role=OrgRole.VIEWER)}
    assert told(ALL)[1].href == "/credits"


def test_why_an_agent_has_no_number() -> None:
    bare = (AgentTrouble("a", "New", AgentNeed.NO_NUMBER),)
    first, later = (told(Attention(False, 0, (), 0, 0, bare, waits_for_purchase=waits))[0].text for waits in (True, False))
    assert "Before the first pack" in first
    assert "None is free" in later
