"""One sandbox process for all tests, emptied before each; a receiver per test."""

from collections.abc import Iterator

import pytest

from tests.sandbox.parts import Box, Receiver


@pytest.fixture(scope="session")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("sandbox"))
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
