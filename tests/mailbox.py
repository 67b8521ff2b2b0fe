"""A real SMTP server for tests: keeps what it took, and answers as it is told to."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.api.client import environment


class Mailbox:
    """`taken` in order. `rcpt` and `data` are the next answers to these commands, one each; after them everything is taken.

    The answer 'drop' to DATA keeps the message and breaks the connection before the answer.
    """

    def __init__(self, *, closed: bool = False) -> None:
        self.closed = closed
        self.taken: list[EmailMessage] = []
        self.rcpt: list[str] = []
        self.data: list[str] = []
        self.connections = 0

    async def handle_EHLO(self, server: SMTP, session: Session, envelope: Envelope, name: str, lines: list[str]) -> list[str]:
        self.connections += 1
        session.host_name = name
        return lines

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        if self.closed and not session.authenticated:
            return "530 5.7.0 Authentication required"
        answer = self.rcpt.pop(0) if self.rcpt else "250 OK"
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("250") or answer == "drop":
            content: Any = envelope.content
            self.taken.append(message_from_bytes(content, policy=policy.default))
        if answer == "drop":
            transport: Any = server.transport
            transport.abort()
        return answer


@contextmanager
def mailbox(*, password: str = "", **settings: str) -> Iterator[Mailbox]:
    """A running server, and the settings pointing at it. With a `password` it asks for user 'mailer' and that."""
    box = Mailbox(closed=bool(password))

    def authenticate(server: SMTP, session: Session, envelope: Envelope, mechanism: str, auth: LoginPassword) -> AuthResult:
        return AuthResult(success=(auth.login, auth.password) == (b"mailer", password.encode()))

    options: dict[str, Any] = {"authenticator": authenticate, "auth_require_tls": False} if password else {}
    controller = Controller(box, hostname="127.0.0.1", port=free_port(), **options)
    controller.start()
    try:
        with environment(SMTP_HOST="127.0.0.1", SMTP_PORT=str(controller.port), SMTP_SECURITY="none", **settings):
            yield box
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def text_of(message: EmailMessage) -> str:
    """Its plain text."""
    part = message.get_body(preferencelist=("plain",))
    assert part
    return str(part.get_content())


def html_of(message: EmailMessage) -> str:
    """Its HTML."""
    part = message.get_body(preferencelist=("html",))
    assert part
    return str(part.get_content())
