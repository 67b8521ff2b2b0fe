"""Random people invite, accept, change roles, remove, hand over and leave: what must hold of teams holds after each of it."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlmodel import Session, col, select

from kametrix import db
from kametrix.errors import KametrixError
from kametrix.models import OrgRole, User, UserOrganization, UserStatus
from kametrix.services import invitations, organizations, team
from kametrix.services.access import ORGANIZATION_PERMISSIONS, Actor, actor_of
from kametrix.services.accounts import SignUp
from tests import factories

PEOPLE = [f"person{index}@example.com" for index in range(5)]
Ranks = dict[tuple[str, str], OrgRole]


class Teams(RuleBasedStateMachine):
    """Two organizations, five addresses. Whatever fails must change nothing, as its transaction would."""

    def __init__(self) -> None:
        super().__init__()
        self.session = Session(db.platform_engine(), expire_on_commit=False)
        self.links: list[str] = []
        self.used: Counter[str] = Counter()

    @initialize()
    def two_owners(self) -> None:
        self.organizations = [factories.create_organization(self.session) for _ in range(2)]
        for organization, email in zip(self.organizations, PEOPLE, strict=False):
            factories.create_member(self.session, organization, email=email)

    def teardown(self) -> None:
        self.session.rollback()
        self.session.close()

    def actor(self, who: int, where: int) -> Actor | None:
        user = self.session.exec(select(User).where(User.email == PEOPLE[who])).one_or_none()
        if user is None or user.status != UserStatus.ACTIVE:
            return None
        query = select(UserOrganization).where(UserOrganization.user_id == user.id)
        query = query.where(
            UserOrganization.organization_id == self.organizations[where].id, col(UserOrganization.accepted_at).is_not(None)
        )
        membership = self.session.exec(query).one_or_none()
        if membership is None:
            return None
        return actor_of(
            user_id=user.id, email=user.email, organization_id=membership.organization_id, role=membership.role, platform_role=user.role
        )

    def user_id(self, who: int) -> str:
        found = self.session.exec(select(User.id).where(User.email == PEOPLE[who])).one_or_none()
        return found or "nobody"

    def ranks(self) -> Ranks:
        rows = self.session.exec(select(UserOrganization).where(col(UserOrganization.accepted_at).is_not(None)))
        return {(row.user_id, row.organization_id): row.role for row in rows}

    def attempt(self, actor: Actor | None, deed: str, *given: object) -> object:
        """As a request would: all or nothing. Nobody gets a role in which they may do what the actor may not."""
        if actor is None:
            return None
        before = self.ranks()
        services = {
            "invite": invitations.invite, "accept": invitations.accept, "role": team.change_role, "remove": team.remove,
            "transfer": team.transfer, "leave": organizations.leave,
        }  # fmt: skip
        try:
            with self.session.begin_nested():
                answer = services[deed](self.session, actor, *given)
        except KametrixError:
            assert self.ranks() == before
            return None
        for (user_id, organization_id), role in self.ranks().items():
            if before.get((user_id, organization_id)) != role and deed != "accept":
                assert organization_id == actor.organization_id
                assert ORGANIZATION_PERMISSIONS[role] <= actor.permissions
        return answer

    who, where = st.integers(0, len(PEOPLE) - 1), st.integers(0, 1)
    role = st.sampled_from([*(role.value for role in OrgRole), "KING"])

    @rule(who=who, where=where, other=who, role=role)
    def invite(self, who: int, where: int, other: int, role: str) -> None:
        made = self.attempt(self.actor(who, where), "invite", PEOPLE[other], role)
        if isinstance(made, invitations.Invited):
            self.links.append(made.token)

    @rule(who=who, home=where, data=st.data())
    def accept(self, who: int, home: int, data: st.DataObject) -> None:
        actor = self.actor(who, home)
        if not self.links or actor is None:
            return
        token, before = data.draw(st.sampled_from(self.links)), self.ranks()
        self.attempt(actor, "accept", token)
        self.used[token] += len(self.ranks()) - len(before)

    @rule(data=st.data())
    def join(self, data: st.DataObject) -> None:
        if not self.links:
            return
        token = data.draw(st.sampled_from(self.links))
        email, before = invitations.look(self.session, token).email, self.ranks()
        try:
            with self.session.begin_nested():
                invitations.accept_new(self.session, token, SignUp("Robin", "", email, "kupfer-Wolke-73-tanzt"))
        except KametrixError:
            assert self.ranks() == before
        self.used[token] += len(self.ranks()) - len(before)

    @rule(who=who, where=where, other=who, role=role)
    def change_role(self, who: int, where: int, other: int, role: str) -> None:
        self.attempt(self.actor(who, where), "role", self.user_id(other), role)

    @rule(who=who, where=where, other=who)
    def remove(self, who: int, where: int, other: int) -> None:
        self.attempt(self.actor(who, where), "remove", self.user_id(other))

    @rule(who=who, where=where, other=who)
    def transfer(self, who: int, where: int, other: int) -> None:
        self.attempt(self.actor(who, where), "transfer", self.user_id(other))

    @rule(who=who, where=where)
    def leave(self, who: int, where: int) -> None:
        self.attempt(self.actor(who, where), "leave")

    @invariant()
    def every_team_has_an_owner(self) -> None:
        owned = {organization_id for (_, organization_id), role in self.ranks().items() if role == OrgRole.OWNER}
        assert owned >= {organization.id for organization in getattr(self, "organizations", [])}

    @invariant()
    def one_membership_per_person_and_organization(self) -> None:
        rows = self.session.exec(select(UserOrganization.user_id, UserOrganization.organization_id)).all()
        assert len(rows) == len(set(rows))

    @invariant()
    def whoever_belongs_somewhere_has_one_primary_and_works_there(self) -> None:
        rows = self.session.exec(select(UserOrganization).where(col(UserOrganization.accepted_at).is_not(None))).all()
        primaries = Counter(row.user_id for row in rows if row.is_primary)
        assert primaries == Counter({row.user_id for row in rows})
        for row in rows:
            assert (row.user_id, self.session.get_one(User, row.user_id).current_org_id) in {
                (one.user_id, one.organization_id) for one in rows
            }

    @invariant()
    def a_link_makes_one_membership(self) -> None:
        assert all(count <= 1 for count in self.used.values())


def test_teams_hold_together(session: Session) -> None:
    Teams.TestCase.settings = settings(max_examples=25, stateful_step_count=25)
    Teams.TestCase().runTest()
