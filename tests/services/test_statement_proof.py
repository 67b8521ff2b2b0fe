"""Whatever is posted and signed whenever: the proof of every month convinces the program a customer runs."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

import verify_statement
from kametrix import clock
from kametrix.errors import Forbidden
from kametrix.models import OrgRole
from kametrix.services import checkpoints, statement_proof, statements
from kametrix.services.access import Actor
from kametrix.services.checkpoint_file import signed
from tests import factories

START = datetime(2026, 10, 28, tzinfo=UTC)


def text_of(session: Session, actor: Actor, month: str) -> str:
    """The file as the route writes it."""
    begun = statement_proof.begin(session, actor, month)
    parts = [f'{statement_proof.proof_head(begun)},\n"rows": [']
    for first, last, end in (
        (begun.statement.opening.seq, begun.statement.closing.seq, '],\n"after": ['), (begun.statement.closing.seq, begun.last, "]}"),
    ):  # fmt: skip
        after: int | None = first
        while after is not None:
            page = statement_proof.proof_lines(session, actor, after, last)
            parts.append(page.text)
            after = page.after
        parts.append(end)
    return "".join(parts)


def sign(session: Session) -> None:
    checkpoints.record(session, [signed(point) for point in checkpoints.due(session, checkpoints.today())])


STEPS = st.lists(st.tuples(st.integers(-30, 24 * 9), st.sampled_from([-45, -7, 100, 1_000]), st.booleans()), min_size=1, max_size=20)


@settings(max_examples=40)
@given(steps=STEPS, zone=st.sampled_from(["UTC", "Pacific/Kiritimati", "America/Los_Angeles", "Europe/Berlin"]), page=st.integers(1, 4))
def test_every_month_of_any_ledger_is_proven(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, steps: list[tuple[int, int, bool]], zone: str, page: int
) -> None:
    monkeypatch.setattr(statement_proof, "PAGE", page)
    path, end = tmp_path / "statement.json", START
    with session.begin_nested() as point:
        actor = factories.create_member(session, factories.create_organization(session, timezone=zone, name='A "quoted" \\ Naïve \n Ltd'))
        for hours, amount, is_night in steps:
            end = max(end, START + timedelta(hours=hours))
            with clock.at(START + timedelta(hours=hours)):
                factories.post_credit(session, actor, amount)
            if is_night:
                with clock.at(end):
                    sign(session)
        with clock.at(end + timedelta(days=40)):
            sign(session)
            listed = statements.months(session, actor)
            for month in [one.month for one in listed] + [(f"{end + timedelta(days=35):%Y-%m}")]:
                path.write_text(text_of(session, actor, month), encoding="utf-8")
                told = verify_statement.verify(path)
                assert "All of it is signed" in told[1]
        point.rollback()


def test_a_month_nothing_was_posted_in_is_proven_to_have_stood_still(session: Session, tmp_path: Path) -> None:
    actor, path = factories.create_member(session), tmp_path / "statement.json"
    with clock.at(START):
        factories.post_credit(session, actor, 500)
    with clock.at(START + timedelta(days=60)):
        factories.post_credit(session, actor, 7)
    with clock.at(START + timedelta(days=61)):
        path.write_text(text_of(session, actor, "2026-11"), encoding="utf-8")
        assert "0 rows, 500 + 0 = 500 cents" in verify_statement.verify(path)[0]
        sign(session)
        path.write_text(text_of(session, actor, "2026-11"), encoding="utf-8")
    assert [point["seq"] for point in json.loads(path.read_text())["checkpoints"]] == [1]
    assert "All of it is signed" in verify_statement.verify(path)[1]


def test_rows_of_another_organization_or_beyond_the_role_are_not_sent(session: Session) -> None:
    actor, other = factories.create_member(session), factories.create_member(session)
    factories.post_credit(session, actor, 500)
    assert statement_proof.proof_lines(session, other, 0, 5).text == ""
    assert statement_proof.proof_lines(session, other, 0, 5).after is None
    with pytest.raises(Forbidden):
        statement_proof.proof_lines(session, factories.create_member(session, role=OrgRole.AGENT), 0, 5)
