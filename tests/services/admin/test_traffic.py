"""The operator's lists call things what the organization's own pages call them."""

from sqlmodel import Session

from kametrix.models import CallStatus
from kametrix.services.admin import traffic, user_page
from kametrix.services.keyset import Place
from kametrix.services.settlement import REJECTED
from tests import factories


def test_a_caller_who_was_turned_away_is_no_failed_call(session: Session) -> None:
    operator, owner = factories.create_operator(session), factories.create_member(session)
    agent = factories.create_agent(session, owner)
    factories.create_call(session, agent, status=CallStatus.FAILED, ended_cause=REJECTED)
    factories.create_call(session, agent, status=CallStatus.FAILED, ended_cause="provider_fault")
    listed = traffic.calls(session, operator, 1, False, Place()).rows
    assert sorted(row.status for row in listed) == ["FAILED", "TURNED_AWAY"]
    assert sorted(row.status for row in user_page.detail(session, operator, owner.user_id).calls) == ["FAILED", "TURNED_AWAY"]
