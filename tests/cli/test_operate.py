"""The operator's commands, run as typed."""

import os
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text
from sqlmodel import select

from kametrix import cli, clock, db, embedded
from kametrix.errors import KametrixError
from kametrix.jobs.checkpoints import take_checkpoints
from kametrix.jobs.inbox import work_one
from kametrix.models import AuditLog, CreditTransaction, PlatformRole, TransactionType, User
from kametrix.services import ledger
from kametrix.services.access import Actor
from kametrix.services.call_events import apply
from kametrix.services.inbox import InboxEvent, Refused, receive
from kametrix.settings import settings
from tests.factories import create_agent, create_member, post_credit
from tests.vapi_messages import ended, received


@pytest.fixture
def owner(database: str) -> Actor:
    with db.transaction() as session:
        return create_member(session)


def run(*words: str) -> Result:
    return CliRunner().invoke(cli.group, words)


def refused(*words: str) -> str:
    result = run(*words)
    assert isinstance(result.exception, KametrixError)
    return result.exception.message


def promote(owner: Actor) -> None:
    assert run("make-admin", owner.email).output == f"{owner.email} is a platform administrator now.\n"


def test_make_admin_gives_the_role_and_says_so(owner: Actor) -> None:
    promote(owner)
    with db.transaction() as session:
        assert session.get_one(User, owner.user_id).role == PlatformRole.ADMIN
        assert "USER_ROLE_CHANGE" in session.exec(select(AuditLog.action)).all()


def test_an_unknown_person_is_told_in_one_line(database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["kametrix", "make-admin", "nobody@example.com"])
    with pytest.raises(SystemExit) as ended_with:
        cli.main()
    told = capsys.readouterr().err
    assert ended_with.value.code == 1
    assert told.startswith("kametrix: ")
    assert told.count("\n") == 1


def test_an_adjustment_needs_a_reason_and_an_administrator_and_is_audited(owner: Actor) -> None:
    assert run("adjust", owner.email, "500", "--admin", owner.email).exit_code == 2
    assert "administrator" in refused("adjust", owner.email, "500", "--reason", "Goodwill", "--admin", owner.email)
    promote(owner)
    assert refused("adjust", owner.email, "500", "--reason", " ", "--admin", owner.email)
    assert run("adjust", owner.email, "500", "--reason", "Goodwill", "--admin", owner.email).output == "Balance: 500 cents.\n"
    with db.transaction() as session:
        [row] = session.exec(select(CreditTransaction)).all()
        assert (row.amount, row.note, row.user_id) == (500, "Goodwill", owner.user_id)
        assert "USER_CREDIT_ADJUST" in session.exec(select(AuditLog.action)).all()


def test_credits_are_taken_with_a_negative_number(owner: Actor) -> None:
    promote(owner)
    with db.transaction() as session:
        post_credit(session, owner, 500)
    assert run("adjust", owner.email, "-200", "--reason", "Booked twice", "--admin", owner.email).output == "Balance: 300 cents.\n"


def test_ledger_verify_finds_what_was_altered_and_fails(owner: Actor, database: str, cluster: embedded.Cluster) -> None:
    with db.transaction() as session:
        post_credit(session, owner, 500)
    assert run("ledger", "verify", "--offline").exit_code == 0
    rewrite_history(cluster, database)
    result = run("ledger", "verify", "--offline")
    assert result.exit_code == 1
    assert owner.organization_id in result.output


def test_ledger_verify_finds_a_rehashed_tail_and_money_without_a_purchase(
    owner: Actor, database: str, cluster: embedded.Cluster, tmp_path: Path
) -> None:
    os.environ["KAMETRIX_CHECKPOINTS"] = str(tmp_path)
    settings.cache_clear()
    with clock.at(clock.now() - timedelta(days=1)), db.transaction() as session:
        post_credit(session, owner, 500)
    take_checkpoints(0)
    told = run("ledger", "verify", "--offline")
    assert (told.exit_code, told.output) == (0, "1 organizations, 1 rows, 1 checkpoints, 0 faults\nStripe was not asked.\n")
    rehashed = (
        "update credit_transaction set description = 'x', hash = ledger_hash(prev_hash, organization_id, seq, type, amount, balance_before,"
        " balance_after, idempotency_key, user_id, call_id, stripe_payment_id, 'x', created_at)"
    )
    end = "update organization set ledger_hash = (select hash from credit_transaction) where ledger_seq is not null"
    cluster.execute("set session_replication_role = replica", rehashed, end, database=database)
    result = run("ledger", "verify", "--offline")
    assert (result.exit_code, "changed after it was signed" in result.output) == (1, True)
    with db.transaction() as session:
        ledger.post(
            session, organization_id=owner.organization_id, type=TransactionType.PURCHASE, amount=5, key="pi:x", description="d",
            stripe_payment_id="pi_x",
        )  # fmt: skip
    assert "no purchase was paid with payment pi_x" in run("ledger", "verify", "--offline").output


def rewrite_history(cluster: embedded.Cluster, database: str) -> None:
    rewritten = "update credit_transaction set amount = 900, balance_after = 900"
    cluster.execute("set session_replication_role = replica", rewritten, database=database)


def test_a_message_that_was_given_up_is_worked_once_more(owner: Actor) -> None:
    with db.transaction() as session:
        receive(session, [received(create_agent(session, owner), ended())])
    work_one(refuse)
    with db.transaction() as session:
        [event_id] = session.connection().execute(text("select id from webhook_event where failed_at is not null")).scalars()
    assert run("replay", str(event_id)).exit_code == 0
    assert work_one(apply)
    assert "no failed event" in refused("replay", str(event_id))


def refuse(_session: object, _event: InboxEvent) -> None:
    raise Refused("Not today.")


def test_resync_pushes_every_agent(owner: Actor) -> None:
    with db.transaction() as session:
        create_agent(session, owner)
        create_agent(session, owner)
    assert run("resync").output.startswith("2 agents")


def test_doctor_names_what_is_in_use_and_shows_no_secret(database: str) -> None:
    told = run("doctor").output
    assert "PostgreSQL" in told
    assert "http://127.0.0.1:9" in told
    assert "test-vapi-key" not in told
    assert "test-webhook-secret" not in told


def test_doctor_warns_of_an_imprint_that_names_nobody(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run("doctor").output
    assert "KAMETRIX_OPERATOR_NAME, KAMETRIX_OPERATOR_ADDRESS, KAMETRIX_OPERATOR_EMAIL" in told
    for name in ("NAME", "ADDRESS", "EMAIL"):
        monkeypatch.setenv(f"KAMETRIX_OPERATOR_{name}", "given")
    settings.cache_clear()
    assert "imprint" not in run("doctor").output


def test_ledger_verify_says_when_stripe_cannot_be_asked(owner: Actor, database: str) -> None:
    told = run("ledger", "verify")  # nothing listens where the tests' settings say Stripe is
    assert told.exit_code == 1
    assert "0 faults\nStripe could not be asked: " in told.output
