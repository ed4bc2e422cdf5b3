"""Who works after a failover, by which names, and whom it does not wait for."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from lakewarden.cli import failover
from lakewarden.cli.failover import Change, Ending, _named
from lakewarden.cli.recovering import AS_GIVEN
from lakewarden.clients.patience import Patience
from lakewarden.collect.doors import Reach
from lakewarden.errors import PolicyFileError
from lakewarden.restore.maps import Maps
from lakewarden.store.vault.manifest import Run

FIRST = Run("1", "https://east", "1", "", "", "")
SECOND = Run("2", "https://west", "2", "", "", "")
MAPS = Maps(principals={"ann@example.com": "ann@example.org"}, s3={"s3://east": "s3://west"})
BACK = Maps(principals={"ann@example.org": "ann@example.com"}, s3={"s3://west": "s3://east"})


@pytest.mark.parametrize(
    ("backup", "works", "maps"),
    [
        (FIRST, "https://west", MAPS),
        (FIRST, "https://east", Maps()),
        (SECOND, "https://east", BACK),
    ],
)
def test_names_are_those_of_the_workspace_that_is_to_work(backup, works, maps):
    assert _named(MAPS, backup, works, FIRST) == maps


def test_two_names_that_became_one_have_no_way_back():
    with pytest.raises(PolicyFileError, match="two of the zones have one name"):
        Maps(zones={"us-east-1a": "us-west-2a", "us-east-1b": "us-west-2a"}).back()


class Sick(BaseHTTPRequestHandler):
    """Answers, and that is all."""

    def do_GET(self):
        self.send_error(503)

    def log_message(self, *_):
        pass


def test_a_workspace_that_answers_nothing_is_not_waited_for(monkeypatch):
    monkeypatch.setattr(failover, "_SOON", Patience(0.5, 0.5, 0.5))
    monkeypatch.setenv("DATABRICKS_TOKEN", "any")
    with ThreadingHTTPServer(("127.0.0.1", 0), Sick) as server:
        threading.Thread(target=server.serve_forever).start()
        first = Run("1", f"http://127.0.0.1:{server.server_port}", "1", "", "", "")
        end = Ending(first, [], {}, {})
        change = Change(None, Reach(use_aws=False), None, first, AS_GIVEN, None, "table")
        assert change._primary(first, end) is None
        server.shutdown()
    assert end.notes[0].startswith("the workspace 1 cannot be reached: ")
