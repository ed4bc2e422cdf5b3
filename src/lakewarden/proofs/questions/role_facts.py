"""What the policies of a cross-account role say of the place that they are written for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lakewarden.proofs.facts.accounts import platforms
from lakewarden.proofs.policies.build import Policy
from lakewarden.proofs.policies.cross_account import Place, customer, managed, restricted
from lakewarden.proofs.policies.guard import guard, proved
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.role import account_of
from lakewarden.semantics.iam_documents import Statement

_FIELDS: Final = 6
_REGION: Final = 3
_READ: Final = ("region", "vpc", "security-group", "roles")
"""What policies may say themselves, by the names of arguments."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was said of the role's place, or can be read off its policies.

    Attributes:
        partition: of AWS.
        account: the AWS account of the workspace.
        regions: AWS regions.
        vpcs: ids of VPCs.
        groups: ids of the security groups whose rules may be changed.
        roles: ARNs of roles that may be passed.
        owners: accounts whose images may be started; never read off the policies.
        told: names of what was read off them.
    """

    partition: str
    account: str
    regions: tuple[str, ...]
    vpcs: tuple[str, ...]
    groups: tuple[str, ...]
    roles: tuple[str, ...]
    owners: tuple[str, ...]
    told: tuple[str, ...]

    @property
    def place(self) -> Place | None:
        """Return the one place that they name; None when it is none or several."""
        if not self.account or len(self.regions) != 1 or len(self.vpcs) != 1:
            return None
        return Place(self.account, self.regions[0], self.vpcs[0], self.partition)

    def classes(self) -> dict[str, Policy]:
        """Return the policy of each class that can be written down by what is known."""
        found = {
            "managed": managed(self.roles, self.partition),
            "customer": customer(self.roles, self.partition),
        }
        place = self.place
        if place is not None and len(self.groups) == 1:
            found["restricted"] = restricted(place, self.groups[0], self.roles)
            if len(self.owners) == 1:
                found["proved"] = proved(place, self.groups[0], self.owners[0], self.roles)
        return found

    def missing(self) -> Iterator[str]:
        """Yield for each fact that the narrow classes need why it is not known."""
        needed = {
            "region": self.regions,
            "vpc": self.vpcs,
            "security-group": self.groups,
            "owners": self.owners,
        }
        for name, values in needed.items():
            if not values:
                yield f"the policies do not say which {name} they are for, nor was it given"
            elif len(values) > 1:
                yield f"the policies name several of {name}: {', '.join(values)}"

    def read_off(self) -> Iterator[str]:
        """Yield a line for each fact that the policies alone vouch for."""
        values = (self.regions, self.vpcs, self.groups, self.roles)
        for name, found in zip(_READ, values, strict=True):
            if name in self.told and found:
                yield f"{name} is what the policies say: {', '.join(found)}"

    def offered(self) -> Policy | None:
        """Return the guard for the place; None when it is not known."""
        if self.place is None or len(self.owners) != 1:
            return None
        return guard(self.place, self.owners[0], self.roles)


def facts_of(given: Given) -> Facts:
    """Return what was given, and for what was not what the policies name."""
    statements = [s for d in given.documents() for s in d.statements]
    images = (platform.images for platform in platforms(given.partition))
    return Facts(
        given.partition,
        given.one("account") or account_of(given.one("role")),
        given.many("region") or _regions(statements),
        given.many("vpc") or _ids(_conditions(statements, "ec2:vpc"), "vpc"),
        given.many("security-group") or _ids(_allowed(statements), "security-group"),
        given.many("roles") or _passed(statements),
        given.many("owners") or tuple(dict.fromkeys(images)),
        tuple(name for name in _READ if not given.many(name)),
    )


def _regions(statements: Iterable[Statement]) -> tuple[str, ...]:
    statements = tuple(statements)
    arns = (*_allowed(statements), *_conditions(statements, "ec2:vpc"))
    fields = [arn.split(":") for arn in arns if arn.startswith("arn:")]
    found = {f[_REGION] for f in fields if len(f) >= _FIELDS and f[2] == "ec2"} - {""}
    return tuple(sorted(name for name in found if not _wild(name)))


def _allowed(statements: Iterable[Statement]) -> tuple[str, ...]:
    return tuple(r for s in statements if s.allows for r in (*s.resources, *s.spared))


def _conditions(statements: Iterable[Statement], key: str) -> tuple[str, ...]:
    found = {
        value
        for statement in statements
        for tests in statement.conditions.values()
        for value in tests.get(key, ())
    }
    return tuple(sorted(found))


def _ids(arns: Iterable[str], kind: str) -> tuple[str, ...]:
    ends = {arn.rsplit("/", 1)[-1] for arn in arns if f":{kind}/" in arn}
    return tuple(sorted(end for end in ends if not _wild(end)))


def _passed(statements: Iterable[Statement]) -> tuple[str, ...]:
    found = {r for s in statements if s.allows and "iam:passrole" in s.actions for r in s.resources}
    return tuple(sorted(role for role in found if not _wild(role)))


def _wild(text: str) -> bool:
    return bool({"*", "?"} & set(text))
