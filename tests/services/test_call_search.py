"""Filters and search: both roads give what a plain list would, to each organization and role its own, whatever is typed."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session

from kametrix import clock, db
from kametrix.errors import Invalid, NotFound
from kametrix.models import LIVE, Call, CallDirection, CallStatus, Organization, OrgRole, Transcript
from kametrix.services import call_detail, call_filters, call_search, calls
from kametrix.services.access import Actor
from kametrix.services.call_filters import GROUPS, NOBODY, Filter
from kametrix.services.call_search import Place
from kametrix.services.gate import REJECTED
from tests import factories

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
WORDS = ("cleaning", "Zahnreinigung", "tuesday", "invoice", "café")
ENDED = [status for status in CallStatus if status.value not in ("QUEUED", "RINGING", "IN_PROGRESS")]
NASTY = ["'", "a' | 'b", "\\", "!!", "-", '"', "or", "a:* & b", "<->", "*", "()", "%s", ":x", "'; drop table call; --", "-" * 200]
NUMBERS = ["415 555 01", "+1 415", "(415) 555-0147", "0415 5550147", "00 1 415 555 0147", "5550147", "0147", "+1 (0) 415 555"]
FAST = settings(max_examples=40)


@dataclass(frozen=True)
class World:
    """An organization with two agents and three members, beside another one with the same words."""

    owner: Actor
    robin: Actor
    agents: tuple[str, str]
    calls: list[Call]


def world(session: Session, drawn: list[tuple[int, int, str, str, bool, bool, int]]) -> World:
    owner = factories.create_member(session)
    organization = session.get_one(Organization, owner.organization_id)
    robin = factories.create_member(session, organization, role=OrgRole.AGENT, name="Robin")
    agents = [factories.create_agent(session, owner) for _ in range(2)]
    stranger = factories.create_member(session)
    theirs = factories.create_agent(session, stranger)
    made: list[Call] = []
    for ago, agent, status, word, is_outbound, is_mine, number in drawn:
        given: dict[str, Any] = {
            "status": CallStatus.FAILED if status == "REJECTED" else CallStatus(status),
            "ended_cause": REJECTED if status == "REJECTED" else "customer",
            "direction": CallDirection.OUTBOUND if is_outbound else CallDirection.INBOUND,
            "from_number": f"+1415555{number:04d}",
            "to_number": f"+1415555{number:04d}",
            "started_at": NOON - timedelta(hours=ago),
            "transcript": f"AI: Hello.\nUser: About the {word}, please.",
        }
        made.append(factories.create_call(session, agents[agent], handled_by_id=robin.user_id if is_mine else None, **given))
        factories.create_call(session, theirs, **given)
    made.sort(key=lambda call: (call.started_at, call.id), reverse=True)
    return World(owner, robin, (agents[0].id, agents[1].id), made)


DRAWN = st.lists(
    st.tuples(
        st.sampled_from([0, 0, 1, 5, 30, 700, 3000, 12_000]),
        st.integers(0, 1),
        st.sampled_from([*(status.value for status in ENDED), "REJECTED"]),
        st.sampled_from(WORDS),
        st.booleans(),
        st.booleans(),
        st.integers(0, 5),
    ),
    max_size=14,
)
FILTERS = st.builds(
    Filter,
    status=st.sampled_from(["", *GROUPS]),
    agent_id=st.sampled_from(["", "first"]),
    period=st.sampled_from(["", "", "today", "7d", "30d", "month"]),
    first_day=st.sampled_from([None, None, date(2026, 10, 1), date(2026, 11, 20)]),
    last_day=st.sampled_from([None, None, date(2026, 11, 19), date(2026, 11, 20)]),
    direction=st.sampled_from(["", "inbound", "outbound"]),
    assigned=st.sampled_from(["", "robin", NOBODY]),
    words=st.sampled_from(["", "", "cleaning", "CLEAN", "zahn", "tuesday or invoice", "-cleaning", '"about the café"', "+1 415-555 0003"]),
)


def fits(call: Call, wanted: Filter, here: World) -> bool:
    """What the filter means, said again in another way."""
    said, words = str(call.transcript).lower(), wanted.words.lower()
    spoken: dict[str, bool] = {
        "": True,
        "tuesday or invoice": "tuesday" in said or "invoice" in said,
        "-cleaning": "cleaning" not in said,
        '"about the café"': "about the café" in said,
        "+1 415-555 0003": call.from_number == "+14155550003",
    }
    status = "REJECTED" if call.ended_cause == REJECTED else call.status.value
    since, until = call_filters.span(wanted, NOON, call_filters.ZoneInfo("UTC"))
    return all(
        (
            not wanted.status or status in GROUPS[wanted.status],
            not wanted.agent_id or call.agent_id == here.agents[0],
            not wanted.direction or call.direction.value.lower() == wanted.direction,
            not wanted.assigned or call.handled_by_id == (here.robin.user_id if wanted.assigned == "robin" else None),
            since is None or call.started_at >= since,
            until is None or call.started_at < until,
            spoken.get(words, words in said),
        )
    )


def asked(wanted: Filter, here: World) -> Filter:
    """With the ids of this world."""
    assigned = here.robin.user_id if wanted.assigned == "robin" else wanted.assigned
    return replace(wanted, agent_id=here.agents[0] if wanted.agent_id else "", assigned=assigned)


@pytest.mark.parametrize("window", [600, 2])
@pytest.mark.parametrize("few", [1, 100])
@FAST
@given(drawn=DRAWN, wanted=FILTERS, is_agent=st.booleans(), size=st.integers(1, 5))
def test_pages_give_what_a_plain_list_would_in_both_directions_under_every_filter(
    session: Session, monkeypatch: pytest.MonkeyPatch, window: int, few: int, drawn: list[Any], wanted: Filter, is_agent: bool, size: int
) -> None:
    monkeypatch.setattr(call_search, "WINDOW", window)
    monkeypatch.setattr(call_search, "FEW", few)
    here = world(session, drawn)
    actor = here.robin if is_agent else here.owner
    seen = [call for call in here.calls if not is_agent or call.handled_by_id == here.robin.user_id]
    expected = [call.id for call in seen if fits(call, wanted, here)]
    question = asked(wanted, here)
    with clock.at(NOON):
        pages = [calls.page(session, actor, question, size=size)]
        while pages[-1].older:
            pages.append(calls.page(session, actor, question, size=size, older_than=pages[-1].older))
        assert [row.id for page in pages for row in page.rows] == expected
        for page, before in zip(pages[1:], pages, strict=False):
            assert calls.page(session, actor, question, size=size, newer_than=page.newer).rows == before.rows
        assert call_search.count(session, actor, question) == len(expected)
        assert pages[0].total is not None
        assert pages[0].total <= len(expected)
        assert not pages[0].is_exact or pages[0].total == len(expected)


def said(session: Session, actor: Actor, *words: str, **columns: Any) -> list[Call]:
    """Calls with these transcripts, the first the newest."""
    agent = factories.create_agent(session, actor)
    return [
        factories.create_call(
            session, agent, status=CallStatus.COMPLETED, started_at=NOON - timedelta(minutes=n), transcript=f"User: {word}", **columns
        )
        for n, word in enumerate(words)
    ]


def found(session: Session, actor: Actor, words: str, **more: Any) -> list[str]:
    return [row.id for row in calls.page(session, actor, Filter(words=words, **more)).rows]


@FAST
@given(
    words=st.one_of(
        st.text(max_size=120), st.sampled_from(["'", "a' | 'b", "\\", "!!", "-", '"', "or", "a:* & b", "<->", "*", "()", "%s", ":x"])
    )
)
def test_whatever_is_typed_gives_an_answer_or_a_clear_message(session: Session, words: str) -> None:
    actor = factories.create_member(session)
    said(session, actor, "hello")
    told: list[str] = []
    try:
        found(session, actor, call_filters.clean(words))
    except Invalid as error:
        told.append(error.message)
    assert all("no word" in message for message in told)


@pytest.mark.parametrize(
    "typed", ["415 555 01", "+1 415", "(415) 555-0147", "0415 5550147", "00 1 415 555 0147", "5550147", "0147", "+1 (0) 415 555"]
)
def test_a_number_is_found_in_any_spelling(session: Session, typed: str) -> None:
    actor = factories.create_member(session)
    ours = said(session, actor, "hello", from_number="+14155550147")[0]
    said(session, actor, "hello", from_number="+4930123456")
    assert found(session, actor, typed) == [ours.id]


@pytest.mark.parametrize("typed", ["030 1234", "+49 (0)30 123456", "30/123456"])
def test_a_national_number_is_found_without_its_country(session: Session, typed: str) -> None:
    actor = factories.create_member(session)
    ours = said(session, actor, "hello", from_number="+4930123456")[0]
    assert found(session, actor, typed) == [ours.id]


def test_the_last_word_also_finds_what_begins_with_it_unless_it_is_quoted_or_excluded(session: Session) -> None:
    actor = factories.create_member(session)
    first, second = said(session, actor, "The cleaning on Tuesday", "We clean on Monday")
    assert found(session, actor, "clean") == [first.id, second.id]
    assert found(session, actor, '"clean"') == [second.id]
    assert found(session, actor, "on -tues") == [first.id, second.id]
    assert found(session, actor, "on -tuesday") == [second.id]
    assert found(session, actor, "tues clean") == []


def test_who_spoke_is_not_a_word_that_was_said(session: Session) -> None:
    actor = factories.create_member(session)
    said(session, actor, "hello")
    assert found(session, actor, "user") == []


def test_the_summary_is_searched_too_also_of_a_caller_who_was_turned_away(session: Session) -> None:
    actor = factories.create_member(session)
    agent = factories.create_agent(session, actor)
    call = factories.create_call(session, agent, status=CallStatus.FAILED, ended_cause=REJECTED, summary="Turned away: no credit.")
    assert found(session, actor, "credit") == [call.id]


@pytest.mark.parametrize("status", LIVE)
@pytest.mark.parametrize("words", ["hello", ""])
def test_a_call_is_found_once_it_has_ended(session: Session, status: CallStatus, words: str) -> None:
    actor = factories.create_member(session)
    call = said(session, actor, "hello")[0]
    call.status = status
    session.flush()
    assert found(session, actor, words) == []
    assert call_search.count(session, actor, Filter(words=words)) == 0
    call.status = CallStatus.COMPLETED
    session.flush()
    assert found(session, actor, words) == [call.id]


@pytest.mark.parametrize(("window", "total", "is_exact"), [(5, 5, False), (7, 7, False), (8, 7, True)])
def test_the_first_page_tells_how_many_calls_there_are_as_far_as_it_looked(
    session: Session, monkeypatch: pytest.MonkeyPatch, window: int, total: int, is_exact: bool
) -> None:
    monkeypatch.setattr(call_search, "WINDOW", window)
    actor = factories.create_member(session)
    said(session, actor, *["hello"] * 7)
    page = calls.page(session, actor, size=2)
    assert (page.total, page.is_exact) == (total, is_exact)


def test_calls_of_one_moment_keep_their_order_whichever_way_the_database_reads_them(session: Session) -> None:
    actor = factories.create_member(session)
    agent = factories.create_agent(session, actor)
    for call_id in "bdac":
        factories.create_call(session, agent, id=call_id, status=CallStatus.COMPLETED, started_at=NOON)
    for way in ("indexscan", "bitmapscan"):
        session.execute(text(f"set local enable_{way} = off"))
    place: Place | None = None
    for expected in "dcba":
        assert call_search.find(session, actor, Filter(), at=place, size=1).ids == [expected]
        place = Place(NOON, expected)


@pytest.mark.parametrize(
    "monster",
    [
        "word " * 300_000,
        " ".join(f"{n:x}" for n in range(200_000)),
        "x" * 1_000_000,
        " ".join(f"{n:05x}-{n:05x}-{n:05x}" for n in range(60_000)),
        " ".join(f"http://a{n}.example.com/{n:x}/{n:x}?q={n:x}" for n in range(20_000)),
        "".join(f"\U00020000{chr(0x20000 + n % 20_000)} " for n in range(100_000)),
        "é" * 900_000,
    ],
    ids=["one word", "many words", "no spaces", "compounds", "addresses", "four bytes", "accents"],
)
def test_no_transcript_is_too_large_to_be_kept(session: Session, monster: str) -> None:
    actor = factories.create_member(session)
    call = said(session, actor, monster, summary=monster[:100_000])[0]
    assert found(session, actor, "0147") == [call.id]


def test_a_hit_is_shown_with_its_surroundings_as_plain_segments(session: Session) -> None:
    actor = factories.create_member(session)
    call = said(session, actor, "x <b>Cleaning</b> y")[0]
    messages = [
        {"role": "agent", "text": "How can I help?"},
        {"role": "caller", "text": "word " * 40 + "<b>Cleaning</b> on Tuesday " + "word " * 40},
    ]
    session.add(Transcript(organization_id=actor.organization_id, call_id=call.id, full_text="", messages=messages))
    session.flush()
    row = calls.page(session, actor, Filter(words="clean")).rows[0]
    assert [part.text for part in row.snippet if part.is_hit] == ["Cleaning"]
    shown = "".join(part.text for part in row.snippet)
    assert "<b>Cleaning</b> on Tuesday" in shown
    assert shown.startswith("… word")
    assert shown.endswith("word …")
    assert len(shown) < 200


def test_neighbours_are_those_of_the_same_list(session: Session) -> None:
    actor = factories.create_member(session)
    first, _, third = said(session, actor, "cleaning", "invoice", "cleaning")
    assert call_detail.neighbours(session, actor, first.id, Filter(words="cleaning")) == ("", third.id)
    assert call_detail.neighbours(session, actor, third.id, Filter(words="cleaning")) == (first.id, "")
    with pytest.raises(NotFound):
        call_detail.neighbours(session, actor, "unknown", Filter())


def test_the_index_is_asked_only_within_the_organization_of_the_transaction(database: str) -> None:
    with db.transaction() as session:
        owner, stranger = factories.create_member(session), factories.create_member(session)
        call_id = said(session, owner, "cleaning")[0].id
    ask = text("select id from calls_found(:org, '''cleaning''', '''cleaning''', '2000-01-01', '2100-01-01', '2100-01-01', '', false, 10)")
    for scope, expected in ((owner, [call_id]), (stranger, []), (None, [call_id])):
        with db.transaction(scope) as session:
            assert session.execute(ask, {"org": owner.organization_id}).scalars().all() == expected


def test_the_pages_login_finds_by_the_index_what_row_security_lets_it_see(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_search, "WINDOW", 1)
    with db.transaction() as session:
        owner, stranger = factories.create_member(session), factories.create_member(session)
        ids = [call.id for call in said(session, owner, "x", "cleaning", "x", "cleaning")]
    with db.transaction(owner) as session:
        assert found(session, owner, "cleaning") == [ids[1], ids[3]]
    with db.transaction(stranger) as session:
        assert found(session, stranger, "cleaning") == []
        assert call_search.find(session, owner, Filter(words="cleaning"), at=Place(NOON, ""), size=5).ids == []


def test_dense_words_with_a_rare_filter_are_still_found(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_search, "WINDOW", 5)
    actor = factories.create_member(session)
    made = said(session, actor, *["cleaning"] * 12)
    for call in made[8:10]:
        call.status = CallStatus.VOICEMAIL
    session.flush()
    assert found(session, actor, "clean", status="voicemail") == [made[8].id, made[9].id]
    assert found(session, actor, "invoice", status="voicemail") == []
