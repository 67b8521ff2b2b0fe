"""One message to one address: written as an EmailMessage, handed to the mail server of the settings. Knows no tables."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Final, Literal

import aiosmtplib

from kametrix.integrations.smtp.errors import Unaddressable, failure

TIMEOUT_SECONDS: Final = 10.0
"""For connecting and for each answer."""


@dataclass(frozen=True)
class MailServer:
    """Where messages go, and who they are from. The password is not part of its text."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    sender: str
    username: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class Outgoing:
    """A message. Its Message-ID is made of `id`: a second sending is the same message. `unsubscribe`: an address that takes RFC 8058's
    POST, empty on mail that nobody can do without."""

    id: str
    to: str
    subject: str
    text: str
    html: str = field(repr=False)
    unsubscribe: str = ""


def compose(outgoing: Outgoing, sender: str, at: datetime) -> EmailMessage:
    """The message as it is sent, dated `at`. Raises Unaddressable: EmailMessage refuses line breaks in headers."""
    message = EmailMessage()
    try:
        message["From"] = sender
        message["To"] = outgoing.to
        message["Subject"] = outgoing.subject
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{outgoing.id}@{_domain(sender)}>"
        message["Auto-Submitted"] = "auto-generated"
        if outgoing.unsubscribe:
            message["List-Unsubscribe"] = f"<{outgoing.unsubscribe}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    except (ValueError, IndexError) as error:
        raise Unaddressable(str(error)) from error
    if not _is_address(outgoing.to):
        raise Unaddressable(f"{outgoing.to!r} is no address")
    message.set_content(outgoing.text)
    message.add_alternative(outgoing.html, subtype="html")
    return message


def send(server: MailServer, message: EmailMessage) -> None:
    """Hand it over; returns when the server has taken it. Raises SmtpFailure. Blocks: call it in a thread without an event loop.

    When the answer is lost after the server took it, the caller cannot know, and a retry makes a duplicate with the same Message-ID.
    """
    try:
        asyncio.run(_send(server, message))
    except (aiosmtplib.SMTPException, OSError) as error:
        raise failure(error) from error
    except ValueError as error:
        raise Unaddressable(str(error)) from error


async def _send(server: MailServer, message: EmailMessage) -> None:
    await aiosmtplib.send(
        message,
        hostname=server.host,
        port=server.port,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        username=server.username or None,
        password=server.password or None,
        timeout=TIMEOUT_SECONDS,
    )


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _is_address(text: str) -> bool:
    local, at, domain = text.rpartition("@")
    return bool(local and at and domain) and not any(character.isspace() or character in "<>," for character in text)
