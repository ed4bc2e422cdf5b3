"""The operations of AWS services and their parameters, from the models that botocore carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from botocore.exceptions import UnknownServiceError
from botocore.loaders import Loader

_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "access-analyzer": ("accessanalyzer",),
    "elasticfilesystem": ("efs",),
    "elasticloadbalancing": ("elbv2", "elb"),
    "elasticmapreduce": ("emr",),
    "email": ("sesv2", "ses"),
    "monitoring": ("cloudwatch",),
    "s3": ("s3", "s3control"),
    "servicequotas": ("service-quotas",),
    "sso": ("sso-admin", "sso"),
    "states": ("stepfunctions",),
    "tagging": ("resourcegroupstaggingapi",),
}
"""What botocore calls services, by their names in CloudTrail where these are others."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service.

    Attributes:
        takes: the names of its parameters, as CloudTrail writes them.
        gives: the names of what it answers.
        lists: those of the parameters that are lists; none of EC2, which wraps them.
    """

    takes: frozenset[str]
    gives: frozenset[str]
    lists: frozenset[str]


@cache
def operations(source: str) -> Mapping[str, Operation]:
    """Return the operations of a service by name; none for a service that there is not.

    Args:
        source: the event source of CloudTrail without `.amazonaws.com`, `kms`.
    """
    found: dict[str, Operation] = {}
    for service in _NAMES.get(source, (source,)):
        try:
            model = Loader().load_service_model(service, "service-2")
        except UnknownServiceError:
            continue
        for name, entry in model["operations"].items():
            takes, gives = (_members(model, entry.get(side)) for side in ("input", "output"))
            lists = _lists(model, entry.get("input"))
            if model["metadata"]["protocol"] == "ec2":
                takes, gives = takes | {f"{name}Request"}, gives | {f"{name}Response"}
                lists = frozenset()
            elif model["metadata"]["protocol"] == "query":
                gives |= _unwrapped(model, entry.get("output"))
            found[name] = Operation(takes, gives, lists)
    return found


def _members(model: Mapping[str, Any], shape: Mapping[str, str] | None) -> frozenset[str]:
    """Return the members of a shape; EC2 puts lists under the name of one item, and `Set`."""
    shapes = model["shapes"]
    members = shapes[shape["shape"]].get("members", {}) if shape else {}
    names = set(members)
    if model["metadata"]["protocol"] == "ec2":
        written = {entry.get("locationName", name): entry for name, entry in members.items()}
        lists = [n for n, entry in written.items() if shapes[entry["shape"]]["type"] == "list"]
        names |= written.keys() | {f"{name}Set" for name in lists}
    return frozenset(_written(name) for name in names)


def _lists(model: Mapping[str, Any], shape: Mapping[str, str] | None) -> frozenset[str]:
    shapes = model["shapes"]
    members = shapes[shape["shape"]].get("members", {}) if shape else {}
    return frozenset(
        _written(name)
        for name, entry in members.items()
        if shapes[entry["shape"]]["type"] == "list"
    )


def _written(name: str) -> str:
    return name[0].lower() + name[1:]


def _unwrapped(model: Mapping[str, Any], shape: Mapping[str, str] | None) -> frozenset[str]:
    """Return the members of the only member: RDS answers with the thing that was made."""
    members = model["shapes"][shape["shape"]].get("members", {}) if shape else {}
    (only,) = members.values() if len(members) == 1 else (None,)
    return _members(model, only)
