"""The command line; docs/operations.md lists every command."""

import sys

import click

from kametrix import logs
from kametrix.cli.operate import adjust, ledger, make_admin, replay, resync, verify_email
from kametrix.cli.run import api, doctor, migrate, seed, up, web, worker
from kametrix.errors import KametrixError


@click.group()
def group() -> None:
    """Kametrix: a voice receptionist for small businesses."""


for command in (up, web, api, worker, migrate, seed, doctor, make_admin, verify_email, adjust, ledger, replay, resync):
    group.add_command(command)


def main() -> None:
    """Entry point. An expected error is one line on standard error and exit code 1."""
    try:
        logs.configure()
        group()
    except KametrixError as error:
        click.echo(f"kametrix: {error.message}", err=True)
        sys.exit(1)
