"""Which passwords are accepted, and how they are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kametrix.services import passwords

GOOD = "kupfer-Wolke-73-tanzt"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("Ab1", "Use at least 8 characters."),
        ("kupfer-Wolke-tanzt", "Add a digit."),
        ("kupfer-wolke-tanzt", "Add a capital letter and a digit."),
        ("########", "Add a capital letter, a small letter and a digit."),
        ("Aa1" * 24 + "x", "Use at most 72 characters (some letters and symbols count as two to four)."),
        ("Aa1" + "ü" * 35, "Use at most 72 characters (some letters and symbols count as two to four)."),
    ],
)
def test_a_refused_password_says_what_to_do(password: str, said: str) -> None:
    assert passwords.problem(password, ()) == said


def test_a_password_of_72_bytes_is_accepted_and_can_be_proved() -> None:
    longest = (GOOD + "-Marmelade-9-Leuchtturm-Fahrrad-Zitrone-Nebel-4-Giraffe-x")[:72].ljust(72, "q")
    assert len(longest.encode()) == 72
    assert passwords.problem(longest, ()) == ""
    assert passwords.matches(longest, passwords.hashed(longest))


def test_a_common_password_is_refused_with_a_reason() -> None:
    assert passwords.problem("Password1", ()).startswith("Too easy to guess. ")


def test_a_password_made_of_what_is_known_about_the_person_is_weaker() -> None:
    known = ("dana.whitlock@brightside-dental.com", "Dana Whitlock", "Brightside Dental")
    assert passwords.strength("BrightsideDental1", known).score < passwords.strength("BrightsideDental1", ()).score
    assert passwords.problem("Whitlock2026", known).startswith("Too easy to guess.")


def test_five_thousand_characters_cost_no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "zxcvbn", None)
    monkeypatch.setattr(passwords.bcrypt, "hashpw", None)
    assert passwords.problem("Aa1!" * 1250, ()).startswith("Use at most 72 characters")


def test_a_password_beyond_72_bytes_never_matches_its_beginning() -> None:
    first = "Aa1-" * 18
    assert passwords.matches(first, passwords.hashed(first))
    assert not passwords.matches(first + "more", passwords.hashed(first))


def test_nothing_matches_where_there_is_no_account() -> None:
    assert not passwords.matches("nobody has this password", None)
    assert not passwords.matches("", None)


def test_strength_names_its_score_and_hints_only_when_it_must() -> None:
    assert passwords.strength("", ()) == passwords.Strength(0, "Very weak", "")
    assert passwords.strength(GOOD, ()) == passwords.Strength(4, "Strong", "")
    weak = passwords.strength("password", ())
    assert (weak.score, weak.label) == (0, "Very weak")
    assert weak.hint.endswith(".")


@given(st.text(max_size=90))
def test_whatever_is_accepted_fits_bcrypt_and_has_every_kind(password: str) -> None:
    if passwords.problem(password, ()) == "":
        assert len(password) >= 8
        assert len(password.encode()) <= 72
        assert all(any(map(kind, password)) for kind in (str.isupper, str.islower, str.isdigit))


@given(st.text(st.characters(), max_size=30))
def test_a_hash_proves_its_own_password_alone(password: str) -> None:
    if len(passwords._raw(password)) <= 72:
        stored = passwords.hashed(password)
        assert passwords.matches(password, stored)
        assert not passwords.matches(password + "x", stored)
