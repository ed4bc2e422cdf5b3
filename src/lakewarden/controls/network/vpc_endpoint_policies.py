"""A VPC endpoint is a way out of an otherwise closed network. With the policy that AWS gives it by
default it leads to every bucket and stream there is, an attacker's included: data can be copied to
a stranger's bucket without touching the internet, where a firewall would have seen it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    all_of,
    observe,
    unknown,
)
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
from lakewarden.controls.kit.endpoint_mending import PLANS_WITH, documented, endpoint_policy
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.networks import in_own_network, network_of
from lakewarden.controls.kit.policy_wishes import Statements, document
from lakewarden.controls.kit.subjects import WORKSPACE
from lakewarden.estate.account import NETWORKS, Network, Workspace
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import Items, given, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.estate.vpc import VPC_ENDPOINTS, VpcEndpoint
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish
from lakewarden.semantics.iam_documents import Statement, statements
from lakewarden.semantics.vpc_endpoints import service_of, works

CONTROL = Control(
    id="vpc-endpoint-policies",
    title="The VPC's endpoints for S3, STS and Kinesis lead to known resources only",
    paper=("P12",),
    severity=Severity.MEDIUM,
    postures=HIGH,
    subject=WORKSPACE,
    needs=(NETWORKS.need(), VPC_ENDPOINTS.need()),
    fix=Fix(
        "Give the VPC an S3 endpoint, and each endpoint for S3, STS and Kinesis a policy "
        "that names your own buckets and accounts and those of Databricks.",
        console="VPC console > Endpoints > each endpoint for S3, STS and Kinesis > Policy > Edit "
        "policy > Custom.",
        api='EC2 ModifyVpcEndpoint {"VpcEndpointId": "vpce-...", "PolicyDocument": "{...}"} with '
        "your buckets and accounts and those of Databricks in the region.",
        terraform="aws_vpc_endpoint with policy set to a document that names resources or tests "
        "aws:ResourceAccount, and aws_vpc_endpoint_policy for existing ones.",
        breaks="Buckets, roles and streams that the policy does not name become unreachable from "
        "clusters, with AccessDenied errors in jobs that used them.",
    ),
    maps=also(
        "lets requests through the endpoints reach known buckets and accounts only",
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

_ACTIONS: Final = {"s3": "s3", "sts": "sts", "kinesis-streams": "kinesis"}
"""Endpoint services that carry data, with the prefix of their actions."""
_LIMITING: Final = frozenset(
    {"s3:resourceaccount", *(f"aws:resource{what}" for what in ("account", "orgid", "orgpaths"))}
)
"""Condition keys that tie a request to resources of one's own accounts or the vendor's."""
_WHOSE: Final = frozenset(f"aws:principal{what}" for what in ("account", "orgid", "orgpaths"))
"""Condition keys that say who asks, which does not limit where data goes."""


@CONTROL.check
def check(workspace: Workspace, at: Context) -> Judgement:
    """There is an S3 endpoint, and no endpoint that carries data has an open policy."""
    return in_own_network(workspace, at, lambda network: _closed(network, at))


def _closed(network: Network, at: Context) -> Judgement:
    vpc = network.vpc_id.get()
    seen = [e for e in at.estate.of(VPC_ENDPOINTS).seen() if e.vpc_id.get() == vpc]
    return all_of(*(lambda e=e: _limited(e) for e in seen), lambda: _has_s3(vpc, at))


def _has_s3(vpc: str, at: Context) -> Condition:
    here = [e for e in at.estate.of(VPC_ENDPOINTS).each() if e.vpc_id.get() == vpc]
    services = sorted({service_of(e) for e in here if works(e)})
    evidence = Evidence(VPC_ENDPOINTS.source, "ServiceName", services, "s3 among them")
    return observe("s3" in services, evidence, otherwise=f"{vpc} has no endpoint for S3")


def _limited(endpoint: VpcEndpoint) -> Condition:
    service = service_of(endpoint)
    if service not in _ACTIONS:
        return all_of()
    policy = statements(endpoint.policy.get(), VPC_ENDPOINTS)
    open_ended = [s for s in policy if _leads_anywhere(s, _ACTIONS[service])]
    wide = any(not s.conditions for s in open_ended)
    denies = not all(s.allows for s in policy)
    if any(s.negated for s in policy) or (open_ended and (denies or not wide)):
        detail = f"the policy of {endpoint.id} has exceptions or conditions that are not weighed"
        return unknown(VPC_ENDPOINTS.gap(Cause.NOT_READ, detail))
    value = f"{endpoint.id}: {'leads anywhere' if wide else 'limited'}"
    evidence = Evidence(VPC_ENDPOINTS.source, "PolicyDocument", value, "limited")
    otherwise = f"endpoint {endpoint.id} for {service} leads to everybody's resources"
    return observe(not wide, evidence, otherwise=otherwise)


def _leads_anywhere(statement: Statement, prefix: str) -> bool:
    """Return whether a statement lets a service's actions reach resources of any account.

    STS has no resources of its own to name, so there it is the principals that must be.
    """
    limiting = _LIMITING | _WHOSE if prefix == "sts" else _LIMITING
    return bool(
        statement.allows
        and any(fnmatchcase(prefix, action.partition(":")[0]) for action in statement.actions)
        and any(_is_anybodys(resource) for resource in statement.resources)
        and (prefix != "sts" or statement.for_everybody)
        and not any(
            operator.lower() in {"stringequals", "stringlike"}
            and any(key in limiting and not _opens(values) for key, values in tests.items())
            for operator, tests in statement.conditions.items()
        )
    )


def _is_anybodys(resource: str) -> bool:
    """Return whether a resource pattern names neither an account nor, for S3, a bucket."""
    owner, _, name = resource.split(":", 4)[-1].partition(":")
    return "*" in owner or (not owner and name.startswith(("*", "?")))


def _opens(values: tuple[str, ...]) -> bool:
    """Return whether a pattern among the values is for everything."""
    return not all(value.strip("*?") for value in values)


@CONTROL.mends
def mend(workspace: Workspace, at: Context) -> Iterable[Wish | Step]:
    """Put what Databricks documents in the place of statements that lead anywhere."""
    vpc = network_of(workspace, at).vpc_id.get()
    for endpoint in at.estate.of(VPC_ENDPOINTS).each():
        if endpoint.vpc_id.get() == vpc and _limited(endpoint).met is False:
            service = service_of(endpoint)
            known = documented(service, workspace, at)

            def edit(
                found: Statements, service: str = service, known: Statements = known
            ) -> Statements:
                prefix = _ACTIONS[service]
                wide = [e for e in found if _leads_anywhere(document([e]).statements[0], prefix)]
                return [*(e for e in found if e not in wide), *known] if wide else found

            yield endpoint_policy(endpoint, workspace, at, edit)
    if _has_s3(vpc, at).met is False:
        do = f"Create a gateway endpoint for S3 in {vpc}, with the route tables of the clusters'"
        verify = f"`aws ec2 describe-vpc-endpoints` names an available one of {vpc} for S3"
        yield Step(f"{do} subnets and a policy that names your buckets.", verify)


def _estate(endpoints: Items) -> MemorySnapshot:
    role = {"sts_role": {"role_arn": "arn:aws:iam::111122223333:role/databricks"}}
    return given(
        workspace={"network_id": "n1", "credentials_id": "c1"},
        credentials=[{"credentials_id": "c1", "aws_credentials": role}],
        storage_configurations=[],
        log_deliveries=[],
        external_locations=[],
        networks=[{"network_id": "n1", "vpc_id": "vpc-1"}],
        vpc_endpoints=endpoints,
    )


def _endpoint(policy: str | None, service: str = "s3", vpc: str = "vpc-1") -> dict[str, Any]:
    return {
        "VpcEndpointId": f"vpce-{service}",
        "VpcId": vpc,
        "ServiceName": f"com.amazonaws.us-east-1.{service}",
        "State": "available",
        "PolicyDocument": policy,
    }


_RULE: Final = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def _policy(**changes: Any) -> str:
    return json.dumps({"Statement": [{**_RULE, **changes}]})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong, unread and out of scope."""
    s3 = _endpoint(_policy(Resource="arn:aws:s3:::b/*"))
    ours = {"StringEquals": {"aws:ResourceAccount": "123456789012"}}
    yield passes("S3 limited to a bucket", _estate([s3]))
    yield passes("limited by a condition", _estate([_endpoint(_policy(Condition=ours))]))
    stars = {"StringLike": {"aws:ResourceAccount": ["123456789012", "*"]}}
    anyone = _endpoint(_policy(Condition=stars))
    yield unclear("a condition that any account meets", _estate([anyone]))
    asker = {"StringEquals": {"aws:PrincipalAccount": "123456789012"}}
    mixed = _endpoint(_policy(Condition=asker))
    yield unclear("our own people, by a condition, to every bucket", _estate([mixed]))
    yield passes(
        "our own people, by a condition, to every role",
        _estate([s3, _endpoint(_policy(Condition=asker), "sts")]),
    )
    yield passes("a service that carries no data", _estate([s3, _endpoint(_policy(), "ec2")]))
    stranger = _endpoint(_policy(), "sts", "vpc-2")
    yield passes("another network's policy is its own matter", _estate([s3, stranger]))
    yield fails("the default policy", _estate([_endpoint(_policy())]))
    alike = _policy(Principal={"AWS": ["*"]}, Action=["S3:*"])
    yield fails("the default in other words", _estate([_endpoint(alike)]))
    upload = _policy(Action=["s3:GetObject", "s3:PutObject"])
    yield fails("some actions on every bucket", _estate([_endpoint(upload)]))
    yield fails(
        "every bucket, by its ARN", _estate([_endpoint(_policy(Resource="arn:aws:s3:::*"))])
    )
    spelt = _endpoint(_policy(Resource="arn:aws:s3:::?*/*"))
    yield fails("every bucket, by another pattern", _estate([spelt]))
    mine = _policy(Principal={"AWS": "123456789012"})
    yield fails("our own people, to every bucket", _estate([_endpoint(mine)]))
    yield passes("our own people, to every role", _estate([s3, _endpoint(mine, "sts")]))
    stream = _policy(Resource="arn:aws:kinesis:us-east-1:*:stream/*")
    yield fails("every account's streams", _estate([s3, _endpoint(stream, "kinesis-streams")]))
    yield fails("Kinesis by default", _estate([s3, _endpoint(_policy(), "kinesis-streams")]))
    yield fails("no endpoint for S3", _estate([]))
    yield fails("the S3 endpoint is not accepted yet", _estate([{**s3, "State": "pending"}]))
    yield fails("a network that Databricks manages", given(networks=[], vpc_endpoints=[]))
    yield unclear("endpoints may not be read", _estate(refused()))
    yield unclear("text that is no policy", _estate([_endpoint("{")]))
    yield unclear("no policy in the answer", _estate([_endpoint(None)]))
    denial = json.dumps({"Statement": [_RULE, {**_RULE, "Effect": "Deny"}]})
    yield unclear("everything allowed, something denied", _estate([_endpoint(denial)]))
    encrypted = _policy(Condition={"Bool": {"aws:SecureTransport": "true"}})
    yield unclear("a condition that limits something else", _estate([_endpoint(encrypted)]))
    exception = _policy().replace("Action", "NotAction")
    yield unclear("everything but something", _estate([_endpoint(exception)]))
    yield exempt("serverless", given(workspace={"compute_mode": "SERVERLESS"}))
