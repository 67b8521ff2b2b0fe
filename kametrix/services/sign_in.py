"""Whatever takes a password: logging in, signing up, changing it; with attempts limited."""

from sqlmodel import Session

from kametrix.errors import Invalid
from kametrix.models import OrgRole, PlatformRole
from kametrix.services import accounts, audit, invitations, organizations, rate_limits, sessions
from kametrix.services.access import PLATFORM, PUBLIC, SIGNED_IN, Actor, actor_of, allows, open_to
from kametrix.services.browser import Browser
from kametrix.services.rate_limits import LOGIN_ACCOUNT, LOGIN_ADDRESS, OLD_PASSWORD, SIGN_UP


@open_to(PUBLIC)
def count_log_in(session: Session, email: str, browser: Browser) -> None:
    """Count an attempt, in a transaction before it is made. Raises TooMany while the account or the address is locked."""
    rate_limits.take(session, (LOGIN_ACCOUNT, _account(email)), (LOGIN_ADDRESS, browser.network))


@open_to(PUBLIC)
def count_sign_up(session: Session, browser: Browser) -> None:
    """Count an attempt, in a transaction before it is made. Raises TooMany when too many came from the address."""
    rate_limits.take(session, (SIGN_UP, browser.network))


@allows(SIGNED_IN)
def count_old_password(session: Session, actor: Actor) -> None:
    """Count an attempt to change a password, in a transaction before it is made. Raises TooMany."""
    rate_limits.take(session, (OLD_PASSWORD, actor.user_id))


@open_to(PUBLIC)
def by_password(session: Session, email: str, password: str, browser: Browser) -> str:
    """Returns the token of a new session in place of the browser's old one. Raises Invalid; the attempt stays counted then."""
    user = accounts.log_in(session, email, password)
    organizations.at_home(session, user)
    user.last_login_ip = browser.address[:64]
    rate_limits.forget(session, LOGIN_ACCOUNT, _account(email))
    rate_limits.give_back(session, LOGIN_ADDRESS, browser.network)
    if user.role == PlatformRole.ADMIN:
        _note(session, "ADMIN_LOGIN", user, browser)
    return _start(session, user, browser)


@open_to(PUBLIC)
def log_out(session: Session, browser: Browser) -> None:
    """End the browser's session; an unknown one is fine."""
    person = sessions.principal(session, browser.session)
    if person and person.actor.may(PLATFORM):
        audit.record(session, person.actor, "ADMIN_LOGOUT", entity="user", entity_id=person.actor.user_id, by_operator=True)
    sessions.end(session, browser.session)


@open_to(PUBLIC)
def by_sign_up(session: Session, form: accounts.SignUp, browser: Browser) -> str:
    """Returns the token of the new person's session. Raises Invalid."""
    return _start(session, accounts.sign_up(session, form), browser)


@open_to(PUBLIC)
def by_invitation(session: Session, token: str, form: accounts.SignUp, browser: Browser) -> tuple[str, str]:
    """Returns the token of the session of a person who joins with a new account, and the organization's id. Raises Invalid and Conflict."""
    user = invitations.accept_new(session, token, form)
    return _start(session, user, browser), user.current_org_id or ""


@allows(SIGNED_IN)
def change_password(session: Session, actor: Actor, session_id: str, old: str, new: str) -> int:
    """Like `accounts.change_password`; a right old password takes its attempt back."""
    ended = accounts.change_password(session, actor, session_id, old, new)
    rate_limits.forget(session, OLD_PASSWORD, actor.user_id)
    return ended


def _start(session: Session, user: accounts.User, browser: Browser) -> str:
    if browser.session:
        sessions.end(session, browser.session)
    return sessions.start(session, user, ip_address=browser.address, user_agent=browser.user_agent)


def _note(session: Session, action: str, user: accounts.User, browser: Browser) -> None:
    """In the audit trail of the platform, with where the person is."""
    actor = actor_of(
        user_id=user.id, email=user.email, organization_id=user.current_org_id or "", role=OrgRole.VIEWER, platform_role=user.role,
        ip_address=browser.address, user_agent=browser.user_agent,
    )  # fmt: skip
    audit.record(session, actor, action, entity="user", entity_id=user.id, by_operator=True)


def _account(email: str) -> str:
    """One spelling per account, so that attempts under other spellings count together."""
    try:
        return accounts.normal_email(email)
    except Invalid:
        return email.strip().lower()[:320]
