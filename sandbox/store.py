"""State in one SQLite file: documents by kind, and every delivery with its attempts. Survives a restart."""

import json
import sqlite3
import uuid
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

SCHEMA = """
create table if not exists document (
  kind text not null, id text not null, created_at text not null, updated_at text not null, body text not null, primary key (kind, id));
create index if not exists document_newest on document (kind, created_at desc);
create index if not exists document_of_kind on document (kind);
create table if not exists delivery (
  id integer primary key, at text not null, call_id text not null, type text not null, url text not null, server text not null,
  headers text not null, body text not null, state text not null, due_after real not null default 0);
create index if not exists delivery_of_call on delivery (call_id);
create table if not exists attempt (
  id integer primary key, delivery_id integer not null references delivery (id) on delete cascade, at text not null, status integer,
  ms integer not null, error text not null, response text not null);
create index if not exists attempt_of_delivery on attempt (delivery_id);
"""
TIME_FILTERS = {
    f"{prefix}{suffix}": (column, operator)
    for prefix, column in (("createdAt", "created_at"), ("updatedAt", "updated_at"))
    for suffix, operator in (("Gt", ">"), ("Lt", "<"), ("Ge", ">="), ("Le", "<="))
}


SPANS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def new_id() -> str:
    """An id that says where it is from."""
    return f"sbx-{uuid.uuid4()}"


class Store:
    """Used from the event loop's thread only. Documents carry `id`, `createdAt` and `updatedAt` (ISO, milliseconds)."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(data / "sandbox.sqlite3", isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.executescript("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on;" + SCHEMA)

    def put(self, kind: str, body: Json) -> Json:
        """Insert or replace a document."""
        self._db.execute(
            "insert into document values (?, ?, ?, ?, ?) on conflict (kind, id) do update set "
            "created_at = excluded.created_at, updated_at = excluded.updated_at, body = excluded.body",
            (kind, body["id"], body.get("createdAt", ""), body.get("updatedAt", ""), json.dumps(body)),
        )
        return body

    def get(self, kind: str, key: str) -> Json | None:
        """One document, or None."""
        row = self._db.execute("select body from document where kind = ? and id = ?", (kind, key)).fetchone()
        return json.loads(row["body"]) if row else None

    def find(self, kind: str, limit: int = 1000, times: Mapping[str, str] | None = None, **equal: str) -> list[Json]:
        """Newest first; `times` are filters of TIME_FILTERS, `equal` compares fields of the document."""
        where, values = ["kind = ?"], [kind]
        for name, text in (times or {}).items():
            column, operator = TIME_FILTERS[name]
            where.append(f"{column} {operator} ?")
            values.append(text)
        for name, text in equal.items():
            where.append("json_extract(body, '$.' || ?) = ?")
            values += [name, text]
        query = f"select body from document where {' and '.join(where)} order by created_at desc, rowid desc limit {limit:d}"  # noqa: S608  # built from constants above
        return [json.loads(row["body"]) for row in self._db.execute(query, values)]

    def page(self, kind: str, limit: int, after: str, before: str, created: Mapping[str, int], equal: Mapping[str, Any]) -> list[Json]:
        """Newest first, those behind `after`; or oldest first, those ahead of `before`. `created` bounds `object.created`; `equal`
        compares fields with a value, or with any of a list of patterns (`*` stands for anything)."""
        where, values = ["kind = ?"], [kind]
        for bound, key in (("rowid < {}", after), ("rowid > {}", before)):
            if key:
                where.append(bound.format("(select rowid from document where kind = ? and id = ?)"))
                values += [kind, key]
        for name, moment in created.items():
            where.append(f"json_extract(body, '$.object.created') {SPANS[name]} {moment:d}")
        for name, wanted in equal.items():
            patterns = wanted if isinstance(wanted, list) else [wanted]
            compare = f"json_extract(body, '$.' || ?) {'glob' if isinstance(wanted, list) else '='} ?"
            where.append(f"({' or '.join([compare] * len(patterns))})")
            values += [part for pattern in patterns for part in (name, pattern)]
        order = "asc" if before else "desc"
        query = f"select body from document where {' and '.join(where)} order by rowid {order} limit {limit:d}"  # noqa: S608  # built from constants above
        return [json.loads(row["body"]) for row in self._db.execute(query, values)]

    @contextmanager
    def transaction(self) -> Generator[None]:
        """What is written inside is kept as a whole, or not at all."""
        self._db.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._db.execute("rollback")
            raise
        self._db.execute("commit")

    def delete(self, kind: str, key: str) -> None:
        """Forget a document."""
        self._db.execute("delete from document where kind = ? and id = ?", (kind, key))

    def clear(self) -> None:
        """Forget everything."""
        for table in ("attempt", "delivery", "document"):
            self._db.execute(f"delete from {table}")  # noqa: S608  # three constants

    def add_delivery(self, at: str, call_id: str, message_type: str, server: Json, headers: Mapping[str, str], body: str) -> int:
        """A message on its way; returns its id."""
        cursor = self._db.execute(
            "insert into delivery (at, call_id, type, url, server, headers, body, state) values (?, ?, ?, ?, ?, ?, ?, 'waiting')",
            (at, call_id, message_type, server.get("url", ""), json.dumps(server), json.dumps(dict(headers)), body),
        )
        return int(cursor.lastrowid or 0)

    def add_attempt(self, delivery_id: int, at: str, status: int | None, ms: int, error: str, response: str) -> None:
        """What one POST of a delivery came to."""
        self._db.execute(
            "insert into attempt (delivery_id, at, status, ms, error, response) values (?, ?, ?, ?, ?, ?)",
            (delivery_id, at, status, ms, error, response),
        )

    def set_delivery(self, delivery_id: int, state: str, due_after: float = 0) -> None:
        """Move a delivery on: waiting (for `due_after` seconds), delivered, failed or dropped."""
        self._db.execute("update delivery set state = ?, due_after = ? where id = ?", (state, due_after, delivery_id))

    def set_headers(self, delivery_id: int, headers: Mapping[str, str]) -> None:
        """What the last attempt was sent with, for providers that sign each anew."""
        self._db.execute("update delivery set headers = ? where id = ?", (json.dumps(dict(headers)), delivery_id))

    def delivery(self, delivery_id: int) -> Json | None:
        """One delivery with its body and attempts."""
        row = self._db.execute("select * from delivery where id = ?", (delivery_id,)).fetchone()
        return self._with_attempts(row) if row else None

    def deliveries(self, call_id: str = "", state: str = "", limit: int = 200) -> list[Json]:
        """Newest first, with attempts."""
        rows = self._db.execute(
            "select * from delivery where (? = '' or call_id = ?) and (? = '' or state = ?) order by id desc limit ?",
            (call_id, call_id, state, state, limit),
        )
        return [self._with_attempts(row) for row in rows.fetchall()]

    def _with_attempts(self, row: sqlite3.Row) -> Json:
        attempts = self._db.execute("select at, status, ms, error, response from attempt where delivery_id = ? order by id", (row["id"],))
        made = [dict(attempt) for attempt in attempts]
        return {**dict(row), "server": json.loads(row["server"]), "headers": json.loads(row["headers"]), "attempts": made}

    def close(self) -> None:
        """Close the file."""
        self._db.close()
