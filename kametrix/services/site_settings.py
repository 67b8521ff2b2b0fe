"""Values the operator may change while the platform runs; each has a default, so an empty table is complete."""

from typing import Final

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from kametrix import clock
from kametrix.models import SiteSetting
from kametrix.services.access import PUBLIC, SYSTEM, open_to

LOW_BALANCE_CENTS: Final = 500
"""A balance of this much or less is low (specification: 500 inclusive)."""
_BY_KEY: Final = select(SiteSetting.value).where(col(SiteSetting.key) == bindparam("key"))  # made once: the rate is read for every call
_LOCK: Final = text("select pg_advisory_xact_lock(hashtext(:key))")
DEFAULTS: Final = {"cents_per_minute": 15, "welcome_ceiling_cents": 300}


@open_to(PUBLIC)
def cents_per_minute(session: Session) -> int:
    """What a started minute of a call costs, in cents; read at each use, so a change applies at once and everywhere."""
    return _value(session, "cents_per_minute")


@open_to(PUBLIC)
def welcome_ceiling_cents(session: Session) -> int:
    """How far, in cents, an organization that never bought may go below zero before new calls are declined."""
    return _value(session, "welcome_ceiling_cents")


@open_to(SYSTEM)
def change(session: Session, key: str, value: int, *, user_id: str) -> int:
    """Set a value; two who change it at once do so one after the other. Returns what it was. The caller audits it."""
    session.connection().execute(_LOCK, {"key": f"site_setting:{key}"})
    before, now = _value(session, key), clock.now()
    row = {"key": key, "value": value, "updated_at": now, "updated_by": user_id}
    changed = {name: row[name] for name in ("value", "updated_at", "updated_by")}
    session.connection().execute(insert(SiteSetting).values(row).on_conflict_do_update(index_elements=["key"], set_=changed))
    return before


def stored(key: str) -> SelectOfScalar[int]:
    """The query behind a value, for who asks it together with other things; without a row, `or_default` knows it."""
    return select(SiteSetting.value).where(col(SiteSetting.key) == key)


def or_default(key: str, found: int | None) -> int:
    """A value as it was found, or its default."""
    return DEFAULTS[key] if found is None else found


def _value(session: Session, key: str) -> int:
    found = session.exec(_BY_KEY, params={"key": key}).one_or_none()
    return DEFAULTS[key] if found is None else found
