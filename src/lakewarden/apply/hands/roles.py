"""Roles of IAM: what they may do, and who may become them."""

from __future__ import annotations

from typing import Final

from lakewarden.apply.aws import PolicyHand, asked, loaded, unless, written
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Json
from lakewarden.plan.change import Target

_NONE: Final = frozenset({"NoSuchEntity"})


class RolePolicy(PolicyHand):
    """An inline policy of a role; the key of the target is `ROLE/POLICY`."""

    kind = "role_policy"
    calls = ("iam:GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the document."""
        answer = unless(_NONE, doors, "iam", "get_role_policy", **_named(target))
        return None if answer is None else loaded(answer["PolicyDocument"])

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it is replaced as a whole
        """Put the whole document."""
        self.create(doors, target, wanted)

    def create(self, doors: Doors, target: Target, wanted: Json) -> None:
        """Put the whole document."""
        asked(doors, "iam", "put_role_policy", **_named(target), PolicyDocument=written(wanted))

    def delete(self, doors: Doors, target: Target, found: Json) -> None:  # noqa: ARG002  # its name is enough
        """Take it off the role."""
        asked(doors, "iam", "delete_role_policy", **_named(target))


def _named(target: Target) -> dict[str, str]:
    role, _, policy = target.key.partition("/")
    return {"RoleName": role, "PolicyName": policy}


class RoleTrust(PolicyHand):
    """The trust policy of a role; the key of the target is the role's name."""

    kind = "role_trust"
    calls = ("iam:GetRole", "iam:UpdateAssumeRolePolicy")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the document."""
        answer = unless(_NONE, doors, "iam", "get_role", RoleName=target.key)
        return None if answer is None else loaded(answer["Role"]["AssumeRolePolicyDocument"])

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it is replaced as a whole
        """Put the whole document."""
        document = written(wanted)
        arguments = {"RoleName": target.key, "PolicyDocument": document}
        asked(doors, "iam", "update_assume_role_policy", **arguments)


HANDS = (RolePolicy(), RoleTrust())
