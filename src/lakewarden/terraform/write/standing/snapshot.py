"""From a snapshot to things: every record that some resource is for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from lakewarden.estate import account, aws, compute, people, region, unity, workloads
from lakewarden.estate.account import Workspace
from lakewarden.estate.catalog import KINDS, closure
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Kind, Need, Scope
from lakewarden.terraform.write.records import document_of
from lakewarden.terraform.write.standing.aws import AWS
from lakewarden.terraform.write.standing.databricks import ACCOUNT, WORKSPACE
from lakewarden.terraform.write.standing.pick import Pick, seen
from lakewarden.terraform.write.thing import Thing

_NAMES: Final[Mapping[Kind[Any], str]] = {
    people.ACCOUNT_USERS: "userName",
    people.ACCOUNT_GROUPS: "displayName",
    people.ACCOUNT_SERVICE_PRINCIPALS: "displayName",
    account.WORKSPACES: "workspace_name",
}
"""The kinds of the account whose records others name by id, and the field with their name."""
_NAMES_INSIDE: Final[Mapping[Kind[Any], str]] = {
    compute.CLUSTERS: "cluster_name",
    compute.CLUSTER_POLICIES: "name",
    compute.JOBS: "name",
    workloads.INSTANCE_POOLS: "instance_pool_name",
    workloads.WAREHOUSES: "name",
}
_AROUND: Final = (*_NAMES, account.NETWORKS, unity.METASTORE_ASSIGNMENTS)
_SHARED: Final = frozenset(
    {"artifact_allowlist", "catalog", "external_location", "grants", "recipient"}
    | {"storage_credential", "system_schema", "workspace_bindings"}
)
"""Kinds that a metastore holds; the first of its workspaces stands for all of them."""
NEEDED_FOR_TABLES: Final = frozenset(
    closure(
        {
            account.NETWORKS.need(),
            region.REGION_VPCS.need(),
            region.REGION_SECURITY_GROUPS.need(),
            region.REGION_ROUTE_TABLES.need(),
        }
    )
)
"""What must be read to write security groups and route tables as a whole."""


def needed(workspace: Workspace | None) -> set[Need]:
    """Return what must be read to write a deployment; settings are those that controls ask for."""
    picks = (*ACCOUNT, *AWS) if workspace is None else WORKSPACE
    wanted = closure({kind.need() for kind in (*(pick.kind for pick in picks), *_AROUND)})
    scopes = {Scope.WORKSPACE} if workspace else {Scope.ACCOUNT, Scope.AWS}
    kinds = ((need, KINDS[need.kind]) for need in wanted)
    return {need for need, kind in kinds if kind.scope in scopes and not kind.keyed}


def standing(estate: Estate) -> Iterator[Thing]:
    """Yield the things of a deployment as it stands, as far as it was read."""
    around = _around(estate)
    yield from _picked(estate, ACCOUNT, around)
    shared: set[tuple[str, str, str]] = set()
    for workspace in _workspaces(estate):
        inside = around | _inside(estate, workspace)
        metastore = inside.get(f"metastore of workspace/{workspace.id}", "")
        for thing in _picked(estate, WORKSPACE, inside, workspace):
            one = (thing.kind, str(metastore), thing.key)
            if thing.kind not in _SHARED or one not in shared:
                yield thing
            shared.add(one)
    yield from _picked(estate, AWS, around)


def _picked(
    estate: Estate,
    picks: tuple[Pick, ...],
    around: Mapping[str, Any],
    workspace: Workspace | None = None,
) -> Iterator[Thing]:
    for pick in picks:
        collection = estate.of(pick.kind, workspace)
        for record in collection.seen():
            yield from pick.things(seen(record, collection.header.scope, around))


def _workspaces(estate: Estate) -> Iterator[Workspace]:
    try:
        yield from estate.workspaces()
    except UnreadError:
        return


def _around(estate: Estate) -> dict[str, Any]:
    """Return what things of other kinds are called, and where in AWS they are."""
    found: dict[str, Any] = {}
    for kind, field in _NAMES.items():
        found |= dict(_called(estate, kind, field))
    used = {_text(network.vpc_id) for network in estate.of(account.NETWORKS).seen()}
    for vpc in estate.of(region.REGION_VPCS).seen():
        if vpc.id in used and (place := _text(vpc.region)):
            found[f"region of {vpc.id}"] = place
    for key in estate.of(aws.KMS_KEYS).seen():
        found[f"manager of {key.arn}"] = _text(key.manager)
    for trail in estate.of(aws.TRAILS).seen():
        found[f"trail {trail.arn}"] = document_of(trail)[0]
    return found


def _inside(estate: Estate, workspace: Workspace) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind, field in _NAMES_INSIDE.items():
        found |= dict(_called(estate, kind, field, workspace))
    for assignment in estate.of(unity.METASTORE_ASSIGNMENTS, workspace).seen():
        found[f"metastore of workspace/{workspace.id}"] = _text(assignment.metastore_id)
    return found


def _called(
    estate: Estate, kind: Kind[Any], field: str, workspace: Workspace | None = None
) -> Iterator[tuple[str, str]]:
    for record in estate.of(kind, workspace).seen():
        document, _ = document_of(record)
        name = document.get(field) or (document.get("settings") or {}).get(field)
        if name:
            yield record.identity(), str(name)
            for other in ("applicationId",):
                if document.get(other):
                    yield str(document[other]), str(name)


def _text(fact: Any) -> str:
    return "" if fact.gap is not None else str(fact.get() or "")
