"""Answers nobody foresaw: values of other types all over them. Nothing crashes on any."""

from __future__ import annotations

import copy
import random

import pytest
from benchmarks.running import Running

from lakewarden.cli.simulation import pointed_at
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.patience import Patience

ODD = [
    None, 0, -1, 1.5, "", "x", "true", True, False, [], {}, [None], [{}], {"a": 1},
    "é\ud83d", 10**30, "2026-13-45", "0.0.0.0/0", "s3://[", "{{secrets/a/b}}",
]  # fmt: skip


def _spoil(value, rng, share):
    """Replace a share of everything in an answer by something odd."""
    if isinstance(value, dict):
        return {
            k: copy.deepcopy(rng.choice(ODD)) if rng.random() < share else _spoil(v, rng, share)
            for k, v in value.items()
        }
    if isinstance(value, list):
        return [
            rng.choice(ODD) if rng.random() < share / 3 else _spoil(v, rng, share) for v in value
        ]
    return value


@pytest.mark.parametrize("name", ["high-security", "neglected"])
def test_an_odd_answer_is_never_a_crash(world, bare, monkeypatch, name):
    honest = DatabricksHost.get
    served = world(name)
    with pointed_at(served.environment):
        running = Running(served.simulation, served.log, Patience(answer=20.0))
        before = {f.id: f.verdict for f in running.assess().findings}
        for share in (0.01, 0.1, 0.5):

            def get(self, path, query=None, share=share):
                rng = random.Random(f"{name} {share} {path} {query}")  # whatever comes first
                return _spoil(honest(self, path, query), rng, share)

            monkeypatch.setattr(DatabricksHost, "get", get)
            outcome = running.assess()
            assert outcome.exit_code in {3, 4}, share
            assert all(f.reason and f.id for f in outcome.findings), share
            assert {f.id: f.verdict for f in outcome.findings} != before, share
