"""Who may do what. Roles and permissions are data; `@allows` declares on each service who may call it and checks it."""

from collections.abc import Callable
from dataclasses import dataclass, field
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

OWNER, ADMIN, MANAGER, AGENT, VIEWER = OrgRole


@dataclass(frozen=True)
class Ability:
    """One line of the matrix of roles. `own`: the roles that hold it only for what is theirs or assigned to them."""

    title: str
    permission: str
    roles: tuple[OrgRole, ...]
    own: tuple[OrgRole, ...] = ()


MATRIX: Final = (
    Ability("See the dashboard", "dashboard:read", (OWNER, ADMIN, MANAGER, AGENT, VIEWER)),
    Ability("See calls, with words and recording", "calls:read", (OWNER, ADMIN, MANAGER, AGENT, VIEWER), own=(AGENT,)),
    Ability("Follow up calls", "calls:write", (OWNER, ADMIN, MANAGER, AGENT), own=(AGENT,)),
    Ability("See agents", "agents:read", (OWNER, ADMIN, MANAGER, AGENT, VIEWER)),
    Ability("Create and change agents", "agents:write", (OWNER, ADMIN, MANAGER)),
    Ability("See leads", "leads:read", (OWNER, ADMIN, MANAGER, AGENT, VIEWER), own=(AGENT,)),
    Ability("Manage leads", "leads:write", (OWNER, ADMIN, MANAGER, AGENT), own=(AGENT,)),
    Ability("See the team and the settings", "organization:read", (OWNER, ADMIN, MANAGER, AGENT, VIEWER)),
    Ability("Invite people, change roles, remove members", "team:write", (OWNER, ADMIN)),
    Ability("Change the organization's settings", "organization:write", (OWNER, ADMIN)),
    Ability("See credits and charges", "credits:read", (OWNER, ADMIN, MANAGER, VIEWER)),
    Ability("Buy credits, refunds, billing", "billing:write", (OWNER,)),
    Ability("See who did what", "audit:read", (OWNER, ADMIN)),
    Ability("Export calls", "data:export", (OWNER, ADMIN)),
    Ability("Hand over the organization", "organization:own", (OWNER,)),
)
"""What a role may do in an organization: the whole truth, shown on the team page and enforced here (decision 11)."""
ORGANIZATION_PERMISSIONS: Final = {role: frozenset(line.permission for line in MATRIX if role in line.roles) for role in OrgRole}
READ: Final = frozenset(line.permission for line in MATRIX if line.permission.endswith(":read"))
_OWN: Final = {line.permission: frozenset(line.own) for line in MATRIX}
PLATFORM: Final = "platform:admin"
"""Everything on the platform, across organizations: the operator's console."""
PLATFORM_PERMISSIONS: dict[PlatformRole, frozenset[str]] = {PlatformRole.ADMIN: frozenset({PLATFORM})}
PERMISSIONS: frozenset[str] = frozenset().union(*ORGANIZATION_PERMISSIONS.values(), *PLATFORM_PERMISSIONS.values())


@dataclass(frozen=True)
class Actor:
    """Who acts, in which organization, and what that allows. Made from a session, never from what a request says.

    `ip_address` and `user_agent` are those of the log-in, for the audit trail.
    """

    user_id: str
    email: str
    organization_id: str
    role: OrgRole
    permissions: frozenset[str]
    ip_address: str = field(default="", compare=False)
    user_agent: str = field(default="", compare=False)

    def may(self, need: str) -> bool:
        """Whether this person holds `need`: a permission, or one of PUBLIC and SIGNED_IN."""
        return need in (PUBLIC, SIGNED_IN) or need in self.permissions

    def only_own(self, need: str) -> bool:
        """Whether `need` is held only for what is theirs or assigned to them."""
        return self.role in _OWN.get(need, ())

    @property
    def sees(self) -> str:
        """Whose eyes a page is read with: empty for all who see the same, else the person who sees only their own."""
        return self.user_id if any(self.only_own(need) for need in _OWN) else ""


def actor_of(
    *,
    user_id: str,
    email: str,
    organization_id: str,
    role: OrgRole,
    platform_role: PlatformRole,
    ip_address: str = "",
    user_agent: str = "",
) -> Actor:
    """The actor a membership makes."""
    permissions = ORGANIZATION_PERMISSIONS[role] | PLATFORM_PERMISSIONS.get(platform_role, frozenset())
    return Actor(user_id, email, organization_id, role, permissions, ip_address, user_agent)


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
