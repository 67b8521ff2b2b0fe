"""Money in sentences, with the specification's own examples."""

import pytest

from kametrix.services import money_text


@pytest.mark.parametrize(
    ("cents", "expected"),
    [(0, "$0.00 (~0 min)"), (500, "$5.00 (~33 min)"), (2_500, "$25.00 (~166 min)"), (-135, "−$1.35 (~0 min)"), (14, "$0.14 (~0 min)")],
)
def test_a_balance_tells_its_minutes(cents: int, expected: str) -> None:
    assert money_text.balance_text(cents, 15) == expected


def test_a_rate_of_nothing_buys_no_countable_minutes() -> None:
    assert money_text.minutes_left(500, 0) == 0


@pytest.mark.parametrize(
    ("seconds", "rate", "expected"),
    [
        (272, 15, "4 min 32 sec → 5 minutes × $0.15 = $0.75"),
        (45, 15, "45 sec → 1 minute × $0.15 = $0.15"),
        (60, 20, "1 min → 1 minute × $0.20 = $0.20"),
        (0, 15, "0 sec → 0 minutes × $0.15 = $0.00"),
    ],
)
def test_a_cost_explains_itself(seconds: int, rate: int, expected: str) -> None:
    assert money_text.cost_explained(seconds, rate) == expected


def test_a_low_balance_says_how_long_it_lasts() -> None:
    expected = "Low balance: $4.50 (~30 min). You have about 30 minutes of call time remaining."
    assert money_text.low_balance_text(450, 15) == expected


@pytest.mark.parametrize(
    ("credits", "grace", "expected"),
    [
        (1_000, 0, ""),
        (1_000, 45, "After $0.45 grace settlement, you'll receive 955 credits"),
        (10_000, 45, "After $0.45 grace settlement, you'll receive 9,955 credits"),
        (1_000, 1_000, "After $10.00 grace settlement, you'll receive 0 credits"),
        (1_000, 1_230, "Pack does not cover $12.30 grace balance"),
    ],
)
def test_a_pack_previews_what_it_does_to_grace(credits: int, grace: int, expected: str) -> None:
    assert money_text.settlement_text(credits, grace) == expected
