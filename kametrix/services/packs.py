"""The credit packs on sale: 100 credits for a dollar (product.md 4.6-5)."""

from typing import Final

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.models import CreditPack
from kametrix.services.access import SYSTEM, open_to

PACKS: Final = (("Starter", 1000), ("Popular", 2500), ("Pro", 5000), ("Business", 10000))
"""Name and credits; a credit costs one cent."""
POPULAR: Final = "Popular"
"""The pack that is ringed on the page, as long as it is sold under this name."""
ORDER: Final = (col(CreditPack.position), col(CreditPack.price_in_cents), col(CreditPack.id))
"""Packs as they stand on a page: where the operator put them, else by price."""


@open_to(SYSTEM)
def seed(session: Session) -> None:
    """Add the packs that are missing by name; one that exists keeps what an operator made of it."""
    now = clock.now()
    rows = [
        {"id": new_id(), "name": name, "credits": credits, "price_in_cents": credits, "created_at": now, "updated_at": now}
        for name, credits in PACKS
    ]
    session.connection().execute(insert(CreditPack).values(rows).on_conflict_do_nothing(index_elements=["name"]))
