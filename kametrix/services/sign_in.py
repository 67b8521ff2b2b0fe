"""Whatever takes a password: logging in, signing up, changing it; with attempts limited."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network

from sqlmodel import Session

from kametrix.errors import Invalid
from kametrix.services import accounts, rate_limits, sessions
from kametrix.services.access import PUBLIC, SIGNED_IN, Actor, allows, open_to
from kametrix.services.rate_limits import LOGIN_ACCOUNT, LOGIN_ADDRESS, OLD_PASSWORD, SIGN_UP


@dataclass(frozen=True)
class Browser:
    """Where a request comes from. `session` is the hash of the session cookie it carries, empty without one."""

    address: str
    user_agent: str
    session: str = ""

    @property
    def network(self) -> str:
        """What attempts are counted by: the address, in IPv6 its /64, of which every line has all addresses to itself (RFC 6177)."""
        try:
            address = ip_address(self.address)
        except ValueError:
            return self.address
        if not isinstance(address, IPv6Address):
            return str(address)
        return str(address.ipv4_mapped or ip_network((int(address), 64), strict=False))


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
    rate_limits.forget(session, LOGIN_ACCOUNT, _account(email))
    rate_limits.give_back(session, LOGIN_ADDRESS, browser.network)
    return _start(session, user, browser)


@open_to(PUBLIC)
def by_sign_up(session: Session, form: accounts.SignUp, browser: Browser) -> str:
    """Returns the token of the new person's session. Raises Invalid."""
    return _start(session, accounts.sign_up(session, form), browser)


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


def _account(email: str) -> str:
    """One spelling per account, so that attempts under other spellings count together."""
    try:
        return accounts.normal_email(email)
    except Invalid:
        return email.strip().lower()[:320]
