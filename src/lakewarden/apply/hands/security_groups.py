"""Rules of security groups, each a thing of its own: one protocol, one span of ports, one peer.

The key of a target is `REGION/GROUP/PROTOCOL/PORTS/PEER`, `us-east-1/sg-1/tcp/443-443/10.0.0.0/8`.
What is read has the names of DescribeSecurityGroupRules.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from lakewarden.apply.aws import asked, placed
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target
from lakewarden.semantics.security_groups import rule_key

_PEERS: Final = (
    ("IpRanges", "CidrIp", "CidrIpv4"),
    ("Ipv6Ranges", "CidrIpv6", "CidrIpv6"),
    ("PrefixListIds", "PrefixListId", "PrefixListId"),
    ("UserIdGroupPairs", "GroupId", "ReferencedGroupId"),
)
"""How a permission lists its peers: the list, the field in it, and the name in a rule."""


class GroupRule(Hand):
    """One rule of one direction."""

    def __init__(self, direction: str, listed: str) -> None:
        self.kind = f"security_group_{direction}"
        verb = direction.capitalize()
        self.calls = (
            "ec2:DescribeSecurityGroups",
            f"ec2:AuthorizeSecurityGroup{verb}",
            f"ec2:RevokeSecurityGroup{verb}",
        )
        self._direction = direction
        self._listed = listed

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the rule."""
        region, rest = placed(target)
        group, _, wanted = rest.partition("/")
        answer = asked(doors, "ec2", "describe_security_groups", region, GroupIds=[group])
        rules = (
            rule
            for found in answer["SecurityGroups"]
            for permission in found.get(self._listed, [])
            for rule in _rules(permission)
        )
        return next((rule for rule in rules if rule_key(rule) == wanted), None)

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Admit what it names."""
        self._send(doors, target, "authorize", wanted)

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Admit it no longer."""
        self._send(doors, target, "revoke", found)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether two values mean the same; what people wrote beside a rule is none."""
        return place == "/Description" or super().same(target, place, found, wanted)

    def _send(self, doors: Doors, target: Target, verb: str, rule: Json) -> None:
        region, rest = placed(target)
        permission = _permission(rule)
        if verb == "revoke":  # EC2 looks for a rule with that text if one is given
            permission = _permission({**rule, "Description": None})
        operation = f"{verb}_security_group_{self._direction}"
        group = rest.partition("/")[0]
        asked(doors, "ec2", operation, region, GroupId=group, IpPermissions=[permission])


def _rules(permission: Json) -> Iterator[dict[str, Any]]:
    """Yield a rule for each peer of a permission."""
    shared = {n: permission.get(n) for n in ("IpProtocol", "FromPort", "ToPort")}
    for listed, field, name in _PEERS:
        for peer in permission.get(listed, []):
            yield {**shared, name: peer[field], "Description": peer.get("Description")}


def _permission(rule: Json) -> dict[str, Any]:
    listed, field, name = next(row for row in _PEERS if rule.get(row[2]))
    peer = {field: rule[name]}
    if rule.get("Description"):
        peer["Description"] = rule["Description"]
    ports = {n: rule[n] for n in ("FromPort", "ToPort") if rule.get(n) is not None}
    return {"IpProtocol": rule["IpProtocol"], **ports, listed: [peer]}


HANDS = (
    GroupRule("ingress", "IpPermissions"),
    GroupRule("egress", "IpPermissionsEgress"),
)
