"""What stands around every page for people who are signed in: who, where, how much, what is going on."""

import reflex as rx

from kametrix import db
from kametrix.services import organizations
from kametrix.services.access import SIGNED_IN
from kametrix.services.organizations import Pause
from kametrix.services.wording import dollars
from kametrix.settings import settings
from kametrix.state import live
from kametrix.state.guard import AuthState, allow
from kametrix.state.rows import AgentLink


class FrameState(AuthState):
    """Filled by `load` before a private page's own on_load; `shown` is the route whose data has arrived."""

    organization: str = ""
    logo: str = ""
    color: str = ""
    role: str = ""
    permissions: rx.Field[list[str]] = rx.field(default_factory=list)
    person: str = ""
    email: str = ""
    initials: str = ""
    balance: str = ""
    balance_note: str = ""
    is_low: bool = False
    is_answering: bool = True
    is_paused: bool = False
    paused: str = ""
    live_calls: int = 0
    agents: rx.Field[list[AgentLink]] = rx.field(default_factory=list)
    ribbon: str = ""
    inbox: str = ""
    shown: str = ""
    _path: str = ""

    @rx.event
    @allow(SIGNED_IN)
    async def load(self) -> None:
        """Read the frame. Another page's data is hidden until it arrives; a changed filter of the same page is not another page."""
        if self._path != (path := self.router.url.path):
            self._path, self.shown = path, ""
        live.follow(self, FrameState.refresh, restart=True)
        await self._read(db.run)

    @rx.event
    @allow(SIGNED_IN)
    def arrived(self, route: str) -> None:
        """The page's own data is there: show it."""
        self.shown = route

    @rx.event
    @allow(SIGNED_IN)
    async def refresh(self) -> None:
        """Read the frame again, after something changed it."""
        await self._read(live.shared)

    async def _read(self, run: live.Run) -> None:
        frame = await run(organizations.frame, self.actor)
        self.organization, self.email, self.role = frame.organization, self.actor.email, self.actor.role.value.capitalize()
        self.logo, self.color, self.permissions = frame.logo, frame.color, sorted(self.actor.permissions)
        self.person = self.principal.name
        self.initials = initials(self.person)
        self.balance, self.balance_note, self.is_low = dollars(frame.balance or 0), balance_note(frame), frame.is_low
        self.live_calls, self.is_answering, self.is_paused = frame.live_calls, frame.is_answering, frame.is_paused
        self.paused = PAUSED[frame.pause] if frame.is_paused else ""
        self.agents = [AgentLink(agent_id, name) for agent_id, name in frame.agents]
        self.ribbon, self.inbox = ribbon(settings().sandbox_providers), settings().sandbox_inbox


PAUSED = {
    Pause.CREDIT: "Calls are paused until your next pack. Callers are turned away.",
    Pause.PASSED_ON: "Your credit is used up. Callers are connected to your own number until your next pack.",
    Pause.DISPUTE: "Calls are paused: a payment is disputed with the bank of the card. Callers are turned away.",
}


def initials(name: str) -> str:
    """'Dana Whitlock' -> 'DW', 'dana' -> 'D'."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def balance_note(frame: organizations.Frame) -> str:
    """What the balance means: 'about 279 min', how much grace is in use, or that calls are declined."""
    if frame.is_paused:
        return "calls are passed on" if frame.pause is Pause.PASSED_ON else "calls are paused"
    balance = frame.balance or 0
    if frame.minutes == 0 and balance >= 0:
        return "calls are still answered"
    if balance < 0:
        return f"{dollars(-balance)} of grace in use"
    return f"about {frame.minutes:,} min"


SIMULATED = {
    "vapi": "calls",
    "stripe": "payments",
    "mail": "e-mails",
    "smtp": "e-mails",
    "google": "calendars",
    "llm": "model answers",
    "crm": "CRM entries",
}


def ribbon(providers: str) -> str:
    """'Vapi,Stripe' -> 'Calls and payments are simulated.'; empty without a sandbox."""
    names = [name.strip() for name in providers.split(",") if name.strip()]
    things = [SIMULATED.get(name.lower(), name) for name in names]
    if not things:
        return ""
    listed = " and ".join(filter(None, (", ".join(things[:-1]), things[-1])))
    return f"{listed[0].upper()}{listed[1:]} are simulated."
