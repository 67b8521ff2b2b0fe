"""Messages as they go out, and what each answer of a mail server means."""

from datetime import UTC, datetime
from email.message import EmailMessage

import pytest

from kametrix.integrations.smtp.client import MailServer, Outgoing, compose, send
from kametrix.integrations.smtp.errors import SmtpFailure, Unaddressable
from kametrix.settings import settings
from tests.mailbox import free_port, html_of, mailbox, text_of

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SENDER = "Kametrix <hello@kametrix.example>"


def message(**changed: str) -> EmailMessage:
    given = {
        "id": "0123456789ab",
        "to": "dana@example.com",
        "subject": "Guthaben wird knapp – Grüße",
        "text": "Grüße",
        "html": "<p>Grüße</p>",
    }
    return compose(Outgoing(**{**given, **changed}), SENDER, NOON)


def server(**changed: object) -> MailServer:
    known = settings()
    given: dict[str, object] = {"host": known.smtp_host, "port": known.smtp_port, "security": "none", "sender": SENDER}
    return MailServer(**{**given, **changed})  # pyright: ignore[reportArgumentType]


def test_a_message_arrives_as_it_was_written() -> None:
    with mailbox() as box:
        send(server(), message())
        (taken,) = box.taken
    assert taken["From"] == SENDER
    assert taken["To"] == "dana@example.com"
    assert taken["Subject"] == "Guthaben wird knapp – Grüße"
    assert taken["Date"] == "Fri, 20 Nov 2026 12:00:00 +0000"
    assert taken["Message-ID"] == "<0123456789ab@kametrix.example>"
    assert taken["Auto-Submitted"] == "auto-generated"
    assert taken["List-Unsubscribe"] is None
    assert taken.get_content_type() == "multipart/alternative"
    assert (text_of(taken).strip(), html_of(taken).strip()) == ("Grüße", "<p>Grüße</p>")


def test_mail_one_can_do_without_can_be_unsubscribed_in_one_click() -> None:
    made = message(unsubscribe="https://kametrix.example/api/mail/unsubscribe?token=x." + "y" * 60)
    assert made["List-Unsubscribe"].startswith("<https://kametrix.example/api/mail/unsubscribe?token=")
    assert made["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    with mailbox() as box:
        send(server(), made)
        assert box.taken[0]["List-Unsubscribe"] == made["List-Unsubscribe"], "a long header survives the way"


@pytest.mark.parametrize(
    "changed",
    [
        {"to": "dana@example.com\r\nBcc: all@example.com"},
        {"to": "dana@example.com, all@example.com"},
        {"to": "Dana <dana@example.com>"},
        {"to": "nobody"},
        {"to": ""},
        {"subject": "Hello\r\nBcc: all@example.com"},
        {"subject": "Hello\nX-Evil: 1"},
        {"unsubscribe": "https://kametrix.example/\r\nBcc: all@example.com"},
    ],
)
def test_a_header_cannot_carry_another(changed: dict[str, str]) -> None:
    with pytest.raises(Unaddressable) as failed:
        message(**changed)
    assert not failed.value.retryable
    assert "\n" not in failed.value.message


@pytest.mark.parametrize(
    ("rcpt", "data", "retryable", "code"),
    [
        ("550 5.1.1 No such mailbox", "", False, 550),
        ("553 5.1.3 Bad address", "", False, 553),
        ("451 4.7.1 Greylisted", "", True, 451),
        ("421 4.3.2 Shutting down", "", True, 421),
        ("", "554 5.7.1 Spam", False, 554),
        ("", "452 4.3.1 Full", True, 452),
    ],
)
def test_an_answer_says_whether_to_come_back(rcpt: str, data: str, retryable: bool, code: int) -> None:
    with mailbox() as box:
        box.rcpt, box.data = [rcpt] if rcpt else [], [data] if data else []
        with pytest.raises(SmtpFailure) as failed:
            send(server(), message())
        assert box.taken == []
    assert (failed.value.retryable, failed.value.code) == (retryable, code)
    assert (rcpt or data)[4:] in failed.value.message


def test_a_server_that_is_not_there_is_waited_for() -> None:
    with pytest.raises(SmtpFailure, match="cannot be reached") as failed:
        send(server(port=free_port()), message())
    assert (failed.value.retryable, failed.value.code) == (True, 0)


def test_a_lost_answer_is_waited_for_although_the_message_arrived() -> None:
    with mailbox() as box:
        box.data = ["drop"]
        with pytest.raises(SmtpFailure) as failed:
            send(server(), message())
        assert failed.value.retryable
        assert len(box.taken) == 1


def test_encryption_that_is_asked_for_and_not_there_is_never_gone_without() -> None:
    with mailbox() as box:
        for security in ("starttls", "tls"):
            with pytest.raises(SmtpFailure) as failed:
                send(server(security=security), message())
            assert failed.value.retryable, "the operator mends it, the message waits"
        assert box.taken == []


def test_a_server_that_asks_for_a_password_gets_it_and_no_error_tells_it() -> None:
    with mailbox(password="planted-smtp-password") as box:
        with pytest.raises(SmtpFailure) as failed:
            send(server(username="mailer", password="planted-wrong"), message())
        assert failed.value.retryable
        assert "planted" not in failed.value.message
        assert "planted" not in repr(server(username="mailer", password="planted-wrong"))
        send(server(username="mailer", password="planted-smtp-password"), message())
        assert len(box.taken) == 1
