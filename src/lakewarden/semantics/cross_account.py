"""The cross-account role: what Databricks documents that it may do, and what goes beyond."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Final

from lakewarden.semantics.iam_documents import Statement

_SPOT_ROLE: Final = ":role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
_SPOT_ACTIONS: Final = frozenset({"iam:createservicelinkedrole", "iam:putrolepolicy"})
_PASS: Final = "iam:passrole"  # noqa: S105  # an action's name, not a secret
_RUN: Final = "ec2:runinstances"
_VENDOR: Final = ("Databricks",)
_TAGS: Final = ("ec2:resourcetag/vendor", "aws:requesttag/vendor", "aws:resourcetag/vendor")
_VPC: Final = "ec2:vpc"
_STARTED: Final = frozenset({"instance/*", "subnet/*", "network-interface/*", "volume/*"})
"""What a started machine consists of, and where it lies."""
_ALL_BUT_SOME: Final = "all actions but some"


def documented_actions(*sets: str) -> tuple[str, ...]:
    """Return the actions of EC2 that Databricks documents, as AWS spells them, in order.

    Args:
        sets: `always` for every workspace, `machines` for every one too but tied by the restricted
            policy, `networks` where Databricks makes the network.
    """
    return tuple(sorted(f"ec2:{action}" for name in sets for action in _table()[name]))


@functools.cache
def _table() -> Mapping[str, Sequence[str]]:
    data = files(__package__).joinpath("data", "cross_account_actions.toml").read_text("utf-8")
    return tomllib.loads(data)


@functools.cache
def _sets() -> Mapping[str, frozenset[str]]:
    return {
        name: frozenset(f"ec2:{action}".lower() for action in actions)
        for name, actions in _table().items()
    }


def beyond(statements: Iterable[Statement], *, own_network: bool) -> list[str]:
    """Return what some policies allow and Databricks does not ask for, in words.

    Args:
        statements: of every policy of the role; a Deny is not counted in its favour.
        own_network: the network is the customer's, so that no network has to be made.
    """
    documented = _sets()["always"] | _sets()["machines"]
    if not own_network:
        documented |= _sets()["networks"]
    found = {excess for s in statements if s.allows for excess in _excess(s, documented)}
    return sorted(found)


def _excess(statement: Statement, documented: frozenset[str]) -> Iterator[str]:
    if not statement.actions:
        yield _ALL_BUT_SOME
    for action in statement.actions:
        if action in documented:
            continue
        if action in _SPOT_ACTIONS and _all_end(statement.resources, _SPOT_ROLE):
            continue
        if action == _PASS and _named(statement.resources):
            continue
        elsewhere = action in _SPOT_ACTIONS or action == _PASS
        yield (
            f"{action} on {', '.join(statement.resources) or 'all but some'}"
            if elsewhere
            else action
        )


def _all_end(resources: tuple[str, ...], end: str) -> bool:
    return bool(resources) and all(resource.endswith(end) for resource in resources)


def _named(resources: tuple[str, ...]) -> bool:
    """Return whether each resource is one role; `?` and `*` would stand for several."""
    return bool(resources) and all(":role/" in r and not {"*", "?"} & set(r) for r in resources)


def unbounded(statements: Iterable[Statement], vpcs: frozenset[str]) -> list[str]:
    """Return the actions on machines that are tied neither to Databricks' tag nor to a VPC.

    Args:
        statements: of every policy of the role.
        vpcs: the ids of the VPCs of the workspaces that use the role.
    """
    loose = [s for s in statements if s.allows and not _tied(s, vpcs)]
    found = {a for s in loose for a in s.actions if _changes(a) and not _starts_nothing(a, s)}
    if any(not s.actions for s in loose):
        found.add(_ALL_BUT_SOME)
    return sorted(found)


def _changes(action: str) -> bool:
    """Return whether an action, or a pattern of actions, may change a machine, disk or group."""
    if action in _sets()["always"] | _sets()["networks"]:
        return False
    service, _, name = action.partition(":")
    return not {"*", "?"}.isdisjoint(service) or (
        service == "ec2" and not name.startswith("describe")
    )


def _starts_nothing(action: str, statement: Statement) -> bool:
    """Return whether a statement on starting machines spares all that ties them to a place."""
    spared = {pattern.split(":", 5)[-1] for pattern in statement.spared}
    return action == _RUN and ("*" in spared or spared >= _STARTED)


def _tied(statement: Statement, vpcs: frozenset[str]) -> bool:
    """Return whether a test ties it; one that holds `IfExists` lets through what has no tag."""
    tests = {
        key: values
        for operator in ("StringEquals", "ArnEquals")
        for key, values in statement.conditions.get(operator, {}).items()
    }
    tagged = any(tests.get(tag) == _VENDOR for tag in _TAGS)
    places = tests.get(_VPC, ())
    return tagged or (bool(places) and all(p.rsplit("/", 1)[-1] in vpcs for p in places))
