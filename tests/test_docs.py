"""The documents tell the truth: every setting, route, job and command is in them, and every link leads somewhere."""

import re
from pathlib import Path

import pytest
from starlette.routing import Route

from kametrix.api.app import ROUTES
from kametrix.cli import group
from kametrix.jobs.schedule import jobs
from kametrix.settings import Settings

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "sandbox").glob("*.md")])
SETTINGS = sorted(str(field.alias) for field in Settings.model_fields.values())


def read(name: str) -> str:
    return (ROOT / name).read_text()


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_explained(name: str) -> None:
    assert f"| `{name}` |" in read("docs/settings.md")
    assert re.search(rf"^{name}=", read(".env.example"), flags=re.MULTILINE)


def test_no_explained_setting_is_unknown() -> None:
    assert sorted(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/settings.md"), flags=re.MULTILINE)) == SETTINGS
    assert sorted(re.findall(r"^([A-Z_]+)=", read(".env.example"), flags=re.MULTILINE)) == SETTINGS


def test_every_route_is_listed() -> None:
    listed = set(re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|", read("docs/http.md"), flags=re.MULTILINE))
    served = {
        (method, route.path) for route in ROUTES if isinstance(route, Route) for method in (route.methods or set()) if method != "HEAD"
    }
    assert listed == served


def test_every_job_is_listed() -> None:
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", read("docs/operations.md"), flags=re.MULTILINE))
    jobs.perform_import_paths()
    assert {name for name in jobs.tasks if "procrastinate" not in name} <= listed


def test_every_command_is_listed() -> None:
    for name in group.commands:
        assert f"| `kametrix {name}` |" in read("docs/operations.md")


def test_every_decision_is_in_the_index() -> None:
    index = read("docs/decisions/README.md")
    for path in (ROOT / "docs" / "decisions").glob("0*.md"):
        assert f"({path.name})" in index


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_named_files_exist(page: Path) -> None:
    for name in re.findall(r"`((?:kametrix|sandbox|tests|alembic|docs|benchmarks)/[\w./-]+\.\w+)", page.read_text()):
        assert (ROOT / name).exists(), name


def test_make_targets_in_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", read("Makefile"), flags=re.MULTILINE))
    for page in PAGES:
        assert set(re.findall(r"`make ([a-z0-9]+)", page.read_text())) <= targets, page
