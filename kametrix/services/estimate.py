"""What a month of calls would cost, by the rule calls are charged with. assets/landing.js reckons the same in the browser."""

from dataclasses import dataclass

from kametrix.services.ledger import cost_cents


@dataclass(frozen=True)
class Month:
    """`minutes` are started minutes, `cents` their price."""

    calls: int
    minutes: int
    cents: int


def month(calls: int, days: int, seconds: int, rate: int) -> Month:
    """A month of `calls` a day on `days` days a week, each of `seconds`, at `rate` cents a minute.

    A year has 52 weeks: a month has calls x days x 52 / 12 calls, rounded half up.
    """
    in_month = (calls * days * 52 + 6) // 12
    minutes, cents = cost_cents(seconds, rate)
    return Month(in_month, in_month * minutes, in_month * cents)
