"""E-mails that were given up: shown without what they said, sent again once, and never with a link that is gone."""

from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock
from kametrix.errors import Conflict, NotFound
from kametrix.models import MailKind, MailMessage, MailStatus
from kametrix.services.admin import failed_mail
from tests import factories
from tests.mail_facts import FACTS


def message(session: Session, kind: MailKind = MailKind.RECEIPT, **columns: Any) -> MailMessage:
    given = {"status": MailStatus.FAILED, "error": "550 No such mailbox", "attempts": 8, "created_at": clock.now(), **columns}
    row = MailMessage(
        **{"to_email": "dana@example.com", "kind": kind, "language": "en", "facts": FACTS[kind], "dedupe_key": kind.value, **given}
    )
    session.add(row)
    session.flush()
    return row


def jobs(session: Session) -> list[str]:
    query = text("select args->>'mail_id' from procrastinate_jobs where task_name = 'send_mail'")
    return list(session.connection().execute(query).scalars())


def test_a_failed_message_is_shown_with_why_and_sent_again_from_the_start(session: Session) -> None:
    operator, row = factories.create_operator(session), message(session)
    message(session, MailKind.STATEMENT, status=MailStatus.PENDING)
    (shown,) = failed_mail.failed_mail(session, operator)
    assert (shown.id, shown.kind, shown.to, shown.error, shown.attempts, shown.can_retry) == (
        row.id, "RECEIPT", "dana@example.com", "550 No such mailbox", 8, True,
    )  # fmt: skip
    assert "pack" not in str(shown).lower()
    failed_mail.send_again(session, operator, row.id)
    assert (row.status, row.attempts, row.error) == (MailStatus.PENDING, 0, None)
    assert jobs(session) == [row.id]
    with pytest.raises(NotFound):
        failed_mail.send_again(session, operator, row.id)
    assert failed_mail.failed_mail(session, operator) == []


@pytest.mark.parametrize("kind", [MailKind.WELCOME, MailKind.PASSWORD_RESET, MailKind.INVITATION])
def test_a_message_without_its_link_is_not_sent_again(session: Session, kind: MailKind) -> None:
    operator, row = factories.create_operator(session), message(session, kind)
    assert not failed_mail.failed_mail(session, operator)[0].can_retry
    with pytest.raises(Conflict, match="ask for a new one"):
        failed_mail.send_again(session, operator, row.id)
    assert (row.status, jobs(session)) == (MailStatus.FAILED, [])


def test_a_dismissed_message_is_neither_shown_nor_sent(session: Session) -> None:
    operator, row = factories.create_operator(session), message(session)
    failed_mail.dismiss(session, operator, row.id)
    assert (row.status, failed_mail.failed_mail(session, operator), jobs(session)) == (MailStatus.SKIPPED, [], [])
    for deed in (failed_mail.dismiss, failed_mail.send_again):
        for mail_id in (row.id, "unknown", ""):
            with pytest.raises(NotFound):
                deed(session, operator, mail_id)
