"""What every test shares: the examples that are drawn are the same in each run.

A change is held against the same examples as the one before it. `HYPOTHESIS_PROFILE=new` draws
others; whatever they find belongs into the test as an example.

Workers take whole files, so that what a file sets up is set up once, and all that needs Spark goes
to one of them. A command that fails in a test says what it wrote.

Some tests interrupt themselves, which a suite that was begun in the background would not notice.
"""

from __future__ import annotations

import os
import signal
import subprocess

import pytest
from hypothesis import settings
from xdist.scheduler import LoadFileScheduling

settings.register_profile("same", derandomize=True)
settings.register_profile("new", derandomize=False)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST = {"watch": 0, "journeys": 1}
"""The folders whose files take longest, so that none of them is begun last."""
_ON_SPARK = {
    "tests/clients/test_warehouse.py",
    "tests/watch/test_engines.py",
    "tests/watch/test_in_place.py",
    "tests/watch/test_parity.py",
}


def pytest_collection_modifyitems(items):
    """Begin with what takes longest."""
    last = len(_LONGEST)
    items.sort(key=lambda item: _LONGEST.get(item.path.parent.name, last))


class _Files(LoadFileScheduling):
    """Gives whole files to workers, and to one of them all that need Spark."""

    def _split_scope(self, nodeid):
        file = super()._split_scope(nodeid)
        return "spark" if file in _ON_SPARK else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Say how tests are given to workers."""
    return _Files(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show what a command wrote whose failure is the failure of the test."""
    report = yield
    error = call.excinfo and call.excinfo.value
    if isinstance(error, subprocess.CalledProcessError | subprocess.TimeoutExpired):
        for name in ("stdout", "stderr"):
            said = getattr(error, name) or ""
            text = said if isinstance(said, str) else said.decode("utf-8", "replace")
            report.sections.append((f"{name} of the command", text))
    return report
