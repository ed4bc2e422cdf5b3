"""What mends buckets: wishes for settings, and edits of policies with their proofs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policy_wishes import (
    AWS,
    Edit,
    Prove,
    Statements,
    narrower,
    policy_wish,
    proof,
    put,
    works_on,
)
from lakewarden.controls.kit.proved import (
    accounts_of,
    own_networks,
    vendors_of,
)
from lakewarden.estate.account import CREDENTIALS, LOG_DELIVERIES, NETWORKS, WORKSPACES
from lakewarden.estate.aws import (
    BUCKET_ENCRYPTION,
    BUCKET_POLICY,
    BUCKET_VERSIONING,
    BucketPublicAccess,
)
from lakewarden.estate.buckets import LifecycleRule
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Bucket, Purpose, bucket_of
from lakewarden.estate.unity import STORAGE_CREDENTIALS
from lakewarden.estate.vpc import VPC_ENDPOINTS
from lakewarden.plan.change import Proof, Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.proofs.facts.accounts import platforms
from lakewarden.proofs.policies.buckets import root_bucket
from lakewarden.proofs.policies.build import Policy, tls_only
from lakewarden.proofs.policies.fence import WaysIn, fenced
from lakewarden.semantics.iam_documents import Document
from lakewarden.semantics.vpc_endpoints import service_of

_SERVICES: Final = "aws-services"
_DEFAULT: Final = "/ApplyServerSideEncryptionByDefault"
_ALGORITHM: Final = f"{_DEFAULT}/SSEAlgorithm"
_KEY: Final = f"{_DEFAULT}/KMSMasterKeyID"
PLANS_WITH: Final = (
    WORKSPACES.need(),
    CREDENTIALS.need(),
    NETWORKS.need(),
    VPC_ENDPOINTS.need(),
    STORAGE_CREDENTIALS.need(),
)
"""What must be collected to change the policy of a bucket and to prove something of it."""


def setting(kind: str, bucket: str, place: str, now: Any, wanted: Any, **more: Any) -> Wish:
    """Wish for one value of one setting of a bucket.

    Args:
        kind: the resource kind, `bucket_ownership`.
        bucket: its name.
        place: the path of the value.
        now: what it is.
        wanted: what it is to be.
        more: of the wish.
    """
    target = Target(kind, AWS, bucket)
    return Wish(target, bucket, {place: now}, {place: wanted}, **more)


def encrypted(bucket: str, at: Context, *keys: str) -> Wish:
    """Wish that new objects are encrypted with a key, or with S3's own where none is named.

    Raises:
        UnreadError: how they are encrypted now was not read.
    """
    rule = at.estate.need(BUCKET_ENCRYPTION, bucket)
    now = {_ALGORITHM: rule.algorithm.get(), _KEY: rule.key_arn.get()}
    wanted = {_ALGORITHM: "aws:kms", _KEY: keys[0]} if keys else {_ALGORITHM: "AES256", _KEY: None}
    return Wish(Target("bucket_encryption", AWS, bucket), bucket, now, wanted)


def closed_to_the_world(block: BucketPublicAccess) -> Wish:
    """Wish that all four public access switches of a bucket are on.

    Raises:
        UnreadError: a switch was not read.
    """
    switches = (block.block_acls, block.ignore_acls, block.block_policy, block.restrict)
    now = {f"/{switch.field}": switch.get() for switch in switches}
    target = Target("bucket_public_access", AWS, block.name)
    return Wish(target, block.name, now, dict.fromkeys(now, True))


def expiring_later(bucket: str, rule: LifecycleRule, days: int) -> Wish:
    """Wish that a rule of a bucket's lifecycle deletes objects after some days, not earlier."""
    place = f"/Rules/[ID={rule.id}]/Expiration"
    now: dict[str, Any] = {f"{place}/Days": rule.days or None}
    if rule.date:
        now[f"{place}/Date"] = rule.date
    wanted = {**dict.fromkeys(now), f"{place}/Days": days}
    return Wish(Target("bucket_lifecycle", AWS, bucket), bucket, now, wanted)


def versioned(bucket: str, at: Context, wanted: str = "Enabled") -> Wish:
    """Wish that a bucket keeps versions, or that it stops to.

    Raises:
        UnreadError: what it does now was not read.
    """
    now = at.estate.need(BUCKET_VERSIONING, bucket).status.get()
    instead = {"/Status": "Suspended"}
    return setting("bucket_versioning", bucket, "/Status", now, wanted, instead=instead)


def bucket_policy(bucket: Bucket, at: Context, edit: Edit, note: str = "") -> Wish:
    """Wish for a policy that comes of a bucket's by an edit.

    Args:
        bucket: the bucket.
        at: the context.
        edit: makes the new statements out of the old ones.
        note: what is meant to be allowed besides.

    Raises:
        UnreadError: the policy was not read.
    """
    text = at.estate.need(BUCKET_POLICY, bucket.name).document.get()
    target = Target("bucket_policy", AWS, bucket.name)
    return policy_wish(target, bucket.name, text, BUCKET_POLICY, edit, _proving(bucket, at, note))


def over_tls(bucket: str, partition: str = "aws") -> Edit:
    """Return the edit that refuses plain HTTP."""
    return lambda found: put(found, tls_only(bucket, partition))


def documented_root(bucket: str, tenant: str, partition: str) -> Statements:
    """Return the statements by which Databricks comes to a root bucket, for one account alone.

    Raises:
        CannotPlanError: it is not known which of several platforms of Databricks it is.
    """
    found = platforms(partition)
    if len(found) != 1:
        reason = f"Databricks has {len(found)} platforms in {partition}: write its statement into"
        raise CannotPlanError(f"{reason} the policy of {bucket} by hand")
    made: Statements = root_bucket(found[0], bucket, tenant)["Statement"]
    return made


def partition_of(at: Context) -> str:
    """Return the partition of AWS that the deployment is in.

    Raises:
        UnreadError: the region of a workspace was not read.
    """
    regions = (workspace.region.get() for workspace in at.estate.workspaces())
    return "aws-us-gov" if next(regions, "").startswith("us-gov-") else "aws"


def fence(bucket: str, at: Context) -> Policy:
    """Return the Deny of all ways to data but those that the estate and the policy file name.

    It refuses nobody to change the policy again.

    Raises:
        UnreadError: a network was not read.
        CannotPlanError: a workspace that may use the bucket would be shut out.
    """
    for workspace in at.estate.workspaces():
        classic = workspace.compute_mode.get() != "SERVERLESS"
        if classic and workspace.network_id.get() is None and not at.policy.trusted_networks:
            reason = f"workspace {workspace.id} runs in a network that Databricks manages: name its"
            raise CannotPlanError(f"{reason} VPC in lakewarden.toml under aws.trusted_networks")
    networks = own_networks(at)
    ways = WaysIn(
        addresses=tuple(n for n in networks if _is_address(n)),
        vpcs=_beginning(networks, "vpc-"),
        endpoints=_beginning(networks, "vpce-"),
        organisation_paths=_beginning(networks, "o-"),
        exempt=at.policy.guardians,
        services=_SERVICES in networks,
    )
    made: Policy = fenced(bucket, ways, partition_of(at))["Statement"][0]
    return made


def _is_address(network: str) -> bool:
    return not network.startswith(("vpc-", "vpce-", "o-")) and network != _SERVICES


def _beginning(networks: Iterable[str], start: str) -> tuple[str, ...]:
    return tuple(network for network in networks if network.startswith(start))


def _proving(bucket: Bucket, at: Context, note: str) -> Prove:
    """Return what is to be shown of a bucket's new policy: no more than before, and no outage."""

    def prove(new: Document, old: Document) -> Iterator[Proof]:
        yield narrower((new,), (old,), note, account="*")
        yield from _alive(bucket, new, old, at)

    return prove


def _alive(bucket: Bucket, new: Document, old: Document, at: Context) -> Iterator[Proof]:
    """Yield that what worked works: whoever a bucket is for comes to it as before.

    Raises:
        UnreadError: it is not known who that is.
    """
    if bucket.serves(Purpose.DATA):
        words = {
            "bucket": (bucket.name,),
            "roles": tuple(_credential_roles(bucket.name, at)),
            "endpoints": tuple(_s3_endpoints(at)),
            "serverless": ("yes",),
        }
        yield proof("bucket.databricks_still_works", {"policy": (new,)}, words)
    if bucket.is_root:
        tenant = {"databricks-account": (at.estate.meta.account_id,)}
        yield works_on((new,), (old,), {"principals": vendors_of(at), **tenant})
    if bucket.serves(Purpose.AUDIT_LOGS):
        words = {
            "bucket": (bucket.name,),
            "log-delivery": delivery_roles(at),
            "account": accounts_of(at)[:1],
        }
        yield proof("bucket.databricks_still_works", {"policy": (new,)}, words)


def delivery_roles(at: Context) -> tuple[str, ...]:
    """Return the roles that deliver logs.

    Raises:
        UnreadError: some may be missing.
    """
    deliveries = at.estate.of(LOG_DELIVERIES).each()
    found = (at.estate.need(CREDENTIALS, d.credentials_id.get()) for d in deliveries)
    return tuple(sorted({credential.role_arn.get() for credential in found}))


def _credential_roles(bucket: str, at: Context) -> Iterator[str]:
    """Yield the roles by which Unity Catalog and compute come to a bucket.

    Raises:
        UnreadError: a location or its credential was not read.
    """
    known: set[str] = set()
    for workspace in at.estate.workspaces():
        for location in at.estate.of(EXTERNAL_LOCATIONS, workspace).each():
            if bucket_of(location.url.get()) != bucket:
                continue
            name = location.credential.get()
            role = at.estate.need(STORAGE_CREDENTIALS, name, workspace).role_arn.get()
            if role is not None and role not in known:
                known.add(role)
                yield role


def _s3_endpoints(at: Context) -> Iterator[str]:
    vpcs = {network.vpc_id.get() for network in at.estate.of(NETWORKS).each()}
    for endpoint in at.estate.of(VPC_ENDPOINTS).each():
        if service_of(endpoint) == "s3" and endpoint.vpc_id.get() in vpcs:
            yield endpoint.id


def without(found: Statements, wrong: Iterable[Policy]) -> Statements:
    """Return statements without some of them."""
    gone = list(wrong)
    return [entry for entry in found if entry not in gone]
