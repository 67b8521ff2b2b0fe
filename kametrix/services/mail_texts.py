"""What e-mails say: subject, HTML and plain text of every kind, in English and German, in one layout.

The words are templates of plain text in `mail_templates/<language>.toml`; the layout escapes them. A fact a template needs and
nobody gave is an error, never an empty place. Links are made here and nowhere else; some carry a token, so a rendered message
is neither stored nor logged.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from kametrix.models import MailKind
from kametrix.services.mail_words import filters
from kametrix.settings import settings

FOLDER: Final = Path(__file__).parent / "mail_templates"
NON_ESSENTIAL: Final = frozenset({MailKind.LOW_BALANCE, MailKind.STATEMENT})
"""What a person may do without: it carries a way to unsubscribe."""
PATHS: Final = {
    MailKind.WELCOME: "/confirm?token={secret}",
    MailKind.RECEIPT: "/credits",
    MailKind.LOW_BALANCE: "/credits",
    MailKind.RECHARGE_FAILED: "/credits/billing",
    MailKind.PAYMENT_FAILED: "/credits",
    MailKind.DISPUTE_OPENED: "/credits",
    MailKind.STATEMENT: "/credits/statements/{month}",
    MailKind.PASSWORD_RESET: "/reset?token={secret}",
    MailKind.INVITATION: "/invite?token={secret}",
}
"""Where the button leads; `secret` is the token, `month` the fact of that name."""
WITH_SECRET: Final = frozenset(kind for kind, path in PATHS.items() if "{secret}" in path)
DEFAULTS: Final[dict[str, Any]] = {"again": False, "currency": "usd"}
"""Facts that may be left out."""


@dataclass(frozen=True)
class Letter:
    """The words of one message; `rows` and `seal` are names with values."""

    subject: str
    title: str
    paragraphs: list[str]
    rows: list[tuple[str, str]]
    after: list[str]
    seal: list[tuple[str, str]]
    button: str
    reason: str


@dataclass(frozen=True)
class Rendered:
    """A message ready to be sent."""

    subject: str
    html: str
    text: str


def link_for(kind: MailKind, facts: Mapping[str, Any], secret: str = "") -> str:
    """The address behind the button."""
    month = quote(str(facts.get("month", "")), safe="-")
    return home() + PATHS[kind].format(secret=quote(secret, safe=""), month=month)


def home() -> str:
    """The product's own address."""
    return settings().public_url.rstrip("/")


def render(
    kind: MailKind,
    language: str,
    facts: Mapping[str, Any],
    link: str,
    *,
    unsubscribe: str = "",
    place: str = "",
    zone: ZoneInfo | None = None,
) -> Rendered:
    """The message. `place` names the organization it is about, days are told in `zone`. Raises UndefinedError for a fact left out."""
    spoken = "de" if language.lower().startswith("de") else "en"
    letter = _letter(kind, spoken, {**DEFAULTS, "place": place, **facts}, zone or ZoneInfo("UTC"))
    values = {
        "letter": letter, "words": _catalogue(spoken)["common"], "link": link, "unsubscribe": unsubscribe, "home": home(),
        "operator": _operator(),
    }  # fmt: skip
    html = _layouts().get_template("base.html").render(values)
    text = _layouts().get_template("base.txt").render(values)
    return Rendered(letter.subject, html, text)


def _letter(kind: MailKind, language: str, facts: Mapping[str, Any], zone: ZoneInfo) -> Letter:
    environment = _environment()
    environment.filters.update(filters(language, zone))
    words = _catalogue(language)[kind.value]

    def said(template: str) -> str:
        return " ".join(environment.from_string(template).render(facts).split())

    def said_all(name: str) -> list[str]:
        return [line for line in map(said, words.get(name, [])) if line]

    def table(name: str) -> list[tuple[str, str]]:
        return [(label, value) for label, value in ((label, said(cell)) for label, cell in words.get(name, [])) if value]

    return Letter(
        said(words["subject"]), said(words["title"]), said_all("paragraphs"), table("rows"), said_all("after"), table("seal"),
        said(words["button"]), said(words["reason"]),
    )  # fmt: skip


def _operator() -> list[str]:
    """Name and address of who runs this installation, as far as they are known."""
    known = settings()
    return [line.strip() for line in (known.operator_name, *known.operator_address.split(";")) if line.strip()]


def _environment() -> Environment:
    """Layouts in HTML escape what they are given; words and plain text do not, they are no HTML."""
    return Environment(
        loader=FileSystemLoader(FOLDER), autoescape=select_autoescape(("html",), default=False, default_for_string=False),
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip


@cache
def _layouts() -> Environment:
    return _environment()


@cache
def _catalogue(language: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
