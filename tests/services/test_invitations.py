"""A link makes one person a member, once, within seven days; nobody else, and nothing about strangers is learned."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.crypto import new_token, token_hash
from kametrix.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from kametrix.models import AuditLog, Organization, OrgRole, User, UserOrganization, UserStatus
from kametrix.services import accounts, invitations, memberships, organizations, sessions, sign_in, team
from kametrix.services.access import Actor
from kametrix.services.accounts import SignUp
from kametrix.services.invitations import Invited, LinkState
from kametrix.services.sign_in import Browser
from tests import factories
from tests.services.test_team import ADMIN, AGENT, OWNER, VIEWER, at_once, roles_of, together

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
GOOD = "kupfer-Wolke-73-tanzt"
ROBIN = "robin@example.com"
BROWSER = Browser("203.0.113.7", "test")


def invited(session: Session, email: str = ROBIN, role: str = "AGENT") -> tuple[Actor, Invited]:
    owner = factories.create_member(session)
    return owner, invitations.invite(session, owner, email, role)


def join(session: Session, token: str, email: str = ROBIN, password: str = GOOD) -> User:
    return invitations.accept_new(session, token, SignUp("Robin Vale", "", email, password).checked())


def person(session: Session, email: str = ROBIN) -> User:
    return session.exec(select(User).where(User.email == email)).one()


def state(session: Session, token: str) -> LinkState:
    return invitations.look(session, token).state


def test_a_new_person_joins_with_a_password_of_their_own(session: Session) -> None:
    with clock.at(NOON):
        owner, made = invited(session, " Robin@Example.com ", "MANAGER")
        token, joined = sign_in.by_invitation(session, made.token, SignUp("Robin Vale", "", ROBIN, GOOD).checked(), BROWSER)
        found = sessions.principal(session, token_hash(token))
    assert found
    assert (found.name, found.actor.email, found.actor.role) == ("Robin Vale", ROBIN, OrgRole.MANAGER)
    assert found.actor.organization_id == joined == owner.organization_id
    robin = person(session)
    assert (robin.status, robin.current_org_id) == (UserStatus.ACTIVE, owner.organization_id)
    assert not robin.email_verified, "a link nobody mailed proves no address"
    membership = memberships.accepted(session, owner.organization_id, robin.id)
    assert membership
    assert (membership.is_primary, membership.invited_by, membership.accepted_at) == (True, owner.user_id, NOON)
    assert [row.action for row in session.exec(select(AuditLog).order_by(AuditLog.action))] == ["TEAM_ACCEPT", "TEAM_INVITE"]
    assert accounts.log_in(session, ROBIN, GOOD) is robin


def test_an_account_joins_beside_its_own_organization(session: Session) -> None:
    robin = factories.create_member(session, email=ROBIN)
    owner, made = invited(session)
    invitations.accept(session, robin, made.token)
    assert roles_of(session, owner)[robin.user_id] == AGENT
    assert person(session).current_org_id == owner.organization_id
    assert {(one.role, one.is_primary) for one in organizations.belongings(session, robin)} == {(OWNER, True), (AGENT, False)}


def test_only_the_hash_of_a_link_is_kept_and_it_lasts_seven_days(session: Session) -> None:
    with clock.at(NOON):
        owner, made = invited(session)
    row = session.exec(select(UserOrganization).where(UserOrganization.user_id != owner.user_id)).one()
    assert (row.invite_token_hash, row.invite_expires_at) == (token_hash(made.token), NOON + timedelta(days=7))
    assert made.token not in str(session.exec(select(AuditLog)).all())
    with clock.at(NOON + timedelta(days=7) - timedelta(microseconds=1)):
        assert state(session, made.token) == LinkState.OPEN
    with clock.at(NOON + timedelta(days=7)):
        assert state(session, made.token) == LinkState.EXPIRED
        with pytest.raises(Conflict, match="expired"):
            join(session, made.token)


def test_a_link_works_once(session: Session) -> None:
    robin = factories.create_member(session, email=ROBIN)
    owner, made = invited(session)
    invitations.accept(session, robin, made.token)
    team.change_role(session, owner, robin.user_id, "VIEWER")
    with pytest.raises(Conflict, match="already been used"):
        invitations.accept(session, robin, made.token)
    assert roles_of(session, owner)[robin.user_id] == VIEWER


def test_a_link_lets_nobody_back_in_who_was_removed(session: Session) -> None:
    robin = factories.create_member(session, email=ROBIN)
    owner, made = invited(session)
    invitations.accept(session, robin, made.token)
    team.remove(session, owner, robin.user_id)
    with pytest.raises(Conflict, match="withdrawn"):
        invitations.accept(session, robin, made.token)


def test_who_is_removed_leaves_no_way_back_by_an_invitation_of_theirs(session: Session) -> None:
    owner, admin = together(session, OWNER, ADMIN)
    kept, own = invitations.invite(session, owner, "kim@example.com", "VIEWER"), invitations.invite(session, admin, ROBIN, "ADMIN")
    team.remove(session, owner, admin.user_id)
    assert (state(session, own.token), state(session, kept.token)) == (LinkState.UNKNOWN, LinkState.OPEN)
    with pytest.raises(Conflict, match="withdrawn"):
        join(session, own.token)
    told = session.exec(select(AuditLog).where(AuditLog.action == "TEAM_WITHDRAW")).one()
    assert (told.actor_id, told.old_values) == (owner.user_id, {"email": ROBIN, "role": "ADMIN"})


@pytest.mark.parametrize(("role", "kept"), [("OWNER", True), ("MANAGER", False), ("VIEWER", False)])
def test_who_may_no_longer_invite_has_no_open_invitations(session: Session, role: str, kept: bool) -> None:
    owner, admin = together(session, OWNER, ADMIN)
    made = invitations.invite(session, admin, ROBIN, "VIEWER")
    team.change_role(session, owner, admin.user_id, role)
    assert (state(session, made.token) == LinkState.OPEN) is kept


def test_who_leaves_leaves_their_invitations_to_the_team(session: Session) -> None:
    _, admin = together(session, OWNER, ADMIN)
    made = invitations.invite(session, admin, ROBIN, "VIEWER")
    organizations.leave(session, admin)
    assert state(session, made.token) == LinkState.OPEN


def test_one_link_opened_twice_at_once_makes_one_membership(database: str) -> None:
    with db.transaction() as session:
        robin = factories.create_member(session, email=ROBIN)
        owner, made = invited(session)
    failed = at_once(*[lambda session: invitations.accept(session, robin, made.token)] * 3)
    assert failed == [invitations.DEAD[LinkState.USED]] * 2
    with db.transaction() as session:
        assert len(roles_of(session, owner)) == 2


def test_a_link_is_for_the_invited_person_alone(session: Session) -> None:
    thief = factories.create_member(session)
    owner, made = invited(session)
    with pytest.raises(Forbidden, match="another address"):
        invitations.accept(session, thief, made.token)
    with pytest.raises(Invalid):
        join(session, made.token, "thief@example.com")
    assert state(session, made.token) == LinkState.OPEN
    assert set(roles_of(session, owner)) == {owner.user_id, person(session).id}


def test_a_link_opens_no_account_that_has_a_password(session: Session) -> None:
    factories.create_member(session, email=ROBIN)
    _, made = invited(session)
    with pytest.raises(Invalid, match="already an account"):
        join(session, made.token)


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.INACTIVE])
def test_a_link_opens_no_account_that_was_closed(session: Session, status: UserStatus) -> None:
    factories.create_member(session, email=ROBIN, status=status)
    _, made = invited(session)
    with pytest.raises(Invalid, match="already an account"):
        join(session, made.token)


def test_a_new_link_ends_the_old_one(session: Session) -> None:
    owner, old = invited(session)
    again = invitations.invite(session, owner, "ROBIN@example.com", "VIEWER")
    assert (old.is_new, again.is_new, again.role) == (True, False, VIEWER)
    assert [state(session, made.token) for made in (old, again)] == [LinkState.UNKNOWN, LinkState.OPEN]
    row = invitations.waiting(session, owner)[0]
    third = invitations.renew(session, owner, row.id)
    assert [state(session, made.token) for made in (old, again, third)] == [LinkState.UNKNOWN, LinkState.UNKNOWN, LinkState.OPEN]
    assert (third.role, len(invitations.waiting(session, owner))) == (VIEWER, 1)


def test_an_expired_invitation_is_renewed(session: Session) -> None:
    with clock.at(NOON):
        owner, _ = invited(session)
    with clock.at(NOON + timedelta(days=9)):
        made = invitations.renew(session, owner, invitations.waiting(session, owner)[0].id)
        assert state(session, made.token) == LinkState.OPEN


def test_a_withdrawn_link_is_dead_and_its_row_is_gone(session: Session) -> None:
    owner, made = invited(session)
    row = invitations.waiting(session, owner)[0]
    assert invitations.withdraw(session, owner, row.id) == ROBIN
    assert invitations.waiting(session, owner) == []
    assert state(session, made.token) == LinkState.UNKNOWN
    with pytest.raises(NotFound):
        invitations.withdraw(session, owner, row.id)


def test_what_was_accepted_is_neither_renewed_nor_withdrawn(session: Session) -> None:
    owner, made = invited(session)
    row = invitations.waiting(session, owner)[0]
    join(session, made.token)
    for deed in (invitations.renew, invitations.withdraw):
        with pytest.raises(NotFound, match="accepted"):
            deed(session, owner, row.id)


def test_another_organizations_invitation_does_not_exist(session: Session) -> None:
    owner, _ = invited(session)
    row, stranger = invitations.waiting(session, owner)[0], factories.create_member(session)
    for deed in (invitations.renew, invitations.withdraw):
        with pytest.raises(NotFound):
            deed(session, stranger, row.id)
    assert invitations.waiting(session, stranger) == []


def test_a_member_is_not_invited_again(session: Session) -> None:
    owner, made = invited(session)
    join(session, made.token)
    with pytest.raises(Invalid, match="already belongs") as refused:
        invitations.invite(session, owner, ROBIN, "ADMIN")
    assert set(refused.value.errors) == {"email"}
    with pytest.raises(Invalid, match="already belongs"):
        invitations.invite(session, owner, owner.email, "ADMIN")
    assert roles_of(session, owner)[person(session).id] == AGENT


@pytest.mark.parametrize("role", ["OWNER", "", "agent", "KING"])
def test_nobody_is_invited_as_an_owner_or_as_what_does_not_exist(session: Session, role: str) -> None:
    with pytest.raises(Invalid) as refused:
        invited(session, role=role)
    assert set(refused.value.errors) == {"role"}


@pytest.mark.parametrize("email", ["", "robin", "robin@", "a b@example.com", "x" * 300 + "@example.com"])
def test_an_address_must_be_one(session: Session, email: str) -> None:
    with pytest.raises(Invalid) as refused:
        invited(session, email=email)
    assert set(refused.value.errors) == {"email"}


def test_inviting_tells_nothing_about_accounts(session: Session) -> None:
    """Neither the answer, nor the list, nor the link differ between somebody with an account and nobody."""
    factories.create_member(session, email=ROBIN, name="Robin Vale")
    owner = factories.create_member(session)
    known, unknown = (invitations.invite(session, owner, email, "AGENT") for email in (ROBIN, "nobody@example.com"))
    looks = [invitations.look(session, made.token) for made in (known, unknown)]
    assert looks[0].email == ROBIN
    assert "Robin Vale" not in f"{looks}{known}{invitations.waiting(session, owner)}"
    for made, look in zip((known, unknown), looks, strict=True):
        assert (made.is_new, look.state, look.role, look.inviter) == (True, LinkState.OPEN, AGENT, "Dana Whitlock")


def test_a_dead_link_tells_strangers_the_name_and_nothing_more(session: Session) -> None:
    owner, made = invited(session)
    join(session, made.token)
    used = invitations.look(session, made.token)
    assert used == invitations.Link(LinkState.USED, "Brightside Dental")
    with clock.at(NOON):
        old = invitations.invite(session, owner, "other@example.com", "ADMIN")
    assert invitations.look(session, old.token) == invitations.Link(LinkState.EXPIRED, "Brightside Dental")
    assert invitations.look(session, new_token()) == invitations.Link(LinkState.UNKNOWN)
    for garbled in ("", made.token[:-1], f"{made.token}x", "x" * 5000, made.token.replace(made.token[0], "/"), "\x00" * 43):
        assert invitations.look(session, garbled) == invitations.Link(LinkState.GARBLED)
        with pytest.raises(Conflict, match="not complete"):
            invitations.accept(session, owner, garbled)


def test_a_deleted_account_is_not_invited(session: Session) -> None:
    owner = factories.create_member(session)
    factories.create_user(session, email=ROBIN, deleted_at=clock.now())
    with pytest.raises(Invalid, match="cannot be invited"):
        invitations.invite(session, owner, ROBIN, "AGENT")


def test_a_deleted_organization_takes_nobody(session: Session) -> None:
    owner, made = invited(session)
    session.get_one(Organization, owner.organization_id).deleted_at = clock.now()
    session.flush()
    assert invitations.look(session, made.token) == invitations.Link(LinkState.UNKNOWN)


def test_an_invited_person_cannot_log_in_and_signs_up_like_everybody(session: Session) -> None:
    owner, made = invited(session)
    for password in ("", invitations.NOBODY, GOOD):
        with pytest.raises(Invalid, match="do not belong together"):
            accounts.log_in(session, ROBIN, password)
    user = accounts.sign_up(session, SignUp("Robin Vale", "Vale Vets", ROBIN, GOOD))
    assert (user.status, user.name) == (UserStatus.ACTIVE, "Robin Vale")
    assert accounts.sign_up(session, SignUp("Robin Vale", "Vale Vets", ROBIN, GOOD)) is user
    own = accounts.actor_of(
        user_id=user.id, email=ROBIN, organization_id=user.current_org_id or "", role=OWNER, platform_role=accounts.PlatformRole.USER
    )
    assert [one.name for one in organizations.belongings(session, own)] == ["Vale Vets"], "no invitation is accepted by signing up"
    invitations.accept(session, own, made.token)
    assert roles_of(session, owner)[user.id] == AGENT


def test_who_signed_up_meanwhile_keeps_their_password(session: Session) -> None:
    _, made = invited(session)
    accounts.sign_up(session, SignUp("Robin Vale", "", ROBIN, GOOD))
    with pytest.raises(Invalid, match="already an account"):
        join(session, made.token, password="Zimt-Regen-41-lacht")
    assert accounts.log_in(session, ROBIN, GOOD)


def test_two_organizations_may_invite_one_person(session: Session) -> None:
    one, first = invited(session)
    two, second = invited(session)
    robin = join(session, first.token)
    actor = accounts.actor_of(
        user_id=robin.id, email=ROBIN, organization_id=one.organization_id, role=AGENT, platform_role=accounts.PlatformRole.USER
    )
    invitations.accept(session, actor, second.token)
    assert {len(roles_of(session, owner)) for owner in (one, two)} == {2}
    assert sum(belonging.is_primary for belonging in organizations.belongings(session, actor)) == 1


def test_seats_are_kept_when_a_link_is_made_and_when_it_is_used(session: Session) -> None:
    organization = factories.create_organization(session, max_users=2)
    owner = factories.create_member(session, organization)
    invitations.invite(session, owner, ROBIN, "AGENT")
    with pytest.raises(Conflict, match="All 2 seats"):
        invitations.invite(session, owner, "second@example.com", "AGENT")
    invitations.invite(session, owner, ROBIN, "VIEWER")
    made = invitations.renew(session, owner, invitations.waiting(session, owner)[0].id)
    factories.create_member(session, organization, role=VIEWER)
    with pytest.raises(Conflict, match="no free seat"):
        join(session, made.token)


def test_an_expired_invitation_takes_no_seat(session: Session) -> None:
    owner = factories.create_member(session, factories.create_organization(session, max_users=2))
    with clock.at(NOON):
        invitations.invite(session, owner, ROBIN, "AGENT")
    with clock.at(NOON + timedelta(days=8)):
        made = invitations.invite(session, owner, "second@example.com", "AGENT")
        join(session, made.token, "second@example.com")
        with pytest.raises(Conflict, match="All 2 seats"):
            invitations.renew(session, owner, invitations.waiting(session, owner)[0].id)


def test_links_are_counted_per_organization(session: Session) -> None:
    one, two = together(session, OWNER, OrgRole.ADMIN)
    for _ in range(50):
        invitations.count_invitation(session, one)
    for actor in (one, two):
        with pytest.raises(TooMany):
            invitations.count_invitation(session, actor)
    invitations.count_invitation(session, factories.create_member(session))
