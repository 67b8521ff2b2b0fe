"""Run every benchmark and write the dated report: `python -m benchmarks`, or some of them by name: `python -m benchmarks ledger`."""

import sys
from importlib import import_module

from benchmarks import report

MODULES = ("ledger", "purchases", "burst", "gate", "dashboard", "calls", "statement")
"""Each has `figures() -> list[Figure]`."""


def main() -> None:
    chosen = sys.argv[1:] or MODULES
    if unknown := set(chosen) - set(MODULES):
        raise SystemExit(f"unknown benchmark: {', '.join(sorted(unknown))}; there are {', '.join(MODULES)}")
    figures = [figure for name in chosen for figure in import_module(f"benchmarks.{name}").figures()]
    print(report.table(figures))
    if chosen == MODULES:
        print(report.write(figures))
    sys.exit(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    main()
