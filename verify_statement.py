#!/usr/bin/env python3
"""Check a statement of Kametrix yourself: python verify_statement.py statement.json [--key HEX]...

Needs Python 3.9 or newer and nothing else, no network, no account. Exit code 0: everything below holds; 1: it does not, and the
first thing that is wrong is named.

WHAT IT PROVES  Each row carries the SHA-256 of the row before it and of its own contents. This program computes every hash, balance
and total again. Once a day we sign the hash we stand at (Ed25519). A row up to the last signed one cannot have been changed, removed
or slipped in since it was signed, by us neither, as long as the key is the one we published then: compare its fingerprint.
WHAT IT DOES NOT  That a call was as long as a row says, and what is not hashed: your name, the time zone and from when to when the
month is taken to last. Rows after the last signed one only agree with each other; the next statement proves them.
"""

import argparse
import json
import re
import sys
from datetime import datetime, timedelta, timezone
from hashlib import sha256, sha512

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
ROW = {
    "seq": (int,), "type": (str,), "amount": (int,), "balance_before": (int,), "balance_after": (int,), "idempotency_key": (str,),
    "user_id": (str, type(None)), "call_id": (str, type(None)), "stripe_payment_id": (str, type(None)), "description": (str,),
    "created_at": (str,), "hash": (str,),
}  # fmt: skip
PLACE = {"seq": (int,), "balance": (int,), "hash": (str,)}
POINT = {**dict.fromkeys(("format", "organization", "day", "key", "signature"), (str,)), **PLACE}
TOP = ("format", "organization", "month", "timezone", "from", "until", "is_complete", "made_at", "opening", "closing", "summary", "keys",
       "checkpoints", "rows", "after")  # fmt: skip


class Wrong(Exception):
    """What does not hold, for people."""


def require(holds, problem):
    if not holds:
        raise Wrong(problem)


def unhex(text):
    require(re.fullmatch("([0-9a-f]{2})*", text), f"{text[:20]} is not hexadecimal as we write it")
    return bytes.fromhex(text)


def same(one, other):
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


# --- the hashes: every field behind its length in four bytes (-1: there is none), numbers in decimal, moments in microseconds -------


def packed(*fields):
    texts = (None if field is None else str(field).encode() for field in fields)
    return b"".join((-1).to_bytes(4, "big", signed=True) if text is None else len(text).to_bytes(4, "big") + text for text in texts)


def row_hash(previous, organization, row):
    plain = re.fullmatch(r"[0-9-]{10}T[0-9:]{8}[.][0-9]{6}[+]00:00", row["created_at"])
    require(plain, f"row {row['seq']}: {row['created_at']} is not a moment as we write it")
    moment = (datetime.fromisoformat(row["created_at"]) - EPOCH) // timedelta(microseconds=1)
    fields = [row[name] for name in ROW if name not in ("created_at", "hash")]
    return sha256(unhex(previous) + packed("kametrix-ledger-1", organization, *fields, moment)).hexdigest()


def shape(where, found, fields):
    require(type(found) is dict and set(found) == set(fields), f"{where}: it does not have exactly the fields it should")
    for name, types in fields.items():
        require(type(found[name]) in types, f"{where}: {name} is not of the right kind")


def follow(organization, start, rows):
    """Walk the chain from `start`; returns {seq: (balance, hash)} of every place passed. Names the first row that is wrong."""
    seq, balance, last = start["seq"], start["balance"], start["hash"]
    passed = {seq: (balance, last)}
    for row in rows:
        where = f"row {seq + 1}"
        shape(where, row, ROW)
        require(row["seq"] == seq + 1, f"{where}: it is missing, row {row['seq']} stands in its place")
        require(row["balance_before"] == balance, f"{where}: it starts from {row['balance_before']}, the row before ended at {balance}")
        require(
            row["balance_after"] == balance + row["amount"], f"{where}: {balance} and {row['amount']} do not make {row['balance_after']}"
        )
        require(row["hash"] == row_hash(last, organization, row), f"{where}: its contents or the row before do not match its hash")
        seq, balance, last = row["seq"], row["balance_after"], row["hash"]
        passed[seq] = (balance, last)
    return passed


def totals(rows):
    """The summary, from the rows alone. The rate of a call is what it cost divided by the minutes its (hashed) description names."""
    found = {"rows": len(rows), "kinds": {}, "rates": [], "grace_used": 0, "grace_repaid": 0}
    rates = {}
    for row in rows:
        kind = found["kinds"].setdefault(row["type"], {"count": 0, "amount": 0})
        kind["count"], kind["amount"] = kind["count"] + 1, kind["amount"] + row["amount"]
        found["grace_used"] += max(0, min(-row["amount"], -row["balance_after"]))
        found["grace_repaid"] += max(0, min(row["amount"], -row["balance_before"]))
        if row["type"] in ("CALL_USAGE", "GRACE_USAGE"):
            named = re.fullmatch("Call: ([0-9]+) min", row["description"])
            minutes = int(named[1]) if named else 0
            rate = -row["amount"] // minutes if minutes else 0
            line = rates.setdefault(rate, {"rate": rate, "calls": 0, "minutes": 0, "amount": 0})
            line["calls"], line["minutes"], line["amount"] = line["calls"] + 1, line["minutes"] + minutes, line["amount"] + row["amount"]
    found["rates"] = [rates[rate] for rate in sorted(rates)]
    return found


# --- the signatures: Ed25519 as in RFC 8032, section 5.1, slowly and plainly ---------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(a, b):
    """Two points in extended coordinates."""
    left, right = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    c, d = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = right - left, d - c, d + c, right + left
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number, point):
    total = (0, 1, 1, 0)
    while number:
        total, point, number = add(total, point) if number & 1 else total, add(point, point), number >> 1
    return total


def point_of(text):
    """The point 32 bytes stand for; none if they stand for none."""
    y, sign = int.from_bytes(text, "little") & (2**255 - 1), text[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or x * x % P != square or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)


BASE = point_of((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(message, signature, key):
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r, s = point_of(key), point_of(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= ORDER:
        return False
    k = int.from_bytes(sha512(signature[:32] + key + message).digest(), "little") % ORDER
    one, other = times(s, BASE), add(r, times(k, a))
    return (one[0] * other[2] - other[0] * one[2]) % P == 0 and (one[1] * other[2] - other[1] * one[2]) % P == 0


def signed_up_to(organization, points, keys, passed):
    """Check every checkpoint against its signature and its row; returns the last row that is signed, none if none is."""
    last, day = None, ""
    for point in points:
        shape("a checkpoint", point, POINT)
        where = f"checkpoint of {point['day']}"
        require(point["format"] == "kametrix-checkpoint-1" and point["organization"] == organization, f"{where}: it is not of this ledger")
        require(point["key"] in keys, f"{where}: it is signed with the key {point['key']}, which is not among those to trust")
        message = packed(*(point[name] for name in ("format", "organization", "day", "seq", "balance", "hash")))
        genuine = is_signed(message, unhex(point["signature"]), unhex(keys[point["key"]]))
        require(genuine, f"{where}: its signature does not hold")
        require(point["day"] > day, f"{where}: it does not come after the one before it")
        day, seq = point["day"], point["seq"]
        if seq >= min(passed):  # the checkpoint before this statement may name an earlier row, which is not in it
            require(seq in passed, f"{where}: row {seq}, which it names, is not here")
            require(passed[seq] == (point["balance"], point["hash"]), f"{where}: row {seq} is not as it was signed")
            last = seq
    return last


def without_repetition(pairs):
    found = dict(pairs)
    require(len(found) == len(pairs), "a field is there twice")
    return found


def verify(path, trusted=()):
    """The lines to print. Raises Wrong."""
    with open(path, encoding="utf-8-sig") as file:
        told = json.load(file, object_pairs_hook=without_repetition)
    require(told.get("format") == "kametrix-statement-1", "this is no statement of Kametrix that this program can read")
    shape("the statement", told, dict.fromkeys(TOP, (str, bool, dict, list)))
    rows, organization, opening, keys = told["rows"], told["organization"]["id"], told["opening"], told["keys"]
    shape("the opening balance", opening, PLACE)
    passed = follow(organization, opening, rows + told["after"])
    seq = opening["seq"] + len(rows)
    closing = {"seq": seq, "balance": passed[seq][0], "hash": passed[seq][1]}
    require(same(told["closing"], closing), "the closing balance is not where the rows end")
    require(opening["seq"] > 0 or same(opening, {"seq": 0, "balance": 0, "hash": "0" * 64}), "a ledger starts from nothing")
    require(same(told["summary"], totals(rows)), "the summary is not what the rows add up to")
    for key_id, key in keys.items():
        require(not trusted or key in trusted, f"key {key_id} ({key}) is not one you gave with --key")
        require(any(point["key"] == key_id for point in told["checkpoints"]), f"key {key_id} signed nothing here")
    last = signed_up_to(organization, told["checkpoints"], keys, passed)
    sums = f"{opening['balance']} + {closing['balance'] - opening['balance']} = {closing['balance']} cents"
    lines = [f"{told['month']}, {told['organization']['name']}: {len(rows)} rows, {sums}. Every hash, balance and total is right."]
    if last is None:
        lines.append("Nothing of this is signed yet: it only agrees with itself.")
    elif last < seq:
        lines.append(f"Signed up to row {last}. Rows {last + 1} to {seq} are not signed yet: they only agree with each other.")
    else:
        lines.append(f"All of it is signed: the last checkpoint names row {last}.")
    if last is not None:
        lines.append(f"Row {last} carries {passed[last][1]}: the same as in the mail of that checkpoint?")
    for key_id, key in keys.items():
        lines.append(f"Key {key_id}: {key}\n  fingerprint {sha256(unhex(key)).hexdigest()[:32]}")
    if not trusted and keys:
        lines.append("Compare it with the key we publish (/api/ledger-keys) and with the one in your mails, or give it with --key.")
    return lines


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="Check a statement of Kametrix.")
    arguments.add_argument("statement", help="the file you downloaded as JSON")
    arguments.add_argument("--key", action="append", default=[], help="a public key to trust, in hexadecimal; can be repeated")
    given = arguments.parse_args()
    try:
        print("\n".join(verify(given.statement, [key.lower() for key in given.key])))
    except Wrong as problem:
        sys.exit(f"WRONG: {problem}")
    except (OSError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as problem:
        sys.exit(f"WRONG: this file cannot be read as a statement ({type(problem).__name__}: {problem})")
