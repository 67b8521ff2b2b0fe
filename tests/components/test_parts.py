"""Parts decide now for plain values and in the browser for what a state says."""

import reflex as rx

from kametrix.components.choose import choose, each
from kametrix.components.conversation import conversation
from kametrix.components.fields import NativeForm, field, select_field
from kametrix.components.focus import focus_on
from kametrix.components.icons import named_icon
from kametrix.components.panel import panel
from kametrix.components.rows import calls_table
from kametrix.state.rows import CallRow, TurnRow

CALL = CallRow("c1", "COMPLETED", "+1 415 555 0119", "Front desk", "Asked about Saturdays.", "Front desk", "14:12", "2:41", "$0.45")
TURN = TurnRow("agent", "Mia", "M", "Hello.", "0:00", 0, 4)


def test_a_plain_condition_is_decided_when_the_page_is_built() -> None:
    assert choose("wrong", "yes", "no") == "yes"
    assert choose("", "yes", "no") == "no"


def test_a_condition_of_a_state_is_decided_in_the_browser() -> None:
    assert "state.error" in str(choose(rx.Var("state.error", _var_type=str), "yes", "no"))


def test_each_draws_plain_rows_at_once() -> None:
    drawn = str(each(["a", "b"], lambda row: rx.text(row)))
    assert '"a"' in drawn
    assert '"b"' in drawn


def test_a_field_ties_label_error_and_input_together() -> None:
    drawn = str(field("E-mail", "email", error="Write it like name@example.com."))
    assert 'htmlFor:"email"' in drawn
    assert '"aria-invalid":"true"' in drawn
    assert '"aria-describedby":"email-note"' in drawn
    assert 'id:"email-note"' in drawn
    assert 'role:"alert"' in drawn


def test_a_field_without_error_is_not_marked_wrong() -> None:
    drawn = str(field("E-mail", "email", help="We never share it."))
    assert '"aria-invalid":"false"' in drawn
    assert "We never share it." in drawn
    assert 'role:"alert"' not in drawn


def test_a_password_can_be_shown() -> None:
    assert '"data-shows":"password"' in str(field("Password", "password", kind="password"))


def test_a_choice_is_the_browsers_own() -> None:
    drawn = str(select_field("Voice", "voice", [("mia", "Mia, warm")], value="mia"))
    assert "select" in drawn
    assert "Mia, warm" in drawn


def test_a_list_of_calls_is_a_table_whose_rows_open_the_call() -> None:
    drawn = str(calls_table([CALL]))
    assert [role for role in ("table", "row", "cell", "columnheader") if f'role:"{role}"' not in drawn] == []
    assert "/calls/c1" in drawn
    assert '"data-rows"' in drawn


def test_who_sees_no_money_gets_no_cell_for_it() -> None:
    cells = str(calls_table([CALL])).split('role:"cell"')
    assert "permissions" in cells[-2]  # the condition stands around the cell, so that no empty column is left
    assert "$0.45" in cells[-1]


def test_turns_are_buttons_only_where_there_is_something_to_hear() -> None:
    assert "data-seek" in str(conversation([TURN], seekable=True))
    assert "data-seek" not in str(conversation([TURN]))


def test_focus_on_opening_goes_to_what_is_asked_for_alone() -> None:
    event = focus_on("[role=dialog] :checked")
    assert event.event_actions == {"preventDefault": True}  # else the first thing that can be pressed takes it
    assert "[role=dialog] :checked" in str(event.args)


def test_a_panel_without_a_title_has_no_heading() -> None:
    assert "Heading" not in str(panel(rx.text("x")))


def test_a_native_form_leaves_the_page() -> None:
    assert "preventDefault" not in str(NativeForm.create(method="post", action="/auth/logout"))


def test_an_icon_named_by_a_state_is_one_of_a_few() -> None:
    drawn = str(named_icon(rx.Var("state.icon", _var_type=str), ("phone", "wallet")))
    assert "DynamicIcon" not in drawn
    assert "LucidePhone" in drawn
    assert "LucideWallet" in drawn
