"""The worker process: the job queue and the inbox, until it is told to stop."""

import asyncio
import contextlib
import signal
from typing import Final

import structlog

from kametrix.jobs.app import jobs
from kametrix.jobs.inbox import InboxLoop
from kametrix.services import inbox, live

CONCURRENCY: Final = 4
GRACE_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 2.0

log = structlog.get_logger()


def run_worker() -> None:
    """Work until SIGTERM or SIGINT; what is in hand is finished first. A database that goes away is waited for."""
    asyncio.run(_work())


async def _work() -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    messages = InboxLoop()
    messages.start()
    log.info("worker.started")
    try:
        while not stopping.is_set():
            await _run_jobs(stopping)
    finally:
        await asyncio.to_thread(messages.stop)
        live.flush()
        log.info("worker.stopped")


async def _run_jobs(stopping: asyncio.Event) -> None:
    """Run the queue until it is to stop, or until it breaks: the caller starts it again."""
    asked = asyncio.create_task(stopping.wait())
    try:
        async with jobs.open_async():
            running = asyncio.create_task(
                jobs.run_worker_async(
                    concurrency=CONCURRENCY,
                    delete_jobs="successful",
                    shutdown_graceful_timeout=GRACE_SECONDS,
                    install_signal_handlers=False,
                )
            )
            await asyncio.wait((running, asked), return_when=asyncio.FIRST_COMPLETED)
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
    except Exception as error:  # the database is away: wait for it
        log.warning("worker.waiting", error=inbox.describe(error))
        await asyncio.wait((asked,), timeout=PAUSE_SECONDS)
    finally:
        asked.cancel()
