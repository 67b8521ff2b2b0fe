"""Signing up, proving who one is, changing name and password."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, func, select

from kametrix import clock, db
from kametrix.crypto import token_hash
from kametrix.errors import Invalid, NotFound, TooMany
from kametrix.models import AuditLog, Organization, OrgRole, PlatformRole, UserOrganization, UserStatus
from kametrix.services import accounts, passwords, sessions, sign_in
from kametrix.services.accounts import SignUp
from kametrix.services.sign_in import Browser
from tests import factories

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GOOD = "kupfer-Wolke-73-tanzt"
OTHER = "Nebel-giraffe-4-Leuchtturm"
DANA = SignUp(name="Dana Whitlock", business="Brightside Dental", email="dana@example.com", password=GOOD, timezone="Europe/Berlin")
HERE = Browser(address="203.0.113.7", user_agent="")


def with_(**changes: str) -> SignUp:
    return SignUp(**{**vars(DANA), **changes})


def errors_of(form: SignUp) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        form.checked()
    return refused.value.errors


def test_signing_up_makes_a_person_who_owns_an_organization(session: Session) -> None:
    user = accounts.sign_up(session, DANA)
    organization = session.exec(select(Organization)).one()
    membership = session.exec(select(UserOrganization)).one()
    assert (user.email, user.name, user.role, user.email_verified) == ("dana@example.com", "Dana Whitlock", PlatformRole.USER, False)
    assert (organization.name, organization.timezone, organization.balance_cents) == ("Brightside Dental", "Europe/Berlin", 0)
    assert organization.slug.startswith("brightside-dental-")
    assert (membership.user_id, membership.organization_id, membership.role) == (user.id, organization.id, OrgRole.OWNER)
    assert membership.is_primary
    assert membership.accepted_at
    assert user.current_org_id == organization.id
    assert GOOD not in user.password_hash
    assert session.exec(select(AuditLog.action)).one() == "USER_SIGN_UP"


def test_without_a_business_the_organization_is_called_after_the_person(session: Session) -> None:
    accounts.sign_up(session, with_(business="  "))
    assert session.exec(select(Organization.name)).one() == "Dana Whitlock"


def test_two_businesses_of_one_name_get_two_slugs(session: Session) -> None:
    accounts.sign_up(session, DANA)
    accounts.sign_up(session, with_(email="other@example.com"))
    assert len(set(session.exec(select(Organization.slug)))) == 2


@pytest.mark.parametrize("name", ["Zoë Müller-Łukasz", "山田歯科医院", "مطعم النخيل", "🦷 Bright 🦷", "Smile\x00\x1b[31m Co"])
def test_names_of_any_script_are_kept_and_control_characters_are_not(session: Session, name: str) -> None:
    accounts.sign_up(session, with_(name=name, business=name))
    kept = session.exec(select(Organization)).one()
    assert kept.name == accounts.clean(name)
    assert "\x00" not in kept.name
    assert kept.slug.isascii()


def test_every_wrong_field_is_told_at_once() -> None:
    errors = errors_of(SignUp(name=" ", business="x" * 101, email="dana", password="short", timezone=""))
    assert errors == {
        "name": "Enter your name.",
        "business": "Use at most 100 characters.",
        "email": "Enter an e-mail address like name@example.com.",
        "password": "Use at least 8 characters.",
    }


def test_five_thousand_characters_of_password_are_told_at_the_field() -> None:
    assert set(errors_of(with_(password="Aa1!" * 1250))) == {"password"}


@pytest.mark.parametrize(
    "email",
    ["", "dana", "dana@", "@example.com", "a b@example.com", "dana@example..com", "a@b.com\nBcc: c@d.com", "a" * 5000 + "@example.com"],
)
def test_what_is_no_address_is_refused(email: str) -> None:
    assert set(errors_of(with_(email=email))) == {"email"}


def test_an_address_is_kept_lower_case_and_trimmed(session: Session) -> None:
    assert accounts.sign_up(session, with_(email="  Dana@EXAMPLE.com ")).email == "dana@example.com"


@given(st.emails())
def test_a_normal_address_stays_as_it_is(email: str) -> None:
    try:
        once = accounts.normal_email(email)
    except Invalid:
        return
    assert accounts.normal_email(once) == once == once.lower().strip()
    assert len(once) <= 254


def test_an_unknown_zone_becomes_utc(session: Session) -> None:
    accounts.sign_up(session, with_(timezone="Mars/Olympus"))
    assert session.exec(select(Organization.timezone)).one() == "UTC"


def test_an_address_in_use_is_told_at_the_field(session: Session) -> None:
    accounts.sign_up(session, DANA)
    with pytest.raises(Invalid) as refused:
        accounts.sign_up(session, with_(email="DANA@example.com", password=OTHER))
    assert refused.value.errors == {"email": accounts.TAKEN}


def test_a_form_sent_twice_makes_one_person(session: Session) -> None:
    with clock.at(NOON):
        first = accounts.sign_up(session, DANA)
    with clock.at(NOON + timedelta(minutes=9)):
        assert accounts.sign_up(session, DANA).id == first.id
    assert session.exec(select(func.count()).select_from(Organization)).one() == 1
    with clock.at(NOON + timedelta(minutes=11)), pytest.raises(Invalid):
        accounts.sign_up(session, DANA)


def test_a_form_sent_eight_times_at_once_makes_one_person(database: str) -> None:
    def attempt(_: int) -> str:
        with db.transaction() as session:
            return accounts.sign_up(session, DANA).id

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(attempt, range(8)))) == 1
    with db.transaction() as session:
        assert session.exec(select(func.count()).select_from(Organization)).one() == 1


def test_logging_in_needs_the_right_password_and_tells_nothing_else(session: Session) -> None:
    user = accounts.sign_up(session, DANA)
    assert accounts.log_in(session, " DANA@example.com", GOOD).id == user.id
    assert user.last_login_at
    for email, password in (("dana@example.com", OTHER), ("nobody@example.com", GOOD), ("not an address", GOOD), ("", "")):
        with pytest.raises(Invalid) as refused:
            accounts.log_in(session, email, password)
        assert (refused.value.message, refused.value.errors) == (accounts.WRONG, {})


def test_an_unknown_address_costs_a_hash_like_a_known_one(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    accounts.sign_up(session, DANA)
    compared: list[bytes] = []
    check = passwords.bcrypt.checkpw
    monkeypatch.setattr(passwords.bcrypt, "checkpw", lambda given, stored: compared.append(stored) or check(given, stored))
    for email in ("dana@example.com", "nobody@example.com", "no address"):
        with pytest.raises(Invalid):
            accounts.log_in(session, email, OTHER)
    assert len(compared) == 3


@pytest.mark.parametrize("status", [status for status in UserStatus if status is not UserStatus.ACTIVE])
def test_a_person_who_may_not_sign_in_hears_the_same_sentence(session: Session, status: UserStatus) -> None:
    accounts.sign_up(session, DANA).status = status
    session.flush()
    with pytest.raises(Invalid, match="do not belong together"):
        accounts.log_in(session, DANA.email, GOOD)


def attempt(password: str, browser: Browser = HERE, email: str = DANA.email) -> str:
    with db.transaction() as session:
        sign_in.count_log_in(session, email, browser)
    with db.transaction() as session:
        return sign_in.by_password(session, email, password, browser)


def test_five_wrong_passwords_lock_the_account_also_for_the_right_one(database: str) -> None:
    with db.transaction() as session:
        accounts.sign_up(session, DANA)
    with clock.at(NOON):
        for number in range(5):
            with pytest.raises(Invalid):
                attempt(OTHER, Browser(f"198.51.100.{number}", ""), email="Dana@Example.com " if number % 2 else DANA.email)
        with pytest.raises(TooMany, match="15 minutes"):
            attempt(GOOD)
    with clock.at(NOON + timedelta(minutes=15)):
        assert attempt(GOOD)


def test_five_wrong_passwords_lock_the_address_for_every_account(database: str) -> None:
    with db.transaction() as session:
        accounts.sign_up(session, DANA)
    with clock.at(NOON):
        for number in range(5):
            with pytest.raises(Invalid):
                attempt(OTHER, email=f"person{number}@example.com")
        with pytest.raises(TooMany):
            attempt(GOOD)
        assert attempt(GOOD, Browser("198.51.100.1", ""))


def test_the_right_password_starts_the_account_anew_and_never_counts(database: str) -> None:
    with db.transaction() as session:
        accounts.sign_up(session, DANA)
    with clock.at(NOON):
        for _ in range(4):
            with pytest.raises(Invalid):
                attempt(OTHER)
        for _ in range(6):
            assert attempt(GOOD)
        with pytest.raises(Invalid):
            attempt(OTHER)
        with pytest.raises(TooMany):
            attempt(GOOD)


def test_signing_up_is_limited_per_address(database: str) -> None:
    with clock.at(NOON), db.transaction() as session:
        for _ in range(20):
            sign_in.count_sign_up(session, HERE)
        with pytest.raises(TooMany):
            sign_in.count_sign_up(session, HERE)
        sign_in.count_sign_up(session, Browser("198.51.100.1", ""))


def test_logging_in_again_ends_the_session_of_this_browser(database: str) -> None:
    with db.transaction() as session:
        accounts.sign_up(session, DANA)
    old = token_hash(attempt(GOOD))
    new = token_hash(attempt(GOOD, Browser(HERE.address, "", session=old)))
    with db.transaction() as session:
        assert sessions.principal(session, old) is None
        assert sessions.principal(session, new)


def test_a_name_is_changed_and_the_change_is_kept_in_the_trail(database: str) -> None:
    with db.transaction() as session:
        actor = factories.create_member(session, name="Dana")
    with db.transaction(actor) as session:
        assert accounts.rename(session, actor, "  Dana   Whitlock ").name == "Dana Whitlock"
    with db.transaction(actor) as session:
        assert accounts.profile(session, actor) == accounts.Profile("Dana Whitlock", actor.email, is_verified=False, wants_mail=True)
        trail = session.exec(select(AuditLog)).one()
    assert (trail.old_values, trail.new_values) == ({"name": "Dana"}, {"name": "Dana Whitlock"})
    with db.transaction(actor) as session, pytest.raises(Invalid):
        accounts.rename(session, actor, "\x00 ")


def test_a_new_password_needs_the_old_one_and_ends_the_other_sessions(database: str) -> None:
    with db.transaction() as session:
        accounts.sign_up(session, DANA)
    here, there = token_hash(attempt(GOOD)), token_hash(attempt(GOOD))
    with db.transaction() as session:
        found = sessions.principal(session, here)
    assert found
    for old, new, said in (
        (OTHER, OTHER, {"old": "This is not your current password."}),
        (GOOD, "short", {"new": "Use at least 8 characters."}),
        (GOOD, GOOD, {"new": "This is your current password. Choose another one."}),
    ):
        with db.transaction() as session, pytest.raises(Invalid) as refused:
            accounts.change_password(session, found.actor, found.session_id, old, new)
        assert refused.value.errors == said
    with db.transaction() as session:
        assert accounts.change_password(session, found.actor, found.session_id, GOOD, OTHER) == 1
    with db.transaction() as session:
        assert sessions.principal(session, there) is None
        assert sessions.principal(session, here)
        assert accounts.log_in(session, DANA.email, OTHER)
        with pytest.raises(Invalid):
            accounts.log_in(session, DANA.email, GOOD)


def test_the_command_line_verifies_and_promotes_and_both_are_kept_in_the_trail(session: Session) -> None:
    user = accounts.sign_up(session, DANA)
    accounts.verify_email(session, " Dana@Example.com")
    accounts.make_admin(session, "dana@example.com")
    session.flush()
    assert user.email_verified
    assert user.role is PlatformRole.ADMIN
    assert accounts.organization_of(session, "dana@example.com") == user.current_org_id
    assert {"USER_VERIFY_EMAIL", "USER_ROLE_CHANGE"} <= set(session.exec(select(AuditLog.action)))
    for service in (accounts.verify_email, accounts.make_admin, accounts.organization_of):
        with pytest.raises(NotFound, match="Nobody has signed up"):
            service(session, "nobody@example.com")


def test_an_admin_made_on_the_command_line_has_the_permission(database: str) -> None:
    with db.transaction() as session:
        accounts.sign_up(session, DANA)
        accounts.make_admin(session, DANA.email)
    with db.transaction() as session:
        found = sessions.principal(session, token_hash(attempt(GOOD)))
    assert found
    assert found.actor.may("platform:admin")


def test_a_deleted_account_is_unknown(session: Session) -> None:
    user = accounts.sign_up(session, DANA)
    user.deleted_at = clock.now()
    session.flush()
    with pytest.raises(Invalid):
        accounts.log_in(session, DANA.email, GOOD)
    with pytest.raises(Invalid) as refused:
        accounts.sign_up(session, DANA)
    assert refused.value.errors == {"email": accounts.TAKEN}
