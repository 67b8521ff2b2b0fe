"""One sandbox process for all tests, emptied before each; a receiver per test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.sandbox.parts import Box, Receiver
from tests.sandbox.stripe_parts import SECRET_KEY, Shop


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("sandbox"), SANDBOX_STRIPE_SECRET_KEY=SECRET_KEY)
    yield box
    box.stop()


@pytest.fixture
def box(process: Box) -> Box:
    process.control("/reset")
    return process


@pytest.fixture
def server() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()


@pytest.fixture
def shop(box: Box, server: Receiver) -> Shop:
    return Shop(box, server)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Box]]:
    boxes: list[Box] = []

    def started(**environment: str) -> Box:
        boxes.append(Box(tmp_path, **environment))
        return boxes[-1]

    yield started
    for box in boxes:
        box.stop()
