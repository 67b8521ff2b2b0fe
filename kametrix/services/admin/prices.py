"""What a minute costs, how far newcomers may go, and the packs on sale. A change is effective at once; a settled call keeps its rate."""

from dataclasses import dataclass
from typing import Any, Final

from sqlmodel import Session, col, func, select

from kametrix import clock
from kametrix.errors import Conflict, Invalid, NotFound
from kametrix.models import CreditPack
from kametrix.services import audit, pack_prices, packs, site_settings
from kametrix.services.access import PLATFORM, Actor, allows
from kametrix.services.wording import dollars

RANGES: Final = {"cents_per_minute": (1, 1000), "welcome_ceiling_cents": (0, 100_000)}
"""What may be set, in cents."""
MOST: Final = 10_000_000
"""Credits of a pack, and its price in cents."""
CHANGED: Final = "Somebody else changed this meanwhile. It is shown as it is now; nothing was changed by you."


@dataclass(frozen=True)
class PackRow:
    """A pack, on sale or not, in its place on the page."""

    id: str
    name: str
    credits: int
    price_in_cents: int
    is_active: bool


@dataclass(frozen=True)
class Prices:
    """All in cents."""

    cents_per_minute: int
    welcome_ceiling_cents: int
    packs: tuple[PackRow, ...]


@dataclass(frozen=True)
class PackForm:
    """A pack as typed, numbers already read."""

    name: str
    credits: int
    price_in_cents: int

    def checked(self) -> "PackForm":
        """The same, trimmed. Raises Invalid with every wrong field."""
        name = " ".join(self.name.split())
        errors = {} if 0 < len(name) <= 60 else {"name": "Give it a name of at most 60 characters."}
        if not 0 < self.credits <= MOST:
            errors["credits"] = f"Between 1 and {MOST:,} credits. One credit is one cent."
        if not 50 <= self.price_in_cents <= MOST:
            errors["price"] = f"Between {dollars(50)} (cards take no less) and {dollars(MOST)}."
        if errors:
            raise Invalid.fields(errors)
        return PackForm(name, self.credits, self.price_in_cents)


@allows(PLATFORM)
def prices(session: Session, actor: Actor) -> Prices:
    """Everything that has a price now."""
    listed = session.exec(select(CreditPack).order_by(*packs.ORDER))
    rows = tuple(PackRow(pack.id, pack.name, pack.credits, pack.price_in_cents, pack.is_active) for pack in listed)
    return Prices(site_settings.cents_per_minute(session), site_settings.welcome_ceiling_cents(session), rows)


@allows(PLATFORM)
def set_price(session: Session, actor: Actor, key: str, value: int, *, was: int) -> None:
    """Set `cents_per_minute` or `welcome_ceiling_cents` for every call from now on.

    `was` is the value the operator decided on seeing. Raises Conflict when it is another by now, Invalid outside the range.
    """
    if key not in RANGES:
        raise Invalid("There is no such setting.")
    lowest, highest = RANGES[key]
    if not lowest <= value <= highest:
        raise Invalid.fields({key: f"Whole cents between {lowest:,} and {highest:,}."})
    before = site_settings.change(session, key, value, user_id=actor.user_id)
    if before != was:
        raise Conflict(CHANGED)
    if before != value:
        new = {key: value, "name": _TITLES[key]}
        audit.record(session, actor, "SETTINGS_UPDATE", entity="site_setting", entity_id=key, old={key: before}, new=new, by_operator=True)


@allows(PLATFORM)
def create_pack(session: Session, actor: Actor, form: PackForm) -> None:
    """A new pack, last on the page and on sale at once. Raises Invalid with every wrong field, also for a name that is taken."""
    form = form.checked()
    _free_name(session, form.name, "")
    last = session.exec(select(func.max(CreditPack.position))).one() or 0
    pack = CreditPack(**vars(form), position=last + 1)
    session.add(pack)
    session.flush()
    pack_prices.sync_soon(session)
    _note(session, actor, "PACK_CREATE", pack, {}, {**vars(form), "is_active": True})


@allows(PLATFORM)
def update_pack(session: Session, actor: Actor, pack_id: str, form: PackForm) -> None:
    """Change name, credits or price; what was bought stays as it was. Raises Invalid with every wrong field, NotFound."""
    form = form.checked()
    pack = _locked(session, pack_id)
    _free_name(session, form.name, pack.id)
    before = {name: getattr(pack, name) for name in vars(form)}
    if before != vars(form):
        pack_prices.forget(session, pack)
        _change(session, actor, pack, vars(form))


@allows(PLATFORM)
def set_pack_active(session: Session, actor: Actor, pack_id: str, is_active: bool) -> None:
    """Sell a pack, or stop selling it; it is never deleted. Raises NotFound."""
    pack = _locked(session, pack_id)
    if pack.is_active != is_active:
        _change(session, actor, pack, {"is_active": is_active})
        pack_prices.sync_soon(session)


@allows(PLATFORM)
def move_pack(session: Session, actor: Actor, pack_id: str, by: int) -> None:
    """Move a pack one place up (-1) or down (1); at the end it stays. Raises NotFound."""
    listed = list(session.exec(select(CreditPack).order_by(*packs.ORDER).with_for_update()))
    here = next((place for place, pack in enumerate(listed) if pack.id == pack_id), None)
    if here is None:
        raise NotFound("This pack does not exist.")
    to = max(0, min(len(listed) - 1, here + (1 if by > 0 else -1)))
    if to == here:
        return
    listed[here], listed[to] = listed[to], listed[here]
    for place, pack in enumerate(listed, 1):
        pack.position = place
    _note(session, actor, "PACK_UPDATE", listed[to], {"position": here + 1}, {"position": to + 1})


def _change(session: Session, actor: Actor, pack: CreditPack, values: dict[str, Any]) -> None:
    before = {name: getattr(pack, name) for name in values}
    for name, value in values.items():
        setattr(pack, name, value)
    pack.updated_at = clock.now()
    session.flush()
    _note(session, actor, "PACK_UPDATE", pack, before, values)


def _note(session: Session, actor: Actor, action: str, pack: CreditPack, old: dict[str, Any], new: dict[str, Any]) -> None:
    told = {**new, "name": pack.name}
    kept = {"name": pack.name, **old} if old else None
    audit.record(session, actor, action, entity="credit_pack", entity_id=pack.id, old=kept, new=told, by_operator=True)


def _locked(session: Session, pack_id: str) -> CreditPack:
    pack = session.exec(select(CreditPack).where(CreditPack.id == pack_id).with_for_update()).one_or_none()
    if pack is None:
        raise NotFound("This pack does not exist.")
    return pack


def _free_name(session: Session, name: str, own_id: str) -> None:
    taken = select(CreditPack.id).where(func.lower(CreditPack.name) == name.lower(), col(CreditPack.id) != own_id)
    if session.exec(taken).first() is not None:
        raise Invalid.fields({"name": "Another pack has this name. Choose a different one."})


_TITLES: Final = {"cents_per_minute": "the price of a minute", "welcome_ceiling_cents": "the welcome ceiling"}
