import reflex as rx

from kametrix.components.organization_mark import organization_mark


def test_without_a_logo_the_first_letter_stands_on_the_colour() -> None:
    drawn = str(organization_mark(" brightside Dental", "", "#ffee00"))
    assert '"B"' in drawn
    assert "#ffee00" in drawn
    assert '"img"' not in drawn


def test_without_a_colour_it_is_ours() -> None:
    assert "#6e56cf" in str(organization_mark("Brightside", "", ""))


def test_a_logo_takes_the_letter_s_place() -> None:
    drawn = str(organization_mark("Brightside", "/api/logos/abc", "#ffee00", 40))
    assert '"/api/logos/abc"' in drawn
    assert '"B"' not in drawn
    assert "40px" in drawn


def test_what_a_state_says_is_decided_in_the_browser() -> None:
    name, logo = rx.Var("state.name", _var_type=str), rx.Var("state.logo", _var_type=str)
    drawn = str(organization_mark(name, logo, rx.Var("state.color", _var_type=str)))
    assert "(state.name)" in drawn.replace(" ", "")
    assert "state.logo" in drawn
