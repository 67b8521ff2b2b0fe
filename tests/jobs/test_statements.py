"""The month's statement by mail: once, when the month has ended by the organization's clock and its last row is signed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session, select

from kametrix import clock, crypto, db
from kametrix.jobs.checkpoints import take_checkpoints
from kametrix.jobs.statements import mail_statements
from kametrix.models import LedgerCheckpoint, MailKind, MailMessage, Organization, OrgRole
from kametrix.services import mail_texts, statement_mail
from kametrix.services.checkpoint_file import Checkpoint
from tests import factories
from tests.statement_books import Books, build


def mails() -> list[MailMessage]:
    with db.transaction() as session:
        return list(session.exec(select(MailMessage).where(MailMessage.kind == MailKind.STATEMENT)))


def run(*at: datetime) -> None:
    for moment in at:
        with clock.at(moment):
            mail_statements(0)


FIRST, SECOND = datetime(2026, 12, 1, 0, 20, tzinfo=UTC), datetime(2026, 12, 2, 0, 20, tzinfo=UTC)


@pytest.fixture
def books(database: str, tmp_path: Path) -> Books:
    return build(tmp_path, nightly=False)


def sign(day: datetime) -> None:
    with clock.at(day.replace(minute=5)):
        take_checkpoints(0)


def test_owners_get_the_figures_and_the_signature_that_covers_them(books: Books) -> None:
    with db.transaction() as session:
        organization = session.get_one(Organization, books.actor.organization_id)
        second = factories.create_member(session, organization)
        factories.create_member(session, organization, role=OrgRole.ADMIN)
    sign(FIRST)
    run(FIRST, FIRST, SECOND)
    posted = mails()
    assert {mail.user_id for mail in posted} == {books.actor.user_id, second.user_id}
    facts = dict(posted[0].facts)
    point = Checkpoint(books.actor.organization_id, datetime(2026, 11, 30).date(), facts["seq"], 1_788, bytes.fromhex(facts["hash"]))
    assert crypto.is_signed(point.signed_bytes(), bytes.fromhex(facts.pop("signature")), crypto.public_keys()[facts.pop("key_id")])
    for language in ("en", "de"):
        letter = mail_texts.render(MailKind.STATEMENT, language, posted[0].facts, "https://example.com", place="Brightside")
        assert facts["hash"] in letter.text
    facts.pop("hash")
    assert facts == {
        "month": "2026-11", "opening": 1_000, "closing": 1_818, "calls": 6, "minutes": 79, "used": 1_182, "paid": 2_000, "seq": 9,
    }  # fmt: skip


def test_it_waits_until_the_last_row_is_signed(books: Books) -> None:
    run(FIRST)
    assert mails() == []
    sign(SECOND)
    run(SECOND)
    assert len(mails()) == 1


def test_where_the_month_ends_later_it_comes_a_day_later(database: str, tmp_path: Path) -> None:
    build(tmp_path, zone="America/Los_Angeles", nightly=False)
    sign(FIRST)
    run(FIRST)
    assert [mail.facts["month"] for mail in mails()] == ["2026-10"]
    sign(SECOND)
    run(SECOND)
    assert [mail.facts["month"] for mail in mails()] == ["2026-10", "2026-11"]


def test_a_month_without_rows_is_not_mailed(books: Books) -> None:
    sign(SECOND)
    run(datetime(2027, 2, 1, 0, 20, tzinfo=UTC))
    assert mails() == []


def test_organizations_are_walked_in_batches(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_mail, "BATCH", 2)
    with clock.at(FIRST.replace(month=11)):
        people = [factories.create_member(session) for _ in range(5)]
        for actor in people:
            factories.post_credit(session, actor, 5)
    with clock.at(FIRST):
        found, after = [], ""
        while batch := statement_mail.ended(session, after):
            found += batch
            after = batch[-1].organization_id
    assert sorted(one.organization_id for one in found) == sorted(actor.organization_id for actor in people)
    assert session.exec(select(LedgerCheckpoint)).all() == []
    with clock.at(FIRST):
        assert not statement_mail.post(session, found[0])
