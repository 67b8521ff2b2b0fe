"""The packs on sale."""

from sqlmodel import Session, col, select

from kametrix.models import CreditPack
from kametrix.services import packs


def on_sale(session: Session) -> list[tuple[str, int, int, bool]]:
    rows = session.exec(select(CreditPack).order_by(col(CreditPack.credits)))
    return [(row.name, row.credits, row.price_in_cents, row.is_active) for row in rows]


def test_seeding_adds_the_four_packs_once(session: Session) -> None:
    for _ in range(2):
        packs.seed(session)
    assert on_sale(session) == [
        ("Starter", 1_000, 1_000, True),
        ("Popular", 2_500, 2_500, True),
        ("Pro", 5_000, 5_000, True),
        ("Business", 10_000, 10_000, True),
    ]


def test_seeding_again_keeps_what_an_operator_changed_and_adds_what_is_missing(session: Session) -> None:
    session.add(CreditPack(name="Starter", credits=1_100, price_in_cents=1_000, is_active=False))
    session.flush()
    packs.seed(session)
    assert on_sale(session)[0] == ("Starter", 1_100, 1_000, False)
    assert len(on_sale(session)) == 4
