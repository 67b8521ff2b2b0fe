"""The sandbox's mail server and its inbox: takes, refuses and breaks as told; shows what it took without running any of it."""

import re
import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import httpx
import pytest

from tests.mailbox import free_port
from tests.sandbox.parts import Box, until

HTML = "<!doctype html><html><head></head><body><p>Grüße <a href='https://x.example/'>x</a></p><script>alert(1)</script></body></html>"


class MailBox(Box):
    """A sandbox with a mail server."""

    def __init__(self, data: Path, port: int) -> None:
        self.smtp_port = port
        super().__init__(data, SANDBOX_SMTP_PORT=str(port))

    def send(self, to: str = "dana@example.com", subject: str = "Willkommen – <b>Grüße</b>", host: str = "127.0.0.1") -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "Kametrix <hello@kametrix.example>", to, subject
        message["Message-ID"] = "<1@kametrix.example>"
        message.set_content("Grüße: https://x.example/confirm?token=1")
        message.add_alternative(HTML, subtype="html")
        with smtplib.SMTP(host, self.smtp_port, timeout=10) as server:
            server.send_message(message)

    def mail(self) -> list[dict]:
        return self.state("/mail")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MailBox]:
    box = MailBox(tmp_path_factory.mktemp("mail"), free_port())
    yield box
    box.stop()


@pytest.fixture
def box(running: MailBox) -> MailBox:
    running.control("/reset")
    return running


def test_a_message_is_kept_whole(box: MailBox) -> None:
    box.send()
    (kept,) = box.mail()
    assert kept["subject"] == "Willkommen – <b>Grüße</b>", "as it was sent: the page says Sandbox, the subject does not"
    assert kept["envelope"] == {"from": "hello@kametrix.example", "to": ["dana@example.com"]}
    assert kept["message_id"] == "<1@kametrix.example>"
    assert kept["text"].strip() == "Grüße: https://x.example/confirm?token=1"
    assert ["To", "dana@example.com"] in kept["headers"]
    assert kept["id"].startswith("sbx-")
    assert box.state(f"/mail/{kept['id']}") == kept
    assert box.state("/mail?to=DANA@example.com") == [kept]
    assert box.state("/mail?to=robin@example.com") == []


@pytest.mark.parametrize(("to", "code"), [("bounce@example.com", 550), ("slow@example.com", 451), ("Bounce@other.example", 550)])
def test_some_addresses_never_work(box: MailBox, to: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        box.send(to)
    assert refused.value.recipients[to][0] == code
    assert box.mail() == []


@pytest.mark.parametrize(("kind", "code"), [("down", 421), ("busy", 451), ("refuse", 554)])
def test_faults_strike_once_and_are_over(box: MailBox, kind: str, code: int) -> None:
    assert box.control("/mail/faults", {"kind": kind}) == [{"kind": kind, "times": 1}]
    with pytest.raises(smtplib.SMTPResponseException) as failed:
        box.send()
    assert failed.value.smtp_code == code
    box.send()
    assert len(box.mail()) == 1


def test_a_connection_that_breaks_after_the_message_leaves_it_there(box: MailBox) -> None:
    box.control("/mail/faults", {"kind": "drop_after_data"})
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        box.send()
    box.send()
    assert [one["message_id"] for one in box.mail()] == ["<1@kametrix.example>"] * 2


def test_faults_can_be_lasting_and_taken_back(box: MailBox) -> None:
    box.control("/mail/faults", {"kind": "busy", "times": -1})
    for _ in range(3):
        with pytest.raises(smtplib.SMTPDataError):
            box.send()
    box.control("/mail/faults", method="DELETE")
    box.send()
    assert len(box.mail()) == 1
    for wrong in ({"kind": "explode"}, {}, {"kind": "busy", "times": "x"}, {"kind": "busy", "path": "/"}):
        assert box.http.post("/_control/mail/faults", json=wrong).status_code == 400


def test_the_inbox_shows_messages_and_runs_nothing_of_them(box: MailBox) -> None:
    assert "No mail yet" in box.http.get("/inbox").text
    box.send()
    page = box.http.get("/inbox").text
    assert "Willkommen – &lt;b&gt;Grüße&lt;/b&gt;" in page
    assert "To dana@example.com" in page
    assert "<b>Sandbox.</b>" in page
    (path,) = re.findall(r'href="(/inbox/sbx-[^"]+)"', page)
    message = box.http.get(path)
    assert re.findall(r'<iframe[^>]* sandbox="([^"]*)"', message.text) == ["allow-popups allow-popups-to-escape-sandbox"]
    html = box.http.get(f"{path}/html")
    policy = html.headers["content-security-policy"]
    assert "sandbox allow-popups" in policy
    assert "default-src 'none'" in policy
    assert "script-src" not in policy, "default-src 'none' and the sandbox forbid them"
    assert "allow-scripts" not in policy + message.text
    assert '<base target="_blank">' in html.text
    assert 'href="https://x.example/confirm?token=1"' in box.http.get(f"{path}?view=text").text
    headers = box.http.get(f"{path}?view=headers").text
    assert "&lt;1@kametrix.example&gt;" in headers
    assert "<script" not in re.sub(r"<script src=[^>]+></script>", "", headers + message.text + page)


def test_an_unknown_message_leads_back(box: MailBox) -> None:
    answer = box.http.get("/inbox/unknown")
    assert (answer.status_code, answer.headers["location"]) == (303, "/inbox")
    assert box.http.get("/inbox/unknown/html").text == ""
    assert box.http.get("/_control/mail/unknown").status_code == 404


def test_mail_outlives_a_restart_and_a_reset_empties_the_inbox(tmp_path: Path) -> None:
    port = free_port()
    first = MailBox(tmp_path, port)
    first.send()
    first.stop()
    second = MailBox(tmp_path, port)
    try:
        assert len(second.mail()) == 1
        second.control("/mail", method="DELETE")
        assert second.mail() == []
        second.send()
        second.control("/mail/faults", {"kind": "down", "times": -1})
        second.control("/reset")
        assert second.mail() == []
        second.send()
        until(lambda: len(second.mail()) == 1)
    finally:
        second.stop()


def test_the_inbox_answers_this_machine_only(box: MailBox) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        assert httpx.get(f"http://127.0.0.1:{box.port}/inbox", headers=headers, trust_env=False).status_code == 403
