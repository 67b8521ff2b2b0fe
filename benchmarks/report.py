"""Figures and the dated report they are written to."""

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent / "reports"


@dataclass(frozen=True)
class Figure:
    """One measurement as text. `target` is what it must reach, `met` whether it did; `beat` is what others reached."""

    name: str
    measured: str
    target: str = ""
    beat: str = ""
    met: bool | None = None


def write(figures: list[Figure], *, at: datetime | None = None, folder: Path = FOLDER) -> Path:
    """Write `<date>.md`: the machine, then a table with a row per figure. A second run of a day replaces the first."""
    at = at or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{at:%Y-%m-%d}.md"
    path.write_text(f"# Benchmarks, {at:%d %B %Y}\n\n{_machine()}\n\n{table(figures)}\n")
    return path


def table(figures: list[Figure]) -> str:
    """The figures as a Markdown table."""
    rows = [("figure", "measured", "target", "met", "figures to beat"), ("---",) * 5]
    rows += [(each.name, each.measured, each.target, {True: "yes", False: "**no**", None: ""}[each.met], each.beat) for each in figures]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _machine() -> str:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, shared by the load generator, the product and PostgreSQL (every commit synced to disk); "
        f"Python {platform.python_version()}; load before and during: {load}."
    )
