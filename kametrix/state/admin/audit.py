"""The audit trail in words: the operator's of everybody, and an organization's own, drawn by the same parts."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import reflex as rx

from kametrix import clock, db
from kametrix.services import audit_trail, audit_words
from kametrix.services.access import PLATFORM
from kametrix.services.admin import audit_log
from kametrix.services.audit_rows import AuditRow, Wanted, days
from kametrix.services.audit_words import Change
from kametrix.services.keyset import Page
from kametrix.services.wording import moment
from kametrix.services.zones import zone_of
from kametrix.state.addresses import address, neighbours, place, said
from kametrix.state.admin.base import AdminState
from kametrix.state.guard import AuthState, allow

FILTERS = ("action", "actor", "entity", "from", "to", "person", "organization")


@dataclass(frozen=True)
class ActLine:
    """One act; opened it shows `changes`, and `facts`: who, from where, on what."""

    id: str
    at: str
    sentence: str
    title: str
    organization: str
    facts: str
    changes: list[Change]


def act_line(row: AuditRow, now: datetime) -> ActLine:
    """An act in words, in the zone of `now`."""
    exact = f"{row.at.astimezone(now.tzinfo):%Y-%m-%d %H:%M:%S}"
    thing = f"{audit_words.entity_title(row.entity)} {row.entity_id}".strip()
    facts = " · ".join(filter(None, (exact, row.who, row.place, thing)))
    return ActLine(row.id, moment(row.at.astimezone(now.tzinfo), now), row.sentence, row.title, row.organization, facts, list(row.changes))


class AuditState(AdminState):
    """One page of the platform's log; the filters stand in the address, `csv` and `json` export what they leave."""

    lines: rx.Field[list[ActLine]] = rx.field(default_factory=list)
    asked_for: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: dict.fromkeys(FILTERS, ""))
    key: str = ""
    newer: str = ""
    older: str = ""
    csv: str = ""
    json: str = ""

    @rx.event
    @allow(PLATFORM)
    async def load(self) -> None:
        """Show what the address asks for."""
        self._settle()
        query, now = said(self, *FILTERS), await self._now()
        since, until = days(query["from"], query["to"], await db.run(zone_of, self.actor))
        texts = {name: query[name] for name in FILTERS if name not in ("from", "to")}
        found = await self._ask(audit_log.page, Wanted(**texts, since=since, until=until), place(self))
        self.asked_for, self.key = query, address("", **query)
        self.lines = [act_line(row, now) for row in found.rows]
        self.newer, self.older = neighbours("/admin/audit", query, found)
        self.csv, self.json = (address("/api/admin/audit", **query, format=kind) for kind in ("csv", "json"))

    @rx.event
    @allow(PLATFORM)
    def narrow(self, form: dict[str, Any]) -> Any:
        """Go to the address of what was chosen; whose trail it is stays."""
        kept = said(self, "person", "organization")
        chosen = {name: str(form.get(name, ""))[:200].strip() for name in FILTERS if name not in kept}
        return rx.redirect(address("/admin/audit", **kept, **chosen))

    @rx.event
    @allow(PLATFORM)
    def export(self, kind: str) -> Any:
        """Have the browser fetch the file: a link would be taken for a page."""
        target = self.csv if kind == "csv" else self.json
        return rx.call_script(f"window.location.assign({target!r})")


class ActivityState(AuthState):
    """One page of the organization's own trail."""

    lines: rx.Field[list[ActLine]] = rx.field(default_factory=list)
    asked_for: rx.Field[dict[str, str]] = rx.field(default_factory=lambda: dict.fromkeys(FILTERS, ""))
    key: str = ""
    newer: str = ""
    older: str = ""

    @rx.event
    @allow("audit:read")
    async def load(self) -> None:
        """Show what the address asks for."""
        query = said(self, "action", "actor", "from", "to")
        zone = await db.run(zone_of, self.actor)
        since, until = days(query["from"], query["to"], zone)
        wanted = Wanted(action=query["action"], actor=query["actor"], since=since, until=until)
        found: Page[AuditRow] = await db.run(audit_trail.page, self.actor, wanted, place(self))
        now = clock.now().astimezone(zone)
        self.asked_for, self.key = {**dict.fromkeys(FILTERS, ""), **query}, address("", **query)
        self.lines = [replace(act_line(row, now), organization="") for row in found.rows]
        self.newer, self.older = neighbours("/settings/activity", query, found)

    @rx.event
    @allow("audit:read")
    def narrow(self, form: dict[str, Any]) -> Any:
        """Go to the address of what was chosen."""
        chosen = {name: str(form.get(name, ""))[:200].strip() for name in ("action", "actor", "from", "to")}
        return rx.redirect(address("/settings/activity", **chosen))
