"""Commands of the operator: people, money, messages."""

import sys
from datetime import timedelta

import click

from kametrix import clock, db
from kametrix.cli.environment import use_database, use_sandbox
from kametrix.integrations.stripe.errors import StripeFailure
from kametrix.services import (
    accounts,
    agent_sync,
    checkpoint_audit,
    checkpoint_file,
    inbox,
    ledger_audit,
    ledger_purchases,
    stripe_audit,
)
from kametrix.services import ledger as ledger_service
from kametrix.services.payment_account import gateway
from kametrix.settings import settings


@click.command("make-admin")
@click.argument("email")
def make_admin(email: str) -> None:
    """Give a person who has signed up the operator's role."""
    use_database()
    with db.transaction() as session:
        accounts.make_admin(session, email)
    click.echo(f"{email} is a platform administrator now.")


@click.command("verify-email")
@click.argument("email")
def verify_email(email: str) -> None:
    """Confirm a person's e-mail address by hand."""
    use_database()
    with db.transaction() as session:
        accounts.verify_email(session, email)
    click.echo(f"{email} is verified.")


@click.command(context_settings={"ignore_unknown_options": True})  # a negative number is no option
@click.argument("email")
@click.argument("cents", type=int)
@click.option("--reason", required=True, help="Why; kept beside the ledger row.")
@click.option("--admin", required=True, help="E-mail of the administrator who decides.")
def adjust(email: str, cents: int, reason: str, admin: str) -> None:
    """Give (or with a negative number take) credits of the organization of EMAIL, in cents."""
    use_database()
    with db.transaction() as session:
        organization_id, operator = accounts.organization_of(session, email), accounts.administrator(session, admin)
        posted = ledger_service.adjust(session, organization_id=organization_id, amount=cents, reason=reason, admin=operator)
    click.echo(f"Balance: {posted.balance} cents.")


@click.group()
def ledger() -> None:
    """The credit ledger."""


@ledger.command()
@click.option("--offline", is_flag=True, help="Do not ask Stripe.")
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 3650), help="How far back Stripe is asked.")
def verify(offline: bool, days: int) -> None:
    """Audit every chain, the purchases behind it, the signed checkpoints and Stripe's lists.

    Exit code 1 when anything is wrong, or when Stripe should be asked and cannot be.
    """
    use_database()
    use_sandbox()
    folder = settings().checkpoints_at
    listed, unasked = (None, "Stripe was not asked.") if offline else _listed_by_stripe(days)
    with checkpoint_file.only_writer(folder), db.transaction() as session:  # so that file and table are of one moment
        report = ledger_audit.verify(session)
        ledger_purchases.verify(session, report)
        checkpoint_audit.verify(session, report, folder)
        for fault in stripe_audit.compare(session, listed) if listed else ():
            report.note(fault.organization_id, fault.seq, fault.problem)
    click.echo("\n".join(filter(None, (report.text(), unasked))))
    sys.exit(0 if report.is_clean and (listed or offline) else 1)


def _listed_by_stripe(days: int) -> tuple[stripe_audit.Listed | None, str]:
    """Its lists, or why there are none."""
    try:
        return stripe_audit.ask(gateway(), clock.now() - timedelta(days=days)), ""
    except StripeFailure as error:
        return None, f"Stripe could not be asked: {error.message}"


@click.command()
def resync() -> None:
    """Save every agent at the voice provider again, after the public address or a webhook secret changed."""
    use_database()
    with db.transaction() as session:
        count = agent_sync.push_all(session)
    click.echo(f"{count} agents are being updated; their cards show when it is done.")


@click.command()
@click.argument("event_id", type=int, required=False)
def replay(event_id: int | None) -> None:
    """Work a provider message that was given up once more; without EVENT_ID list them."""
    use_database()
    with db.transaction() as session:
        if event_id is not None:
            inbox.replay(session, event_id)
            click.echo(f"Message {event_id} will be worked again.")
            return
        for event in inbox.failed(session):
            click.echo(f"{event.id}  {event.failed_at:%Y-%m-%d %H:%M} UTC  {event.type}  {event.error}")
