"""Login sessions: who is behind a cookie."""

from dataclasses import dataclass

from sqlmodel import Session

from kametrix.services.access import PUBLIC, Actor, open_to


@dataclass(frozen=True)
class Principal:
    """A signed-in person and the login session that proves it."""

    actor: Actor
    session_id: str
    name: str


@open_to(PUBLIC)
def principal(session: Session, hashed: str) -> Principal | None:
    """Who holds the session whose token hashes to `hashed`; none when it is unknown, expired, revoked, or its person may not sign in."""
    raise NotImplementedError
