"""What runs by the clock, once over all workers, and the upkeep of the queue itself."""

from typing import Final

import structlog
from procrastinate import JobContext
from procrastinate.exceptions import UniqueViolation
from procrastinate.jobs import Status

from kametrix.jobs import calls, checkpoints, mail, payments, phone_numbers, statements
from kametrix.jobs.app import jobs, perform
from kametrix.services import clean_up as cleaning

STALLED_SECONDS: Final = 60.0
"""A worker that gave no sign for this long is dead; its jobs start again."""

log = structlog.get_logger()


@jobs.task(name="rescue_stalled", queueing_lock="rescue_stalled", pass_context=True)
async def rescue_stalled(context: JobContext, timestamp: int) -> None:
    """After kill -9 of a worker its jobs stay marked as running: nothing but this starts them again. Jobs are repeatable."""
    for job in await context.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        log.warning("jobs.rescued", job_id=job.id, name=job.task_name, scheduled=timestamp)
        try:
            await context.app.job_manager.retry_job(job)
        except UniqueViolation:  # a newer one of the same queueing lock waits and does the same
            await context.app.job_manager.finish_job(job, Status.FAILED, delete_job=True)


@jobs.task(name="clean_up", queueing_lock="clean_up")
def clean_up(timestamp: int) -> None:
    """Forget what may be forgotten, in batches with a commit each."""
    removed = 0
    while found := perform(cleaning.clean_up):
        removed += found
    log.info("jobs.cleaned_up", rows=removed, scheduled=timestamp)


jobs.periodic(cron="*/2 * * * *")(calls.reconcile_calls)
jobs.periodic(cron="*/5 * * * *")(phone_numbers.sync_numbers)
jobs.periodic(cron="*/10 * * * *")(payments.sync_purchases)
jobs.periodic(cron="40 2 * * *")(payments.reconcile_payments)
jobs.periodic(cron="*/10 * * * *")(mail.send_forgotten_mail)
jobs.periodic(cron="* * * * *")(rescue_stalled)
jobs.periodic(cron="7 * * * *")(clean_up)
jobs.periodic(cron="5 0 * * *")(checkpoints.take_checkpoints)
jobs.periodic(cron="20 0 1-5 * *")(statements.mail_statements)
