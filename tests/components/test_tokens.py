"""Every state a person can see has a look: a colour, a word and a sign."""

import pytest
import reflex as rx

from kametrix.components.status import status_badge, status_word
from kametrix.components.tokens import LOOKS, Kind
from kametrix.models import CallStatus, PhoneStatus, SyncState, TransactionType

ENUMS = [("call", CallStatus), ("sync", SyncState), ("ledger", TransactionType), ("number", PhoneStatus)]


@pytest.mark.parametrize(("kind", "enum"), ENUMS)
def test_every_value_has_a_look(kind: Kind, enum: type) -> None:
    assert {str(value) for value in enum} <= set(LOOKS[kind])


def test_words_differ_within_a_kind_and_none_relies_on_colour_alone() -> None:
    for looks in LOOKS.values():
        assert len({look.label for look in looks.values()}) == len(looks)
        assert all(look.label and (look.icon or look.pulse) for look in looks.values())


def test_a_badge_for_a_plain_value_carries_its_word() -> None:
    assert "No answer" in str(status_badge("call", "NO_ANSWER"))


@pytest.mark.parametrize("draw", [status_badge, status_word])
def test_a_badge_for_a_state_knows_every_word(draw: type) -> None:
    drawn = str(draw("ledger", rx.Var("state.type", _var_type=str)))
    assert all(look.label in drawn for look in LOOKS["ledger"].values())


def test_an_unknown_plain_status_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        status_badge("call", "completed")
