"""Commands that run the product or prepare it."""

import os
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import click
from sqlalchemy import make_url

from kametrix import db
from kametrix.cli.environment import ROOT, migrate_database, use_database, use_sandbox
from kametrix.cli.supervise import Supervisor, python
from kametrix.errors import Misconfigured
from kametrix.jobs.worker import run_worker
from kametrix.services import pack_prices, packs, queue
from kametrix.settings import settings


@click.command()
def up() -> None:
    """Everything on this machine: database, migrations, sandbox for providers without keys, web and worker."""
    os.chdir(ROOT)
    _refuse_taken(settings().port)
    use_database()
    sandboxed = use_sandbox()
    _prepare()
    crew = Supervisor()
    if sandboxed:
        for port in (settings().sandbox_port, settings().sandbox_smtp_port):
            _refuse_taken(port)
        crew.start("sandbox", *python("-m", "sandbox", "--port", str(settings().sandbox_port), "--data", str(settings().data / "sandbox")))
    crew.start("web", *_web_command())
    crew.start("worker", *python("-m", "kametrix.cli", "worker"))
    sys.exit(crew.run(ready=_is_ready, announce=_announce))


@click.command()
def web() -> None:
    """The web server: pages, webhooks and API on one port."""
    use_database()
    os.chdir(ROOT)
    os.execv(sys.executable, _web_command())  # noqa: S606  (our own command line)


@click.command()
@click.option("--workers", default=1, show_default=True, help="Processes.")
@click.option("--port", default=8000, show_default=True)
def api(workers: int, port: int) -> None:
    """Webhooks and REST only, for several processes behind a proxy."""
    use_database()
    target = ("kametrix.api.app:app", "--interface", "asgi", "--host", settings().host, "--port", str(port), "--workers", str(workers))
    sys.exit(subprocess.run(python("-m", "granian", *target), check=False).returncode)


@click.command()
def worker() -> None:
    """Jobs and the inbox of provider messages."""
    use_database()
    run_worker()


@click.command()
def migrate() -> None:
    """Bring the database to the newest revision."""
    use_database()
    migrate_database()
    click.echo("The database is up to date.")


@click.command()
def seed() -> None:
    """Migrations, credit packs and the number pool; may be repeated."""
    use_database()
    _prepare()


@click.command()
def doctor() -> None:
    """Show this installation: database, addresses, voice provider, sealing keys. Unsafe settings are refused with the reason."""
    use_database()
    with db.transaction() as session:
        version = session.connection().exec_driver_sql("show server_version").scalar_one()
    owner = make_url(settings().database_url.get_secret_value()).set(drivername="postgresql")
    click.echo(f"database       PostgreSQL {version} at {owner.render_as_string()}")
    click.echo(f"environment    {settings().environment}")
    click.echo(f"public address {settings().public_url}")
    click.echo(f"webhooks at    {settings().webhooks_at}")
    keyless = "" if settings().vapi_api_key.get_secret_value() else " (no key: `kametrix up` starts the sandbox)"
    click.echo(f"voice provider {settings().vapi_base_url}{keyless}")
    click.echo(f"mail           {_mail_server()}")
    click.echo(f"sealing keys   {', '.join(settings().keys())}")
    if missing := settings().missing_of_operator:
        click.echo(
            f"imprint        incomplete, and says so to every visitor: {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} empty"
        )


def _mail_server() -> str:
    known = settings()
    if not known.smtp_host:
        return "none: no message is sent (no SMTP_HOST: `kametrix up` starts the sandbox)"
    return f"{known.smtp_host}:{known.smtp_port} ({known.smtp_security}), from {known.mail_from}"


def _prepare() -> None:
    migrate_database()
    with db.transaction() as session:
        packs.seed(session)
        pack_prices.sync_soon(session)
        queue.enqueue(session, "sync_numbers", once="sync_numbers", timestamp=0)
    db.platform_engine().dispose()


def _web_command() -> tuple[str, ...]:
    port, host = str(settings().port), settings().host
    where = ("--frontend-port", port, "--backend-port", port, "--backend-host", host)
    return python("-m", "reflex", "run", "--env", "prod", "--loglevel", "error", *where)  # its warnings are about its own compiling


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        probe.settimeout(1)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise Misconfigured(
                f"Port {port} is in use. Stop what runs there, or set KAMETRIX_PORT, KAMETRIX_SANDBOX_PORT or KAMETRIX_SANDBOX_SMTP_PORT."
            )


def _is_ready() -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{settings().port}/readyz", timeout=2) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _announce() -> None:
    click.echo("")
    click.secho(f"  Kametrix is up:   {settings().public_url}", bold=True)
    if settings().test_console_url:
        click.echo(f"  Place a call:     {settings().test_console_url}  (sandbox: no telephone, no keys, nothing leaves this machine)")
    if settings().sandbox_inbox:
        click.echo(f"  Read its e-mails: {settings().sandbox_inbox}  (sandbox: no mail leaves this machine)")
    click.echo("  Become operator:  .venv/bin/kametrix make-admin YOUR-EMAIL  (sign up first)")
    click.echo("  Stop:             Ctrl-C")
    click.echo("")
