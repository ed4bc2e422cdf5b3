"""What is asked of a subject depends on where it is."""

from __future__ import annotations

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.judge import judge
from lakewarden.controls.kit.registry import chosen, control, needs_at, needs_of
from lakewarden.estate.account import WORKSPACES, Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.given import given
from lakewarden.estate.record import read
from lakewarden.ledger.finding import Verdict
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Choice, Policy
from lakewarden.policyfile.scope import Scope

TOKEN_LIFE = control("token-lifetime-limited")
IP_LISTS = control("ip-access-lists")
TWO = [{"workspace_id": 1, "workspace_name": "one"}, {"workspace_id": 2, "workspace_name": "two"}]


def judged(policy, *controls, conf):
    snapshot = given(workspaces=TWO, workspace_conf=conf)
    at = Context(Estate(snapshot), policy, parse_time(snapshot.meta.taken))
    return list(judge(at.estate, controls, at))


def workspace(identity):
    return read(Workspace, {"workspace_id": identity}, source=WORKSPACES.source)


def test_each_workspace_is_held_to_its_own_limits():
    policy = Policy(scopes=(Scope("strict", frozenset({"one"}), thresholds={"token_days": 30}),))
    conf = {"enableTokensConfig": "true", "maxTokenLifetimeDays": "60"}
    finding = judged(policy, TOKEN_LIFE, conf=conf)[0]
    assert finding.verdict is Verdict.FAIL
    assert "at most 30" in finding.reason
    assert judged(Policy(), TOKEN_LIFE, conf=conf)[0].verdict is Verdict.PASS


def test_a_control_is_asked_where_the_posture_asks_for_it():
    policy = Policy(scopes=(Scope("sensitive", frozenset({"2"}), posture=Posture.HIGH),))
    found = judged(policy, IP_LISTS, conf={"enableIpAccessLists": None})
    assert [f.subject.id for f in found] == ["2"]


def test_a_finding_says_by_which_loosened_limit_it_was_made():
    policy = Policy(thresholds={"token_days": 365})
    found = judged(policy, TOKEN_LIFE, conf={"maxTokenLifetimeDays": "300"})
    finding = next(f for f in found if f.subject.id == "1")
    assert finding.verdict is Verdict.PASS
    assert finding.reason.endswith("(token_days is loosened to 365)")
    note = finding.evidence[-1]
    assert (note.field, note.value, note.expected) == ("limits.token_days", 365, "90, the default")


def test_a_limit_at_its_default_or_tighter_needs_no_word():
    for days in (90, 30):
        policy = Policy(thresholds={"token_days": days})
        found = judged(policy, TOKEN_LIFE, conf={"maxTokenLifetimeDays": "7"})
        assert all("loosened" not in f.reason for f in found)


def test_what_no_scope_asks_for_is_not_chosen():
    calm = Policy()
    assert IP_LISTS not in chosen(calm)
    high = Policy(scopes=(Scope("sensitive", frozenset({"2"}), posture=Posture.HIGH),))
    assert IP_LISTS in chosen(high)
    assert IP_LISTS not in chosen(Policy(Posture.HIGH, exclude=Choice(frozenset({IP_LISTS.id}))))


def test_a_workspace_is_read_for_what_is_asked_of_it():
    policy = Policy(scopes=(Scope("sensitive", frozenset({"2"}), posture=Posture.HIGH),))
    mine = needs_of([IP_LISTS])
    assert mine <= needs_at(policy, workspace(2))
    assert not mine <= needs_at(policy, workspace(1))


def test_nothing_is_read_of_a_workspace_that_is_left_out():
    policy = Policy(exclude=Choice(workspaces=frozenset({"1"})))
    assert needs_at(policy, workspace(1)) == set()
    assert needs_at(policy, workspace(2))


def test_what_the_account_needs_of_workspaces_is_read_in_all_of_them():
    bucket = control("bucket-versioning")
    policy = Policy(
        Posture.HIGH,
        scopes=(Scope("play", frozenset({"1"}), exclude=frozenset({bucket.id})),),
        include=Choice(frozenset({bucket.id})),
    )
    assert needs_of([bucket]) <= needs_at(policy, workspace(1))
