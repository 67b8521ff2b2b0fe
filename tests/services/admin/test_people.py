"""What is done to people: found, suspended, given roles; one administrator always remains; many at once; credits once per form."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from sqlmodel import Session, select

from kametrix import clock, db
from kametrix.crypto import token_hash
from kametrix.errors import Conflict, Forbidden, Invalid, KametrixError
from kametrix.models import AuditLog, CreditTransaction, PlatformRole, User, UserStatus
from kametrix.models import Session as LoginSession
from kametrix.services import ledger, sessions
from kametrix.services.access import Actor
from kametrix.services.admin import bulk, user_acts, user_page, users
from kametrix.services.admin.users import Wanted
from kametrix.services.keyset import Place
from tests import factories
from tests.services.test_calls import counted_rows

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def user(session: Session, actor: Actor) -> User:
    return session.get_one(User, actor.user_id, populate_existing=True)


def logged_in(session: Session, actor: Actor) -> str:
    return token_hash(sessions.start(session, user(session, actor), ip_address="203.0.113.7", user_agent="Firefox/1 Windows"))


@pytest.mark.parametrize("search", ["Whitl", "DANA@", "bright", "  dana "])
def test_people_are_found_by_name_address_and_organization(session: Session, search: str) -> None:
    operator = factories.create_operator(session)
    dana = factories.create_member(session, factories.create_organization(session, name="Brightside"), email="dana@example.com")
    factories.create_member(session, factories.create_organization(session, name="Fjord Cycles"), name="Robin", email="robin@example.com")
    found = users.page(session, operator, Wanted(search=search), Place())
    assert [row.id for row in found.page.rows] == [dana.user_id]
    assert (found.found, found.people, found.organizations) == (1, 3, 3)


@pytest.mark.parametrize("search", ["%", "_", "\\", "' or 1=1 --", "x" * 200])
def test_a_search_means_what_it_says(session: Session, search: str) -> None:
    assert users.page(session, factories.create_operator(session), Wanted(search=search), Place()).page.rows == []


def test_a_list_is_walked_forth_and_back_without_a_gap(session: Session) -> None:
    operator = factories.create_operator(session)
    for minute in range(44):  # two of each moment
        factories.create_user(session, created_at=NOON - timedelta(minutes=minute // 2))
    seen: list[str] = []
    place, pages = Place(), 0
    while True:
        page = users.page(session, operator, Wanted(), place).page
        seen, pages = [*seen, *(row.id for row in page.rows)], pages + 1
        if not page.older:
            break
        place = Place(older=page.older)
    assert (len(seen), len(set(seen)), pages) == (45, 45, 3)
    back = users.page(session, operator, Wanted(), Place(newer=page.newer)).page
    assert [row.id for row in back.rows] == seen[20:40]
    first = users.page(session, operator, Wanted(), Place(newer=back.newer)).page
    assert ([row.id for row in first.rows], first.newer) == (seen[:20], "")
    beyond = users.page(session, operator, Wanted(), Place(newer="29991231T000000000000-z")).page
    assert (beyond.rows, beyond.newer, beyond.older) == ([], "", "")


def test_a_page_reads_what_it_shows_however_much_else_there_is(session: Session) -> None:
    operator = factories.create_operator(session)

    def rows() -> int:
        with counted_rows(session) as brought:
            users.page(session, operator, Wanted(search="Olive"), Place())
        return sum(brought)

    alone = rows()
    for _ in range(5):
        factories.create_member(session)
    assert rows() == alone


@pytest.mark.parametrize("cursor", ["x", "20261120T120000000000", "-", "99999999T999999999999-a"])
def test_a_broken_place_is_told(session: Session, cursor: str) -> None:
    with pytest.raises(Invalid, match="Start again"):
        users.page(session, factories.create_operator(session), Wanted(), Place(older=cursor))


def test_filters_narrow_to_status_role_and_grace(session: Session) -> None:
    operator = factories.create_operator(session)
    suspended = factories.create_member(session, status=UserStatus.SUSPENDED)
    debtor = factories.create_member(session)
    agent = factories.create_agent(session, debtor)
    ledger.charge_call(session, factories.create_call(session, agent), seconds=60, rate=15)

    def ids(wanted: Wanted) -> list[str]:
        return [row.id for row in users.page(session, operator, wanted, Place()).page.rows]

    assert ids(Wanted(status=UserStatus.SUSPENDED)) == [suspended.user_id]
    assert ids(Wanted(role=PlatformRole.ADMIN)) == [operator.user_id]
    assert ids(Wanted(in_grace=True)) == [debtor.user_id]


def test_a_suspended_person_is_out_at_once_and_back_with_the_same_password(session: Session) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session)
    cookie = logged_in(session, robin)
    assert sessions.principal(session, cookie)
    done = user_acts.set_status(session, operator, robin.user_id, UserStatus.SUSPENDED, "Unpaid bill")
    assert (done.ended, done.organizations) == (1, (robin.organization_id,))
    assert sessions.principal(session, cookie) is None
    row = session.exec(select(AuditLog).where(AuditLog.action == "USER_STATUS_CHANGE")).one()
    assert row.new_values == {"status": "SUSPENDED", "reason": "Unpaid bill", "sessions_ended": 1}
    user_acts.set_status(session, operator, robin.user_id, UserStatus.ACTIVE)
    assert user(session, robin).status == UserStatus.ACTIVE


def test_the_status_one_has_already_is_no_change(session: Session) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session)
    user_acts.reset_link(session, operator, robin.user_id)
    done = user_acts.set_status(session, operator, robin.user_id, UserStatus.ACTIVE)
    assert done.organizations == (robin.organization_id,)
    assert user(session, robin).password_reset_token_hash, "the link that was just made still works"
    assert session.exec(select(AuditLog).where(AuditLog.action == "USER_STATUS_CHANGE")).all() == []


def test_nobody_changes_their_own_role_or_status(session: Session) -> None:
    operator = factories.create_operator(session)
    factories.create_operator(session)
    with pytest.raises(Conflict, match="your own role"):
        user_acts.set_role(session, operator, operator.user_id, PlatformRole.USER)
    with pytest.raises(Conflict, match="cannot suspend yourself"):
        user_acts.set_status(session, operator, operator.user_id, UserStatus.SUSPENDED)
    assert user(session, operator).role == PlatformRole.ADMIN


def test_who_is_no_administrator_any_more_decides_nothing(session: Session) -> None:
    first, second = factories.create_operator(session), factories.create_operator(session)
    user_acts.set_role(session, first, second.user_id, PlatformRole.USER)
    with pytest.raises(Forbidden, match="no longer"):
        user_acts.set_role(session, second, first.user_id, PlatformRole.USER)
    with pytest.raises(Forbidden, match="no longer"):
        bulk.set_status(session, second, (first.user_id,), UserStatus.SUSPENDED)


@pytest.mark.parametrize("act", ["demote", "suspend", "bulk"])
def test_two_administrators_who_remove_each_other_leave_one(database: str, act: str) -> None:
    with db.transaction() as session:
        pair = (factories.create_operator(session), factories.create_operator(session))
    start = Barrier(2)

    def remove(who: Actor, whom: Actor) -> bool:
        start.wait(10)
        try:
            with db.transaction() as session:
                if act == "demote":
                    user_acts.set_role(session, who, whom.user_id, PlatformRole.USER)
                elif act == "suspend":
                    user_acts.set_status(session, who, whom.user_id, UserStatus.SUSPENDED)
                else:
                    return bool(bulk.set_status(session, who, (whom.user_id,), UserStatus.SUSPENDED).done)
        except KametrixError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(remove, pair, reversed(pair)))
    assert sorted(done) == [False, True]
    with db.transaction() as session:
        left = session.exec(select(User.id).where(User.role == PlatformRole.ADMIN, User.status == UserStatus.ACTIVE)).all()
        assert len(left) == 1


def test_a_role_that_comes_with_an_invitation_is_not_given_nor_any_to_who_cannot_log_in(session: Session) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session, status=UserStatus.SUSPENDED)
    with pytest.raises(Invalid):
        user_acts.set_role(session, operator, robin.user_id, PlatformRole.GUEST)
    with pytest.raises(Conflict, match="cannot log in"):
        user_acts.set_role(session, operator, robin.user_id, PlatformRole.ADMIN)


def test_one_act_for_many_says_whom_it_left_out_and_why(session: Session) -> None:
    operator = factories.create_operator(session)
    robin, ruth = factories.create_member(session, name="Robin"), factories.create_member(session, name="Ruth", status=UserStatus.SUSPENDED)
    sam = factories.create_member(session, name="Sam", status=UserStatus.INVITED)
    ids = (operator.user_id, robin.user_id, ruth.user_id, sam.user_id, "nobody")
    result = bulk.set_status(session, operator, ids, UserStatus.SUSPENDED)
    assert [done.name for done in result.done] == ["Robin"]
    assert dict(result.skipped) == {
        "Olive Berg": "You cannot suspend yourself. Another administrator can.",
        "Ruth": "Is suspended already.",
        "Sam": "Sam has not accepted an invitation yet.",
    }
    assert user(session, operator).status == UserStatus.ACTIVE
    actions = session.exec(select(AuditLog.action)).all()
    assert sorted(actions) == ["BULK_SUSPEND", "USER_STATUS_CHANGE"]


def test_an_act_for_many_that_changed_nobody_leaves_no_trace(session: Session) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session, name="Robin")
    result = bulk.set_status(session, operator, (robin.user_id,), UserStatus.ACTIVE)
    assert (result.done, result.skipped) == ((), (("Robin", "Is active already."),))
    assert session.exec(select(AuditLog)).all() == []


@pytest.mark.parametrize("status", [UserStatus.INVITED, UserStatus.INACTIVE])
def test_people_are_suspended_or_reactivated_and_nothing_else(session: Session, status: UserStatus) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session)
    with pytest.raises(Conflict, match="nothing else"):
        user_acts.set_status(session, operator, robin.user_id, status)
    with pytest.raises(Invalid, match="nothing else"):
        bulk.set_status(session, operator, (robin.user_id,), status)


@pytest.mark.parametrize("ids", [(), tuple(str(place) for place in range(101))])
def test_none_and_too_many_are_refused(session: Session, ids: tuple[str, ...]) -> None:
    with pytest.raises(Invalid, match="between 1 and 100"):
        bulk.set_status(session, factories.create_operator(session), ids, UserStatus.SUSPENDED)


def test_an_adjustment_counts_once_per_form_and_never_takes_more_than_there_is(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    first = user_acts.adjust(session, operator, owner.organization_id, 500, "Goodwill", "form-1")
    again = user_acts.adjust(session, operator, owner.organization_id, 500, "Goodwill", "form-1")
    assert (first.before, first.after, first.applied) == (0, 500, True)
    assert (again.after, again.applied) == (500, False)
    with pytest.raises(Invalid, match="below zero"):
        user_acts.adjust(session, operator, owner.organization_id, -501, "Taken back", "form-2")
    for amount, reason in ((0, "x"), (5, " ")):
        with pytest.raises(Invalid):
            user_acts.adjust(session, operator, owner.organization_id, amount, reason, "form-3")
    with pytest.raises(Invalid, match="out of date"):
        user_acts.adjust(session, operator, owner.organization_id, 5, "x", "")
    assert [row.amount for row in session.exec(select(CreditTransaction))] == [500]
    trace = session.exec(select(AuditLog).where(AuditLog.action == "USER_CREDIT_ADJUST")).one()
    assert (trace.organization_id, trace.actor_id) == (owner.organization_id, operator.user_id)


@pytest.mark.parametrize(("status", "words"), [(UserStatus.INVITED, "not accepted"), (UserStatus.SUSPENDED, "Reactivate")])
def test_a_reset_link_is_only_for_who_could_log_in_with_it(session: Session, status: UserStatus, words: str) -> None:
    robin = factories.create_member(session, status=status)
    with pytest.raises(Conflict, match=words):
        user_acts.reset_link(session, factories.create_operator(session), robin.user_id)


def test_a_reset_link_is_kept_as_a_hash_only(session: Session) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session)
    token = user_acts.reset_link(session, operator, robin.user_id).path.partition("token=")[2]
    assert user(session, robin).password_reset_token_hash == token_hash(token)
    trace = session.exec(select(AuditLog).where(AuditLog.action == "USER_PASSWORD_RESET")).one()
    assert token not in str((trace.old_values, trace.new_values, trace.meta))


def test_a_person_is_shown_with_everything_of_theirs(session: Session) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session)
    agent = factories.create_agent(session, robin)
    for hour in range(12):
        factories.create_call(session, agent, started_at=NOON - timedelta(hours=hour))
    logged_in(session, robin)
    user_acts.verify_email(session, operator, robin.user_id)
    page = user_page.detail(session, operator, robin.user_id)
    assert [row.id for row in page.agents] == [agent.id]
    assert ([call.at for call in page.calls][:2], len(page.calls)) == ([NOON, NOON - timedelta(hours=1)], 10)
    assert [(login.device, login.ip_address) for login in page.logins] == [("Firefox on Windows", "203.0.113.7")]
    assert [(row.name, row.people, row.is_current) for row in page.belongings] == [("Brightside Dental", 1, True)]
    assert "confirmed the e-mail address" in page.acts[0].sentence


def test_a_person_is_not_shown_with_calls_of_strangers_nor_log_ins_that_ended(session: Session) -> None:
    operator, robin = factories.create_operator(session), factories.create_member(session)
    factories.create_call(session, factories.create_agent(session, factories.create_member(session)))
    logged_in(session, robin)
    session.exec(select(LoginSession)).one().expires_at = clock.now() - timedelta(seconds=1)
    session.flush()
    page = user_page.detail(session, operator, robin.user_id)
    assert (page.calls, page.logins) == ((), ())
