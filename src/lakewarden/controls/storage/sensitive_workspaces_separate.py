"""Two workspaces that share a role, a bucket, a key or a network are one to whoever breaks in. A
sandbox where people try things is easy to break into; the workspace with the sensitive data must
not be reachable by what the sandbox runs on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    observe,
)
from lakewarden.controls.kit.control import (
    BOTH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.sensitive import is_sensitive, unlabelled
from lakewarden.controls.kit.subjects import WORKSPACE, name_of
from lakewarden.estate.account import (
    CREDENTIALS,
    ENCRYPTION_KEYS,
    NETWORKS,
    STORAGE_CONFIGURATIONS,
    WORKSPACES,
    Workspace,
)
from lakewarden.estate.fact import Cause, Fact, UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.kind import Kind
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="sensitive-workspaces-separate",
    title="Workspaces for sensitive data share no role, bucket, key or network with others",
    paper=("P22",),
    severity=Severity.HIGH,
    postures=BOTH,
    subject=WORKSPACE,
    needs=(
        CREDENTIALS.need(),
        STORAGE_CONFIGURATIONS.need(),
        ENCRYPTION_KEYS.need(),
        NETWORKS.need(),
    ),
    fix=Fix(
        "Give each workspace for sensitive data a role, a root bucket, keys and a VPC of its own, "
        "and name the tag that marks such workspaces in data.sensitive_tags.",
        console="Account console, Cloud resources: new configurations, then the workspace, Update.",
        api="PATCH /api/2.0/accounts/{account_id}/workspaces/{workspace_id} with new "
        "credentials_id, network_id and key ids; a root bucket cannot be exchanged.",
        terraform="databricks_mws_workspaces with configurations that no other workspace uses.",
        breaks="Clusters must be stopped for the change; a shared root bucket means a new "
        "workspace and moving everything there.",
        no_api="The role, bucket, keys and network of its own must be built first, and a root "
        "bucket or storage key cannot be exchanged at all.",
    ),
    maps=(
        *also(
            "keeps a break-in elsewhere from reaching workspaces with sensitive data",
            Relation.SUBSET,
            nist="AC-4 SC-7 SC-7(21)",
            soc2="CC6.1 CC6.6",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.8.22 A.8.31",
            ccm="DSP-17 IVS-06",
        ),
        *also(
            "leaves an intruder of a sandbox no role, bucket, key or network to go on with",
            pci="1.3.1",
            dasf="DASF-62",
            attack="T1078.004 T1530 T1552.005",
        ),
    ),
)

_Reference = Callable[[Workspace], Fact[str | None]]
_Part = tuple[str, tuple[_Reference, ...], Kind[Any], str]
"""Its name, where it is named, first for itself and then for other uses of it, and what it is."""
_ALWAYS: Final = frozenset({"role", "root bucket"})
"""What every workspace has that runs compute of its own; the rest may be Databricks' to provide."""


def _storage_key(workspace: Workspace) -> Fact[str | None]:
    return workspace.storage_key_id


def _services_key(workspace: Workspace) -> Fact[str | None]:
    return workspace.managed_services_key_id


_PARTS: Final[tuple[_Part, ...]] = (
    ("role", (lambda w: w.credentials_id,), CREDENTIALS, "role_arn"),
    ("root bucket", (lambda w: w.storage_id,), STORAGE_CONFIGURATIONS, "bucket"),
    ("storage key", (_storage_key, _services_key), ENCRYPTION_KEYS, "arn"),
    ("managed services key", (_services_key, _storage_key), ENCRYPTION_KEYS, "arn"),
    ("VPC", (lambda w: w.network_id,), NETWORKS, "vpc_id"),
)


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """Nothing that it runs on serves workspaces of the other sort too, by whatever name."""
    labelled = {w.id: is_sensitive(w, at) for w in at.estate.of(WORKSPACES).each()}
    if not at.policy.sensitive_tags or not any(labelled.values()):
        return unlabelled()
    mine = labelled[workspace.id]
    others = [w for w in at.estate.of(WORKSPACES).each() if labelled[w.id] is not mine]
    return all_of(*(lambda part=part: _apart(part, workspace, others, at) for part in _PARTS))


def _apart(
    part: _Part, workspace: Workspace, others: Iterable[Workspace], at: Context
) -> Condition:
    name, uses, kind, field = part
    fact = uses[0](workspace)
    if name in _ALWAYS:
        for w in (workspace, *others):
            _insist(uses[0](w), w)
    mine = _thing(fact, kind, field, at)
    shared = [
        name_of(w)
        for w in others
        if mine is not None and mine in [_thing(use(w), kind, field, at) for use in uses]
    ]
    evidence = Evidence(fact.source, fact.field, mine, f"a {name} of its own")
    return observe(
        not shared,
        evidence,
        otherwise=f"sensitive or not, it shares its {name} {mine} with {', '.join(shared)}",
    )


def _insist(reference: Fact[str | None], workspace: Workspace) -> None:
    """Take no answer for whole that leaves out what a workspace cannot be without.

    Raises:
        UnreadError: it is left out, and the workspace is not a serverless one.
    """
    if reference.get() is None and workspace.compute_mode.get() != "SERVERLESS":
        detail = f"no {reference.field} in the answer for workspace {workspace.id}"
        raise UnreadError(WORKSPACES.gap(Cause.MISSING_FIELD, detail))


def _thing(reference: Fact[str | None], kind: Kind[Any], field: str, at: Context) -> str | None:
    """Return what a configuration of a workspace stands for in AWS.

    Raises:
        UnreadError: the configuration was not read.
    """
    identity = reference.get()
    if identity is None:
        return None
    fact: Fact[str] = getattr(at.estate.need(kind, identity), field)
    return fact.get()


_LABEL: Final = {"Sensitivity": "high"}
_OWN: Final[dict[str, Any]] = {
    "credentials": [
        {"credentials_id": n, "aws_credentials": {"sts_role": {"role_arn": f"arn:{n}"}}}
        for n in ("c1", "c2")
    ],
    "storage_configurations": [
        {"storage_configuration_id": n, "root_bucket_info": {"bucket_name": b}}
        for n, b in (("s1", "b1"), ("s2", "b2"), ("s3", "b1"))
    ],
    "encryption_keys": [
        {"customer_managed_key_id": n, "aws_key_info": {"key_arn": f"arn:{n}"}}
        for n in ("k1", "k2")
    ],
    "networks": [{"network_id": n, "vpc_id": f"vpc-{n}"} for n in ("n1", "n2")],
}
_MINE: Final = {
    "credentials_id": "c1",
    "storage_configuration_id": "s1",
    "storage_customer_managed_key_id": "k1",
    "managed_services_customer_managed_key_id": "k1",
    "network_id": "n1",
}
_OTHER: Final = {
    "credentials_id": "c2",
    "storage_configuration_id": "s2",
    "storage_customer_managed_key_id": "k2",
    "managed_services_customer_managed_key_id": "k2",
    "network_id": "n2",
}


def _estate(
    other: Mapping[str, Any],
    tags: Mapping[str, str] | None = None,
    mine: Mapping[str, Any] = _MINE,
    **answers: Any,
) -> MemorySnapshot:
    vault = {"workspace_id": 1, "workspace_name": "vault", "pricing_tier": "ENTERPRISE", **mine}
    sandbox = {**vault, "workspace_id": 2, "workspace_name": "sandbox", **other}
    both = [{**vault, "custom_tags": _LABEL}, {**sandbox, "custom_tags": tags or {}}]
    return given(workspaces=answers.pop("workspaces", both), **{**_OWN, **answers})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    label = Policy(sensitive_tags=_LABEL)
    yield passes("each has its own", _estate(_OTHER), label)
    always = ("credentials_id", "storage_configuration_id")
    bare = {**dict.fromkeys(_MINE), **{field: _OTHER[field] for field in always}}
    yield passes("the other has hardly anything", _estate(bare), label)
    for field, value in _MINE.items():
        yield fails(f"the same {field}", _estate({**_OTHER, field: value}), label)
    crossed = {**_OTHER, "managed_services_customer_managed_key_id": "k1"}
    split = {**_MINE, "managed_services_customer_managed_key_id": None}
    yield fails("one key for two uses", _estate(crossed, mine=split), label)
    twice = {**_OTHER, "storage_configuration_id": "s3"}
    yield fails("one bucket under two names", _estate(twice), label)
    serverless = {**dict.fromkeys(_MINE), "compute_mode": "SERVERLESS"}
    yield passes("the other is serverless", _estate(serverless), label)
    for field in always:
        yield unclear(f"the other's {field} is left out", _estate({**_OTHER, field: None}), label)
        mine: dict[str, Any] = {**_MINE, field: None}
        yield unclear(f"its own {field} is left out", _estate(_OTHER, mine=mine), label)
    yield passes("both are sensitive", _estate(_MINE, _LABEL), label)
    yield unclear("nobody said what is sensitive", _estate(_OTHER))
    yield unclear("no workspace has the label", _estate(_OTHER), Policy(sensitive_tags={"S": "1"}))
    for kind in _OWN:
        unread: dict[str, Any] = {kind: refused()}
        yield unclear(f"{kind} may not be read", _estate(_OTHER, **unread), label)
