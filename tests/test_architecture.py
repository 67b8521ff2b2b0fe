"""The rules of the house that a reader would otherwise have to check: sizes, declarations, tenancy, commits, secrets."""

import ast
import inspect
import json
import pkgutil
import re
import statistics
import subprocess
from collections.abc import Hashable
from importlib import import_module
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from sqlmodel.main import SQLModelMetaclass

import kametrix.models as models
import kametrix.services
from kametrix.services.access import PERMISSIONS, PLATFORM, PUBLIC, SIGNED_IN, SYSTEM

ROOT = Path(__file__).parent.parent
PRODUCT = sorted((ROOT / "kametrix").rglob("*.py"))
TREES = {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in PRODUCT}
TENANT_TABLES = {name for name in models.__all__ if hasattr(getattr(models, name), "organization_id")}

OPERATORS = "kametrix/services/admin/"
"""Services that see every organization."""


def lines_of_code(path: Path) -> int:
    return sum(1 for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith("#"))


def functions(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def service_modules() -> list[str]:
    return [module.name for module in pkgutil.walk_packages(kametrix.services.__path__, "kametrix.services.") if not module.ispkg]


def test_modules_stay_small() -> None:
    sizes = sorted(lines_of_code(path) for path in PRODUCT)
    assert statistics.median(sizes) <= 90
    assert sizes[int(len(sizes) * 0.9)] <= 250
    assert max(sizes) <= 400


def test_functions_stay_small() -> None:
    sizes = {f"{name}:{node.lineno} {node.name}": length(node) for name, tree in TREES.items() for node in functions(tree)}
    ordered = sorted(sizes.values())
    assert statistics.median(ordered) <= 10
    assert ordered[int(len(ordered) * 0.9)] <= 35
    assert {name: size for name, size in sizes.items() if size > 60} == {}
    of_pages = {name: size for name, size in sizes.items() if name.startswith(("kametrix/pages", "kametrix/components"))}
    assert {name: size for name, size in of_pages.items() if size > 50} == {}


@pytest.mark.parametrize("name", service_modules())
def test_every_service_declares_who_may_call_it(name: str) -> None:
    module = import_module(name)
    for label, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != name or label.startswith("_"):
            continue
        first = next(iter(inspect.signature(function).parameters), "")
        if first == "session" and name != "kametrix.services.access":
            declared = getattr(function, "access", None)
            assert declared in PERMISSIONS | {PUBLIC, SIGNED_IN, SYSTEM}, f"{name}.{label} declares no access"


def test_no_row_of_a_table_leaves_a_service_for_people() -> None:
    tables = {getattr(models, name) for name in models.__all__ if isinstance(getattr(models, name), SQLModelMetaclass)}
    for name in service_modules():
        for label, function in inspect.getmembers(import_module(name), inspect.isfunction):
            if getattr(function, "access", None) in PERMISSIONS | {SIGNED_IN}:
                assert not _parts(get_type_hints(function)["return"]) & tables, f"{name}.{label}"


def _parts(hint: Any) -> set[Any]:
    return {hint}.union(*(_parts(part) for part in get_args(hint))) if isinstance(hint, Hashable) else set()


def test_tenant_tables_are_read_for_people_only_through_the_scope() -> None:
    """In a service that takes an actor, each statement on a tenant table carries the organization: `scoped`, `one`, or a condition."""
    wrong = [
        f"{name}:{call.lineno}"
        for name, tree in TREES.items()
        if name.startswith("kametrix/services/") and not name.startswith(OPERATORS) and not name.endswith("access.py")
        for function in functions(tree)
        if "actor" in _parameters(function)
        for call in _unscoped(function)
    ]
    assert wrong == []


def test_what_crosses_organizations_is_for_operators() -> None:
    modules = [name for name in service_modules() if name.startswith("kametrix.services.admin.")]
    assert modules
    for name in modules:
        for label, function in inspect.getmembers(import_module(name), inspect.isfunction):
            if function.__module__ == name and not label.startswith("_") and "session" in inspect.signature(function).parameters:
                assert getattr(function, "access") == PLATFORM, f"{name}.{label}"


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    return {argument.arg for argument in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)}


def _unscoped(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[ast.Call]:
    """Look-ups by id alone, and statements on a tenant table whose own line of code does not name the actor's organization."""
    found: list[ast.Call] = []
    simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return, ast.Delete)
    for node in (node for node in ast.walk(function) if isinstance(node, simple)):
        for call in (call for call in ast.walk(node) if isinstance(call, ast.Call)):
            touched = {part.id for argument in call.args for part in ast.walk(argument) if isinstance(part, ast.Name)} & TENANT_TABLES
            by_id = ast.unparse(call.func) in ("session.get", "session.get_one")
            statement = ast.unparse(call.func) in ("select", "update", "delete", "exists")
            if touched and (by_id or (statement and "actor.organization_id" not in ast.unparse(node))):
                found.append(call)
    return found


def test_nobody_calls_a_provider_inside_a_transaction() -> None:
    """A service has a session or a client, never both; a job's network stands outside its transactions."""
    for name, tree in TREES.items():
        for function in functions(tree):
            if "session" in _parameters(function):
                assert not re.search(r"\bclient\.|VapiClient\(", ast.unparse(function)), f"{name}:{function.lineno}"
        for block in (node for node in ast.walk(tree) if isinstance(node, ast.With)):
            if any("transaction(" in ast.unparse(item) for item in block.items):
                assert "client." not in ast.unparse(block), f"{name}:{block.lineno}"


def test_only_the_edges_commit() -> None:
    """`db.transaction` does, around one service."""
    for name, tree in TREES.items():
        calls = [node.func.attr for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
        assert not {"commit", "rollback"} & set(calls), name


def test_the_interface_writes_no_queries() -> None:
    for name, tree in TREES.items():
        if name.startswith(("kametrix/state/", "kametrix/pages/", "kametrix/components/")):
            imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
            taken = {f"{node.module}.{each.name}" for node in imports for each in node.names}
            assert not [each for each in taken if each.startswith(("sqlalchemy", "sqlmodel")) and each != "sqlmodel.Session"], name


def test_only_the_ledger_calls_the_function_that_moves_money() -> None:
    assert [name for name in TREES if "post_credit(" in (ROOT / name).read_text() and not name.endswith("models/credit.py")] == [
        "kametrix/services/ledger.py"
    ]


def test_the_clock_is_the_only_one() -> None:
    for name, tree in TREES.items():
        if name == "kametrix/clock.py":
            continue
        told = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not told & {"datetime.now", "datetime.utcnow", "time.time", "date.today", "func.now"}, name
        if name.startswith(("kametrix/services/", "kametrix/models/")):  # nor does the database tell the time
            assert not re.search(r"(?<!clock\.)\bnow\(\)|current_timestamp", (ROOT / name).read_text()), name


def test_broad_excepts_stand_only_at_the_edges() -> None:
    edges = ("kametrix/jobs/inbox.py", "kametrix/jobs/worker.py", "kametrix/api/webhooks/batches.py")
    for name, tree in TREES.items():
        broad = [
            node
            for node in ast.walk(tree)
            if isinstance(node, ast.ExceptHandler) and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        ]
        assert not broad or name in edges, f"{name}:{broad[0].lineno}"


def test_the_front_end_lock_names_no_address() -> None:
    lock = json.loads((ROOT / "reflex.lock" / "package-lock.json").read_text())
    assert [name for name, entry in lock["packages"].items() if "resolved" in entry] == []


def test_requirements_name_no_address_and_pin_every_file() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text()
        assert "://" not in text
        pins = re.findall(r"^[a-z0-9._\[\]-]+==", text, flags=re.MULTILINE | re.IGNORECASE)
        assert len(pins) > 50
        assert text.count("--hash=sha256:") >= len(pins)


def test_suppressions_stay_rare() -> None:
    texts = [path.read_text() for path in PRODUCT]
    suppressions = sum(len(re.findall(r"#\s*(?:noqa|type: ignore|pyright: ignore)", text)) for text in texts)
    assert suppressions / sum(map(lines_of_code, PRODUCT)) <= 5 / 10_000


def test_no_suppression_without_a_reason() -> None:
    for path in (*PRODUCT, *(ROOT / "sandbox").rglob("*.py")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if mark := re.search(r"#\s*(noqa|type: ignore|pyright: ignore)(\[[^\]]*\]|:\s*[A-Z0-9, ]+)?(.*)$", line):
                assert len(mark.group(3).strip(" #()")) > 8, f"{path.name}:{number} gives no reason"


def test_nothing_is_left_unfinished() -> None:
    tracked = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    words = ["TO" + "DO", "FIX" + "ME", "NotImplemented" + "Error", "pytest." + "skip", "mark." + "xfail", "mark." + "skip"]
    for name in tracked:
        text = (ROOT / name).read_text() if (ROOT / name).exists() else ""
        assert not [word for word in words if word in text], name
