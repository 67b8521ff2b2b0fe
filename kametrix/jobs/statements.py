"""The job that mails the month's statements."""

import structlog

from kametrix.jobs.app import RETRY, jobs, perform
from kametrix.services import statement_mail

log = structlog.get_logger()


@jobs.task(name="mail_statements", queueing_lock="mail_statements", retry=RETRY)
def mail_statements(timestamp: int) -> None:
    """In the first days of a month, after the night's checkpoints: each organization's statement, once its last row is signed.

    East of Greenwich and in it that is the first; where the month ends later by the clock in UTC, the second.
    """
    mailed, after = 0, ""
    while found := perform(statement_mail.ended, after):
        mailed += sum(perform(statement_mail.post, one) for one in found)
        after = found[-1].organization_id
    log.info("statements.mailed", organizations=mailed, scheduled=timestamp)
