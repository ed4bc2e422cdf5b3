"""Worlds without their AWS side: one of each to read from, fresh ones to change."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from lakewarden.simulate import start
from simulate.core.kit import Lab


@pytest.fixture(scope="session", autouse=True)
def _no_real_credentials() -> Iterator[None]:
    patch = pytest.MonkeyPatch()
    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        patch.delenv(name)
    patch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def shared() -> Iterator[Callable[[str], Lab]]:
    """A world to read from: started once, used by all."""
    labs: dict[str, Lab] = {}

    def of(world: str) -> Lab:
        if world not in labs:
            labs[world] = Lab(start(world, aws=False))
        return labs[world]

    yield of
    for lab in labs.values():
        lab.close()


@pytest.fixture(scope="module")
def typical() -> Iterator[Lab]:
    """The typical world, for one module to change as it likes."""
    lab = Lab(start("typical", aws=False))
    yield lab
    lab.close()


@pytest.fixture
def own() -> Iterator[Callable[..., Lab]]:
    """A world for one test alone, with the options of `start`."""
    opened: list[Lab] = []

    def of(world: str, **options: object) -> Lab:
        opened.append(Lab(start(world, aws=False, **options)))
        return opened[-1]

    yield of
    for lab in opened:
        lab.close()


@pytest.fixture
def free_ports() -> int:
    """The first of three ports in a row that nobody listens on."""
    for first in range(21_000, 31_000, 7):
        with ExitStack() as stack:
            try:
                for port in range(first, first + 3):
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")
