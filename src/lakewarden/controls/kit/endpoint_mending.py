"""What mends the policies of VPC endpoints: made out of those that are there, with their proofs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policy_wishes import (
    AWS,
    Edit,
    Statements,
    narrower,
    policy_wish,
    proof,
    works_on,
)
from lakewarden.controls.kit.principals import listed
from lakewarden.controls.kit.proved import account_in
from lakewarden.controls.kit.role_mending import vendor_of
from lakewarden.estate.account import (
    CREDENTIALS,
    LOG_DELIVERIES,
    NETWORKS,
    STORAGE_CONFIGURATIONS,
    Workspace,
)
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Purpose
from lakewarden.estate.vpc import VPC_ENDPOINTS, VpcEndpoint
from lakewarden.plan.change import Proof, Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.proofs.facts.accounts import Platform
from lakewarden.proofs.facts.regions import Region, region
from lakewarden.proofs.policies import endpoints
from lakewarden.proofs.policies.buckets import READS, WRITES
from lakewarden.proofs.policies.build import ANYBODY, Policy, allow, bucket_arns
from lakewarden.semantics.iam_documents import Document
from lakewarden.semantics.vpc_endpoints import service_of

PLANS_WITH: Final = (
    CREDENTIALS.need(),
    LOG_DELIVERIES.need(),
    STORAGE_CONFIGURATIONS.need(),
    EXTERNAL_LOCATIONS.need(),
)
"""What must be collected to know whose buckets and roles are reached through an endpoint."""
_EVERYTHING: Final = json.dumps(endpoints.open_to_all())
_ROLES: Final = ("sts:AssumeRole", "sts:TagSession")


def endpoint_policy(endpoint: VpcEndpoint, workspace: Workspace, at: Context, edit: Edit) -> Wish:
    """Wish for a policy that comes of an endpoint's by an edit.

    Raises:
        UnreadError: the policy was not read.
    """
    text = endpoint.policy.get()
    target = Target("vpc_endpoint_policy", AWS, f"{workspace.region.get()}/{endpoint.id}")

    def prove(new: Document, old: Document) -> Iterator[Proof]:
        yield narrower((new,), (old,))
        yield _alive(endpoint, workspace, at, new, old)

    whole = _EVERYTHING if text is None else text
    return policy_wish(target, endpoint.id, whole, VPC_ENDPOINTS, edit, prove)


def _alive(
    endpoint: VpcEndpoint, workspace: Workspace, at: Context, new: Document, old: Document
) -> Proof:
    """Prove that what Databricks needs of a service still gets through."""
    account, vendor, place = _whereabouts(workspace, at)
    if service_of(endpoint) == "s3":
        words = {
            "region": (place.name,),
            "platform": (vendor.name,),
            "root-bucket": _roots(workspace, at),
            "data-buckets": _named(at, Purpose.DATA),
            "account": (account,),
        }
        return proof("vpce.covers_required_databricks_buckets", {"policy": (new,)}, words)
    words = {"principals": (vendor.control_plane,)}
    if service_of(endpoint) == "sts":
        roles = f"arn:{vendor.partition}:iam::{account}:role/*"
        words = {"principals": (account,), "actions": _ROLES, "resources": (roles,)}
    else:
        streams = f"arn:{vendor.partition}:kinesis:{place.name}:{vendor.control_plane}:stream/*"
        words |= {"actions": ("kinesis:PutRecord", "kinesis:PutRecords"), "resources": (streams,)}
    return works_on((new,), (old,), words)


def documented(service: str, workspace: Workspace, at: Context) -> Statements:
    """Return the statements of the policy that an endpoint for a service should have.

    Args:
        service: `s3`, `sts` or `kinesis-streams`.
        workspace: whose network the endpoint is in.
        at: the context.

    Raises:
        UnreadError: a bucket or a role was not read.
        CannotPlanError: what Databricks needs there is not known.
    """
    account, vendor, place = _whereabouts(workspace, at)
    if service == "sts":
        made: Statements = endpoints.hardened_sts(vendor, account)["Statement"]
    elif service == "s3":
        roots, data = _roots(workspace, at), _named(at, Purpose.DATA)
        made = endpoints.s3(vendor, place, roots, data, account)["Statement"]
        made += _written(at, account, vendor)
    else:
        made = endpoints.kinesis(vendor, place.name)["Statement"]
    return made


def _written(at: Context, account: str, vendor: Platform) -> Statements:
    """Return the statement for the further buckets that may be written to."""
    arns = [a for name in at.policy.written_buckets for a in bucket_arns(name, vendor.partition)]
    ours = {"StringEquals": {"aws:PrincipalAccount": account}}
    return [allow("WrittenBuckets", (*READS, *WRITES), arns, to=ANYBODY, when=ours)] if arns else []


def _whereabouts(workspace: Workspace, at: Context) -> tuple[str, Platform, Region]:
    """Return the AWS account of a workspace, and Databricks' platform and region there."""
    identity = workspace.credentials_id.get()
    if identity is None:
        raise CannotPlanError("no registered role says whose AWS account it is")
    arn = at.estate.need(CREDENTIALS, identity).role_arn.get()
    vendor = vendor_of(arn)
    place = region(workspace.region.get(), vendor.name)
    if place is None:
        reason = f"what Databricks needs in {workspace.region.get()} is not known"
        raise CannotPlanError(f"{reason}: write the policy by hand")
    return account_in(arn), vendor, place


def _named(at: Context, purpose: Purpose) -> tuple[str, ...]:
    return tuple(sorted(b.name for b in at.estate.buckets() if b.serves(purpose)))


def _roots(workspace: Workspace, at: Context) -> tuple[str, ...]:
    """Return the root buckets of the workspaces that share a workspace's VPC.

    Raises:
        UnreadError: a workspace, its network or its storage was not read.
    """
    mine = at.estate.need(NETWORKS, workspace.network_id.get()).vpc_id.get()
    found = set()
    for other in at.estate.workspaces():
        network, storage = other.network_id.get(), other.storage_id.get()
        if network is None or storage is None:
            continue
        if at.estate.need(NETWORKS, network).vpc_id.get() == mine:
            found.add(at.estate.need(STORAGE_CONFIGURATIONS, storage).bucket.get())
    return tuple(sorted(found))


def for_buckets(entry: Policy, written: Iterable[str], read: Iterable[str]) -> Iterator[Policy]:
    """Yield what is left of a statement for known buckets alone.

    Args:
        entry: an Allow.
        written: the buckets for which it may stay as it is.
        read: those of Databricks, that are read and nothing else.
    """
    patterns = [str(pattern) for pattern in listed(entry.get("Resource", ()))]
    kept = list(_within(patterns, written))
    if kept:
        yield {**entry, "Resource": kept if len(kept) > 1 else kept[0]}
    actions = [str(action).lower() for action in listed(entry.get("Action", ()))]
    reads = [r for r in READS if any(fnmatchcase(r.lower(), action) for action in actions)]
    seen = list(_within(patterns, read))
    if seen and reads:
        name = {"Sid": f"{entry['Sid']}Reads"} if "Sid" in entry else {}
        yield {**entry, **name, "Action": reads, "Resource": seen}


def _within(patterns: Iterable[str], buckets: Iterable[str]) -> Iterator[str]:
    """Yield patterns that speak of some buckets and of no others."""
    whole = [arn for name in buckets for arn in bucket_arns(name)]
    names = set(buckets)
    found: dict[str, Any] = {}
    for pattern in patterns:
        if pattern.rpartition(":::")[2].partition("/")[0] in names:
            found[pattern] = None
        else:
            found |= dict.fromkeys(arn for arn in whole if fnmatchcase(arn, pattern))
    yield from found
