from __future__ import annotations

from datetime import date

import pytest

from controls.kit import SHOWN, cut, judged, toy
from lakewarden.controls.kit.condition import NotApplicable, all_of, holds, unknown, violated
from lakewarden.controls.kit.control import Basis, Tier
from lakewarden.controls.kit.subjects import ACCOUNT, JOB, JOB_ACL, ROLE, TOKEN, WORKSPACE
from lakewarden.estate.access import TOKENS
from lakewarden.estate.account import WORKSPACES
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.given import ACCOUNT_ID, given, refused
from lakewarden.ledger.finding import Severity, SubjectRef, Verdict, WaiverNote
from lakewarden.policyfile.policy import Attestation, Policy, Waiver

GAP = Gap(Cause.FORBIDDEN, "GET /toy", "no", "workspace admin")
MISSING_TIER = Gap(Cause.DISABLED, "GET /toy", "not in Premium", "workspace admin")


def always(judgement):
    return lambda _, __: judgement


def only(findings):
    assert len(findings) == 1, findings
    return findings[0]


def outcome(judgement, policy=None, **changes):
    return only(judged(given(), toy(WORKSPACE, always(judgement), **changes), policy=policy))


# --- From a judgement to a finding ----------------------------------------------------------------


def test_a_pass_says_what_is_right_and_shows_it():
    finding = outcome(holds(SHOWN))
    assert (finding.verdict, finding.reason) == (Verdict.PASS, "All is well")
    assert finding.evidence == (SHOWN,)
    assert finding.fix == ""
    assert finding.subject == SubjectRef("workspace", "1", "example", "1")
    assert (finding.control, finding.paper, finding.severity) == ("toy", ("P06",), Severity.HIGH)


def test_a_failure_gives_every_reason_and_the_fix():
    finding = outcome(all_of(violated("no list", SHOWN), violated("too wide")))
    assert (finding.verdict, finding.reason) == (Verdict.FAIL, "no list; too wide")
    assert finding.fix == "Mend it"


def test_what_is_not_known_names_the_grant_that_is_missing():
    finding = outcome(all_of(unknown(GAP), unknown(GAP), holds(SHOWN)))
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason == "GET /toy: forbidden (no); needs workspace admin"
    assert finding.needs == ("workspace admin",)


def test_a_fact_read_carelessly_makes_the_verdict_unknown():
    def careless(_, __):
        raise UnreadError(GAP)

    finding = only(judged(given(), toy(WORKSPACE, careless)))
    assert (finding.verdict, finding.needs) == (Verdict.UNKNOWN, ("workspace admin",))


def test_not_applicable_says_why():
    finding = outcome(NotApplicable("serverless", (SHOWN,)))
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "serverless")
    assert finding.evidence == (SHOWN,)


@pytest.mark.parametrize(
    ("judgement", "verdict"),
    [
        (unknown(MISSING_TIER), Verdict.NOT_APPLICABLE),
        (all_of(unknown(MISSING_TIER), unknown(GAP)), Verdict.UNKNOWN),
        (all_of(unknown(MISSING_TIER), violated("off")), Verdict.FAIL),
        (all_of(unknown(MISSING_TIER), holds(SHOWN)), Verdict.NOT_APPLICABLE),
    ],
)
def test_a_feature_that_the_tier_lacks(judgement, verdict):
    assert outcome(judgement).verdict is verdict


# --- Tiers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tier", "verdict"),
    [
        ("ENTERPRISE", Verdict.FAIL),
        ("enterprise", Verdict.FAIL),
        ("PREMIUM", Verdict.NOT_APPLICABLE),
        ("STANDARD", Verdict.NOT_APPLICABLE),
        (None, Verdict.FAIL),
    ],
)
def test_an_enterprise_feature_is_asked_for_where_it_can_be_had(tier, verdict):
    control = toy(WORKSPACE, always(violated("off")), tier=Tier.ENTERPRISE)
    finding = only(judged(given(workspace={"pricing_tier": tier}), control))
    assert finding.verdict is verdict
    if verdict is Verdict.NOT_APPLICABLE:
        assert finding.evidence[0].value == tier
        assert tier.title() in finding.reason


def test_a_premium_control_does_not_ask_for_the_tier():
    control = toy(WORKSPACE, always(violated("off")))
    assert (
        only(judged(given(workspace={"pricing_tier": "PREMIUM"}), control)).verdict is Verdict.FAIL
    )


# --- Waivers --------------------------------------------------------------------------------------


def waived(subject="1", control="toy"):
    return Policy(waivers=(Waiver(control, subject, "legacy", "bo", date(2026, 3, 1)),))


@pytest.mark.parametrize("subject", ["1", "*"])
def test_a_failure_may_be_accepted_for_now(subject):
    finding = outcome(violated("off", SHOWN), waived(subject))
    assert finding.verdict is Verdict.WAIVED
    assert finding.waiver == WaiverNote("legacy", "bo", "2026-03-01")
    assert (finding.reason, finding.evidence, finding.fix) == ("off", (SHOWN,), "Mend it")


@pytest.mark.parametrize("policy", [waived("2"), waived(control="other"), waived("example")])
def test_a_waiver_for_something_else_does_not_count(policy):
    assert outcome(violated("off"), policy).verdict is Verdict.FAIL


@pytest.mark.parametrize("judgement", [holds(SHOWN), unknown(GAP), NotApplicable("none")])
def test_nothing_but_a_failure_is_waived(judgement):
    assert outcome(judgement, waived()).verdict is outcome(judgement).verdict
    assert outcome(judgement, waived()).waiver is None


# --- Attestations ---------------------------------------------------------------------------------

TODAY = date(2026, 1, 1)


def word(expires=TODAY, control="toy", by="Ann"):
    return Attestation(control, by, "ticket 7", expires)


def attested(judgement, *words, waivers=()):
    policy = Policy(attestations=words, waivers=waivers)
    return outcome(judgement, policy, basis=Basis.ATTESTATION)


def test_a_persons_word_counts_until_its_last_day_and_is_shown_with_the_facts():
    finding = attested(holds(SHOWN), word())
    assert finding.verdict is Verdict.ATTESTED
    assert finding.reason == "attested by Ann until 2026-01-01: ticket 7"
    assert finding.evidence == (SHOWN,)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "nobody attests it"),
        ((word(date(2025, 12, 31)),), "its attestation expired"),
        ((word(control="other"),), "nobody attests it"),
    ],
)
def test_without_a_word_that_counts_nothing_is_known(words, reason):
    finding = attested(holds(SHOWN), *words)
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith(reason)
    assert "toy" in finding.reason


def test_the_word_that_lasts_longest_counts():
    old, new = word(date(2025, 1, 1)), word(date(2027, 1, 1), by="Bea")
    for words in ((old, new), (new, old)):
        assert "attested by Bea until 2027-01-01" in attested(holds(SHOWN), *words).reason


def test_facts_contradict_a_word():
    finding = attested(violated("a password login", SHOWN), word())
    assert (finding.verdict, finding.reason) == (Verdict.FAIL, "a password login")


def test_facts_fail_also_where_nobody_gave_a_word_and_may_be_waived():
    assert attested(violated("off")).verdict is Verdict.FAIL
    accepted = attested(violated("off"), word(), waivers=waived().waivers)
    assert accepted.verdict is Verdict.WAIVED


def test_a_word_does_not_replace_facts_that_could_not_be_read():
    finding = attested(unknown(GAP), word())
    assert finding.verdict is Verdict.UNKNOWN
    assert finding.reason.startswith("attested by Ann, but the evidence could not be read")
    assert finding.needs == ("workspace admin",)


def test_what_does_not_apply_needs_no_word():
    assert attested(NotApplicable("none here")).verdict is Verdict.NOT_APPLICABLE


def test_a_pass_of_facts_alone_is_never_a_pass_of_what_must_be_attested():
    assert attested(holds(SHOWN)).verdict is Verdict.UNKNOWN


# --- Absences -------------------------------------------------------------------------------------


def token(identity):
    return {"token_id": identity, "comment": f"for {identity}"}


def test_where_there_are_certainly_no_subjects_nothing_applies():
    finding = only(judged(given(tokens=[]), toy(TOKEN)))
    assert (finding.verdict, finding.reason) == (Verdict.NOT_APPLICABLE, "there is no token here")
    assert finding.subject == SubjectRef("token", "*", "every token of example", "1")


@pytest.mark.parametrize(
    ("cause", "verdict"),
    [
        (Cause.FORBIDDEN, Verdict.UNKNOWN),
        (Cause.RATE_LIMITED, Verdict.UNKNOWN),
        (Cause.DISABLED, Verdict.NOT_APPLICABLE),
    ],
)
def test_a_list_that_was_refused(cause, verdict):
    finding = only(judged(given(tokens=refused(cause)), toy(TOKEN)))
    assert finding.verdict is verdict
    assert finding.subject.id == "*"
    if verdict is Verdict.UNKNOWN:
        assert finding.needs == ("workspace admin",)


def test_a_list_that_was_not_read_to_its_end_has_one_more_finding():
    snapshot = cut(given(tokens=[token("a"), token("b")]), TOKENS)
    found = {f.subject.id: f.verdict for f in judged(snapshot, toy(TOKEN))}
    assert found == {"a": Verdict.PASS, "b": Verdict.PASS, "*": Verdict.UNKNOWN}


def test_a_list_cut_before_its_first_item_is_not_an_empty_one():
    finding = only(judged(cut(given(tokens=[]), TOKENS), toy(TOKEN)))
    assert finding.verdict is Verdict.UNKNOWN
    assert "page 2" in finding.reason


def test_workspaces_that_were_not_seen_leave_a_finding_for_each_control():
    snapshot = given(workspaces=refused(), tokens=[])
    found = judged(snapshot, toy(WORKSPACE), toy(TOKEN), toy(ROLE))
    assert [(f.subject.kind, f.subject.id) for f in found] == [
        ("role", "*"),
        ("token", "*"),
        ("workspace", "*"),
    ]
    assert {f.verdict for f in found} == {Verdict.UNKNOWN}


def test_a_cut_list_of_workspaces_judges_those_that_were_seen():
    found = judged(cut(given(), WORKSPACES), toy(WORKSPACE))
    assert [(f.subject.id, f.verdict) for f in found] == [
        ("1", Verdict.PASS),
        ("*", Verdict.UNKNOWN),
    ]


# --- Many controls --------------------------------------------------------------------------------


def test_kinds_that_share_a_name_are_judged_apart():
    permissions = {"id": "7", "name": "load", "access_control_list": []}
    snapshot = given(jobs=[{"job_id": 5}], job_permissions=[permissions])
    found = judged(snapshot, toy(JOB), toy(JOB_ACL))
    assert sorted(f.subject.id for f in found) == ["5", "7"]


def test_every_control_is_put_to_every_subject_and_sees_its_workspace():
    seen = []

    def note(record, at):
        seen.append((record.id, at.workspace and at.here.id))
        return holds(SHOWN)

    judged(given(tokens=[token("a")]), toy(TOKEN, note), toy(TOKEN, note), toy(ACCOUNT, note))
    assert seen == [(ACCOUNT_ID, None), ("a", 1), ("a", 1)]


def test_a_finding_keeps_its_identity_when_the_verdict_changes():
    assert outcome(holds(SHOWN)).id == outcome(violated("off")).id
    other = only(judged(given(workspace={"workspace_id": 2}), toy(WORKSPACE)))
    assert other.id != outcome(holds(SHOWN)).id
