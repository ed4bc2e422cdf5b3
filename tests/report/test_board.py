from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from lakewarden.ledger.finding import Verdict
from lakewarden.report.board import GRANTS, lay_out
from lakewarden.report.view import WORST_FIRST
from report.sample import FINDINGS, finding, report_of, sample, thing


def _clusters(verdicts):
    return [
        finding("cluster-isolation", verdict, thing("cluster", f"{number:05}"))
        for number, verdict in enumerate(verdicts)
    ]


@given(st.lists(st.sampled_from(list(Verdict)), min_size=1, max_size=60), st.integers(1, 20))
def test_the_samples_are_the_worst_findings_in_their_order(verdicts, limit):
    findings = _clusters(verdicts)
    (group,) = lay_out(report_of(findings), limit).groups
    ordered = sorted(findings, key=lambda f: WORST_FIRST.index(f.verdict))
    assert list(group.samples) == ordered[:limit]
    assert group.left_out == len(findings) - len(group.samples)
    assert group.open + group.settled == group.samples


def test_a_late_failure_displaces_an_early_pass():
    late = _clusters([Verdict.PASS] * 500 + [Verdict.FAIL])
    (group,) = lay_out(report_of(late), 10).groups
    assert group.samples[0].verdict is Verdict.FAIL
    assert (group.left_out, group.open_left_out) == (491, 0)


def test_open_findings_that_are_left_out_are_counted():
    many = _clusters([Verdict.FAIL] * 30 + [Verdict.UNKNOWN] * 10 + [Verdict.PASS])
    (group,) = lay_out(report_of(many), 25).groups
    assert (len(group.open), group.open_left_out, group.left_out) == (25, 15, 16)


def test_the_findings_are_read_once():
    passes = []

    def findings():
        passes.append(1)
        return iter(FINDINGS)

    lay_out(replace(sample(), findings=findings))
    assert passes == [1]


def test_every_section_and_threat_of_the_paper_has_a_place():
    board = lay_out(sample())
    assert [s.section.id for s in board.sections] == [f"P{n:02}" for n in range(1, 38)]
    assert [t.threat.id for t in board.threats] == ["AT", "EX", "IN", "RA", "VC"]
    assert {s.section.id for s in board.judged} | {s.section.id for s in board.unjudged} == {
        s.section.id for s in board.sections
    }


def test_a_control_stands_under_its_first_section_and_is_cited_by_the_others():
    sections = {state.section.id: state for state in lay_out(sample()).sections}
    assert [g.card.id for g in sections["P09"].groups] == ["tokens-expire"]
    assert sections["P23"].groups == ()
    assert [g.card.id for g in sections["P23"].cited] == ["tokens-expire"]
    assert sections["P23"].counts == sections["P09"].counts


def test_sections_come_worst_and_gravest_first():
    judged = lay_out(sample()).judged
    places = [WORST_FIRST.index(state.worst) for state in judged]
    assert places == sorted(places)
    assert [state.section.id for state in judged[:4]] == ["P06", "P14", "P24", "P36"]


def test_controls_come_by_severity_among_the_failed():
    failed = [g for g in lay_out(sample()).groups if g.worst is Verdict.FAIL]
    ranks = [g.card.severity.rank for g in failed]
    assert ranks == sorted(ranks, reverse=True)
    assert len(set(ranks)) > 1


def test_grants_are_ranked_by_what_they_would_answer():
    grants = dict(lay_out(sample()).grants)
    assert grants == {"workspace admin": 3, "s3:GetBucketPolicy": 1}


def test_grants_stay_bounded():
    findings = [
        finding("cluster-isolation", Verdict.UNKNOWN, thing("cluster", str(n)), needs=(f"g{n}",))
        for n in range(GRANTS + 50)
    ]
    assert len(lay_out(report_of(findings), 5).grants) == GRANTS
