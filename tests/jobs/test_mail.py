"""The outbox against a real mail server: once, in order of trouble, given up in words, and nothing of its links left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import select

from kametrix import clock, db, logs
from kametrix.crypto import new_token
from kametrix.jobs.app import jobs as queue_app
from kametrix.jobs.mail import send_forgotten_mail, send_mail
from kametrix.models import MailKind, MailMessage, MailStatus, User
from kametrix.services import mail, outgoing_mail
from kametrix.services.access import Actor
from kametrix.services.clean_up import clean_up
from tests import factories
from tests.api.client import environment
from tests.mail_facts import FACTS
from tests.mailbox import Mailbox, free_port, mailbox, text_of
from tests.sandbox.parts import until
from tests.test_planted_secrets import everything_stored

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WAITING = text("""
    select args->>'mail_id', scheduled_at from procrastinate_jobs where task_name = 'send_mail' and status = 'todo' order by id""")


@pytest.fixture
def box(database: str) -> Iterator[Mailbox]:
    with mailbox() as running:
        yield running


@pytest.fixture
def owner(database: str) -> Actor:
    with db.transaction() as session:
        return factories.create_member(session, email="dana@example.com")


def posted(kind: MailKind = MailKind.RECEIPT, *, owner: Actor | None = None, **given: Any) -> str:
    """Put a message into the outbox; returns its id."""
    person = {"user_id": owner.user_id, "organization_id": owner.organization_id} if owner else {}
    with db.transaction() as session:
        before = set(session.exec(select(MailMessage.id)))
        values = {"to": "dana@example.com", "language": "en", "key": f"key-{len(before)}", "facts": FACTS[kind], **person, **given}
        mail.post(session, kind, **values)
        return next(iter(set(session.exec(select(MailMessage.id))) - before), "")


def row(mail_id: str) -> MailMessage:
    with db.transaction() as session:
        return session.get_one(MailMessage, mail_id)


def waiting() -> list[tuple[str, datetime | None]]:
    """Messages that have a job, and when it is due."""
    with db.transaction() as session:
        found = session.connection().execute(WAITING)
        return [(mail_id, at) for mail_id, at in found]


def forget_jobs() -> None:
    with db.transaction() as session:
        session.connection().execute(text("delete from procrastinate_jobs"))


def test_a_message_is_sent_once_however_often_its_job_runs(box: Mailbox, owner: Actor) -> None:
    mail_id = posted(owner=owner)
    with clock.at(NOON):
        for _ in range(3):
            send_mail(mail_id)
    (taken,) = box.taken
    assert taken["Message-ID"] == f"<{mail_id}@kametrix.example>"
    assert taken["Date"] == "Fri, 20 Nov 2026 12:00:00 +0000"
    assert "Organization: Brightside Dental" in text_of(taken)
    found = row(mail_id)
    assert (found.status, found.sent_at, found.attempts, found.error) == (MailStatus.SENT, NOON, 1, None)


def test_the_worker_and_the_services_agree_on_the_job(database: str) -> None:
    posted()
    queue_app.perform_import_paths()
    assert {"send_mail", "send_forgotten_mail", "ask_password_reset"} <= queue_app.tasks.keys()
    assert set(queue_app.tasks["send_mail"].func.__annotations__) == {"mail_id", "return"}


def test_twenty_threads_with_one_cause_post_one_message(database: str) -> None:
    def post(_: int) -> None:
        with db.transaction() as session:
            mail.post(session, MailKind.RECEIPT, to="dana@example.com", language="en", key="pi:1", facts=FACTS[MailKind.RECEIPT])

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(post, range(20)))
    with db.transaction() as session:
        assert len(session.exec(select(MailMessage)).all()) == 1
    assert len(waiting()) == 1


def test_a_page_posts_under_its_own_login_but_reads_nothing_and_posts_for_nobody_else(owner: Actor) -> None:
    with db.transaction() as session:
        other = factories.create_member(session)
    for _ in range(2):
        with db.transaction(owner) as session:
            mail.post(
                session, MailKind.RECHARGE_FAILED, to=owner.email, language="en", key="x", facts={}, user_id=owner.user_id,
                organization_id=owner.organization_id, secret="planted",
            )  # fmt: skip
    assert len(waiting()) == 1
    for organization_id in (other.organization_id, None):
        with pytest.raises(Exception, match="row-level security"), db.transaction(owner) as session:
            mail.post(session, MailKind.RECEIPT, to=owner.email, language="en", key="y", facts={}, organization_id=organization_id)


def test_a_rollback_sends_nothing(database: str) -> None:
    def fail() -> None:
        with db.transaction() as session:
            mail.post(session, MailKind.RECEIPT, to="dana@example.com", language="en", key="x", facts={})
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert waiting() == []


def test_a_server_that_asks_to_come_back_gets_the_same_message_later(box: Mailbox) -> None:
    mail_id = posted()
    forget_jobs()
    box.rcpt = ["451 4.7.1 Greylisted"]
    with clock.at(NOON):
        send_mail(mail_id)
    found = row(mail_id)
    assert (found.status, found.attempts, found.sent_at) == (MailStatus.PENDING, 1, None)
    assert "451 4.7.1 Greylisted" in (found.error or "")
    assert waiting() == [(mail_id, NOON + timedelta(minutes=1))]
    send_mail(mail_id)
    assert [one["Message-ID"] for one in box.taken] == [f"<{mail_id}@kametrix.example>"]
    assert (row(mail_id).status, row(mail_id).attempts) == (MailStatus.SENT, 2)


@pytest.mark.parametrize("answer", ["550 5.1.1 No such mailbox", "554 5.7.1 Spam"])
def test_a_refused_message_is_given_up_at_once(box: Mailbox, answer: str) -> None:
    mail_id = posted(MailKind.INVITATION, secret="planted-token")
    forget_jobs()
    box.rcpt, box.data = ([answer], []) if answer.startswith("550") else ([], [answer])
    send_mail(mail_id)
    found = row(mail_id)
    assert (found.status, found.secret, found.attempts) == (MailStatus.FAILED, None, 1)
    assert answer in (found.error or "")
    assert waiting() == []
    send_mail(mail_id)
    assert box.taken == []


def test_a_dead_server_is_tried_for_about_a_day_and_then_told(database: str) -> None:
    mail_id, at, tries = posted(), NOON, 0
    with environment(SMTP_PORT=str(free_port())):
        while row(mail_id).status == MailStatus.PENDING:
            forget_jobs()
            with clock.at(at):
                send_mail(mail_id)
            tries += 1
            at = next((due for _, due in waiting() if due), at)
    assert tries == len(outgoing_mail.PAUSES) + 1
    assert timedelta(hours=20) < at - NOON < timedelta(hours=30)
    assert "cannot be reached" in (row(mail_id).error or "")


def test_a_lost_answer_makes_one_duplicate_with_the_same_message_id(box: Mailbox) -> None:
    mail_id = posted()
    box.data = ["drop"]
    send_mail(mail_id)
    assert (row(mail_id).status, len(box.taken)) == (MailStatus.PENDING, 1)
    send_mail(mail_id)
    assert row(mail_id).status == MailStatus.SENT
    assert {one["Message-ID"] for one in box.taken} == {f"<{mail_id}@kametrix.example>"}
    assert len(box.taken) == 2
    assert str(box.taken[0].get_body()) == str(box.taken[1].get_body())


STOPS = """
import os, signal
from kametrix.jobs import mail
real = mail.send
def stop(server, message):
    real(server, message)
    os.kill(os.getpid(), signal.SIGKILL)
mail.send = stop
mail.send_mail({mail_id!r})
"""


def test_a_worker_killed_after_the_server_took_it_sends_one_duplicate(box: Mailbox) -> None:
    mail_id = posted()
    killed = subprocess.run([sys.executable, "-c", STOPS.format(mail_id=mail_id)], check=False, env=dict(os.environ))
    assert killed.returncode == -signal.SIGKILL
    assert (row(mail_id).status, row(mail_id).attempts, len(box.taken)) == (MailStatus.PENDING, 1, 1)
    send_mail(mail_id)
    assert row(mail_id).status == MailStatus.SENT
    assert [one["Message-ID"] for one in box.taken] == [f"<{mail_id}@kametrix.example>"] * 2


def test_attempts_that_never_ended_count_and_do_not_go_on_for_ever(box: Mailbox) -> None:
    mail_id = posted()
    for _ in range(len(outgoing_mail.PAUSES) + 1):
        with db.transaction() as session:
            assert outgoing_mail.claim(session, mail_id)
    send_mail(mail_id)
    assert (row(mail_id).status, box.taken) == (MailStatus.FAILED, [])


def test_warnings_and_statements_obey_who_does_not_want_them(box: Mailbox, owner: Actor) -> None:
    with db.transaction() as session:
        session.get_one(User, owner.user_id).email_notifications = False
    sent = {kind: posted(kind, owner=owner, key=kind.value) for kind in (MailKind.LOW_BALANCE, MailKind.STATEMENT, MailKind.RECEIPT)}
    for mail_id in sent.values():
        send_mail(mail_id)
    assert {kind.value: row(mail_id).status.value for kind, mail_id in sent.items()} == {
        "LOW_BALANCE": "SKIPPED",
        "STATEMENT": "SKIPPED",
        "RECEIPT": "SENT",
    }
    assert [one["Subject"] for one in box.taken] == ["Receipt for Starter - Kametrix"]


def test_only_mail_one_can_do_without_carries_a_way_out(box: Mailbox, owner: Actor) -> None:
    for kind in (MailKind.LOW_BALANCE, MailKind.RECEIPT):
        send_mail(posted(kind, owner=owner, key=kind.value))
    low, receipt = box.taken
    assert low["List-Unsubscribe"].startswith("<http://localhost:3000/api/mail/unsubscribe?token=")
    assert f"http://localhost:3000/unsubscribe?token={owner.user_id}." in text_of(low)
    assert receipt["List-Unsubscribe"] is None


def test_nothing_goes_to_a_deleted_person(box: Mailbox, owner: Actor) -> None:
    mail_id = posted(owner=owner)
    with db.transaction() as session:
        session.get_one(User, owner.user_id).deleted_at = NOON
    send_mail(mail_id)
    assert (row(mail_id).status, row(mail_id).error, box.taken) == (MailStatus.SKIPPED, outgoing_mail.GONE, [])


def test_without_a_mail_server_nothing_waits(database: str) -> None:
    mail_id = posted(MailKind.PASSWORD_RESET, secret="planted")
    with environment(SMTP_HOST=""):
        send_mail(mail_id)
    found = row(mail_id)
    assert (found.status, found.error, found.secret) == (MailStatus.SKIPPED, outgoing_mail.NO_SERVER, None)


@pytest.mark.parametrize(("kind", "hours"), [(MailKind.PASSWORD_RESET, 1), (MailKind.WELCOME, 72), (MailKind.INVITATION, 168)])
def test_a_link_that_expired_meanwhile_is_not_sent(box: Mailbox, kind: MailKind, hours: int) -> None:
    with clock.at(NOON):
        early, late = posted(kind, secret="a", key="a"), posted(kind, secret="b", key="b")
    with clock.at(NOON + timedelta(hours=hours) - timedelta(seconds=1)):
        send_mail(early)
    with clock.at(NOON + timedelta(hours=hours)):
        send_mail(late)
    assert (row(early).status, row(late).status, row(late).error) == (MailStatus.SENT, MailStatus.FAILED, outgoing_mail.TOO_LATE)


@pytest.mark.parametrize("facts", [{}, {"organization": "X", "inviter": "Y", "role": "KING", "expires_at": "never"}])
def test_a_message_that_cannot_be_written_is_given_up_in_words(box: Mailbox, facts: dict[str, Any]) -> None:
    mail_id = posted(MailKind.INVITATION, facts=facts, secret="planted")
    send_mail(mail_id)
    assert (row(mail_id).status, row(mail_id).secret) == (MailStatus.FAILED, None)
    assert (row(mail_id).error or "").startswith("It cannot be written")


def test_an_address_that_is_none_is_given_up(box: Mailbox) -> None:
    mail_id = posted(to="dana@example.com\r\nBcc: all@example.com")
    send_mail(mail_id)
    assert (row(mail_id).status, box.taken) == (MailStatus.FAILED, [])


def test_a_secret_sealed_for_another_message_does_not_open(box: Mailbox) -> None:
    one, other = posted(MailKind.PASSWORD_RESET, secret="a", key="a"), posted(MailKind.PASSWORD_RESET, secret="b", key="b")
    with db.transaction() as session:
        session.get_one(MailMessage, one).secret = session.get_one(MailMessage, other).secret
    send_mail(one)
    assert (row(one).status, box.taken) == (MailStatus.FAILED, [])


def test_a_message_whose_job_was_lost_is_found_and_one_that_waits_is_left_alone(box: Mailbox) -> None:
    with clock.at(NOON):
        lost = posted(key="lost")
        forget_jobs()
        held = posted(key="held")
        send_forgotten_mail(0)
        assert [mail_id for mail_id, _ in waiting()] == [held], "it may be on its way"
    with clock.at(NOON + timedelta(minutes=11)):
        send_forgotten_mail(0)
        with db.transaction() as session:
            assert outgoing_mail.send_forgotten(session) == 0, "each has a job now"
    assert sorted(mail_id for mail_id, _ in waiting()) == sorted([lost, held])


def test_what_is_done_is_forgotten_after_ninety_days_and_what_waits_is_not(box: Mailbox) -> None:
    with clock.at(NOON):
        sent, pending = posted(key="a"), posted(key="b")
        send_mail(sent)
    for days, left in ((89, {sent, pending}), (91, {pending})):
        with clock.at(NOON + timedelta(days=days)), db.transaction() as session:
            while clean_up(session):
                pass
        with db.transaction() as session:
            assert set(session.exec(select(MailMessage.id))) == left


def test_tokens_are_sealed_while_they_wait_and_gone_once_sent(box: Mailbox, database: str, capfd: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    tokens = [new_token() for _ in range(3)]
    kinds = (MailKind.WELCOME, MailKind.PASSWORD_RESET, MailKind.INVITATION)
    sent = [posted(kind, secret=token, key=kind.value) for kind, token in zip(kinds, tokens, strict=True)]
    assert not [token for token in tokens if token in everything_stored(database)]
    box.rcpt = ["451 4.7.1 Greylisted"]
    for mail_id in (sent[0], *sent):
        send_mail(mail_id)
    assert [token for token in tokens if token in text_of(box.taken[tokens.index(token)])] == tokens
    assert [row(mail_id).secret for mail_id in sent] == [None, None, None]
    told = "".join(capfd.readouterr())
    assert not [token for token in tokens if token in everything_stored(database) + told]
    assert "mail.sent" in told
    assert "mail.delayed" in told


def test_the_worker_sends_what_a_commit_left_behind(box: Mailbox) -> None:
    worker = subprocess.Popen([sys.executable, "-m", "kametrix.cli", "worker"], env=dict(os.environ))
    try:
        mail_id = posted()
        until(lambda: row(mail_id).status == MailStatus.SENT, 60)
    finally:
        worker.terminate()
        worker.wait(30)
    assert len(box.taken) == 1
