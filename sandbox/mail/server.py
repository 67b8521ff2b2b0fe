"""SMTP on this machine only. `bounce@` anywhere is refused (550), `slow@` asked to come back (451); faults do worse."""

import asyncio
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from aiosmtpd.smtp import SMTP, Envelope, Session

from sandbox.clock import Clock, iso
from sandbox.mail.messages import KIND, read
from sandbox.store import Store

Kind = Literal["down", "busy", "refuse", "drop_after_data"]
KINDS: Final[tuple[Kind, ...]] = ("down", "busy", "refuse", "drop_after_data")
LARGEST: Final = 10_000_000
"""Bytes of a message, as announced with SIZE."""
DOWN: Final = "421 4.3.2 The mail server is going down"
BUSY: Final = "451 4.3.0 Try again later"
REFUSED: Final = "554 5.7.1 The message looks like spam"
NOBODY: Final = "550 5.1.1 There is no such mailbox"
GREYLISTED: Final = "451 4.7.1 Greylisted, try again later"


@dataclass
class MailFault:
    """The next `times` messages (-1: all) are not taken: `down` (421 at MAIL), `busy` (451), `refuse` (554), or taken and the
    connection broken before the answer (`drop_after_data`)."""

    kind: Kind
    times: int = 1


class MailFaults:
    """The faults still waiting to happen."""

    def __init__(self) -> None:
        self._waiting: list[MailFault] = []

    def add(self, fault: MailFault) -> None:
        """Another one, behind those already waiting."""
        self._waiting.append(fault)

    def clear(self) -> None:
        """None any more."""
        self._waiting.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Those still waiting."""
        return [asdict(fault) for fault in self._waiting]

    def take(self, *kinds: Kind) -> Kind | None:
        """The first waiting one, used up by one, if it is among `kinds`."""
        if not self._waiting or self._waiting[0].kind not in kinds:
            return None
        fault = self._waiting[0]
        fault.times -= 1
        if fault.times == 0:
            self._waiting.pop(0)
        return fault.kind


class Handler:
    """What aiosmtpd asks about each command. Used from the event loop's thread only, as the store."""

    def __init__(self, store: Store, clock: Clock, faults: MailFaults) -> None:
        self._store, self._clock, self._faults = store, clock, faults

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Take the sender, unless the server is down."""
        if self._faults.take("down"):
            return DOWN
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Take a recipient, but for the two names that never work."""
        local = address.partition("@")[0].lower()
        if local == "bounce":
            return NOBODY
        if local == "slow":
            return GREYLISTED
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep the message, unless a fault says otherwise."""
        fault = self._faults.take("busy", "refuse", "drop_after_data")
        if fault in ("busy", "refuse"):
            return BUSY if fault == "busy" else REFUSED
        raw = envelope.content or b""
        content = raw if isinstance(raw, bytes) else raw.encode()
        kept = read(content, envelope.mail_from or "", [str(one) for one in envelope.rcpt_tos], iso(self._clock.now()))
        self._store.put(KIND, kept)
        if fault == "drop_after_data" and isinstance(server.transport, asyncio.Transport):
            server.transport.abort()
        return f"250 2.0.0 Kept as {kept['id']}"


async def listen(handler: Handler, port: int) -> asyncio.Server:
    """Accept mail at this port of 127.0.0.1."""

    def connection() -> SMTP:
        return SMTP(handler, hostname="sandbox.localhost", ident="Kametrix sandbox", data_size_limit=LARGEST)

    return await asyncio.get_running_loop().create_server(connection, "127.0.0.1", port)
