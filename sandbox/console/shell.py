"""How every page of the sandbox is rendered and protected."""

from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from starlette.responses import HTMLResponse, Response

from sandbox.console.words import FILTERS

HERE = Path(__file__).parent
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters.update(FILTERS)
    return made


def page(name: str, status: int = 200, leads_to: str = "", **values: Any) -> Response:
    """A template as a page. `leads_to` names origins to which its forms may redirect."""
    html = _environment().get_template(f"{name}.html").render(**values)
    policy = f"{POLICY} {leads_to}".strip()
    return HTMLResponse(html, status, headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"})
