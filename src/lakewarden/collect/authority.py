"""Boundaries of roles, grants of keys, and the policies of the organisation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call, need, one_each, pages, region_of
from lakewarden.collect.rights import default_version
from lakewarden.collect.task import Task, collects
from lakewarden.estate.account import CREDENTIALS, ENCRYPTION_KEYS
from lakewarden.estate.authority import KEY_GRANTS, ORGANIZATION_LEVELS, ROLE_BOUNDS
from lakewarden.estate.fact import Cause

_TYPES: Final = ("RESOURCE_CONTROL_POLICY", "SERVICE_CONTROL_POLICY")
_ALONE: Final = "AWSOrganizationsNotInUseException"
_DEEPEST: Final = 10
"""How many levels are followed; AWS has at most five of units between root and account."""


@collects(ROLE_BOUNDS)
def role_bounds(task: Task) -> Iterator[Any]:
    """Read the permissions boundary and the longest session of every registered role."""
    client = task.cloud.client("iam", "us-east-1")

    def ask(arn: str) -> Mapping[str, Any]:
        role = need(call(client.get_role, RoleName=arn.rsplit("/", 1)[-1]), "Role")
        item = {"arn": arn, "MaxSessionDuration": role.get("MaxSessionDuration")}
        if "PermissionsBoundary" not in role:
            return item
        boundary = need(role["PermissionsBoundary"], "PermissionsBoundaryArn")
        return {**item, "boundary": boundary, "document": default_version(client, boundary)}

    known = task.before(CREDENTIALS).seen()
    yield from one_each(task, "arn", [c.role_arn.get() for c in known if not c.role_arn.gap], ask)


@collects(KEY_GRANTS)
def key_grants(task: Task) -> Iterator[Any]:
    """Read every grant of every registered key."""

    def ask(arn: str) -> Mapping[str, Any]:
        client = task.cloud.client("kms", region_of(arn))
        listed = pages(client, "list_grants", KeyId=arn)
        return {"arn": arn, "Grants": [_named(g) for page in listed for g in need(page, "Grants")]}

    known = task.before(ENCRYPTION_KEYS).seen()
    yield from one_each(task, "arn", [k.arn.get() for k in known if not k.arn.gap], ask)


def _named(grant: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a grant that says to whom it was made.

    Raises:
        CallFailedError: it does not.
    """
    if "GranteeServicePrincipal" not in grant:
        need(grant, "GranteePrincipal")
    return grant


@collects(ORGANIZATION_LEVELS)
def organization_levels(task: Task) -> Iterator[Any]:
    """Read the organisation's policies on every level above the caller's account."""
    client = task.cloud.client("organizations", "us-east-1")
    identity = call(
        task.cloud.client("sts", "us-east-1").get_caller_identity, source="sts:GetCallerIdentity"
    )
    account = str(need(identity, "Account"))
    if _unbound(client, account):
        return
    path = _path(client, account)
    for type_ in _enabled(client, path[0]):
        for depth, target in enumerate(path):
            documents = list(_documents(client, target, type_))
            yield task.record(
                {"target": target, "type": type_, "depth": depth, "documents": documents}
            )


def _unbound(client: Any, account: str) -> bool:
    """Return whether no policy of an organisation binds an account: it has none, or manages it."""
    source = "organizations:DescribeOrganization"
    try:
        answer = call(client.describe_organization, source=source)
    except CallFailedError as error:
        if error.code == _ALONE:
            return True
        raise
    return str(need(need(answer, "Organization"), "MasterAccountId")) == account


def _path(client: Any, account: str) -> list[str]:
    """Return the root, the units below it in order, and the account.

    Raises:
        CallFailedError: the way up was not read to its end.
    """
    path = [account]
    while not path[0].startswith("r-"):
        source = "organizations:ListParents"
        parents = [
            need(parent, "Id")
            for page in pages(client, "list_parents", source=source, ChildId=path[0])
            for parent in need(page, "Parents")
        ]
        if len(parents) != 1 or len(path) > _DEEPEST:
            raise CallFailedError(Cause.MALFORMED, f"no single parent of {path[0]}", source=source)
        path.insert(0, parents[0])
    return path


def _enabled(client: Any, root: str) -> list[str]:
    source = "organizations:ListRoots"
    for page in pages(client, "list_roots", source=source):
        for entry in need(page, "Roots"):
            if need(entry, "Id") == root:
                states = {one["Type"]: one["Status"] for one in need(entry, "PolicyTypes")}
                return [name for name in _TYPES if states.get(name) == "ENABLED"]
    raise CallFailedError(Cause.NOT_FOUND, f"no root {root}", source=source)


def _documents(client: Any, target: str, type_: str) -> Iterator[str]:
    for page in pages(client, "list_policies_for_target", TargetId=target, Filter=type_):
        for policy in need(page, "Policies"):
            source = "organizations:DescribePolicy"
            answer = call(client.describe_policy, source=source, PolicyId=need(policy, "Id"))
            yield str(need(need(answer, "Policy"), "Content"))
