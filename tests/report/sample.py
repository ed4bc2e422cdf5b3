"""A report of two workspaces with findings of every verdict, for the tests of the formats."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from lakewarden.ledger.card import ControlCard
from lakewarden.ledger.finding import (
    Evidence,
    Finding,
    Severity,
    SubjectRef,
    Verdict,
    WaiverNote,
)
from lakewarden.ledger.run import Run, Tally
from lakewarden.paper.paper import paper
from lakewarden.report.view import Report

ACCOUNT = "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
PROD, LAB = "1111222233334444", "5555666677778888"
WORKSPACES = {PROD: "prod-analytics", LAB: "research-lab"}
RUN = Run(
    "20261123T190412Z-5f3a9c01",
    "2026-11-23T19:04:12+00:00",
    "high",
    ACCOUNT,
    "2026-11-23T18:58:03+00:00",
    WORKSPACES,
)
UNREAD = (
    f"workspace {LAB} ip_access_lists (unread): GET /api/2.0/ip-access-lists: forbidden",
    "aws bucket_policies (partial): s3:GetBucketPolicy: rate limited (slow down)",
    f"workspace {LAB} secret_scopes (unread): GET /api/2.0/secrets/scopes/list: timed out",
)
LOOSENED = ("token_days = 180 (default 90)",)

P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN
N, A, W = Verdict.NOT_APPLICABLE, Verdict.ATTESTED, Verdict.WAIVED


def _card(id_: str, entry: dict[str, Any]) -> ControlCard:
    cited = [paper().sections[section] for section in entry["paper"]]
    return ControlCard(
        id_,
        entry["title"],
        tuple(entry["paper"]),
        entry["shelf"],
        Severity(entry["severity"]),
        cited[0].postures,
        tuple(dict.fromkeys(threat for section in cited for threat in section.threats)),
        cited[0].tier,
        "attestation" if id_.endswith("attested") else "check",
        entry["why"],
        entry["fix"],
        (("SAT", f"X-{len(id_)}"),),
    )


_TOML = tomllib.loads(Path(__file__).with_name("controls.toml").read_text("utf-8"))
CARDS = {id_: _card(id_, entry) for id_, entry in _TOML.items()}

_GET_CONF = "GET /api/2.0/workspace-conf"
_OPEN_POLICY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
_TLS_POLICY = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": "no TLS"}
_FACTS: dict[str, tuple[str, str, object, object, str]] = {
    "ip-access-lists-enforced": (_GET_CONF, "enableIpAccessLists", "false", "true", "true"),
    "tokens-expire": ("GET /api/2.0/token/list", "expiry_time", -1, 30, "at most 90 days"),
    "bucket-policy-closed": (
        "s3:GetBucketPolicy",
        "Policy.Statement[0]",
        _OPEN_POLICY,
        _TLS_POLICY,
        "no statement that allows everybody",
    ),
    "secrets-not-in-config": (
        "GET /api/2.0/clusters/list",
        "spark_env_vars",
        ["DB_PASSWORD"],
        [],
        "no name of a secret",
    ),
}


def _evidence(control: str, verdict: Verdict) -> Evidence:
    usual = (_GET_CONF, control.replace("-", "_"), False, True, "true")
    source, field, bad, good, expected = _FACTS.get(control, usual)
    values = {F: bad, W: bad, U: f"{source}: forbidden (not an admin)"}
    return Evidence(source, field, values.get(verdict, good), expected)


def finding(
    control: str,
    verdict: Verdict,
    subject: SubjectRef,
    reason: str = "",
    *,
    needs: tuple[str, ...] = (),
) -> Finding:
    """Make a finding of a control of the sample."""
    card = CARDS[control]
    made = Finding(
        control,
        card.paper,
        card.severity,
        subject,
        verdict,
        reason or card.title,
        needs,
        (_evidence(control, verdict),) if verdict is not N else (),
        card.fix if verdict in {F, U} else "",
    )
    note = WaiverNote("moves to the new VPC in spring", "ana@example.com", "2027-03-31")
    return replace(made, waiver=note) if verdict is W else made


def workspace(id_: str) -> SubjectRef:
    return SubjectRef("workspace", id_, WORKSPACES[id_], id_)


def thing(kind: str, name: str, id_: str = PROD) -> SubjectRef:
    return SubjectRef(kind, f"{kind}-{name}", name, id_)


def account() -> SubjectRef:
    return SubjectRef("account", ACCOUNT, "account")


def bucket(name: str) -> SubjectRef:
    return SubjectRef("bucket", f"arn:aws:s3:::{name}", name)


def _per_workspace() -> Iterable[Finding]:
    rows = (
        ("ip-access-lists-enforced", F, U, "IP access lists are off"),
        ("local-passwords-off", P, F, "local passwords still work"),
        ("front-end-private-link", W, F, "the workspace answers on the public internet"),
        ("customer-vpc", P, P, ""),
        ("egress-restricted", P, U, ""),
        ("root-bucket-empty", P, F, "14 tables lie in the DBFS root"),
        ("download-disabled", P, F, "results can be downloaded"),
        ("backup-recent", A, A, "attested by ana@example.com until 2027-01-31: backup log"),
        ("managed-services-key", P, N, "needs the Enterprise tier; this is Premium"),
        ("admins-separate", P, U, ""),
    )
    for control, first, second, reason in rows:
        for id_, verdict in ((PROD, first), (LAB, second)):
            needs = ("workspace admin",) if verdict is U else ()
            words = {P: "", U: "GET /api/2.0/workspace-conf: forbidden (not an admin)"}.get(
                verdict, reason
            )
            yield finding(control, verdict, workspace(id_), words, needs=needs)


def _per_thing() -> Iterable[Finding]:
    yield finding("sso-enforced", P, account())
    yield finding("mfa-attested", A, account(), "attested by ana@example.com until 2027-01-31")
    yield finding("audit-log-delivered", P, account())
    slow = "s3:GetBucketPolicy: rate limited (slow down)"
    for name, verdict, reason in (
        ("acme-lake-raw", F, "anybody may read every object"),
        ("acme-lake-gold", P, ""),
        ("acme-logs", U, slow),
    ):
        needs = ("s3:GetBucketPolicy",) if verdict is U else ()
        yield finding("bucket-policy-closed", verdict, bucket(name), reason, needs=needs)
        yield finding("bucket-encrypted", P, bucket(name))
        yield finding("bucket-versioned", W if name == "acme-logs" else P, bucket(name))
    for name in ("etl-nightly", "terraform", "old-notebook"):
        verdict, reason = (P, "") if name == "terraform" else (F, "the token never ends")
        yield finding("tokens-expire", verdict, thing("token", name), reason)
    for number in range(12):
        here = PROD if number % 2 else LAB
        cluster = thing("cluster", f"shared-{number:02}", here)
        loose = number in {3, 7}
        yield finding("cluster-isolation", F if loose else P, cluster, "no isolation" * loose)
        yield finding("clusters-tagged", P, cluster)
    yield finding("secrets-not-in-config", F, thing("cluster", "shared-03"), "a password in clear")
    yield finding("cross-account-role-narrow", F, account(), "the role may iam:PassRole on *")
    yield finding("endpoint-policy-narrow", N, account(), "there is no S3 endpoint here")
    yield finding("nitro-instances", P, thing("cluster", "shared-00"))
    yield finding("git-used", U, thing("job", "nightly"), "the job's source was not in the answer")


FINDINGS = (*_per_workspace(), *_per_thing())


def report_of(findings: Iterable[Finding], **changes: object) -> Report:
    """Make a report of any findings of the sample's controls."""
    kept = tuple(findings)
    tally = Tally({card.id: card.threats for card in CARDS.values()})
    for one in kept:
        tally.add(one)
    made = Report(RUN, tally, CARDS, lambda: iter(kept), UNREAD, LOOSENED)
    return replace(made, **changes)


def sample() -> Report:
    return report_of(FINDINGS)
