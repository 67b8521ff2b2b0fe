"""Statements over HTTP: three files of a month, whose they are, and the keys and the program to check them with."""

import asyncio
import csv
import io
import json
import re
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from kametrix import clock, crypto, db
from kametrix.api import statements as route
from kametrix.models import OrgRole
from kametrix.services import statement_proof
from kametrix.services.access import Actor
from tests import factories, statement_books
from tests.api.client import browse
from tests.state import people
from tests.statement_books import Books, build

ENDINGS = ("json", "csv", "pdf")


def member(**given: Any) -> tuple[Actor, str]:
    """Logged in when the statements are fetched."""
    with clock.at(statement_books.NOW):
        return people.member(**given)


@pytest.fixture
def books(database: str, tmp_path: Path) -> Books:
    return build(tmp_path)


def test_the_proof_holds_the_months_rows_and_those_its_signature_needs(books: Books) -> None:
    answer = books.get("/api/statements/2026-11.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="statement-2026-11.json"'
    assert answer.headers["cache-control"] == "no-store"
    told = answer.json()
    assert [row["seq"] for row in told["rows"]] == [2, 3, 4, 5, 6, 7, 8]
    assert [row["seq"] for row in told["after"]] == [9]  # 23:50 UTC of 30 November, signed that day, is December in Berlin
    assert [(point["day"], point["seq"]) for point in told["checkpoints"]] == [
        ("2026-10-30", 1), ("2026-10-31", 2), ("2026-11-02", 4), ("2026-11-05", 5), ("2026-11-06", 6), ("2026-11-20", 7), ("2026-11-30", 9),
    ]  # fmt: skip
    assert (told["timezone"], told["from"]) == ("Europe/Berlin", "2026-11-01T00:00:00+01:00")
    assert "+1415" not in answer.text, "no caller's number"


def test_the_table_is_safe_for_a_spreadsheet_and_complete(books: Books) -> None:
    answer = books.get("/api/statements/2026-11.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["Row"] for row in rows] == ["2", "3", "4", "5", "6", "7", "8"]
    assert (rows[0]["Posted"], rows[0]["Minutes"], rows[0]["Rate (cents)"], rows[0]["Amount (cents)"], rows[0]["Kind"]) == (
        "2026-11-01T00:30:00+01:00", "2", "15", "-30", "CALL_USAGE",
    )  # fmt: skip
    assert (rows[-2]["Amount (cents)"], rows[-2]["Minutes"]) == ("2000", "")
    assert re.fullmatch("[0-9a-f]{64}", rows[0]["Hash"])


def test_a_note_that_looks_like_a_formula_stays_a_text(database: str) -> None:
    actor, cookie = member()
    with clock.at(datetime(2026, 11, 3, tzinfo=UTC)), db.transaction() as session:
        factories.post_credit(session, actor, 5, key="=1+1")
    assert "'=1+1" in Books(actor, cookie).get("/api/statements/2026-11.csv").text


def test_the_printed_statement_is_a_file_in_any_alphabet(books: Books) -> None:
    for name in ("Ζαχαρίας Οδοντιατρείο", "Стоматология Київ", "Žluťoučký kůň", "歯科 🦷\n", "x" * 120):
        statement_books.rename(books.actor.organization_id, name)
        answer = books.get("/api/statements/2026-11.pdf")
        assert answer.headers["content-type"] == "application/pdf"
        assert answer.content.startswith(b"%PDF-")
        assert 10_000 < len(answer.content) < 200_000
        assert b"DejaVuSansCondensed" in answer.content, "the font is in the file"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("role", list(OrgRole))
def test_whoever_sees_credits_gets_them(database: str, role: OrgRole, ending: str) -> None:
    actor, cookie = member(role=role)
    with clock.at(datetime(2026, 11, 3, tzinfo=UTC)), db.transaction() as session:
        factories.post_credit(session, actor, 5)
    answer = Books(actor, cookie).get(f"/api/statements/2026-11.{ending}")
    assert answer.status_code == (200 if actor.may("credits:read") else 403)


@pytest.mark.parametrize("ending", ENDINGS)
def test_another_organization_has_none(books: Books, ending: str) -> None:
    actor, cookie = member()
    for month in ("2026-11", "2027-01", "nonsense", "2026-11%00"):
        answer = Books(actor, cookie).get(f"/api/statements/{month}.{ending}")
        assert answer.status_code == 404
    assert Books(actor, "nobody").get(f"/api/statements/2026-11.{ending}").status_code == 401


def test_keys_and_program_are_public(database: str) -> None:
    answers: list[httpx.Response] = []

    async def scenario(client: httpx.AsyncClient) -> None:
        answers.extend([await client.get("/api/ledger-keys"), await client.get("/api/verify_statement.py")])

    browse(scenario)
    keys, program = answers
    assert keys.json()["keys"] == {key_id: key.hex() for key_id, key in crypto.public_keys().items()}
    assert program.content == route.VERIFIER.read_bytes()
    assert program.headers["content-disposition"] == 'attachment; filename="verify_statement.py"'


def test_memory_stays_flat_and_pages_join(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    actor, cookie = member()
    query = "select post_credit(:org, 'REFUND', -1, 'k' || n, 'd', cast('2026-11-05Z' as timestamptz)) from generate_series(1, 4000) n"
    with db.transaction() as session:
        session.connection().execute(text(query), {"org": actor.organization_id})
    monkeypatch.setattr(statement_proof, "PAGE", 300)
    told = Books(actor, cookie).get("/api/statements/2026-11.json").json()
    assert [row["seq"] for row in told["rows"]] == list(range(1, 4_001))
    assert told["after"] == []

    async def sizes() -> int:
        begun = await db.run(statement_proof.begin, actor, "2026-11")
        tracemalloc.start()
        async for piece in route._proof(actor, begun):
            assert len(piece) < 300 * 600
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    with clock.at(statement_books.NOW):
        assert asyncio.run(sizes()) < 4_000_000
    assert json.dumps(told).count('"hash"') > 4_000
