"""Jobs of the outbox: the mail server stands between two transactions; a message it does not take waits for a job of its own."""

import structlog

from kametrix import clock
from kametrix.integrations.smtp.client import MailServer, Outgoing, compose, send
from kametrix.integrations.smtp.errors import SmtpFailure
from kametrix.jobs.app import jobs, perform
from kametrix.services import outgoing_mail, password_requests
from kametrix.settings import settings

log = structlog.get_logger()


@jobs.task(name="send_mail")
def send_mail(mail_id: str) -> None:
    """Send a message of the outbox. It repeats itself through a later job; killed after the server took it, it is sent twice as one."""
    outgoing = perform(outgoing_mail.claim, mail_id)
    if outgoing is None:
        return
    try:
        _hand_over(outgoing)
    except SmtpFailure as failure:
        perform(outgoing_mail.record_failure, mail_id, failure)
        return
    perform(outgoing_mail.record_sent, mail_id)


@jobs.task(name="send_forgotten_mail", queueing_lock="send_forgotten_mail")
def send_forgotten_mail(timestamp: int) -> None:
    """Enqueue messages whose job was lost."""
    if found := perform(outgoing_mail.send_forgotten):
        log.warning("mail.forgotten", messages=found, scheduled=timestamp)


@jobs.task(name="ask_password_reset")
def ask_password_reset(email: str, address: str, user_agent: str) -> None:
    """Somebody forgot the password of this account, if it is one."""
    perform(password_requests.answer, email, address, user_agent)


def _hand_over(outgoing: Outgoing) -> None:
    known = settings()
    server = MailServer(
        known.smtp_host, known.smtp_port, known.smtp_security, known.mail_from, known.smtp_username,
        known.smtp_password.get_secret_value(),
    )  # fmt: skip
    send(server, compose(outgoing, server.sender, clock.now()))
