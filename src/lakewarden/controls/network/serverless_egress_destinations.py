"""A closed network with a wide list of exceptions is open. One wildcard, or one site where anybody
may post, is enough to carry a table out. What serverless compute may connect to is therefore
compared with what the organisation wrote down, name by name.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    Tier,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.destination_wishes import adding, covers, wanted_domains
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.front_door import policy_of
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.network_policy_wishes import ACCESS, policy_wish
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import WORKSPACE_NETWORK, Workspace
from lakewarden.estate.given import given, refused
from lakewarden.estate.perimeter import NETWORK_POLICIES, NetworkPolicy
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.drop_sites import drop_site

CONTROL = Control(
    id="serverless-egress-destinations",
    title="Serverless compute may connect to wanted destinations only",
    paper=("P11",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORK_POLICIES.need(), WORKSPACE_NETWORK.need()),
    fix=Fix(
        "Remove what is not wanted from the network policy's allowed destinations, and list what "
        "is under network.allowed_destinations in lakewarden.toml.",
        console="Account console > Security > Networking > Context-based ingress & egress control "
        "> the workspace's policy > Egress > Allowed domains and storage destinations.",
        api="PUT /api/2.0/accounts/{account_id}/network-policies/{network_policy_id} with the "
        "narrower allowed_internet_destinations and allowed_storage_destinations.",
        terraform="databricks_account_network_policy with "
        "egress.network_access.allowed_internet_destinations and allowed_storage_destinations.",
        breaks="Notebooks, jobs and models on serverless compute that use a removed destination "
        "fail at once.",
    ),
    tier=Tier.ENTERPRISE,
    maps=also(
        "holds each destination of serverless compute against a list that you keep",
        Relation.SUBSET,
        nist="AC-4 SC-7(5) CM-7(1) CA-3",
        soc2="CC6.7",
        pci="1.2.5 1.3.2",
        hipaa="164.312(e)(1)",
        iso="A.5.14 A.8.12 A.8.23",
        ccm="IVS-03 UEM-11",
        dasf="DASF-65",
        attack="T1048 T1537",
    ),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No destination is a wildcard or a drop site, and each is on the organisation's list.

    Where nothing restricts, another control says so. Without a list of wanted destinations there is
    nothing to compare with, and only what is wrong for everybody is found.
    """
    policy = policy_of(workspace, at)
    restriction = policy.restriction
    if restriction.get() != "RESTRICTED_ACCESS":
        evidence = Evidence(
            restriction.source, restriction.field, restriction.get(), "RESTRICTED_ACCESS"
        )
        reason = (
            f"network policy {policy.id} allows everything, as serverless-egress-restricted says"
        )
        return NotApplicable(reason, (evidence,))
    return _compared(policy, at)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """What is not wanted is taken off the policy; what is wanted of a wildcard is written out."""
    policy = policy_of(workspace, at)
    wanted = {name.lower() for name in at.policy.allowed_destinations}
    domains = [e.destination for e in policy.domains.get() if _wrong(e.destination, wanted)]
    buckets = [e.bucket_name for e in policy.buckets.get() if _wrong(e.bucket_name, wanted)]
    wide = [name for name in domains if "*" in name]
    kept = wanted_domains(policy, at) if wide else ()
    edits: dict[str, Any] = {}
    if domains:
        written = adding(name for name in kept if any(covers(one, name) for one in wide))
        rest = _without("destination", domains)
        edits[f"{ACCESS}/allowed_internet_destinations"] = lambda held: written(rest(held))
    if buckets:
        edits[f"{ACCESS}/allowed_storage_destinations"] = _without("bucket_name", buckets)
    yield policy_wish(policy, at, edits)


def _without(field: str, names: Collection[str]) -> Callable[[Any], list[Mapping[str, Any]]]:
    return lambda held: [entry for entry in held or () if entry[field] not in names]


def _compared(policy: NetworkPolicy, at: Context) -> Judgement:
    domains = [entry.destination for entry in policy.domains.get()]
    buckets = [entry.bucket_name for entry in policy.buckets.get()]
    wanted = {name.lower() for name in at.policy.allowed_destinations}
    wrong = [text for name in (*domains, *buckets) if (text := _wrong(name, wanted))]
    expected = ", ".join(sorted(wanted)) or "no wildcard and no drop site"
    evidence = Evidence(policy.domains.source, policy.domains.field, [*domains, *buckets], expected)
    if not wrong and not wanted and (domains or buckets):
        reason = "no list of wanted destinations is given: network.allowed_destinations"
        return NotApplicable(reason, (evidence,))
    otherwise = f"network policy {policy.id} allows {', '.join(wrong)}"
    return observe(not wrong, evidence, otherwise=otherwise)


def _wrong(name: str, wanted: set[str]) -> str:
    """Return what is wrong with a destination, in words; empty when nothing is."""
    if "*" in name:
        return f"{name} (a wildcard)"
    if name.lower() in wanted:
        return ""
    if site := drop_site(name):
        return f"{name} ({site})"
    return f"{name} (not wanted)" if wanted else ""


def _estate(*domains: str, bucket: str = "", mode: str = "RESTRICTED_ACCESS") -> MemorySnapshot:
    access: dict[str, Any] = {
        "restriction_mode": mode,
        "allowed_internet_destinations": [{"destination": name} for name in domains],
        "allowed_storage_destinations": [{"bucket_name": bucket}] if bucket else [],
    }
    policy = {"network_policy_id": "p1", "egress": {"network_access": access}}
    assigned = [{"workspace_id": 1, "network_policy_id": "p1"}]
    return given(network_policies=[policy], workspace_network=assigned)


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, not compared, unread and out of scope."""
    ours = Policy(allowed_destinations=("pypi.example.com", "lake"))
    yield passes("a wanted domain and bucket", _estate("PyPI.example.com", bucket="lake"), ours)
    yield passes("nothing is allowed", _estate())
    yield fails("a bucket that nobody wanted", _estate(bucket="theirs"), ours)
    yield fails("a name below a wanted one", _estate("x.pypi.example.com"), ours)
    yield fails("a wildcard", _estate("*.com"))
    star = Policy(allowed_destinations=("*.example.com",))
    yield fails("a wildcard that is wanted", _estate("*.example.com"), star)
    yield fails("a site where anybody may post", _estate("pastebin.com"))
    posting = Policy(allowed_destinations=("pastebin.com",))
    yield passes("such a site that is wanted", _estate("pastebin.com"), posting)
    yield exempt("nothing to compare with", _estate("pypi.example.com"))
    yield exempt("nothing restricts", _estate("*.com", mode="FULL_ACCESS"))
    unread = given(network_policies=refused(), workspace_network=refused())
    yield unclear("policies may not be read", unread)
    yield exempt("Premium tier", given(workspace={"pricing_tier": "PREMIUM"}))
