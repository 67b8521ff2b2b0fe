"""People: signing up, proving who they are, changing their name and password."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import defer
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.crypto import new_id
from kametrix.errors import Invalid, NotFound
from kametrix.models import Organization, OrgRole, PlatformRole, User, UserOrganization, UserStatus
from kametrix.services import audit, passwords, sessions
from kametrix.services.access import PUBLIC, SIGNED_IN, SYSTEM, Actor, actor_of, allows, open_to

LONGEST_NAME = 100
REPEATED = timedelta(minutes=10)
"""A sign-up sent again within this time, with the same password, is the same sign-up."""
WRONG = "This e-mail and password do not belong together. Check both and try again."
"""The one answer to every failed log-in: it does not tell whether the account exists."""
TAKEN = "This e-mail already has an account. Log in instead, or use another address."


@dataclass(frozen=True)
class SignUp:
    """What the form sends. `business` may be empty: the organization is then called after the person."""

    name: str
    business: str
    email: str
    password: str
    timezone: str = "UTC"

    def checked(self) -> "SignUp":
        """The same, trimmed and normalised. Raises Invalid with every field that is wrong. Slow: it measures the password."""
        name, business = clean(self.name), clean(self.business)
        errors: dict[str, str] = {}
        email = ""
        try:
            email = normal_email(self.email)
        except Invalid as error:
            errors |= error.errors
        errors |= _name_errors(name, "name", "your name") | (_name_errors(business, "business", "the business") if business else {})
        if wrong := passwords.problem(self.password, (email, name, business)):
            errors["password"] = wrong
        if errors:
            raise Invalid.fields(errors)
        zone = self.timezone if self.timezone in _zones() else "UTC"
        return SignUp(name, business, email, self.password, zone)


@dataclass(frozen=True)
class Profile:
    """What the settings page shows of a person."""

    name: str
    email: str
    is_verified: bool


def clean(text: str) -> str:
    """Trimmed, spaces single, control characters gone; letters of any script stay."""
    return " ".join("".join(character if unicodedata.category(character) not in ("Cc", "Cs") else " " for character in text).split())


def normal_email(text: str) -> str:
    """Lower-case and trimmed. Raises Invalid when it is not an address."""
    try:
        found = validate_email(text.strip(), check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise Invalid.fields({"email": "Enter an e-mail address like name@example.com."}) from error
    return (found.ascii_email or found.normalized).lower()


@open_to(PUBLIC)
def sign_up(session: Session, form: SignUp) -> User:
    """A person, their organization and the membership that owns it. Raises Invalid, also when the e-mail is in use."""
    form = form.checked()
    if existing := _by_email(session, form.email):
        return _repeated(existing, form)
    try:
        with session.begin_nested():
            return _create(session, form)
    except IntegrityError as error:
        if existing := _by_email(session, form.email):
            return _repeated(existing, form)
        raise Invalid.fields({"email": TAKEN}) from error


def _create(session: Session, form: SignUp) -> User:
    name = form.business or form.name
    organization = Organization(name=name, slug=_slug(name), timezone=form.timezone)
    user = User(email=form.email, password_hash=passwords.hashed(form.password), name=form.name, current_org_id=organization.id)
    session.add(organization)
    session.flush()  # no relationship orders these inserts
    session.add(user)
    session.flush()
    now = clock.now()
    session.add(UserOrganization(user_id=user.id, organization_id=organization.id, role=OrgRole.OWNER, is_primary=True, accepted_at=now))
    actor = actor_of(
        user_id=user.id, email=user.email, organization_id=organization.id, role=OrgRole.OWNER, platform_role=PlatformRole.USER
    )
    audit.record(session, actor, "USER_SIGN_UP", entity="user", entity_id=user.id, new={"organization": name})
    session.flush()
    return user


def _repeated(user: User, form: SignUp) -> User:
    """A form sent twice signs in once more; anyone else is told that the address is taken."""
    is_fresh = user.created_at > clock.now() - REPEATED
    if is_fresh and user.status == UserStatus.ACTIVE and passwords.matches(form.password, user.password_hash):
        return user
    raise Invalid.fields({"email": TAKEN})


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-")
    return f"{words or 'organization'}-{new_id()[:8]}"


@open_to(PUBLIC)
def log_in(session: Session, email: str, password: str) -> User:
    """The person with this e-mail and password. Raises Invalid with one sentence for every reason, after the same time."""
    try:
        user = _by_email(session, normal_email(email))
    except Invalid:
        user = None
    if not passwords.matches(password, user.password_hash if user else None):
        raise Invalid(WRONG)
    if user is None or user.status != UserStatus.ACTIVE:
        raise Invalid(WRONG)
    user.last_login_at = clock.now()
    return user


@allows(SIGNED_IN)
def profile(session: Session, actor: Actor) -> Profile:
    """The person's own account."""
    user = _own(session, actor)
    return Profile(name=user.name or "", email=user.email, is_verified=user.email_verified)


@allows(SIGNED_IN)
def rename(session: Session, actor: Actor, name: str) -> Profile:
    """Change the person's own name. Raises Invalid."""
    fresh = clean(name)
    if errors := _name_errors(fresh, "name", "your name"):
        raise Invalid.fields(errors)
    user = _own(session, actor)
    if user.name != fresh:
        audit.record(session, actor, "USER_UPDATE", entity="user", entity_id=user.id, old={"name": user.name}, new={"name": fresh})
        user.name, user.updated_at = fresh, clock.now()
    return Profile(name=fresh, email=user.email, is_verified=user.email_verified)


@allows(SIGNED_IN)
def change_password(session: Session, actor: Actor, session_id: str, old: str, new: str) -> int:
    """Set a new password and end every other session. Returns how many ended. Raises Invalid; slow, and attempts must be limited."""
    user = _own(session, actor)
    if not passwords.matches(old, user.password_hash):
        raise Invalid.fields({"old": "This is not your current password."})
    if wrong := passwords.problem(new, (user.email, user.name or "")):
        raise Invalid.fields({"new": wrong})
    if old == new:
        raise Invalid.fields({"new": "This is your current password. Choose another one."})
    user.password_hash, user.updated_at = passwords.hashed(new), clock.now()
    audit.record(session, actor, "USER_PASSWORD_CHANGE", entity="user", entity_id=user.id)
    return sessions.revoke_others(session, actor, session_id)


@open_to(SYSTEM)
def verify_email(session: Session, email: str) -> None:
    """Confirm an address by hand. Raises NotFound."""
    user = _known(session, email)
    user.email_verified, user.updated_at = True, clock.now()
    audit.record(session, None, "USER_VERIFY_EMAIL", entity="user", entity_id=user.id, organization_id=user.current_org_id)


@open_to(SYSTEM)
def make_admin(session: Session, email: str) -> None:
    """Give the operator's role. Raises NotFound."""
    user = _known(session, email)
    audit.record(
        session, None, "USER_ROLE_CHANGE", entity="user", entity_id=user.id, organization_id=user.current_org_id,
        old={"role": user.role.value}, new={"role": PlatformRole.ADMIN.value},
    )  # fmt: skip
    user.role, user.updated_at = PlatformRole.ADMIN, clock.now()


@open_to(SYSTEM)
def organization_of(session: Session, email: str) -> str:
    """The id of the organization a person works in. Raises NotFound."""
    found = _known(session, email).current_org_id
    if found is None:
        raise NotFound(f"{email} belongs to no organization.")
    return found


def _by_email(session: Session, email: str) -> User | None:
    return session.exec(select(User).where(User.email == email, col(User.deleted_at).is_(None))).one_or_none()


def _known(session: Session, email: str) -> User:
    user = _by_email(session, email.strip().lower())
    if user is None:
        raise NotFound(f"Nobody has signed up as {email}.")
    return user


def _own(session: Session, actor: Actor) -> User:
    """Without the password's hash, which pages may not read: it is loaded when it is asked for."""
    password_hash: Any = User.password_hash
    return session.exec(select(User).options(defer(password_hash)).where(User.id == actor.user_id)).one()


def _name_errors(name: str, field: str, what: str) -> dict[str, str]:
    if not name:
        return {field: f"Enter {what}."}
    return {field: f"Use at most {LONGEST_NAME} characters."} if len(name) > LONGEST_NAME else {}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
