"""Who may do what. Roles and permissions are data; `@allows` declares on each service who may call it and checks it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar

from sqlmodel import Session, SQLModel, select
from sqlmodel.sql.expression import SelectOfScalar

from kametrix.errors import Forbidden, NotFound
from kametrix.models import OrgRole, PlatformRole

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T", bound=SQLModel)

PUBLIC: Final = "public"
"""Anyone, signed in or not."""
SIGNED_IN: Final = "signed-in"
"""Every member of the organization, whatever the role."""
SYSTEM: Final = "system"
"""Jobs, verified webhooks and the command line; never a person's request."""
NOT_ALLOWED: Final = "Your role does not allow this. Ask an owner of the organization."

READ = frozenset({"agents:read", "calls:read", "credits:read", "organization:read"})
WRITE_AGENTS = frozenset({"agents:write"})
ORGANIZATION_PERMISSIONS: dict[OrgRole, frozenset[str]] = {
    OrgRole.OWNER: READ | WRITE_AGENTS | {"organization:write", "credits:buy"},
    OrgRole.ADMIN: READ | WRITE_AGENTS | {"organization:write", "credits:buy"},
    OrgRole.MANAGER: READ | WRITE_AGENTS,
    OrgRole.AGENT: READ,
    OrgRole.VIEWER: READ,
}
PLATFORM_PERMISSIONS: dict[PlatformRole, frozenset[str]] = {PlatformRole.ADMIN: frozenset({"platform:admin"})}
PERMISSIONS: frozenset[str] = frozenset().union(*ORGANIZATION_PERMISSIONS.values(), *PLATFORM_PERMISSIONS.values())


@dataclass(frozen=True)
class Actor:
    """Who acts, in which organization, and what that allows. Made from a session, never from what a request says."""

    user_id: str
    email: str
    organization_id: str
    role: OrgRole
    permissions: frozenset[str]

    def may(self, need: str) -> bool:
        """Whether this person holds `need`: a permission, or one of PUBLIC and SIGNED_IN."""
        return need in (PUBLIC, SIGNED_IN) or need in self.permissions


def actor_of(*, user_id: str, email: str, organization_id: str, role: OrgRole, platform_role: PlatformRole) -> Actor:
    """The actor a membership makes."""
    permissions = ORGANIZATION_PERMISSIONS[role] | PLATFORM_PERMISSIONS.get(platform_role, frozenset())
    return Actor(user_id=user_id, email=email, organization_id=organization_id, role=role, permissions=permissions)


def allows(need: str) -> Callable[[Callable[Concatenate[Session, Actor, P], R]], Callable[Concatenate[Session, Actor, P], R]]:
    """Declare a service for people holding `need`. Raises Forbidden for anyone else."""
    if need not in PERMISSIONS | {SIGNED_IN}:
        raise ValueError(f"unknown permission {need}")

    def declare(service: Callable[Concatenate[Session, Actor, P], R]) -> Callable[Concatenate[Session, Actor, P], R]:
        @wraps(service)
        def checked(session: Session, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            if not actor.may(need):
                raise Forbidden(NOT_ALLOWED)
            return service(session, actor, *args, **kwargs)

        setattr(checked, "access", need)
        return checked

    return declare


def open_to(who: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declare a service without an actor: PUBLIC (sign-up, log-in) or SYSTEM (jobs, verified webhooks, command line)."""
    if who not in (PUBLIC, SYSTEM):
        raise ValueError(f"{who} needs an actor")

    def declare(service: Callable[P, R]) -> Callable[P, R]:
        setattr(service, "access", who)
        return service

    return declare


def scoped(actor: Actor, model: type[T]) -> SelectOfScalar[T]:
    """A query on `model` within the actor's organization: the only way a tenant table is read for a person."""
    return select(model).where(getattr(model, "organization_id") == actor.organization_id)


def one(session: Session, actor: Actor, model: type[T], row_id: str, *, lock: bool = False) -> T:
    """The row with this id in the actor's organization. Raises NotFound, also for another organization's row."""
    query = scoped(actor, model).where(getattr(model, "id") == row_id)
    row = session.exec(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound("This does not exist, or it belongs to another organization.")
    return row
