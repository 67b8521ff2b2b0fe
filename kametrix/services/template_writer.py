"""Texts without a model: the template of the trade, fitted to what the person said. The same brief gives the same texts.

A plain generator: dressed up as a model of the library it would stream the same pieces, but cost its import for nothing.
"""

from collections.abc import Iterator
from dataclasses import replace

from kametrix.services import texts, trades
from kametrix.services.agent_form import Faq, line
from kametrix.services.briefs import Brief, Written
from kametrix.services.prompts import plain
from kametrix.services.trades import Trade

LISTED = 6
"""Services named in a spoken sentence; more would tire a caller."""


def pieces(brief: Brief) -> Iterator[Written]:
    """The texts as they grow: one question after the other, the policies, what is spoken first and last."""
    trade, so_far = trade_for(brief), Written("template")
    for pair in (*_own(brief), *trade.faqs):
        so_far = replace(so_far, faqs=(*so_far.faqs, pair))
        yield so_far
    for name in ("policies", "greeting", "end_call_message"):
        so_far = replace(so_far, **{name: getattr(trade, name)})
        yield so_far


def trade_for(brief: Brief) -> Trade:
    """The chosen trade, the one the brief speaks of, or what fits any business."""
    told = " ".join((brief.business_name, brief.description, *brief.services))
    chosen = trades.by_key(brief.trade, brief.language) if brief.trade else trades.trade_of(told, brief.language)
    return chosen or trades.general(brief.language)


def _own(brief: Brief) -> Iterator[Faq]:
    """Questions answered with the person's own words; without the words no question."""
    words = texts.of(brief.language)
    services = [plain(line(service)) for service in brief.services if line(service)]
    hours = plain(", ".join(filter(None, map(line, brief.hours.splitlines())))).rstrip(".")
    if services:
        yield Faq(words.ask_services, words.tell_services.format(list=_spoken(services, words)))
    if hours:
        yield Faq(words.ask_hours, words.tell_hours.format(hours=hours))


def _spoken(items: list[str], words: texts.Texts) -> str:
    """`a, b and c`."""
    if len(items) > LISTED:
        return f"{', '.join(items[:LISTED])} {words.and_more}"
    return f" {words.and_} ".join(filter(None, (", ".join(items[:-1]), items[-1])))
