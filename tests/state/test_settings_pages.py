"""The pages of settings: errors at their places, nothing typed is lost, every change is followed to the agents, rights."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

import kametrix.kametrix  # noqa: F401  # registers every page and state
from kametrix import clock, db
from kametrix.errors import Busy
from kametrix.models import Agent, Organization, OrgRole, SyncState
from kametrix.services import agents, branding, organization_settings
from kametrix.services.access import Actor
from kametrix.state.frame import FrameState
from kametrix.state.settings_agents import AgentDefaultsState
from kametrix.state.settings_branding import BrandingState
from kametrix.state.settings_hours import HoursState, asked, used
from kametrix.state.settings_organization import OrganizationSettingsState
from kametrix.state.settings_pushes import PushesState, saved
from tests.forms import agent_form
from tests.hours import WEEKDAYS
from tests.services.test_branding import picture
from tests.state.people import member
from tests.state.processor import Server, Tab, serve

FRIDAY = datetime(2026, 11, 20, 10, tzinfo=UTC)


def organization_of(actor: Actor) -> Organization:
    with db.transaction() as session:
        return session.get_one(Organization, actor.organization_id)


def add_agent(actor: Actor, **fields: Any) -> str:
    with db.transaction(actor) as session:
        return agents.create(session, actor, agent_form(**fields)).id


def states(actor: Actor) -> list[SyncState]:
    with db.transaction() as session:
        return list(session.exec(select(Agent.sync_state).where(col(Agent.organization_id) == actor.organization_id)))


async def opened(server: Server, cookie: str, state: Any) -> tuple[Tab, Any]:
    tab = server.tab("t", cookie, path="/settings/hours")
    await tab.send(state.load)
    return tab, await tab.state(state)


def test_the_organization_is_saved_and_the_frame_and_the_pushes_know_at_once(database: str) -> None:
    actor, cookie = member(timezone="America/Los_Angeles")
    add_agent(actor)

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, OrganizationSettingsState)
        assert state.start == {"name": "Brightside Dental", "timezone": "America/Los_Angeles", "language": "en"}
        told = await tab.send(OrganizationSettingsState.save, form={"name": "Studio Nord", "timezone": "Europe/Berlin", "language": "de"})
        assert "Saved. 1 agent is being updated." in told
        assert (await tab.state(FrameState)).organization == "Studio Nord"
        assert (await tab.state(PushesState)).updating == "Mia is being updated. Callers hear it in a moment."
        assert (await tab.state(OrganizationSettingsState)).language_name == "Deutsch"

    serve(scenario)
    assert organization_of(actor).timezone == "Europe/Berlin"


def test_a_wrong_organization_is_told_at_the_field_and_stays_as_typed(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, OrganizationSettingsState)
        await tab.send(OrganizationSettingsState.save, form={"name": " ", "timezone": "Asia/Tokyo"})
        await tab.send(OrganizationSettingsState.load)
        state = await tab.state(OrganizationSettingsState)
        assert state.errors.keys() == {"name", "language"}
        assert (state.start["timezone"], state.zone, state.is_saving) == ("Asia/Tokyo", "Asia/Tokyo", False)

    serve(scenario)
    assert organization_of(actor).timezone == "UTC"


def test_the_time_there_follows_the_chosen_zone(database: str) -> None:
    _, cookie = member()

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, OrganizationSettingsState)
        with clock.at(FRIDAY):
            await tab.send(OrganizationSettingsState.keep, name="timezone", value="Asia/Tokyo")
            await tab.send(OrganizationSettingsState.keep, name="timezone", value="Mars/Olympus")
            await tab.send(OrganizationSettingsState.keep, name="name", value="Half a")
        assert (await tab.state(OrganizationSettingsState)).start["name"] == "Half a", "a page loaded again draws it at once"
        assert (await tab.state(OrganizationSettingsState)).there == "It is Friday, 20 Nov, 19:00 there now."

    serve(scenario)


def test_a_busy_server_keeps_what_was_typed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    _, cookie = member()

    def busy(*_: object, **__: object) -> None:
        raise Busy("The server is very busy.")

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, OrganizationSettingsState)
        monkeypatch.setattr(organization_settings, "save_profile", busy)
        await tab.send(OrganizationSettingsState.save, form={"name": "New", "timezone": "UTC", "language": "en"})
        state = await tab.state(OrganizationSettingsState)
        assert "What you typed is still here" in state.problem
        assert (state._typed["name"], state.is_saving) == ("New", False)

    serve(scenario)


def test_calls_are_switched_off_after_a_question_and_on_without(database: str) -> None:
    actor, cookie = member()
    add_agent(actor)

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, OrganizationSettingsState)
        await tab.send(OrganizationSettingsState.turn_question, is_open=True)
        await tab.send(OrganizationSettingsState.stop, _form={})
        state = await tab.state(OrganizationSettingsState)
        assert (state.is_answering, state.is_asking, (await tab.state(FrameState)).is_answering) == (False, False, False)
        assert not organization_of(actor).ai_enabled
        await tab.send(OrganizationSettingsState.resume)
        assert organization_of(actor).ai_enabled

    serve(scenario)


def test_hours_are_told_with_their_picture_and_saved(database: str) -> None:
    actor, cookie = member()
    add_agent(actor, hours="", greeting="Good day.")

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, HoursState)
        assert (state.has_hours, state.used) == (False, "Mia goes by them.")
        with clock.at(FRIDAY):
            await tab.send(HoursState.begin)
            await tab.send(HoursState.keep_greeting, value="{agentName} is asleep.")
            state = await tab.state(HoursState)
            assert state.told == "Open until 5:00 pm."
            assert state.heard.endswith("Good day.")
            assert [row.parts[0].left for row in state.picture[:5]] == ["37.50%"] * 5
            assert state.picture[5].words == "closed"
            await tab.send(HoursState.ask_about, moment="2026-11-21T10:00")
            state = await tab.state(HoursState)
            assert (state.told, state.heard.endswith("recorded. Mia is asleep.")) == ("Closed. Opens Monday at 9:00 am.", True)
            assert "Saved. 1 agent is being updated." in await tab.send(HoursState.save, _form={})

    serve(scenario)
    assert (organization_of(actor).business_hours or {})["week"]["mon"] == [["09:00", "17:00"]]
    assert organization_of(actor).after_hours_greeting == "{agentName} is asleep."


def test_times_are_changed_added_copied_and_removed(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, HoursState)
        await tab.send(HoursState.begin)
        monday = (await tab.state(HoursState)).week[0].ranges[0]
        await tab.send(HoursState.set_time, key=monday.key, edge="end", value="12:00")
        await tab.send(HoursState.set_time, key=monday.key, edge="error", value="forged")
        for _ in range(6):
            await tab.send(HoursState.add_range, place="mon")
        ranges = (await tab.state(HoursState)).week[0].ranges
        assert [(one.start, one.end, one.error) for one in ranges][:2] == [("09:00", "12:00", ""), ("12:00", "", "")]
        assert len(ranges) == 4
        for one in ranges[2:]:
            await tab.send(HoursState.remove_range, key=one.key)
        await tab.send(HoursState.set_time, key=ranges[1].key, edge="end", value="18:30")
        await tab.send(HoursState.copy_monday)
        await tab.send(HoursState.set_kind, place="sat", kind="always")
        await tab.send(HoursState.set_kind, place="sun", kind="nonsense")
        await tab.send(HoursState.save, _form={})

    serve(scenario)
    week = (organization_of(actor).business_hours or {})["week"]
    assert week == {
        **{day: [["09:00", "12:00"], ["12:00", "18:30"]] for day in ("mon", "tue", "wed", "thu", "fri")},
        "sat": [["00:00", "00:00"]],
        "sun": [],
    }


def test_what_is_wrong_with_hours_is_told_at_its_place_and_stays(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, HoursState)
        await tab.send(HoursState.begin)
        friday = (await tab.state(HoursState)).week[4].ranges[0]
        await tab.send(HoursState.set_time, key=friday.key, edge="start", value="")
        assert "first-" in await tab.send(HoursState.add_special)
        special = (await tab.state(HoursState)).special[0]
        await tab.send(HoursState.set_special, key=special.key, name="label", value="x" * 70)
        await tab.send(HoursState.set_special, key=special.key, name="key", value="forged")
        await tab.send(HoursState.keep_greeting, value="{price}")
        assert "Some times are not complete yet." in (await tab.state(HoursState)).told
        assert "aria-invalid" in await tab.send(HoursState.save, _form={})
        await tab.send(HoursState.load)
        state = await tab.state(HoursState)
        assert "both times" in state.week[4].ranges[0].error
        assert (state.special[0].first_error, bool(state.special[0].label_error)) == ("Choose the date.", True)
        assert "{price} is not known" in state.greeting_error
        assert (state.is_kept, state.is_saving) == (True, False)
        await tab.send(HoursState.start_over)
        assert ((await tab.state(HoursState)).has_hours, (await tab.state(HoursState)).special) == (False, [])

    serve(scenario)
    assert organization_of(actor).business_hours is None


def test_special_days_are_saved_shown_and_removed(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, HoursState)
        with clock.at(FRIDAY):
            await tab.send(HoursState.begin)
            for _ in range(2):
                await tab.send(HoursState.add_special)
            first, second = (await tab.state(HoursState)).special
            await tab.send(HoursState.remove_special, key=second.key)
            for name, value in (("first", "2026-12-24"), ("last", "2026-12-26"), ("label", "Christmas")):
                await tab.send(HoursState.set_special, key=first.key, name=name, value=value)
            assert (await tab.state(HoursState)).coming == ["December 24, 2026 to December 26, 2026 (Christmas): closed"]
            await tab.send(HoursState.save, _form={})

    serve(scenario)
    assert (organization_of(actor).business_hours or {})["special"] == [
        {"from": "2026-12-24", "to": "2026-12-26", "label": "Christmas", "ranges": []}
    ]


def test_hours_are_taken_back_after_a_question(database: str) -> None:
    actor, cookie = member(business_hours={**WEEKDAYS, "special": []}, after_hours_greeting="Closed.")

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, HoursState)
        assert state.has_hours
        await tab.send(HoursState.turn_question, is_open=True)
        await tab.send(HoursState.remove, _form={})
        state = await tab.state(HoursState)
        assert (state.has_hours, state.is_asking, state.greeting) == (False, False, "Closed.")

    serve(scenario)
    assert organization_of(actor).business_hours is None


def test_new_agents_defaults_are_saved_or_refused_at_the_field(database: str) -> None:
    actor, cookie = member()
    form = {"voice_id": "Elliot", "greeting": "Hi.", "personality": "calm", "instructions": "", "max_minutes": " 25 "}

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, AgentDefaultsState)
        assert (state.start["max_minutes"], state.shown["personality"]) == ("10", "None in particular")
        for wrong in ("", "0", "61", "1.5", "٢", "9" * 400):
            await tab.send(AgentDefaultsState.save, form={**form, "max_minutes": wrong})
            assert (await tab.state(AgentDefaultsState)).errors.keys() == {"max_minutes"}
        await tab.send(AgentDefaultsState.keep, name="greeting", value="Half a")
        assert (await tab.state(AgentDefaultsState)).start["greeting"] == "Half a"
        await tab.send(AgentDefaultsState.load)
        assert (await tab.state(AgentDefaultsState)).start["greeting"] == "Half a"
        assert "next new agent" in await tab.send(AgentDefaultsState.save, form=form)
        assert (await tab.state(AgentDefaultsState)).shown["max_minutes"] == "25 minutes"

    serve(scenario)
    assert organization_of(actor).max_call_duration == 1500


def test_the_colour_is_tried_before_it_is_saved_and_the_logo_is_what_is_stored(database: str) -> None:
    actor, cookie = member()

    async def scenario(server: Server) -> None:
        tab, _ = await opened(server, cookie, BrandingState)
        assert "#ff5733" in await tab.send(BrandingState.pick_color, color="#ff5733")
        assert "#ff5734" in await tab.send(BrandingState.type_color, color="#ff5734")
        assert "#ff57" not in await tab.send(BrandingState.type_color, color="#ff57")
        await tab.send(BrandingState.type_color, color="#ff5733")
        await tab.send(BrandingState.load)
        assert (await tab.state(BrandingState)).color == "#ff5733"
        assert organization_of(actor).primary_color is None
        assert "aria-invalid" in await tab.send(BrandingState.save_color, form={"color": "red"})
        assert "#5b4bd6" in (await tab.state(BrandingState)).color_error
        await tab.send(BrandingState.save_color, form={"color": "#FF5733"})
        assert (await tab.state(FrameState)).color == "#ff5733"
        assert "/api/logos" in await tab.send(BrandingState.send_logo, _chosen="C:\\fakepath\\logo.png")
        await tab.send(BrandingState.sent, answer=["/api/logos/forged", ""])
        assert (await tab.state(BrandingState)).logo == ""
        with db.transaction(actor) as session:
            address = branding.save_logo(session, actor, branding.drawn(picture()))
        await tab.send(BrandingState.sent, answer=[address, ""])
        assert (await tab.state(FrameState)).logo == address
        await tab.send(BrandingState.sent, answer=["", "SVG pictures can carry programs."])
        assert ((await tab.state(BrandingState)).logo_error, (await tab.state(BrandingState)).is_sending) == (
            "SVG pictures can carry programs.",
            False,
        )
        await tab.send(BrandingState.remove_logo)
        assert (await tab.state(FrameState)).logo == ""

    serve(scenario)


@pytest.mark.parametrize("role", [OrgRole.MANAGER, OrgRole.VIEWER])
def test_who_may_only_look_sees_values_and_changes_none(database: str, role: OrgRole) -> None:
    actor, cookie = member(role=role, business_hours={**WEEKDAYS, "special": []})

    async def scenario(server: Server) -> None:
        tab, state = await opened(server, cookie, HoursState)
        assert (state.has_hours, state.is_kept) == (True, False)
        for handler, payload in (
            (HoursState.save, {"_form": {}}),
            (HoursState.remove, {"_form": {}}),
            (OrganizationSettingsState.save, {"form": {"name": "Mine", "timezone": "UTC", "language": "en"}}),
            (OrganizationSettingsState.stop, {"_form": {}}),
            (AgentDefaultsState.save, {"form": {}}),
            (BrandingState.save_color, {"form": {"color": "#000000"}}),
            (BrandingState.remove_logo, {}),
        ):
            assert "role does not allow" in await tab.send(handler, **payload)

    before = organization_of(actor).model_dump()
    serve(scenario)
    assert organization_of(actor).model_dump() == before


def test_what_is_being_updated_is_told_by_name_or_number() -> None:
    assert (saved(0), saved(1), saved(3)) == ("Saved.", "Saved. 1 agent is being updated.", "Saved. 3 agents are being updated.")


def test_who_goes_by_the_hours_is_told_by_name() -> None:
    def told(using: tuple[str, ...], own: tuple[str, ...]) -> str:
        return used(organization_settings.Hours(None, "", "UTC", using, own, agent_form()))

    assert told((), ()) == "Your agents will go by them."
    assert told((), ("Jo",)).startswith("No agent goes by them")
    assert told(("Mia", "Jo"), ("Robin",)) == "Mia and Jo go by them. Robin has hours of its own."
    assert told(("A", "B", "C", "D"), ()) == "A, B and 2 more agents go by them."


def test_a_moment_nobody_understands_is_now() -> None:
    with clock.at(FRIDAY):
        for moment in ("yesterday", "0001-01-01T00:00", "9999-12-31T23:59"):
            assert asked(moment, ZoneInfo("UTC")) == FRIDAY
    assert asked("2026-11-20T10:00", ZoneInfo("UTC")) == FRIDAY
