"""Runs the processes of one machine together: all start, and when one ends or a signal comes, all stop."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

import click

STOP_SECONDS = 20.0


@dataclass
class Supervisor:
    """Children run in process groups of their own, so that what they start stops with them."""

    children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict[str, "subprocess.Popen[bytes]"])
    stopping: bool = False

    def start(self, name: str, *command: str) -> None:
        """Start a child with our environment."""
        self.children[name] = subprocess.Popen(command, start_new_session=True)

    def run(self, *, ready: Callable[[], bool], announce: Callable[[], None]) -> int:
        """Wait until a child ends or a signal comes; call `announce` once `ready`. Returns the exit code for this process."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask_to_stop)
        told, code = False, 0
        while not self.stopping:
            ended = {name: child.returncode for name, child in self.children.items() if child.poll() is not None}
            if ended:
                click.echo(f"kametrix: {', '.join(f'{name} ended with {status}' for name, status in ended.items())}; stopping.", err=True)
                code = 1
                break
            if not told and ready():
                told = True
                announce()
            time.sleep(0.2)
        self.stop()
        return code

    def stop(self) -> None:
        """Ask every child to end, and end those that do not within 20 seconds."""
        for name in reversed(self.children):
            self._signal(name, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for name, child in self.children.items():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(name, signal.SIGKILL)
                child.wait()

    def _signal(self, name: str, number: signal.Signals) -> None:
        try:
            os.killpg(self.children[name].pid, number)
        except ProcessLookupError:
            return

    def _ask_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True


def python(*arguments: str) -> tuple[str, ...]:
    """A command line of this interpreter."""
    return (sys.executable, *arguments)
