"""People in words, and what each deed of the operator means for them before it is done."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kametrix.models import PlatformRole, UserStatus
from kametrix.services.admin.user_page import UserPage
from kametrix.services.admin.users import UserRow
from kametrix.services.audit_rows import AuditRow
from kametrix.services.wording import clock, dollars, moment
from kametrix.state.rows import Asked

ROLES: Final = {
    PlatformRole.GUEST: "Guest",
    PlatformRole.USER: "User",
    PlatformRole.POWER_USER: "Power user",
    PlatformRole.ADMIN: "Administrator",
}
AGENTS_GO_ON: Final = "Agents and numbers of their organizations go on answering; calls are charged as before."


@dataclass(frozen=True)
class UserLine:
    """A person in the list."""

    id: str = ""
    name: str = ""
    email: str = ""
    organization: str = ""
    status: str = ""
    role: str = ""
    role_id: str = ""
    is_staff: bool = False
    is_verified: bool = False
    is_self: bool = False
    balance: str = ""
    is_grace: bool = False
    calls: str = ""
    seen: str = ""


@dataclass(frozen=True)
class BelongingLine:
    """An organization of the person."""

    id: str
    name: str
    note: str
    balance: str
    cents: int


@dataclass(frozen=True)
class Line:
    """A thing of the person with a line below it; `href` opens it, `tag` is a state's name for a badge."""

    id: str
    title: str
    note: str
    end: str
    href: str = ""
    tag: str = ""


def user_line(row: UserRow, now: datetime) -> UserLine:
    """A person in words."""
    others = f" and {row.others} more" if row.others else ""
    return UserLine(
        id=row.id,
        name=row.name,
        email=row.email,
        organization=f"{row.organization}{others}" if row.organization else "None",
        status=row.status.value,
        role=ROLES[row.role],
        role_id=row.role.value,
        is_staff=row.is_staff,
        is_verified=row.is_verified,
        is_self=row.is_self,
        balance=dollars(row.balance),
        is_grace=row.balance < 0,
        calls=f"{row.calls:,}",
        seen=ago(row.last_seen, now),
    )


def ago(at: datetime | None, now: datetime) -> str:
    """'Now', '4 min ago', 'Yesterday, 9:05', 'Never'."""
    if at is None:
        return "Never"
    seconds = (now - at).total_seconds()
    if seconds < 120:
        return "Now"
    return f"{int(seconds // 60)} min ago" if seconds < 3600 else moment(at.astimezone(now.tzinfo), now)


def belongings(found: UserPage) -> list[BelongingLine]:
    """'Owner, 3 people, works here now'."""
    return [
        BelongingLine(
            id=row.id,
            name=row.name,
            note=", ".join(
                filter(
                    None,
                    (
                        f"invited as {row.role.lower()}" if row.is_open else row.role.capitalize(),
                        "1 person" if row.people == 1 else f"{row.people:,} people",
                        "works here now" if row.is_current else "",
                    ),
                )
            ),
            balance=dollars(row.balance),
            cents=row.balance,
        )
        for row in found.belongings
    ]


def agent_lines(found: UserPage) -> list[Line]:
    """Agents, each opening its page in the console."""
    return [
        Line(
            row.id, row.name, f"{row.organization}, {row.number or 'no number'}", "", f"/admin/agents/{row.id}",
            row.sync.value if row.is_active else "OFF",
        )
        for row in found.agents
    ]  # fmt: skip


def call_lines(found: UserPage, now: datetime) -> list[Line]:
    """The last calls."""
    return [
        Line(
            row.id, moment(row.at.astimezone(now.tzinfo), now),
            ", ".join(filter(None, (row.agent, clock(row.seconds) if row.seconds else ""))), dollars(row.cents), tag=row.status,
        )
        for row in found.calls
    ]  # fmt: skip


def login_lines(found: UserPage, now: datetime) -> list[Line]:
    """Where the person is logged in."""
    return [Line(row.id, row.device, row.ip_address or "Unknown address", ago(row.last_seen_at, now)) for row in found.logins]


def act_lines(rows: tuple[AuditRow, ...], now: datetime) -> list[Line]:
    """What was done by and to the person."""
    return [Line(row.id, row.sentence, row.organization, moment(row.at.astimezone(now.tzinfo), now)) for row in rows]


def question(deed: str, user: UserLine) -> Asked:
    """The confirmation of a deed: names the person and says what happens to log-ins, agents and money."""
    name = user.name
    asked = {
        "suspend": (
            f"Suspend {name}?",
            ["They are logged out everywhere at once and cannot log in.", AGENTS_GO_ON, "You can reactivate the account at any time."],
            "Suspend", True,
        ),
        "activate": (f"Reactivate {name}?", [f"{user.email} can log in again with the password it had."], "Reactivate", False),
        "log_out": (f"Log out {name} everywhere?", ["Every device needs e-mail and password to come back.", AGENTS_GO_ON], "Log out", True),
        "verify": (
            f"Confirm the address of {name}?",
            [f"{user.email} counts as theirs from now on.", "In production, numbers of their organization answer from then on."],
            "Confirm", False,
        ),
        "reset": (
            f"Make a reset link for {name}?",
            [
                "You see the link once. It works once, for one hour, and replaces an older one.",
                "Nothing changes until it is used; then every device is logged out.",
                "Whoever has the link can set the password: give it to nobody else.",
            ],
            "Make the link", False,
        ),
        "staff": (f"Make {name} staff?", ["They may observe and invite in all organizations, without this console."], "Make staff", False),
        "no_staff": (f"Take staff rights from {name}?", ["They see their own organizations only."], "Take away", True),
    }  # fmt: skip
    title, effects, action, is_grave = asked[deed]
    return Asked(deed, user.id, title, effects, action, is_grave, wants_reason=deed == "suspend")


def role_question(role: PlatformRole, user: UserLine) -> Asked:
    """The confirmation of another platform role."""
    effects = {
        PlatformRole.ADMIN: ["They see and change everything here: people, money, numbers, prices.", "What they do is in the audit log."],
        PlatformRole.POWER_USER: ["They may write scenarios for rehearsal.", "They do not see this console."],
    }.get(role, ["They use the product like everyone else."])
    if user.role_id == PlatformRole.ADMIN.value:
        effects = ["They lose this console at once, in open tabs too.", *effects]
    title = f"Make {user.name} {'an' if role == PlatformRole.ADMIN else 'a'} {ROLES[role].lower()}?"
    return Asked(f"role:{role.value}", user.id, title, effects, "Change the role", PlatformRole.ADMIN in (role, PlatformRole(user.role_id)))


def bulk_question(status: UserStatus, count: int) -> Asked:
    """The confirmation of one deed for many."""
    if status == UserStatus.SUSPENDED:
        effects = ["They are logged out everywhere at once and cannot log in.", AGENTS_GO_ON, "You yourself are left out."]
        return Asked("bulk:SUSPENDED", "", f"Suspend {people(count)}?", effects, "Suspend", is_grave=True)
    return Asked("bulk:ACTIVE", "", f"Reactivate {people(count)}?", ["They can log in again."], "Reactivate")


def people(count: int) -> str:
    """(1) -> '1 person', (3) -> '3 people'."""
    return "1 person" if count == 1 else f"{count:,} people"
