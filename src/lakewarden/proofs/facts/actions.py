"""The action catalogue: what each action acts on, and which condition keys its request carries.

Source: AWS Service Authorization Reference, trimmed to the services that the policies of a
Databricks deployment speak of. Names that it does not know are None, never a guess: AWS adds
actions every week.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from lakewarden.proofs.facts.arns import ArnForm, arn_form
from lakewarden.proofs.facts.keys import SORTS, Key, global_keys, key_among
from lakewarden.proofs.facts.tables import table

SERVICES: Final = (
    "ec2", "iam", "kinesis", "kms", "logs", "s3", "secretsmanager", "sns", "sqs", "sts",
)  # fmt: skip

# Global keys that AWS's reference lists action by action.
_LISTED: Final = frozenset({"aws:requesttag/*", "aws:resourcetag/*", "aws:tagkeys"})


@dataclass(frozen=True, slots=True)
class ResourceType:
    """A type of resource.

    Args:
        name: as the service's reference spells it: `spot-instances-request`.
        arn: the form of its ARNs.
        keys: the condition keys that the type supports, in lower case. Not every action on it
            carries all of them.
    """

    name: str
    arn: ArnForm
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Taken:
    """A type of resource as one action takes it.

    Args:
        type: its name.
        required: whether every request for the action names one.
        keys: the condition keys that the action's row lists for it, in lower case.
    """

    type: str
    required: bool
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Action:
    """One action.

    Args:
        name: with its service: `s3:GetObject`.
        level: `List`, `Read`, `Write`, `Tagging` or `Permissions management`.
        resources: the types that it takes; empty when it acts on no resource, so on `*` alone.
        own: the condition keys that do not hang on a resource, in lower case.
        keys: every key of one service, and every tag key, that its request may carry: its own,
            those of its resources, and those that their types support.
    """

    name: str
    level: str
    resources: tuple[Taken, ...]
    own: frozenset[str]
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Service:
    """What the catalogue holds of one service.

    Args:
        name: the prefix of its actions: `s3`.
        as_of: the day when its pages were read.
        actions: by name without the prefix, as AWS spells it.
        resources: by name.
        keys: by name in lower case, families with a star.
    """

    name: str
    as_of: date
    actions: Mapping[str, Action]
    resources: Mapping[str, ResourceType]
    keys: Mapping[str, Key]


class Catalogue:
    """The services that are known here. One file is read for each, when it is first asked for."""

    def service(self, name: str) -> Service | None:
        """Return a service by the prefix of its actions; None when the catalogue lacks it."""
        return _service(name.lower()) if name.lower() in SERVICES else None

    def actions(self, service: str) -> Mapping[str, Action]:
        """Return the actions of a service by name without prefix; none when it is not known."""
        known = self.service(service)
        return known.actions if known else {}

    def action(self, name: str) -> Action | None:
        """Return an action by its full name in any case; None when it is not known."""
        service = name.partition(":")[0].lower()
        return _by_lower_name(service).get(name.lower()) if service in SERVICES else None

    def resource(self, service: str, type_: str) -> ResourceType | None:
        """Return a type of resource; None when it or its service is not known."""
        known = self.service(service)
        return known.resources.get(type_) if known else None

    def key(self, name: str) -> Key | None:
        """Return a condition key by its name in any case; None when it is not known.

        A key of a family comes back as the family: `aws:principaltag/*`.
        """
        found = key_among(name, global_keys())
        if found is None:
            # Keys of identity providers, such as `saml:sub`, stand with the service that federates.
            prefix = name.partition(":")[0].lower()
            found = key_among(name, _service(prefix if prefix in SERVICES else "sts").keys)
        return found

    def carries(self, action: str, key: str) -> bool | None:
        """Return whether a request for an action can carry a condition key, or None for unknown.

        True says that some such request does. False says that AWS's reference lists the key
        neither for the action nor for any resource that it takes. Unknown are keys that AWS gives
        to service after service where it does not name the service yet, and keys of identity
        providers away from the actions that federate: sessions may keep them.

        Args:
            action: its full name in any case: `iam:PutRolePolicy`.
            key: its name in any case: `iam:AWSServiceName`.
        """
        found, known = self.key(key), self.action(action)
        if found is None or known is None:
            return None
        if found.name in known.keys:
            return True
        if found.name in _LISTED or known.name in found.lacking:
            return False
        if found.name not in global_keys():
            return False if found.name.partition(":")[0] in SERVICES else None
        named = found.services is None or known.name.partition(":")[0] in found.services
        return True if named else None


@functools.cache
def catalogue() -> Catalogue:
    """Return the catalogue."""
    return Catalogue()


def parse(data: Mapping[str, Any]) -> Service:
    """Read the table of one service.

    Args:
        data: as `tools/refresh_actions.py` writes it; its head says what the lines mean.

    Raises:
        KeyError: a part is missing, or an action takes a type that the table does not have.
    """
    prefix: str = data["service"]
    resources = {name: _resource(prefix, name, row) for name, row in data["resources"].items()}
    actions = {name: _action(prefix, name, row, resources) for name, row in data["actions"].items()}
    keys = {_full(prefix, name): SORTS[row] for name, row in data["keys"].items()}
    known = {name: Key(name, sort, many) for name, (sort, many) in keys.items()}
    return Service(prefix, data["as_of"], actions, resources, known)


@functools.cache
def _service(name: str) -> Service:
    return parse(table("actions", name))


@functools.cache
def _by_lower_name(service: str) -> Mapping[str, Action]:
    return {action.name.lower(): action for action in _service(service).actions.values()}


def _resource(prefix: str, name: str, row: str) -> ResourceType:
    form, _, keys = row.partition(" | ")
    return ResourceType(name, arn_form(form), _names(prefix, keys))


def _action(prefix: str, name: str, row: str, types: Mapping[str, ResourceType]) -> Action:
    level, own, *rest = row.split(" | ") if " | " in row else (row, "")
    taken = tuple(_taken(prefix, text) for text in rest)
    own_keys = _names(prefix, own)
    of_resources = (kind.keys | types[kind.type].keys for kind in taken)
    return Action(f"{prefix}:{name}", level, taken, own_keys, own_keys.union(*of_resources))


def _taken(prefix: str, text: str) -> Taken:
    name, _, keys = text.partition(" ")
    return Taken(name.removesuffix("!"), name.endswith("!"), _names(prefix, keys))


def _names(prefix: str, keys: str) -> frozenset[str]:
    return frozenset(_full(prefix, key) for key in keys.split())


def _full(prefix: str, key: str) -> str:
    return (prefix + key if key.startswith(":") else key).lower()
