"""Data leaves a closed network through its S3 endpoint, in one request for a bucket of the thief's,
signed with the thief's own keys; no firewall sees it. A policy that looks tight lets it through by
one action that it forgot, or by a bucket whose name begins alike. So every write that the policy
admits is considered at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lakewarden.controls.kit.bucket_examples import BUCKET_NEEDS
from lakewarden.controls.kit.condition import Condition, Judgement, NotApplicable, all_of, unknown
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.endpoint_mending import (
    PLANS_WITH,
    documented,
    endpoint_policy,
    for_buckets,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import in_own_network, network_of, own_network
from lakewarden.controls.kit.policy_wishes import Statements, document
from lakewarden.controls.kit.proved import asked, document_of_endpoint
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import VPC_ENDPOINTS, VpcEndpoint
from lakewarden.ledger.finding import Severity
from lakewarden.plan.wish import Wish
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.facts.regions import PLATFORMS, region
from lakewarden.semantics.vpc_endpoints import service_of

CONTROL = Control(
    id="endpoint-writes-confined",
    title="Through the VPC's S3 endpoints nothing is written but to known buckets",
    paper=("P12", "P11"),
    severity=Severity.HIGH,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(*BUCKET_NEEDS, NETWORKS.need(), VPC_ENDPOINTS.need()),
    fix=Fix(
        "Let the endpoint's policy allow writing actions on the ARNs of your buckets and of "
        "Databricks' log bucket of the region alone, and name further buckets in lakewarden.toml "
        "under aws.written_buckets.",
        console="VPC console > Endpoints > the S3 endpoint > Policy > Edit policy > Custom.",
        api='EC2 ModifyVpcEndpoint {"VpcEndpointId": "vpce-...", "PolicyDocument": "{...}"}; '
        "lakewarden prove vpce.writes_only_to shows beforehand what it lets through.",
        terraform="policy of aws_vpc_endpoint, or aws_vpc_endpoint_policy.",
        breaks="Jobs that write to a bucket that the policy does not name get AccessDenied.",
    ),
    maps=also(
        "shows by proof which buckets data can be copied to without the internet",
        Relation.SUBSET,
        nist="AC-3 AC-4 SC-7 SC-7(5)",
        soc2="CC6.6 CC6.7",
        pci="1.3.2 7.2.5",
        hipaa="164.312(e)(1)",
        iso="A.5.14 A.8.3 A.8.12",
        ccm="IVS-03 UEM-11",
        dasf="DASF-65",
        attack="T1537",
    ),
    plans_with=PLANS_WITH,
)

_GONE: Final = frozenset({"deleted", "rejected", "failed", "expired"})
"""States in which an endpoint takes no request, and will not."""
_COMING: Final = frozenset({"pending", "pendingacceptance"})
"""States in which it takes none yet."""


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """No endpoint for S3 lets a write to another bucket through."""
    return in_own_network(workspace, at, lambda n: _confined(n, workspace, at), demanded=False)


def _confined(network: Network, workspace: Workspace, at: Context) -> Judgement:
    vpc = network.vpc_id.get()
    here = [e for e in at.estate.of(VPC_ENDPOINTS).each() if e.vpc_id.get() == vpc]
    ways = [e for e in here if _takes_s3(e)]
    if not ways:
        return NotApplicable("no S3 endpoint in the VPC; vpc-endpoint-policies says more")
    buckets = _written(workspace.region.get(), at)
    return all_of(*(lambda e=e: _only(e, buckets) for e in ways))


def _takes_s3(endpoint: VpcEndpoint) -> bool:
    """Return whether requests for S3 may go through it: also for its other kinds of buckets."""
    service = service_of(endpoint)
    if not service.startswith("s3") and service != "accesspoint":
        return False
    return endpoint.state.get().lower() not in _GONE | _COMING


def _written(name: str, at: Context) -> tuple[str, ...]:
    """Return the buckets that may be written to.

    Raises:
        UnreadError: buckets of the deployment may be missing.
    """
    places = (region(name, platform) for platform in PLATFORMS)
    logs = {place.buckets.logs for place in places if place} - {None}
    own = {bucket.name for bucket in at.estate.buckets()}
    return tuple(sorted({*own, *filter(None, logs), *at.policy.written_buckets}))


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish]:
    """Narrow each statement that lets a write out to the known buckets that it speaks of."""
    vpc = network_of(workspace, at).vpc_id.get()
    written = _written(workspace.region.get(), at)

    def edit(found: Statements) -> Statements:
        return [left for entry in found for left in _narrowed(entry, found, workspace, at)]

    here = (e for e in at.estate.of(VPC_ENDPOINTS).each() if e.vpc_id.get() == vpc)
    for endpoint in (e for e in here if _takes_s3(e)):
        if _only(endpoint, written).met is False:
            yield endpoint_policy(endpoint, workspace, at, edit)


def _narrowed(
    entry: dict[str, Any], found: Statements, workspace: Workspace, at: Context
) -> Iterator[dict[str, Any]]:
    """Yield what is left of a statement: all of it unless something else is written by it."""
    written = _written(workspace.region.get(), at)
    denies = [other for other in found if other.get("Effect") == "Deny"]
    alone = {"policy": (document([entry, *denies]),)}
    words = {"buckets": written}
    if entry in denies or asked("vpce.writes_only_to", VPC_ENDPOINTS, alone, words).met:
        yield entry
    elif entry.get("Resource") in ("*", ["*"]) or {"NotResource", "NotAction"} & entry.keys():
        yield from documented("s3", workspace, at)
    else:
        yield from for_buckets(entry, written, _read(workspace.region.get()))


def _read(name: str) -> tuple[str, ...]:
    """Return the buckets of Databricks that are read in a region."""
    places = [place for place in (region(name, platform) for platform in PLATFORMS) if place]
    found = {b for p in places for b in (p.buckets.datasets, p.buckets.system_tables) if b}
    return tuple(sorted({*found, *(b for p in places for b in p.buckets.artifacts)}))


def _only(endpoint: VpcEndpoint, buckets: tuple[str, ...]) -> Condition:
    if service_of(endpoint) not in {"s3", "accesspoint"}:
        detail = f"what {endpoint.id} for {service_of(endpoint)} lets through is not weighed"
        return unknown(VPC_ENDPOINTS.gap(Cause.NOT_READ, detail))
    policies = {"policy": (document_of_endpoint(endpoint),)}
    return asked("vpce.writes_only_to", VPC_ENDPOINTS, policies, {"buckets": buckets})


_ALL: Final = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
"""The policy of an endpoint that nobody gave one, as the AWS documentation has it."""


_ROLE: Final = {"sts_role": {"role_arn": "arn:aws:iam::111122223333:role/databricks"}}


def _endpoint(*statements: dict[str, Any], **fields: Any) -> dict[str, Any]:
    whole = [{**_ALL, **statement} for statement in statements]
    return {
        "VpcEndpointId": "vpce-1",
        "VpcId": "vpc-1",
        "ServiceName": "com.amazonaws.us-east-1.s3",
        "State": "available",
        "PolicyDocument": json.dumps({"Version": "2012-10-17", "Statement": whole}),
        **fields,
    }


def _estate(*endpoints: dict[str, Any], **kinds: Any) -> MemorySnapshot:
    storage = {"storage_configuration_id": "s1", "root_bucket_info": {"bucket_name": "root"}}
    usual: dict[str, Any] = {
        "workspace": {
            "network_id": "n1",
            "storage_configuration_id": "s1",
            "credentials_id": "c1",
        },
        "credentials": [{"credentials_id": "c1", "aws_credentials": _ROLE}],
        "storage_configurations": [storage],
        "log_deliveries": [],
        "external_locations": [{"name": "lake", "url": "s3://lake/tables"}],
        "vpc_endpoints": list(endpoints),
    }
    return own_network(**{**usual, **kinds})


def _to(*buckets: str) -> dict[str, Any]:
    arns = [f"arn:aws:s3:::{bucket}{rest}" for bucket in buckets for rest in ("", "/*")]
    return {"Action": "s3:*", "Resource": arns}


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, exempt and unread."""
    ours = _to("root", "lake")
    reading = {"Action": ["s3:GetObject", "s3:ListBucket"]}
    yield passes("our buckets", _estate(_endpoint(ours)))
    yield passes("reading from everywhere", _estate(_endpoint(ours, reading)))
    vendor = _to("databricks-prod-storage-virginia")
    yield passes("the log bucket of Databricks", _estate(_endpoint(ours, vendor)))
    partner = _endpoint(ours, _to("partner"))
    yield passes("a bucket that is named", _estate(partner), Policy(written_buckets=("partner",)))
    yield fails("a bucket that is not", _estate(partner))
    yield fails("the default policy", _estate(_endpoint({})))
    yield fails("no policy, which is the default", _estate(_endpoint(PolicyDocument=None)))
    yield fails("buckets whose names begin alike", _estate(_endpoint(_to("lake*"))))
    abroad = _to("databricks-prod-storage-oregon")
    yield fails("the log bucket of another region", _estate(_endpoint(ours, abroad)))
    tags = {"Action": "s3:PutObjectTagging"}
    yield fails("tags on anybody's objects, which carry data", _estate(_endpoint(ours, tags)))
    caller = {"Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}
    yield fails("our own callers, to every bucket", _estate(_endpoint(caller)))
    owner = {"Condition": {"StringEquals": {"aws:ResourceAccount": "111122223333"}}}
    yield fails("any bucket of an account, known or not", _estate(_endpoint(owner)))
    two = _endpoint(
        {},
        VpcEndpointId="vpce-2",
        VpcEndpointType="Interface",
        ServiceName="com.amazonaws.us-east-1.s3-fips",
    )
    yield fails("a second endpoint is open", _estate(_endpoint(ours), two))
    yield fails("on its way out, and open still", _estate(_endpoint({}, State="deleting")))
    stranger = _endpoint({}, VpcEndpointId="vpce-3", VpcId="vpc-2")
    yield passes("another network's endpoint", _estate(_endpoint(ours), stranger))
    yield exempt("no endpoint for S3", _estate(_endpoint({}, ServiceName="com.amazonaws.x.sts")))
    yield exempt("an endpoint that was refused", _estate(_endpoint({}, State="rejected")))
    express = _endpoint(ours, ServiceName="com.amazonaws.us-east-1.s3express")
    yield unclear("directory buckets", _estate(express))
    yield unclear("endpoints may not be read", _estate(vpc_endpoints=refused()))
    yield unclear("text that is no policy", _estate(_endpoint(PolicyDocument="{}")))
    yield unclear(
        "buckets may not be listed", _estate(_endpoint(ours), external_locations=refused())
    )
    yield exempt(
        "a network that Databricks makes",
        given(networks=[], vpc_endpoints=[], storage_configurations=[], log_deliveries=[]),
    )
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
