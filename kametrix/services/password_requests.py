"""Forgotten passwords: anybody may ask for a link; what is answered, and how long it takes, is the same for every address.

The request is only noted (`ask`); whether the address has an account is found out by a job (`answer`).
"""

from typing import Final

from sqlmodel import Session, col, select

from kametrix.crypto import token_hash
from kametrix.models import MailKind, OrgRole, User, UserStatus
from kametrix.services import accounts, audit, mail, password_resets, queue, rate_limits
from kametrix.services.access import PUBLIC, SYSTEM, actor_of, open_to
from kametrix.services.browser import Browser

ANSWER: Final = "If there is an account with this address, a link is on its way. It works for one hour. Look among the spam as well."


@open_to(PUBLIC)
def count(session: Session, email: str, browser: Browser) -> None:
    """Count a request, in a transaction before it is made. Raises TooMany, for an address without an account alike."""
    rate_limits.take(
        session, (rate_limits.FORGOTTEN_ACCOUNT, accounts.normal_email(email)), (rate_limits.FORGOTTEN_NETWORK, browser.network)
    )


@open_to(PUBLIC)
def ask(session: Session, email: str, browser: Browser) -> None:
    """Note that somebody forgot the password of this account. Raises Invalid when it is no address."""
    address = accounts.normal_email(email)
    queue.enqueue(
        session, "ask_password_reset", once=f"ask_password_reset:{address}", email=address, address=browser.address,
        user_agent=browser.user_agent,
    )  # fmt: skip


@open_to(SYSTEM)
def answer(session: Session, email: str, address: str, user_agent: str) -> None:
    """Send the link to whoever has an account with this address and may log in; to nobody else."""
    query = select(User).where(User.email == email, User.status == UserStatus.ACTIVE, col(User.deleted_at).is_(None))
    user = session.exec(query.with_for_update()).one_or_none()
    if user is None:
        return
    token = password_resets.issue(session, user)
    mail.post(
        session, MailKind.PASSWORD_RESET, to=user.email, language=user.language, key=f"reset:{token_hash(token)[:32]}", facts={},
        secret=token, user_id=user.id,
    )  # fmt: skip
    actor = actor_of(
        user_id=user.id, email=user.email, organization_id=user.current_org_id or "", role=OrgRole.VIEWER, platform_role=user.role,
        ip_address=address, user_agent=user_agent,
    )  # fmt: skip
    audit.record(session, actor, "USER_PASSWORD_FORGOTTEN", entity="user", entity_id=user.id, organization_id=user.current_org_id)
