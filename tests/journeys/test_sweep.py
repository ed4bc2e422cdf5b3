"""Every seventh call broken in one way; `make sweep` breaks each in every way."""

from __future__ import annotations

import pytest
from benchmarks.running import Running
from benchmarks.sweep import (
    IMPATIENT,
    KINDS_OF_FAULT,
    Score,
    call_of,
    calls_of,
    feeds,
    try_twice,
    verdicts,
)

from lakewarden.cli.simulation import pointed_at
from lakewarden.ledger.run import EXIT_CLEAN


@pytest.fixture
def running(world, bare):
    served = world("high-security")
    with pointed_at(served.environment):
        yield Running(served.simulation, served.log, IMPATIENT)
    served.simulation.order([])


def test_no_verdict_passes_on_a_call_that_failed(running):
    mark = running.log.stat().st_size
    clean = running.assess()
    assert clean.exit_code == EXIT_CLEAN, [f for f in clean.findings if f.verdict != "PASS"]
    score, known = Score(), verdicts(clean)
    calls = calls_of(running.log, mark)
    broken = calls[::7]
    for number, call in enumerate(broken):
        kind = KINDS_OF_FAULT[number % len(KINDS_OF_FAULT)]
        try_twice(running, call, f"{call.fault}={kind}", known, score)
    assert len(broken) > 15
    assert score.false_passes == 0
    assert score.problems is None
    assert score.depended > len(broken)


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("GET /api/2.0/token-management/tokens=drop:expiry_time", 4),
        ("GET /api/2.0/token-management/tokens=drop:token_infos", 4),
        ("GET /api/2.1/clusters/list=drop:clusters", 4),
        ("GET /api/2.0/ip-access-lists=drop:enabled", 4),
        ("GET /api/2.0/ip-access-lists=drop:list_type", 4),
        ("GET /api/2.0/accounts/*/log-delivery=drop:log_delivery_status", 4),
        ("AWS s3:GetPublicAccessBlock=drop:BlockPublicPolicy", 4),
        ("AWS cloudtrail:GetTrailStatus=drop:IsLogging", 4),
        ("GET /api/2.0/accounts/*/workspaces=drop:pricing_tier", 0),
    ],
)
def test_a_field_that_is_gone(running, fault, code):
    call, _, field = fault.partition("=drop:")
    running.world.order([fault])
    outcome = running.assess(only=call_of(call).controls)
    if code:
        assert outcome.exit_code == code
    rested = [
        (finding.control, evidence.source)
        for finding in outcome.findings
        if finding.verdict == "PASS"
        for evidence in finding.evidence
        if evidence.field.split(".")[-1] == field and feeds(call, evidence.source)
    ]
    assert not rested


def test_a_page_that_is_cut_in_the_middle_of_a_list(running):
    running.world.order(["GET /api/2.2/jobs/list=truncate"])
    outcome = running.assess(only=["job-managers"])
    assert {f.verdict for f in outcome.findings} == {"UNKNOWN"}
    assert all("/api/2.2/jobs/list" in f.reason for f in outcome.findings)
