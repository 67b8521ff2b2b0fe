"""People: signing up, proving who they are, changing their name and password."""

import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import load_only
from sqlmodel import Session, col, select

from kametrix import clock
from kametrix.errors import Invalid, NotFound
from kametrix.models import OrgRole, PlatformRole, User, UserStatus
from kametrix.services import audit, email_confirmation, memberships, passwords, sessions
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
        return SignUp(name, business, email, self.password, zone_or_utc(self.timezone))


@dataclass(frozen=True)
class Profile:
    """What the settings page shows of a person."""

    name: str
    email: str
    is_verified: bool
    wants_mail: bool


def clean(text: str) -> str:
    """Trimmed, spaces single, control characters gone; letters of any script stay."""
    return " ".join("".join(character if unicodedata.category(character) not in ("Cc", "Cs") else " " for character in text).split())


def zone_or_utc(timezone: str) -> str:
    """The zone a browser named, or UTC when there is none of that name."""
    return timezone if timezone in _zones() else "UTC"


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
        return _join(session, existing, form)
    try:
        with session.begin_nested():
            return _create(session, form)
    except IntegrityError as error:
        if existing := _by_email(session, form.email):
            return _join(session, existing, form)
        raise Invalid.fields({"email": TAKEN}) from error


def _create(session: Session, form: SignUp) -> User:
    user = User(email=form.email, password_hash=passwords.hashed(form.password), name=form.name)
    session.add(user)
    session.flush()
    return _settle_in(session, user, form)


def _settle_in(session: Session, user: User, form: SignUp) -> User:
    """An organization of their own, for a person who is new here."""
    organization = memberships.found(session, user, form.business or form.name, form.timezone)
    actor = actor_of(
        user_id=user.id, email=user.email, organization_id=organization.id, role=OrgRole.OWNER, platform_role=PlatformRole.USER
    )
    audit.record(session, actor, "USER_SIGN_UP", entity="user", entity_id=user.id, new={"organization": organization.name})
    session.flush()
    email_confirmation.welcome(session, user)
    return user


def _join(session: Session, user: User, form: SignUp) -> User:
    """The address is known: as an invited person's, who signs up like everybody else, or as an account."""
    if user.status == UserStatus.INVITED:
        user = memberships.lock_person(session, user.id)  # the same form may have been sent twice
    if user.status != UserStatus.INVITED:
        return _repeated(user, form)
    return _settle_in(session, take_up(session, user, form), form)


@open_to(SYSTEM)
def take_up(session: Session, user: User, form: SignUp) -> User:
    """An invited person gets the account they were kept the place for. Raises Invalid when somebody was faster."""
    user = memberships.lock_person(session, user.id)
    if user.status != UserStatus.INVITED:
        raise Invalid.fields({"email": TAKEN})
    now = clock.now()
    user.name, user.password_hash, user.status = form.name, passwords.hashed(form.password), UserStatus.ACTIVE
    user.created_at = user.updated_at = now
    return user


def _repeated(user: User, form: SignUp) -> User:
    """A form sent twice signs in once more; anyone else is told that the address is taken."""
    is_fresh = user.created_at > clock.now() - REPEATED
    if is_fresh and user.status == UserStatus.ACTIVE and passwords.matches(form.password, user.password_hash):
        return user
    raise Invalid.fields({"email": TAKEN})


@open_to(PUBLIC)
def log_in(session: Session, email: str, password: str) -> User:
    """The person with this e-mail and password. Raises Invalid with one sentence for every reason, after the same time."""
    try:
        user = _by_email(session, normal_email(email))
    except Invalid:
        user = None
    may_enter = user is not None and user.status == UserStatus.ACTIVE
    proved = user.password_hash if user and may_enter else None
    if not passwords.matches(password, proved) or user is None:
        raise Invalid(WRONG)
    if memberships.lock_person(session, user.id).password_hash != proved or user.status != UserStatus.ACTIVE:
        raise Invalid(WRONG)  # replaced while we measured: whoever knew the old one stays out
    user.last_login_at = clock.now()
    return user


@allows(SIGNED_IN)
def profile(session: Session, actor: Actor) -> Profile:
    """The person's own account."""
    user = _own(session, actor)
    return _profile(user)


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
    return _profile(user)


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
    proved, fresh = user.password_hash, passwords.hashed(new)
    if memberships.lock_person(session, user.id).password_hash != proved:
        raise Invalid.fields({"old": "This is not your current password."})
    user.password_hash, user.updated_at = fresh, clock.now()
    user.password_reset_token_hash, user.password_reset_expires = None, None
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
def administrator(session: Session, email: str) -> Actor:
    """The operator with this e-mail, for the command line. Raises NotFound when there is no active one."""
    user = _by_email(session, email.strip().lower())
    if user is None or user.role != PlatformRole.ADMIN or user.status != UserStatus.ACTIVE:
        raise NotFound(f"No active administrator has the e-mail {email.strip()}. `kametrix make-admin EMAIL` makes one.")
    return actor_of(
        user_id=user.id, email=user.email, organization_id=user.current_org_id or "", role=OrgRole.VIEWER, platform_role=user.role
    )


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
    """With what a profile shows; hashes and secrets, which pages may not read, are loaded when they are asked for."""
    shown: tuple[Any, ...] = (User.name, User.email, User.email_verified, User.email_notifications)
    return session.exec(select(User).options(load_only(*shown)).where(User.id == actor.user_id)).one()


def _profile(user: User) -> Profile:
    return Profile(user.name or "", user.email, is_verified=user.email_verified, wants_mail=user.email_notifications)


def _name_errors(name: str, field: str, what: str) -> dict[str, str]:
    if not name:
        return {field: f"Enter {what}."}
    return {field: f"Use at most {LONGEST_NAME} characters."} if len(name) > LONGEST_NAME else {}


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())
