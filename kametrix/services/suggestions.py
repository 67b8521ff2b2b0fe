"""Texts offered to a form, by a trade's template or by what was written for it: they fill what is empty, and for the rest one is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, cast

from kametrix.services.agent_form import MAX_FAQS, AgentForm, Faq
from kametrix.services.trades import Trade

OF_TRADE: Final = ("description", "services", "hours", "faqs", "policies", "greeting", "end_call_message")


@dataclass(frozen=True)
class Offer:
    """What became of an offer: the form with `filled` put in, and `asked`, for which the person typed something else."""

    form: AgentForm
    filled: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()


def of_trade(trade: Trade) -> dict[str, Any]:
    """What a trade's template offers, by field."""
    return {name: getattr(trade, name) for name in OF_TRADE}


def offered(form: AgentForm, values: Mapping[str, Any], *, ours: Sequence[Mapping[str, Any]]) -> Offer:
    """Put `values` (by field) where the form is empty or still holds one of `ours`, which nobody typed; leave and name the rest."""
    filled: dict[str, Any] = {}
    asked: list[str] = []
    for name, value in values.items():
        present = _bare(getattr(form, name))
        if not _bare(value) or not _news(form, name, value):
            continue
        if not present or present in [_bare(own.get(name)) for own in ours]:
            filled[name] = value
        else:
            asked.append(name)
    return Offer(replace(form, **filled), tuple(filled), tuple(asked))


def translated(form: AgentForm, old: Mapping[str, Any], new: Mapping[str, Any]) -> AgentForm:
    """Where the form still holds `old`, put `new`."""
    return replace(form, **{name: new[name] for name in new if _bare(getattr(form, name)) == _bare(old[name])})


def accepted(form: AgentForm, name: str, value: Any) -> AgentForm:
    """The person took the offer for one field: it replaces theirs; questions are added below theirs."""
    return replace(form, **{name: _with(form.faqs, value) if name == "faqs" else value})


def undone(form: AgentForm, before: AgentForm, after: AgentForm) -> AgentForm:
    """Take back what changed from `before` to `after`, but for fields changed again since."""
    changed = [field.name for field in fields(AgentForm) if getattr(before, field.name) != getattr(after, field.name)]
    untouched = [name for name in changed if _bare(getattr(form, name)) == _bare(getattr(after, name))]
    return replace(form, **{name: getattr(before, name) for name in untouched})


def _with(mine: tuple[Faq, ...], more: tuple[Faq, ...]) -> tuple[Faq, ...]:
    kept = tuple(pair for pair in mine if pair.question.strip() or pair.answer.strip())
    asked = {_folded(pair.question) for pair in kept}
    return (*kept, *(pair for pair in more if _folded(pair.question) not in asked))[:MAX_FAQS]


def _news(form: AgentForm, name: str, value: Any) -> bool:
    """Whether taking the offer would change anything."""
    return _bare(getattr(accepted(form, name, value), name)) != _bare(getattr(form, name))


def _bare(value: Any) -> Any:
    """Without what is only space, so that it compares as it would be stored."""
    if isinstance(value, Faq):
        return tuple(filter(None, (value.question.strip(), value.answer.strip())))
    if isinstance(value, tuple):
        return tuple(filter(None, map(_bare, cast("tuple[Any, ...]", value))))
    return value.strip() if isinstance(value, str) else value


def _folded(question: str) -> str:
    return " ".join(question.casefold().split())
