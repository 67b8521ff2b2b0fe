"""What needs a person, as rows: ordered by what waiting costs, each with one thing to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from kametrix.models import RechargeFailure
from kametrix.services.access import Actor
from kametrix.services.attention import AgentNeed, AgentTrouble, Attention, MissedCaller, Personal
from kametrix.services.attention_money import MoneyTrouble
from kametrix.services.wording import counted, dollars, moment, telephone

ICONS = (
    "circle-alert", "credit-card", "hash", "headset", "mail-warning", "phone-missed", "phone-off", "power-off", "search-check",
    "shield-alert",
)  # fmt: skip
SINGLE = 2
"""Agents with the same trouble are told one by one up to this many, and counted beyond."""


@dataclass(frozen=True)
class Need:
    """One thing that waits. `tone`: red (callers are lost now), amber, or plain. `number` (E.164) can be called back."""

    icon: str
    tone: str
    title: str
    text: str
    action: str
    href: str
    number: str = ""


def needs(found: Attention, own: Personal, actor: Actor, now: datetime) -> list[Need]:
    """Everything that waits for this person, the costliest first; `now` in the organization's zone."""
    return [
        *_lost_now(found, actor),
        *_unverified(own),
        *_money(found.money, actor),
        *_callers(found, now),
        *_agents(found, AgentNeed.NOT_UPDATED),
        *_failed(found),
        *_agents(found, AgentNeed.OFF),
        *_agents(found, AgentNeed.NO_NUMBER),
        *_draft(own, now),
    ]


def _lost_now(found: Attention, actor: Actor) -> Iterator[Need]:
    if found.is_switched_off:
        may = actor.may("organization:write")
        text = "Callers are not answered until they are switched on again."
        yield Need(
            "power-off", "red", "Your agents are switched off", text, "Open the settings" if may else "See the settings", "/settings/agents"
        )
    if found.declined_today:
        title = f"{counted(found.declined_today, 'call')} {'was' if found.declined_today == 1 else 'were'} turned away today"
        text = "No credit was left for another minute."
        if actor.may("billing:write"):
            yield Need("phone-off", "red", title, f"{text} The next pack lets callers through at once.", "Buy credits", "/credits")
        else:
            yield Need("phone-off", "red", title, f"{text} Ask an owner to buy credits.", "See the calls", "/calls?status=missed")


def _unverified(own: Personal) -> Iterator[Need]:
    if own.is_unverified:
        text = "Open the link we sent you. Until then, and before the first pack, callers are turned away."
        yield Need("mail-warning", "red", "Confirm your e-mail address", text, "Open your account", "/settings")


STOPPED = {
    RechargeFailure.DECLINED: "Your card was declined twice.",
    RechargeFailure.AUTHENTICATION_REQUIRED: "Your bank wants you to confirm each payment of this card.",
    RechargeFailure.NO_METHOD: "There is no card left to charge.",
    RechargeFailure.CAP_REACHED: "What you allowed for this month is used up.",
}
"""Why a saved card is no longer charged."""


def _money(found: MoneyTrouble | None, actor: Actor) -> Iterator[Need]:
    if found is None:
        return
    if found.disputed or found.declines_calls:
        tone = "red" if found.declines_calls else "amber"
        what = "Callers are turned away until it is settled." if found.declines_calls else "Calls are answered all the same."
        title = f"{dollars(found.disputed)} of your payments is disputed" if found.disputed else "A disputed payment was lost"
        yield Need("shield-alert", tone, title, f"The bank of the card took it back. {what}", "See the payment", "/credits")
    if found.recharge_stopped:
        what = "Choose another card, or buy a pack yourself." if actor.may("billing:write") else "An owner can choose another."
        why = STOPPED[found.recharge_stopped]
        yield Need("credit-card", "amber", "Automatic recharge is switched off", f"{why} {what}", "Open billing", "/credits/billing")
    if found.in_review:
        is_one = found.in_review == 1
        title = "A payment is being checked" if is_one else f"{counted(found.in_review, 'payment')} are being checked"
        text = "What was paid is not what was asked for. We look at it and write to you; nothing is lost."
        yield Need("search-check", "plain", title, text, "See the payment" if is_one else "See the payments", "/credits")


def _callers(found: Attention, now: datetime) -> Iterator[Need]:
    for caller in found.missed:
        yield _caller(caller, now)
    if more := found.missed_count - len(found.missed):
        title = f"{counted(more, 'more caller')} nobody answered"
        yield Need("phone-missed", "amber", title, "In the last 24 hours.", "See missed calls", "/calls?status=missed&assigned=nobody")


def _caller(caller: MissedCaller, now: datetime) -> Need:
    who = telephone(caller.number)
    what = "was turned away" if caller.was_turned_away else "was not answered"
    text = f"{moment(caller.at, now)}. Nobody has followed up yet."
    return Need("phone-missed", "amber", f"{who} {what}", text, "Open the call", f"/calls/{caller.call_id}", caller.number)


def _failed(found: Attention) -> Iterator[Need]:
    if found.failed_calls:
        text = "A technical fault in the last 24 hours. Such calls cost nothing."
        yield Need(
            "circle-alert",
            "amber",
            f"{counted(found.failed_calls, 'call')} did not work",
            text,
            "See them",
            "/calls?status=failed&assigned=nobody",
        )


def _agents(found: Attention, need: AgentNeed) -> Iterator[Need]:
    agents = [agent for agent in found.agents if agent.need is need]
    if len(agents) > SINGLE:
        yield _of_many(len(agents), need, found)
    else:
        for agent in agents:
            yield _of_one(agent, found)


LOOK = {AgentNeed.NOT_UPDATED: ("circle-alert", "red"), AgentNeed.OFF: ("power-off", "plain"), AgentNeed.NO_NUMBER: ("hash", "plain")}


def _of_one(agent: AgentTrouble, found: Attention) -> Need:
    what = {
        AgentNeed.NOT_UPDATED: "was not updated",
        AgentNeed.OFF: "is switched off",
        AgentNeed.NO_NUMBER: "has no telephone number",
    }[agent.need]
    return Need(*LOOK[agent.need], f"{agent.name} {what}", agent.why or _why(agent.need, found), "Look at it", f"/agents/{agent.agent_id}")


def _of_many(count: int, need: AgentNeed, found: Attention) -> Need:
    what = {
        AgentNeed.NOT_UPDATED: "were not updated",
        AgentNeed.OFF: "are switched off",
        AgentNeed.NO_NUMBER: "have no telephone number",
    }[need]
    return Need(*LOOK[need], f"{count:,} agents {what}", _why(need, found), "See your agents", "/agents")


def _why(need: AgentNeed, found: Attention) -> str:
    if need is AgentNeed.NOT_UPDATED:
        return "Callers still hear what was there before."
    if need is AgentNeed.OFF:
        return "Its callers are told that nobody answers now."
    if found.waits_for_purchase:
        return "Before the first pack there is one number. The others come right after it."
    return "None is free at the moment. The next one comes without your doing anything."


def _draft(own: Personal, now: datetime) -> Iterator[Need]:
    if own.draft_since:
        text = f"Your answers are kept. Last changed {moment(own.draft_since, now)}."
        yield Need("headset", "plain", "Finish setting up your agent", text, "Go on", "/agents/new")
