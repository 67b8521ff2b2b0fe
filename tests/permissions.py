"""What is guarded by what: every service, route and event handler with the permission it declares, and who that lets through.

`python -m tests.permissions` writes docs/permissions.md from it; tests/test_permissions_document.py says when it is out of date,
tests/services/test_permissions.py, tests/api/test_permissions.py and tests/state/test_permissions.py try every line.
"""

import inspect
import pkgutil
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_type_hints

from reflex_base.registry import RegistrationContext
from starlette.routing import Route

import kametrix.kametrix  # registers every page and state
import kametrix.services
from kametrix.api.access import SIGNED
from kametrix.api.app import ROUTES
from kametrix.models import OrgRole
from kametrix.services.access import MATRIX, ORGANIZATION_PERMISSIONS, PLATFORM, PUBLIC, SIGNED_IN, SYSTEM, Ability
from kametrix.services.roles import ROLES

Service = Callable[..., Any]
DOCUMENT = Path(__file__).parent.parent / "docs" / "permissions.md"
PEOPLE = ("anonymous", "stranger", *(ROLES[role].name for role in OrgRole), "platform admin")
HEAD = """# Who may do what

Written by `make docs`; do not edit. A test fails when it is out of date.

Roles and abilities are data: `MATRIX` in `kametrix/services/access.py` is the only truth ([decision 11](decisions/0011-roles.md)). It is
enforced in the services, in the HTTP routes and by the guard of events, shown on the team page, and tried from outside, generated over
everything listed here: `tests/services/test_permissions.py`, `tests/api/test_permissions.py`, `tests/state/test_permissions.py`.

**stranger**: a member of another organization, whatever the role: what is asked with ids of this organization is answered like
something that does not exist. **platform admin**: runs the platform, and belongs to no role here. **own**: only what is theirs or
assigned to them.
"""


def services() -> Iterator[Service]:
    """Every service, those of jobs included."""
    for name in (module.name for module in pkgutil.walk_packages(kametrix.services.__path__, "kametrix.services.") if not module.ispkg):
        for _, function in inspect.getmembers(import_module(name), inspect.isfunction):
            if function.__module__ == name and hasattr(function, "access"):
                yield function


ALL_SERVICES = {f"{service.__module__.removeprefix('kametrix.services.')}.{service.__name__}": service for service in services()}
SERVICES = {name: service for name, service in ALL_SERVICES.items() if getattr(service, "access") not in (SYSTEM, PUBLIC)}
"""Services that take an actor."""


def routes() -> dict[tuple[str, str], str]:
    """(method, path) of every HTTP route that is not a page, with what it needs."""
    return {
        (method, route.path): str(getattr(route.endpoint, "access"))
        for route in ROUTES
        if isinstance(route, Route)
        for method in sorted((route.methods or set()) - {"HEAD"})
    }


def handlers() -> dict[str, tuple[str, str]]:
    """Every event handler of the product by its full name: how people call it ('TeamState.load') and what it needs."""
    found: dict[str, tuple[str, str]] = {}
    for name, registered in RegistrationContext.get().event_handlers.items():
        handler = registered.handler.fn
        if handler.__module__.startswith("kametrix."):
            found[name] = (handler.__qualname__, str(getattr(handler, "access", "nothing declared")))
    return found


def arguments(name: str, value: str) -> dict[str, Any]:
    """What the handler of this name takes, with `value` wherever a text may stand."""
    handler = RegistrationContext.get().event_handlers[name].handler.fn
    form = {"role": "VIEWER", "email": value, "q": value}
    by_type: dict[Any, Any] = {dict[str, Any]: form, list[str]: [value], bool: True, int: 1}
    hints = get_type_hints(handler)
    return {one: by_type.get(hints[one], value) for one in list(inspect.signature(handler).parameters)[1:]}


def passes(need: str) -> dict[str, str]:
    """Whom `need` lets through: 'yes', 'own' or ''."""
    if need in (SYSTEM, SIGNED):
        return dict.fromkeys(PEOPLE, "")
    if need in (PUBLIC, SIGNED_IN):
        return dict.fromkeys(PEOPLE, "yes") | ({"anonymous": ""} if need == SIGNED_IN else {})
    own = next((line.own for line in MATRIX if line.permission == need), ())
    roles = {ROLES[role].name: "own" if role in own else "yes" for role in OrgRole if need in ORGANIZATION_PERMISSIONS[role]}
    return dict.fromkeys(PEOPLE, "") | roles | ({"platform admin": "yes"} if need == PLATFORM else {})


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _table(first: str, rows: dict[str, str]) -> str:
    """`rows`: what it is, and what it needs."""
    head = _line(first, "needs", *PEOPLE) + _line(*["---"] * (2 + len(PEOPLE)))
    return head + "".join(_line(f"`{name}`", need, *passes(need).values()) for name, need in rows.items())


def _ability(line: Ability) -> str:
    cells = ["own" if role in line.own else "yes" if role in line.roles else "" for role in OrgRole]
    return _line(line.title, f"`{line.permission}`", *cells)


def _reserved(needs: list[str]) -> str:
    """What the matrix promises and nothing asks for yet."""
    waiting = [f"`{line.permission}`" for line in MATRIX if line.permission not in needs]
    return f"\nNothing asks for {', '.join(waiting)} yet: the role has it, the part it opens is still to come.\n" if waiting else ""


def document() -> str:
    """The text of docs/permissions.md."""
    matrix = _line("", "permission", *(ROLES[role].name for role in OrgRole)) + _line(*["---"] * (2 + len(OrgRole)))
    by_name = {name: str(getattr(service, "access")) for name, service in sorted(ALL_SERVICES.items())}
    events = dict(sorted(handlers().values()))
    posts = {f"{method} {path}": need for (method, path), need in routes().items()}
    return "\n".join(
        (
            HEAD,
            "## Roles\n" + matrix + "".join(map(_ability, MATRIX)) + _reserved([*by_name.values(), *events.values(), *posts.values()]),
            "## HTTP routes\n`signed`: a provider, proved by each message.\n\n" + _table("route", posts),
            "## Event handlers\n" + _table("handler", events),
            "## Services\n`system`: jobs, verified webhooks and the command line; no person's request.\n\n" + _table("service", by_name),
        )
    )


if __name__ == "__main__":
    DOCUMENT.write_text(document())
