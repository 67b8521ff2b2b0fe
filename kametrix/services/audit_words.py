"""The audit trail as people read it: what each action is called, and what changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from kametrix.services.wording import dollars

ACTIONS: Final[dict[str, tuple[str, str]]] = {
    "USER_SIGN_UP": ("Sign-up", "signed up"),
    "USER_UPDATE": ("Person changed", "changed {thing}"),
    "USER_ROLE_CHANGE": ("Platform role changed", "changed the platform role of {thing}"),
    "USER_STATUS_CHANGE": ("Person suspended or reactivated", "changed the status of {thing}"),
    "USER_PASSWORD_CHANGE": ("Password changed", "changed the password of {thing}"),
    "USER_PASSWORD_RESET": ("Reset link made", "made a password reset link for {thing}"),
    "USER_PASSWORD_RESET_USED": ("Reset link used", "set a new password with a reset link"),
    "USER_PASSWORD_FORGOTTEN": ("Password forgotten", "was sent a link for a new password, asked for at the log-in"),
    "USER_CONFIRM_EMAIL": ("E-mail confirmed by its owner", "confirmed their e-mail address"),
    "MAIL_RETRY": ("Message sent again", "had a message sent again"),
    "MAIL_DISMISS": ("Failed message dismissed", "dismissed a message that could not be sent"),
    "USER_CREDIT_ADJUST": ("Credits adjusted", "adjusted the credits of {thing}"),
    "USER_VERIFY_EMAIL": ("E-mail confirmed", "confirmed the e-mail address of {thing}"),
    "USER_LOG_OUT": ("Logged out everywhere", "logged {thing} out everywhere"),
    "BULK_ACTIVATE": ("Several people reactivated", "reactivated several people"),
    "BULK_SUSPEND": ("Several people suspended", "suspended several people"),
    "SESSION_REVOKE": ("Log-in ended", "ended a log-in"),
    "SESSION_REVOKE_OTHERS": ("Other log-ins ended", "ended all other log-ins"),
    "AGENT_CREATE": ("Agent created", "created the agent {thing}"),
    "AGENT_UPDATE": ("Agent changed", "changed the agent {thing}"),
    "AGENT_DELETE": ("Agent deleted", "deleted the agent {thing}"),
    "AGENT_TOGGLE_STATUS": ("Agent switched", "switched the agent {thing}"),
    "AGENT_RETRY": ("Agent sent again", "sent the agent {thing} to the provider again"),
    "PHONE_CREATE": ("Number added", "added the number {thing}"),
    "PHONE_IMPORT": ("Numbers imported", "imported numbers"),
    "PHONE_ASSIGN": ("Number assigned", "assigned the number {thing}"),
    "PHONE_RELEASE": ("Number released", "released the number {thing}"),
    "PHONE_WITHDRAWN": ("Number withdrawn", "withdrew the number {thing}"),
    "PHONE_UPDATE": ("Number switched", "switched the number {thing}"),
    "PHONE_SYNC": ("Numbers synchronised", "compared the numbers with the provider"),
    "SETTINGS_UPDATE": ("Prices or limits changed", "changed {thing}"),
    "PACK_CREATE": ("Pack created", "created the pack {thing}"),
    "PACK_UPDATE": ("Pack changed", "changed the pack {thing}"),
    "PAYMENT_REFUND": ("Refund ordered", "ordered a refund of {thing}"),
    "DISPUTE_LIFT": ("Dispute lifted", "let calls start again in spite of a disputed payment"),
    "MESSAGE_REPLAY": ("Provider message worked again", "had a provider message worked again"),
    "JOB_DISMISS": ("Failed job dismissed", "dismissed a failed job"),
    "JOB_RETRY": ("Job started again", "started a failed job again"),
    "CREDITS_WHEN_EMPTY": ("Calls at zero changed", "changed what happens when no credit is left"),
    "RECHARGE_UPDATE": ("Auto-recharge changed", "changed the auto-recharge"),
    "RECHARGE_OFF": ("Auto-recharge switched off", "switched the auto-recharge off"),
    "CARD_SAVE": ("Card saved", "saved a card"),
    "CARD_FORGET": ("Card removed", "removed the saved card"),
    "CALL_ASSIGN": ("Follow-up changed", "changed who follows up a call"),
    "CALLS_EXPORT": ("Calls exported", "exported calls"),
    "DRAFT_ABANDON": ("Draft given up", "gave up a draft of an agent"),
    "DRAFT_RESTORE": ("Draft brought back", "brought back a draft of an agent"),
    "ORGANIZATION_CREATE": ("Organization created", "created the organization {thing}"),
    "ORGANIZATION_UPDATE": ("Organization changed", "changed the settings of {thing}"),
    "ORGANIZATION_AGENT_DEFAULTS": ("Defaults of agents changed", "changed what new agents begin with"),
    "ORGANIZATION_ANSWERING": ("Answering switched", "switched the answering of calls"),
    "ORGANIZATION_COLOR": ("Colour changed", "changed the colour"),
    "ORGANIZATION_HOURS": ("Opening hours changed", "changed the opening hours"),
    "ORGANIZATION_LOGO": ("Logo changed", "changed the logo"),
    "ORGANIZATION_TRANSFER": ("Organization handed over", "handed over {thing}"),
    "TEAM_INVITE": ("Somebody invited", "invited {thing}"),
    "TEAM_ACCEPT": ("Invitation accepted", "accepted an invitation"),
    "TEAM_WITHDRAW": ("Invitation withdrawn", "withdrew the invitation of {thing}"),
    "TEAM_ROLE_CHANGE": ("Role changed", "changed the role of {thing}"),
    "TEAM_REMOVE": ("Member removed", "removed {thing}"),
    "TEAM_LEAVE": ("Member left", "left the team"),
    "RECORDING_PLAYED": ("Recording played", "listened to a recording"),
    "ADMIN_LOGIN": ("Operator logged in", "logged in as an operator"),
    "ADMIN_LOGOUT": ("Operator logged out", "logged out"),
    "ACCESS_DENIED": ("Access denied", "tried to open the operator's console"),
    "AUDIT_EXPORT": ("Audit log exported", "exported the audit log"),
}
"""Title, and what somebody did: '{who} changed the agent {thing}'."""
ENTITIES: Final = {
    "user": "Person",
    "organization": "Organization",
    "agent": "Agent",
    "phone_number": "Number",
    "call": "Call",
    "session": "Log-in",
    "wizard_draft": "Draft",
    "credit_pack": "Pack",
    "credit_purchase": "Payment",
    "credit_dispute": "Dispute",
    "site_setting": "Setting",
    "audit_log": "Audit log",
    "webhook_event": "Provider message",
    "job": "Job",
    "mail_message": "E-mail",
    "console": "Console",
}
MONEY: Final = frozenset(
    {
        "balance", "amount", "cents_per_minute", "welcome_ceiling_cents", "price_in_cents", "grace_limit_cents", "threshold_cents",
        "monthly_cap_cents",
    }
)  # fmt: skip
QUIET: Final = frozenset({"revision", "transaction"})
"""Of no use to who reads what was changed; kept in the row and in exports."""


@dataclass(frozen=True)
class Change:
    """One value that changed, in words; empty `before` or `after` where there was none."""

    field: str
    before: str
    after: str


def title(action: str) -> str:
    """'AGENT_UPDATE' -> 'Agent changed'."""
    return ACTIONS[action][0] if action in ACTIONS else action.replace("_", " ").capitalize()


def entity_title(entity: str) -> str:
    """'phone_number' -> 'Number'."""
    return ENTITIES.get(entity, entity.replace("_", " ").capitalize())


def sentence(action: str, who: str, thing: str, changed: tuple[Change, ...]) -> str:
    """'Robin changed the agent Mia: greeting, voice'."""
    did = ACTIONS.get(action, ("", f"{title(action).lower()} {{thing}}"))[1].format(thing=thing)
    fields = ", ".join(change.field.lower() for change in changed[:4] if change.before)
    return f"{who} {did}{f': {fields}' if fields and action.endswith('_UPDATE') else ''}"


def changes(old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> tuple[Change, ...]:
    """What differs between two sets of values, in the order they were written; what stayed the same is left out."""
    before, after = old or {}, new or {}
    names = [name for name in {**before, **after} if name not in QUIET and before.get(name) != after.get(name)]
    return tuple(Change(label(name), value(name, before.get(name)), value(name, after.get(name))) for name in names)


def label(name: str) -> str:
    """'voice_id' -> 'Voice'."""
    return name.removesuffix("_id").removesuffix("_cents").replace("_", " ").capitalize()


def value(name: str, found: Any) -> str:
    """A value in words: money as dollars, flags as yes and no, lists joined; empty when there is none."""
    if found is None:
        return ""
    if isinstance(found, bool):
        return "Yes" if found else "No"
    if isinstance(found, int) and name in MONEY:
        return dollars(found)
    if isinstance(found, Mapping):
        return ", ".join(f"{label(str(key))}: {value(str(key), item)}" for key, item in found.items())
    if isinstance(found, list | tuple):
        return ", ".join(value(name, item) for item in found)
    return str(found)
