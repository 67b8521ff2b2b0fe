"""A month in the calculator is what the same calls would be charged, in Python and in the browser alike."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, select

from kametrix.models import Organization
from kametrix.services import ledger
from kametrix.services.estimate import Month, month
from tests import factories

SCRIPT = Path(__file__).parents[2] / "assets" / "landing.js"
MONTHS = [
    (calls, days, seconds, rate)
    for calls in (1, 2, 7, 8, 30, 99, 100)
    for days in (1, 3, 5, 7)
    for seconds in (15, 45, 60, 75, 120, 121, 885, 900)
    for rate in (1, 15, 33)
]
RUN = """
globalThis.window = globalThis;
globalThis.addEventListener = () => {};
globalThis.setInterval = () => {};
require("vm").runInThisContext(require("fs").readFileSync(process.argv[1], "utf8") + "\\nglobalThis.month = kametrixMonth;");
const months = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(months.map((each) => { const { calls, minutes, cents } = month(...each); return [calls, minutes, cents]; })));
"""


def test_a_month_of_calls() -> None:
    assert month(8, 5, 120, 15) == Month(173, 346, 5190)
    assert month(1, 1, 15, 15) == Month(4, 4, 60)
    assert month(30, 6, 150, 15) == Month(780, 2340, 35100)


def test_a_month_is_what_its_calls_would_be_charged(session: Session) -> None:
    """Call by call through the ledger, grace and all."""
    owner = factories.create_member(session)
    agent = factories.create_agent(session, owner)
    reckoned = month(2, 1, 61, 15)
    for _ in range(reckoned.calls):
        ledger.charge_call(session, factories.create_call(session, agent), seconds=61, rate=15)
    session.expire_all()
    assert session.exec(select(Organization.balance_cents).where(Organization.id == owner.organization_id)).one() == -reckoned.cents


@given(st.integers(1, 100), st.integers(1, 7), st.integers(1, 900), st.integers(1, 1000))
def test_nothing_is_rounded_but_started_minutes_and_whole_calls(calls: int, days: int, seconds: int, rate: int) -> None:
    reckoned = month(calls, days, seconds, rate)
    assert abs(reckoned.calls - calls * days * 52 / 12) <= 0.5
    assert reckoned.minutes == reckoned.calls * -(-seconds // 60)
    assert reckoned.cents == reckoned.minutes * rate


@pytest.fixture(scope="module")
def node() -> str:
    """The one the front end is built with."""
    found = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")
    assert found
    return found


def test_the_browser_reckons_the_same(node: str) -> None:
    answer = subprocess.run(
        [node, "-e", RUN, str(SCRIPT)], input=json.dumps(MONTHS), capture_output=True, text=True, check=True, timeout=60
    )
    reckoned = [Month(*each) for each in json.loads(answer.stdout)]
    assert reckoned == [month(*each) for each in MONTHS]
