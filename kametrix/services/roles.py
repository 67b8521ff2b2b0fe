"""The roles of an organization in words."""

from dataclasses import dataclass
from typing import Final

from kametrix.models import OrgRole


@dataclass(frozen=True)
class RoleWords:
    """`name` as a badge shows it, `one` within a sentence ('an owner'), `about`: what somebody in this role does."""

    name: str
    one: str
    about: str


ROLES: Final = {
    OrgRole.OWNER: RoleWords("Owner", "an owner", "Everything, with billing and the organization itself."),
    OrgRole.ADMIN: RoleWords("Admin", "an admin", "Runs everything but billing: team, settings, numbers, agents and calls."),
    OrgRole.MANAGER: RoleWords("Manager", "a manager", "Looks after agents, calls and leads. Sees what it costs."),
    OrgRole.AGENT: RoleWords(
        "Agent", "an agent", "A colleague who follows up: sees only calls and leads of their own or assigned to them."
    ),
    OrgRole.VIEWER: RoleWords("Viewer", "a viewer", "Sees everything and changes nothing."),
}
"""Every role, the mightiest first."""
