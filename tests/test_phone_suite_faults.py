"""What the phone suite got wrong (spec/phone-suite.md 2b, lines 8 to 12), tried here: each test fails when its rule is taken out."""

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.errors import Forbidden, Invalid, NotFound
from kametrix.integrations.vapi.events import Message
from kametrix.models import Agent, Call, CallStatus, Lead, Organization, OrgRole, Transcript, User, UserOrganization, UserStatus
from kametrix.services import accounts, agents, call_search, calls, follow_ups, invitations, sessions, team, tool_calls
from kametrix.services.access import MATRIX, ORGANIZATION_PERMISSIONS, SIGNED_IN, Actor, actor_of, allows, one, scoped
from kametrix.services.accounts import SignUp
from kametrix.services.call_events import apply
from kametrix.services.call_filters import Filter
from kametrix.services.inbox import Refused
from tests import factories
from tests.forms import agent_form
from tests.permissions import SERVICES
from tests.vapi_messages import CALLER, call_of, claimed, message

PASSWORD = "kupfer-Wolke-73-tanzt"


def test_08_an_invited_person_joins_and_logs_in_and_an_account_joins_a_second_organization(session: Session) -> None:
    first, second = factories.create_member(session), factories.create_member(session)
    made = invitations.invite(session, first, "robin@example.com", "AGENT")
    robin = invitations.accept_new(session, made.token, SignUp("Robin", "", "robin@example.com", PASSWORD))
    assert robin.status == UserStatus.ACTIVE
    assert accounts.log_in(session, "robin@example.com", PASSWORD) is robin
    token = sessions.start(session, robin, ip_address="", user_agent="")
    entered = sessions.principal(session, sessions.token_hash(token))
    assert entered
    assert entered.actor.organization_id == first.organization_id
    again = invitations.invite(session, second, "robin@example.com", "VIEWER")
    invitations.accept(session, entered.actor, again.token)
    joined = sessions.principal(session, sessions.token_hash(token))
    assert joined
    assert (joined.actor.organization_id, joined.actor.role) == (second.organization_id, OrgRole.VIEWER)


def test_09_no_role_rises_above_its_giver_and_a_team_touches_memberships_alone(session: Session) -> None:
    owner = factories.create_member(session)
    organization = session.get_one(Organization, owner.organization_id)
    admin, agent = (factories.create_member(session, organization, role=role) for role in (OrgRole.ADMIN, OrgRole.AGENT))
    elsewhere = factories.create_organization(session)
    session.add(UserOrganization(user_id=agent.user_id, organization_id=elsewhere.id, role=OrgRole.OWNER, accepted_at=clock.now()))
    session.flush()
    for whom, role in ((agent, "OWNER"), (owner, "AGENT"), (admin, "OWNER")):
        with pytest.raises(Forbidden):
            team.change_role(session, admin, whom.user_id, role)
    for deed in (team.remove, team.transfer):
        with pytest.raises(Forbidden):
            deed(session, admin, owner.user_id)
    before = session.get_one(User, agent.user_id).model_dump(exclude={"current_org_id", "updated_at"})
    team.remove(session, admin, agent.user_id)
    session.expire_all()
    assert session.get_one(User, agent.user_id).model_dump(exclude={"current_org_id", "updated_at"}) == before
    rest = session.exec(select(UserOrganization).where(UserOrganization.user_id == agent.user_id)).all()
    assert [(row.organization_id, row.role) for row in rest] == [(elsewhere.id, OrgRole.OWNER)]


def test_10_a_viewer_writes_nothing_and_an_agent_sees_only_their_own(session: Session) -> None:
    owner = factories.create_member(session)
    organization = session.get_one(Organization, owner.organization_id)
    viewer, agent = (factories.create_member(session, organization, role=role) for role in (OrgRole.VIEWER, OrgRole.AGENT))
    changing = {line.permission for line in MATRIX if not line.permission.endswith(":read")}
    assert not ORGANIZATION_PERMISSIONS[OrgRole.VIEWER] & changing
    for name, service in SERVICES.items():
        if getattr(service, "access") in changing:
            with pytest.raises(Forbidden):
                service(session, viewer)
            assert getattr(service, "access") != SIGNED_IN, name
    line = factories.create_agent(session, owner)
    theirs, mine = factories.create_call(session, line), factories.create_call(session, line, handled_by_id=agent.user_id)
    seen = {who.role: {call.id for call in session.exec(scoped(who, Call).where(call_search.seen_by(who)))} for who in (agent, viewer)}
    assert seen == {OrgRole.AGENT: {mine.id}, OrgRole.VIEWER: {theirs.id, mine.id}}
    with pytest.raises(NotFound):
        follow_ups.assign(session, agent, theirs.id, agent.user_id)


def test_11_nothing_is_changed_by_its_id_alone(session: Session) -> None:
    owner, thief = factories.create_member(session), factories.create_member(session)
    agent = factories.create_agent(session, owner, name="Front desk")
    call = factories.create_call(session, agent)
    for deed in (
        lambda: agents.update(session, thief, agent.id, agent_form(name="Mine now")),
        lambda: agents.delete(session, thief, agent.id),
        lambda: follow_ups.assign(session, thief, call.id, thief.user_id),
        lambda: team.change_role(session, thief, owner.user_id, "VIEWER"),
    ):
        with pytest.raises((NotFound, Forbidden)):
            deed()
    session.expire_all()
    kept = session.get_one(Agent, agent.id)
    assert (kept.name, kept.organization_id, kept.deleted_at) == ("Front desk", owner.organization_id, None)


def test_11_whoever_follows_a_call_up_is_a_member(session: Session) -> None:
    owner, stranger = factories.create_member(session), factories.create_member(session)
    call = factories.create_call(session, factories.create_agent(session, owner))
    waiting = factories.create_user(session)
    session.add(UserOrganization(user_id=waiting.id, organization_id=owner.organization_id, role=OrgRole.AGENT))
    session.flush()
    for nobody in (stranger.user_id, waiting.id, "unknown"):
        with pytest.raises(Invalid, match="does not belong"):
            follow_ups.assign(session, owner, call.id, nobody)
    assert session.get_one(Call, call.id).handled_by_id is None


@pytest.mark.parametrize(
    "words", ["(e+)+$", ".*bra", "[a-z]+", ".*", "[", "%", "Z_bra", "\\", "'; drop table call; --", "((((((((z*)*)*)*)*)*)*)*)*x"]
)
def test_11_what_is_searched_for_is_data(session: Session, words: str) -> None:
    """Nothing a person types is run as an expression: what would match as a pattern finds nothing, and none keeps the server busy."""
    owner = factories.create_member(session)
    line = factories.create_agent(session, owner)
    text = "Zebra crossing " + "z" * 60 + "!"
    call = factories.create_call(session, line, status=CallStatus.COMPLETED, ended_at=clock.now(), summary=text)
    session.add(Transcript(organization_id=owner.organization_id, call_id=call.id, full_text=text))
    session.flush()
    assert found(session, owner, "zebra") == [call.id]
    assert found(session, owner, words) == []


def found(session: Session, actor: Actor, words: str) -> list[str]:
    try:
        return [row.id for row in calls.page(session, actor, Filter(words=words)).rows]
    except Invalid:
        return []


def test_12_a_lookup_without_an_organization_finds_nothing_at_either_line(database: str) -> None:
    with db.transaction() as session:
        owner, other = factories.create_member(session), factories.create_member(session)
        for actor in (owner, other):
            factories.create_agent(session, actor)
    nowhere = actor_of(user_id=owner.user_id, email="", organization_id="", role=OrgRole.OWNER, platform_role=accounts.PlatformRole.USER)
    with db.transaction() as session:  # the first line, with a login that sees everything
        assert session.exec(scoped(nowhere, Agent)).all() == []
        assert len(session.exec(scoped(owner, Agent)).all()) == 1
        with pytest.raises(NotFound):
            one(session, nowhere, Agent, session.exec(scoped(other, Agent)).one().id)
    with db.transaction(nowhere) as session:  # the second line: a query that forgot the first
        assert session.exec(select(Agent)).all() == []
    with db.transaction(owner) as session:
        assert {agent.organization_id for agent in session.exec(select(Agent))} == {owner.organization_id}
        with pytest.raises(DBAPIError):
            session.exec(select(User.password_hash)).all()


def test_12_the_second_number_of_an_organization_is_its_own(session: Session) -> None:
    owner, other = factories.create_member(session), factories.create_member(session)
    lines = [factories.create_agent(session, actor) for actor in (owner, owner, other)]
    numbers = [factories.create_phone_number(session, line) for line in lines]
    for index, (line, number) in enumerate(zip(lines, numbers, strict=True)):
        apply(session, claimed(line, message("status-update", f"call-{index}", status="ringing")))
        call = call_of(session, f"call-{index}")
        assert (call.organization_id, call.phone_number_id) == (line.organization_id, number.id)
    with pytest.raises(Refused):
        apply(session, claimed(lines[2], message("status-update", "call-0", status="in-progress")))


def test_12_a_caller_known_to_another_tenant_is_a_stranger_here(session: Session) -> None:
    """The same telephone calls two organizations: nothing the other one knows of them is read, said or stored."""
    other, owner = factories.create_member(session), factories.create_member(session)
    theirs = factories.create_call(session, factories.create_agent(session, other), from_number=CALLER, summary="Aurora wants a crown")
    session.add(Lead(organization_id=other.organization_id, call_id=theirs.id, phone=CALLER, name="Aurora Vale"))
    session.flush()
    line = factories.create_agent(session, owner)
    apply(session, claimed(line, message("status-update", status="ringing")))
    call = call_of(session)
    assert call.from_number == CALLER
    asked = {"id": "t1", "type": "function", "function": {"name": "lookup_customer", "arguments": {"phone": CALLER}}}
    told = tool_calls.answer(session, line.id, Message("tool-calls", "call-1", None, message("tool-calls", toolCallList=[asked])))
    assert "Aurora" not in f"{told}{call.model_dump()}"
    assert session.exec(scoped(owner, Lead)).all() == []


def test_12_a_service_takes_an_actor_or_is_no_service_for_people(session: Session) -> None:
    """There is no way to call one without an organization: the declaration itself refuses."""

    @allows("agents:read")
    def read(session: Session, actor: Actor) -> str:
        return actor.organization_id

    with pytest.raises((TypeError, AttributeError)):
        read(session, None)  # type: ignore[arg-type]  # what a forgotten scope would pass
