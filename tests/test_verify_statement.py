"""The program a customer checks us with: right for every honest statement, and naming what is wrong with every other.

Its signatures are made by an independent library (cryptography) and by the vectors of RFC 8032, never by itself.
"""

import copy
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import verify_statement
from kametrix import crypto
from kametrix.services import ledger_audit
from kametrix.services.checkpoint_file import Checkpoint
from tests.statement_books import build

PROGRAM = Path(verify_statement.__file__)
TOLD = ("organization.name", "month", "timezone", "from", "until", "is_complete", "made_at")
"""What no hash covers."""


@pytest.fixture
def statement(database: str, tmp_path: Path) -> dict[str, Any]:
    """November, as downloaded: row 2 of 31 October, 23:30 UTC belongs to it in Berlin; checkpoints on five days."""
    return build(tmp_path / "checkpoints").get("/api/statements/2026-11.json").json()


def run(statement: Any, tmp_path: Path, *words: str) -> tuple[int, str]:
    path = tmp_path / "statement.json"
    path.write_text(statement if isinstance(statement, str) else json.dumps(statement), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", str(PROGRAM), str(path), *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_an_honest_statement_is_right_and_signed(statement: dict[str, Any], tmp_path: Path) -> None:
    code, told = run(statement, tmp_path)
    assert (code, told.splitlines()[0]) == (
        0, "2026-11, Zahnärzte Łódź: 7 rows, 1000 + 818 = 1818 cents. Every hash, balance and total is right.",
    )  # fmt: skip
    assert "All of it is signed" in told
    assert f"Row 9 carries {statement['after'][0]['hash']}" in told
    key = crypto.public_keys()["local"].hex()
    assert f"Key local: {key}" in told
    assert sha256(bytes.fromhex(key)).hexdigest()[:32] in told
    assert run(statement, tmp_path, "--key", key)[0] == 0


def test_a_key_that_was_not_given_is_not_trusted(statement: dict[str, Any], tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw().hex()
    code, told = run(statement, tmp_path, "--key", other)
    assert code == 1
    assert "is not one you gave" in told


def test_what_is_not_signed_yet_is_said(database: str, tmp_path: Path) -> None:
    unsigned = build(tmp_path / "none", nightly=False).get("/api/statements/2026-11.json").json()
    code, told = run(unsigned, tmp_path)
    assert code == 0
    assert "Nothing of this is signed yet" in told


def test_the_current_month_is_signed_as_far_as_it_is(database: str, tmp_path: Path) -> None:
    statement = build(tmp_path / "checkpoints").get("/api/statements/2026-11.json").json()
    statement["checkpoints"] = statement["checkpoints"][:-1]
    assert run(statement, tmp_path)[0] == 0
    assert "are not signed yet" in run(statement, tmp_path)[1]


def leaves(value: Any, path: str = "") -> Iterator[str]:
    """The address of every value in a statement."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from leaves(inner, f"{path}.{name}".removeprefix("."))
    if not isinstance(value, dict | list):
        yield path


def edit(value: Any, path: str, new: Any) -> Any:
    """The same with another value at this address; what it was."""
    *way, last = path.split(".")
    for name in way:
        value = value[int(name)] if isinstance(value, list) else value[name]
    key = int(last) if isinstance(value, list) else last
    old, value[key] = value[key], new
    return old


VALUES = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=70), st.just([]))


def altered(old: Any, data: st.DataObject) -> Any:
    """Another value: anything, or close to what it was."""
    near: list[Any] = []
    if isinstance(old, int):
        near = [old + 1, -old, float(old), str(old), bool(old)]
    if isinstance(old, str):
        near = [old + " ", old.upper(), old[:-1], old.swapcase(), old[::-1], f"0{old}", old.replace("0", "1", 1)]
    if old is None:
        near = ["", "x", 0]
    return data.draw(st.one_of(st.sampled_from(near), VALUES) if near else VALUES)


def verdict(statement: Any, tmp_path: Path) -> str:
    """What the program says, run within this process: the same code, a thousand times faster."""
    path = tmp_path / "statement.json"
    path.write_text(json.dumps(statement), encoding="utf-8")
    try:
        verify_statement.verify(path)
    except (verify_statement.Wrong, ValueError, KeyError, TypeError, AttributeError, IndexError) as problem:
        return f"{type(problem).__name__}: {problem}"
    return ""


@settings(max_examples=60)
@given(data=st.data())
def test_an_edit_of_any_field_is_found(session: Any, data: st.DataObject, honest: dict[str, Any], tmp_path: Path) -> None:
    statement = copy.deepcopy(honest)
    path = data.draw(st.sampled_from([path for path in leaves(statement) if path not in TOLD]))
    old = edit(statement, path, None)
    new = altered(old, data)
    edit(statement, path, new)
    is_changed = json.dumps(new) != json.dumps(old)
    assert bool(verdict(statement, tmp_path)) == is_changed, f"{path}: {old!r} -> {new!r}"


@pytest.fixture(scope="module")
def honest() -> dict[str, Any]:
    """A statement made here, without the product: rows by its hash function, which the database's agrees with, signed by the library."""
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    rows, link, balance = [], bytes(32), 0
    posted = [("PURCHASE", 900, "Starter"), *[("CALL_USAGE", -45, "Call: 3 min")] * 2, ("GRACE_USAGE", -1_000, "Call: 50 min")]
    for seq, (kind, amount, description) in enumerate([*posted, ("PURCHASE", 500, "Starter"), ("REFUND", -10, "Refund")], 1):
        at = datetime(2026, 11, seq, 12, 0, 0, 7, tzinfo=UTC)
        call_id, payment = ("call", None) if "Call" in description else (None, "pi_ü")
        fields = (seq, kind, amount, balance, balance + amount, f"key:{seq}", "user" if seq == 1 else None, call_id, payment, description)
        link = ledger_audit.row_hash(link, "org", *fields, at)
        balance += amount
        names = [name for name in verify_statement.ROW if name not in ("created_at", "hash")]
        rows.append({**dict(zip(names, fields, strict=True)), "created_at": at.isoformat(timespec="microseconds"), "hash": link.hex()})

    def point(seq: int) -> dict[str, Any]:
        row = rows[seq - 1]
        found = Checkpoint("org", datetime(2026, 11, seq, tzinfo=UTC).date(), seq, row["balance_after"], bytes.fromhex(row["hash"]))
        return {
            "format": "kametrix-checkpoint-1", "organization": "org", "day": found.day.isoformat(), "seq": seq,
            "balance": found.balance, "hash": row["hash"], "key": "k1", "signature": key.sign(found.signed_bytes()).hex(),
        }  # fmt: skip

    def place(seq: int) -> dict[str, Any]:
        return {"seq": seq, "balance": rows[seq - 1]["balance_after"], "hash": rows[seq - 1]["hash"]}

    return {
        "format": "kametrix-statement-1", "organization": {"id": "org", "name": "Brightside"}, "month": "2026-11", "timezone": "UTC",
        "from": "", "until": "", "is_complete": True, "made_at": "", "opening": place(2), "closing": place(5),
        "summary": {
            "rows": 3,
            "kinds": {
                "CALL_USAGE": {"count": 1, "amount": -45},
                "GRACE_USAGE": {"count": 1, "amount": -1_000},
                "PURCHASE": {"count": 1, "amount": 500},
            },
            "rates": [{"rate": 15, "calls": 1, "minutes": 3, "amount": -45}, {"rate": 20, "calls": 1, "minutes": 50, "amount": -1_000}],
            "grace_used": 190, "grace_repaid": 190,
        },
        "keys": {"k1": key.public_key().public_bytes_raw().hex()},
        "checkpoints": [point(1), point(3), point(4), point(6)], "rows": rows[2:5], "after": rows[5:],
    }  # fmt: skip


def test_the_statement_made_here_is_right(honest: dict[str, Any], tmp_path: Path) -> None:
    assert verdict(honest, tmp_path) == ""
    assert "All of it is signed: the last checkpoint names row 6" in run(honest, tmp_path)[1]


ROWS = st.lists(st.integers(0, 2), max_size=6)


@settings(max_examples=40)
@given(order=ROWS)
def test_rows_left_out_doubled_or_in_another_order_are_found(
    session: Any, order: list[int], honest: dict[str, Any], tmp_path: Path
) -> None:
    statement = {**honest, "rows": [honest["rows"][index] for index in order]}
    assert bool(verdict(statement, tmp_path)) == (order != [0, 1, 2])


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda one: one["rows"][1].update(amount=-999), "row 4: 810 and -999 do not make -190"),
        (lambda one: one["rows"][1].update(description="Call: 49 min"), "row 4: its contents or the row before do not match its hash"),
        (lambda one: one["rows"].pop(1), "row 4: it is missing, row 5 stands in its place"),
        (lambda one: one["rows"].append(one["rows"][-1]), "row 6: it is missing, row 5 stands in its place"),
        (lambda one: one["after"].pop(), "checkpoint of 2026-11-06: row 6, which it names, is not here"),
        (lambda one: one["rows"][0].update(note="x"), "row 3: it does not have exactly the fields"),
        (lambda one: one["rows"][0].update(created_at="2026-11-03T12:00:00.000007Z"), "row 3: 2026-11-03T12:00:00.000007Z is not a moment"),
        (lambda one: one["summary"].update(grace_used=1), "the summary is not what the rows add up to"),
        (lambda one: one["keys"].update(k2="00" * 32), "key k2 signed nothing here"),
        (lambda one: one["keys"].clear(), "signed with the key k1, which is not among those to trust"),
        (lambda one: one["checkpoints"].reverse(), "it does not come after the one before it"),
        (lambda one: one["checkpoints"][0].update(organization="other"), "it is not of this ledger"),
        (lambda one: one.update(extra=1), "it does not have exactly the fields"),
        (lambda one: one.update(format="kametrix-statement-2"), "no statement of Kametrix that this program can read"),
        (lambda one: one.update(closing=one["opening"]), "the closing balance is not where the rows end"),
    ],
)
def test_the_first_thing_wrong_is_named(honest: dict[str, Any], tmp_path: Path, change: Any, problem: str) -> None:
    statement = copy.deepcopy(honest)
    change(statement)
    code, told = run(statement, tmp_path)
    assert code == 1
    assert told.startswith("WRONG: ")
    assert problem in told


def test_a_tail_rehashed_after_signing_is_found(honest: dict[str, Any], tmp_path: Path) -> None:
    """Everything computed again, the signature left as it was: that it cannot be made again is the point."""
    statement = copy.deepcopy(honest)
    link, balance = bytes.fromhex(statement["opening"]["hash"]), statement["opening"]["balance"]
    statement["rows"][1]["amount"] = -900
    for row in [*statement["rows"], *statement["after"]]:
        row["balance_before"], row["balance_after"] = balance, balance + row["amount"]
        balance += row["amount"]
        fields = [row[name] for name in verify_statement.ROW if name not in ("created_at", "hash")]
        link = ledger_audit.row_hash(link, "org", *fields, datetime.fromisoformat(row["created_at"]))
        row["hash"] = link.hex()
    statement["closing"] = {"seq": 5, "balance": statement["rows"][2]["balance_after"], "hash": statement["rows"][2]["hash"]}
    statement["summary"] = verify_statement.totals(statement["rows"])
    assert "checkpoint of 2026-11-04: row 4 is not as it was signed" in verdict(statement, tmp_path)
    statement["checkpoints"] = statement["checkpoints"][:2]
    assert verdict(statement, tmp_path) == ""  # behind the last signature nothing is claimed, and it says so
    assert "Rows 4 to 5 are not signed yet" in run(statement, tmp_path)[1]


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '"x"', "{" * 2_000, "[" * 100_000, '{"format":"kametrix-statement-1","rows":[],"rows":[]}', "\0"]
)
def test_what_is_no_statement_is_said_in_a_line(text: str, tmp_path: Path) -> None:
    code, told = run(text, tmp_path)
    assert code == 1
    assert told.startswith("WRONG: ")
    assert "Traceback" not in told


RFC_8032 = [
    (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("key", "message", "signature"), RFC_8032)
def test_the_vectors_of_rfc_8032_hold(key: str, message: str, signature: str) -> None:
    given = (bytes.fromhex(message), bytes.fromhex(signature), bytes.fromhex(key))
    assert verify_statement.is_signed(*given)
    assert not verify_statement.is_signed(given[0] + b"x", *given[1:])


@settings(max_examples=25)
@given(seed=st.binary(min_size=32, max_size=32), message=st.binary(max_size=200), flipped=st.integers(0, 511), at=st.integers(0, 255))
def test_it_agrees_with_the_library(seed: bytes, message: bytes, flipped: int, at: int) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = private.public_key().public_bytes_raw(), private.sign(message)
    assert verify_statement.is_signed(message, signature, key)
    wrong = bytearray(signature)
    wrong[flipped // 8] ^= 1 << flipped % 8
    assert not verify_statement.is_signed(message, bytes(wrong), key)
    other = bytearray(key)
    other[at // 8] ^= 1 << at % 8
    assert verify_statement.is_signed(message, signature, bytes(other)) == crypto.is_signed(message, signature, bytes(other))


def test_a_signature_with_the_order_added_is_another_spelling_and_refused() -> None:
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    key, signature = private.public_key().public_bytes_raw(), private.sign(b"x")
    malleable = signature[:32] + (int.from_bytes(signature[32:], "little") + verify_statement.ORDER).to_bytes(32, "little")
    assert not verify_statement.is_signed(b"x", malleable, key)


def test_it_needs_nothing_but_python_and_is_short() -> None:
    text = PROGRAM.read_text()
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("import ", "from "))}
    assert imported <= set(sys.stdlib_module_names)
    assert len(text.splitlines()) <= 230
