"""Every control keeps its promises: this walks the registry, so a new one is held to them too."""

from __future__ import annotations

import pytest

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Basis, Context
from lakewarden.controls.kit.judge import judge
from lakewarden.controls.kit.registry import controls
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.estate import Estate
from lakewarden.ledger.finding import Verdict
from lakewarden.paper.paper import paper

ALL = controls()


def judged(control, example):
    estate = Estate(example.estate)
    policy = example.policy.naming([control.id])
    context = Context(estate, policy, parse_time(example.estate.meta.taken))
    return list(judge(estate, [control], context))


@pytest.mark.parametrize("control", ALL, ids=lambda c: c.id)
def test_examples_get_their_verdicts_and_show_their_evidence(control):
    found = [(example, judged(control, example)) for example in control.list_examples()]
    wrong = [
        (example.title, [(f.verdict, f.reason) for f in findings])
        for example, findings in found
        if {f.verdict for f in findings} != {example.verdict}
    ]
    assert wrong == []
    for finding in (f for _, findings in found for f in findings):
        if finding.verdict in {Verdict.PASS, Verdict.FAIL}:
            assert finding.evidence
            assert all(e.source and e.expected for e in finding.evidence)
        if finding.verdict is Verdict.UNKNOWN:
            assert finding.reason


@pytest.mark.parametrize("control", ALL, ids=lambda c: c.id)
def test_it_shows_every_kind_of_verdict(control):
    shown = {example.verdict for example in control.list_examples()}
    good = Verdict.ATTESTED if control.basis is Basis.ATTESTATION else Verdict.PASS
    assert {good, Verdict.UNKNOWN} <= shown
    only_excused = control.basis is Basis.ATTESTATION and Verdict.NOT_APPLICABLE in shown
    assert Verdict.FAIL in shown or not control.needs or only_excused


@pytest.mark.parametrize("control", ALL, ids=lambda c: c.id)
def test_it_is_filed_where_a_reader_would_look_and_says_what_it_is_about(control):
    assert control.id.replace("-", "_") == control.module.rsplit(".", 1)[-1]
    assert control.shelf in {
        "identity",
        "network",
        "storage",
        "keys",
        "compute",
        "logging",
        "vendor",
        "resilience",
    }
    assert control.paper
    assert set(control.paper) <= set(paper().sections)
    assert control.threats
    assert len(control.why) > 120
    assert len(control.fix.summary) > 40
    assert not control.title.endswith(".")
    assert all(need.kind in KINDS for need in control.needs)
    assert all(bool(need.key) == KINDS[need.kind].keyed for need in control.needs)


def test_ids_are_unique():
    assert len({c.id for c in ALL}) == len(ALL)
