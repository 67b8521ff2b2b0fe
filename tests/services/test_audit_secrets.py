"""What an organization reads of its own trail, and what it must not learn from it."""

from sqlmodel import Session

from kametrix import db
from kametrix.services import audit, audit_trail, invitations
from kametrix.services.access import Actor
from kametrix.services.audit_rows import OPERATOR, AuditRow, Wanted
from kametrix.services.keyset import Place
from tests import factories

ROBIN = "robin@example.com"


def rows(session: Session, actor: Actor, wanted: Wanted) -> list[AuditRow]:
    return audit_trail.page(session, actor, wanted, Place()).rows


def test_an_operator_is_neither_named_nor_found_by_guessing(session: Session) -> None:
    owner, operator = factories.create_member(session), factories.create_operator(session)
    audit.record(
        session, operator, "PHONE_ASSIGN", entity="phone_number", entity_id="n1", organization_id=owner.organization_id, by_operator=True
    )
    audit.record(session, owner, "AGENT_CREATE", entity="agent", entity_id="a1")
    session.flush()
    shown = rows(session, owner, Wanted())
    assert {row.who for row in shown} == {OPERATOR, owner.email}
    assert operator.email not in str(shown)
    assert operator.user_id not in str(shown)
    for guess in (Wanted(actor=operator.email), Wanted(actor="@"), Wanted(person=operator.user_id)):
        assert OPERATOR not in {row.who for row in rows(session, owner, guess)}
    assert [row.who for row in rows(session, owner, Wanted(actor=owner.email))] == [owner.email]


def test_the_trail_tells_no_name_of_somebody_who_was_only_invited(database: str) -> None:
    """Inviting an address must not tell that, or whose, an account it is."""
    with db.transaction() as session:
        factories.create_member(session, email=ROBIN, name="Robin Vale")
        owner = factories.create_member(session)
        invitations.invite(session, owner, ROBIN, "AGENT")
        invitations.invite(session, owner, "nobody@example.com", "AGENT")
    with db.transaction(owner) as session:
        told = rows(session, owner, Wanted())
    assert "Robin Vale" not in str(told)
    assert all(any(address in row.sentence for row in told) for address in (ROBIN, "nobody@example.com"))
