"""Rules and routes that a plan removes: the whole group or table is written, without them.

A rule that is gone is no resource. The security group is one, with all rules that stay; so is the
route table. Both are written that way when a plan removes something from them and they are known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lakewarden.plan.change import Action, Change
from lakewarden.plan.paths import with_values
from lakewarden.semantics.security_groups import rule_key
from lakewarden.terraform.write.thing import Thing

Things = Mapping[tuple[str, str, str], Thing]

_GROUP: Final = "security_group"
_TABLE: Final = "route_table"
_WHOLE: Final = {
    "security_group_ingress": _GROUP,
    "security_group_egress": _GROUP,
    "route": _TABLE,
}
"""By the kind of a part, the kind of the whole."""
_SIDES: Final = {
    "security_group_ingress": "IpPermissions",
    "security_group_egress": "IpPermissionsEgress",
}
_PEERS: Final = (
    ("IpRanges", "CidrIp", "CidrIpv4"),
    ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
)
"""How a permission lists its peers: the list, the field in it, and the name in a single rule."""
_DESTINATIONS: Final = (
    *("DestinationCidrBlock", "DestinationIpv6CidrBlock"),
    "DestinationPrefixListId",
)


def is_part(change: Change) -> bool:
    """Return whether a change is about a part of a group or table."""
    return change.target.kind in _WHOLE


def removes_parts(changes: Iterable[Change]) -> bool:
    """Return whether changes remove a part of a group or table, so that these must be known."""
    return any(c.action is Action.DELETE and is_part(c) for c in changes)


def as_wholes(
    changes: Iterable[Change], things: Things
) -> tuple[tuple[Change, ...], tuple[Thing, ...]]:
    """Return the changes of something else, and the groups and tables as the others leave them.

    Args:
        changes: the changes of a plan.
        things: the things of the deployment as they are.
    """
    changes = tuple(changes)
    by_whole: dict[tuple[str, str, str], list[Change]] = defaultdict(list)
    for change in changes:
        kind = _WHOLE.get(change.target.kind)
        if kind is not None:
            region, _, rest = change.target.key.partition("/")
            by_whole[kind, "aws", f"{region}/{rest.partition('/')[0]}"].append(change)
    found = {
        place: parts
        for place, parts in by_whole.items()
        if place in things and any(part.action is Action.DELETE for part in parts)
    }
    taken = {part.address for parts in found.values() for part in parts}
    made = tuple(_left(things[place], parts) for place, parts in found.items())
    return tuple(change for change in changes if change.address not in taken), made


def _left(thing: Thing, parts: Iterable[Change]) -> Thing:
    document: dict[str, Any] = dict(thing.document)
    for part in parts:
        name = _SIDES.get(part.target.kind)
        word = part.target.key.partition("/")[2].partition("/")[2]
        after = None if part.after is None else with_values({}, part.after)
        if name is not None:
            kept = [p for given in document.get(name) or () for p in _without(given, word)]
            document[name] = [*kept, *([_permission(after)] if after else [])]
        else:
            routes = [r for r in document.get("Routes") or () if not _leads_to(r, word)]
            document["Routes"] = [*routes, *([_route(after, word)] if after else [])]
    return replace(thing, document=document)


def _without(permission: Mapping[str, Any], word: str) -> Iterator[dict[str, Any]]:
    """Yield a permission without the peer that a rule is about; nothing when no other is left."""
    kept = {
        listed: [
            peer
            for peer in permission.get(listed) or ()
            if rule_key({**permission, name: peer[field]}) != word
        ]
        for listed, field, name in _PEERS
    }
    if any(kept.values()):
        yield {**permission, **kept}


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    listed, field, name = next(row for row in _PEERS if rule.get(row[2]))
    peer = {field: rule[name], "Description": rule.get("Description")}
    return {**{n: rule.get(n) for n in ("IpProtocol", "FromPort", "ToPort")}, listed: [peer]}


def _leads_to(route: Mapping[str, Any], destination: str) -> bool:
    return destination in (route.get(name) for name in _DESTINATIONS)


def _route(after: Mapping[str, Any], destination: str) -> dict[str, Any]:
    kind = 2 if destination.startswith("pl-") else ":" in destination
    return {**after, _DESTINATIONS[kind]: destination}
