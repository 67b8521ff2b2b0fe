"""Packs as Stripe knows them: a product of our own id and a price, made by a job between these two transactions."""

from dataclasses import dataclass

from sqlmodel import Session, col, select

from kametrix.models import CreditPack
from kametrix.services import queue
from kametrix.services.access import SYSTEM, open_to


@dataclass(frozen=True)
class PriceWanted:
    """A pack on sale that Stripe was not told of as it is now. `key` is another one after each change."""

    pack_id: str
    name: str
    credits: int
    price_in_cents: int
    key: str


@open_to(SYSTEM)
def wanted(session: Session) -> list[PriceWanted]:
    """What to tell Stripe."""
    packs = session.exec(
        select(CreditPack).where(col(CreditPack.stripe_price_id).is_(None), col(CreditPack.is_active)).order_by(CreditPack.id)
    )
    return [
        PriceWanted(pack.id, pack.name, pack.credits, pack.price_in_cents, f"price:{pack.id}:{pack.updated_at.timestamp():.6f}")
        for pack in packs
    ]


@open_to(SYSTEM)
def record(session: Session, told: PriceWanted, price_id: str) -> None:
    """Keep the price, unless the pack was changed meanwhile: then it is used no more."""
    pack = session.exec(select(CreditPack).where(CreditPack.id == told.pack_id).with_for_update()).one()
    if (pack.name, pack.credits, pack.price_in_cents) == (told.name, told.credits, told.price_in_cents):
        pack.stripe_price_id = price_id
    else:
        queue.enqueue(session, "retire_price", price_id=price_id)


@open_to(SYSTEM)
def forget(session: Session, pack: CreditPack) -> None:
    """The pack was changed: its price is used no more, and a new one is made."""
    if pack.stripe_price_id is not None:
        queue.enqueue(session, "retire_price", price_id=pack.stripe_price_id)
    pack.stripe_price_id = None
    sync_soon(session)


@open_to(SYSTEM)
def sync_soon(session: Session) -> None:
    """Have Stripe told of what is new."""
    queue.enqueue(session, "sync_packs", once="sync_packs", serial="sync_packs")
