"""KMS keys; the key of each target is the key's ARN."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.aws import PolicyHand, asked, loaded, written
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.collect.aws_calls import region_of
from lakewarden.plan.change import Target

_DEFAULT: Final = "default"
"""The name of a key's only policy."""


def _kms(doors: Doors, target: Target, operation: str, **arguments: Any) -> Any:
    arn = target.key.partition("|")[0]
    return asked(doors, "kms", operation, region_of(arn), KeyId=arn, **arguments)


class KeyPolicy(PolicyHand):
    """The policy of a key. KMS refuses one that its author could not change again."""

    kind = "kms_key_policy"
    calls = ("kms:GetKeyPolicy", "kms:PutKeyPolicy")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the document."""
        return loaded(_kms(doors, target, "get_key_policy", PolicyName=_DEFAULT)["Policy"])

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it is replaced as a whole
        """Put the whole document."""
        _kms(doors, target, "put_key_policy", PolicyName=_DEFAULT, Policy=written(wanted))


class KeyRotation(Hand):
    """Whether AWS replaces a key's material: `/KeyRotationEnabled`."""

    kind = "kms_key_rotation"
    calls = ("kms:GetKeyRotationStatus", "kms:EnableKeyRotation", "kms:DisableKeyRotation")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return whether it is on."""
        answer = _kms(doors, target, "get_key_rotation_status")
        return {"KeyRotationEnabled": answer["KeyRotationEnabled"]}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # the value says it all
        """Switch it on or off."""
        verb = "enable" if wanted.get("KeyRotationEnabled") else "disable"
        _kms(doors, target, f"{verb}_key_rotation")


class KeyGrant(Hand):
    """A grant of a key: the target's key is `ARN|GRANT_ID`. No grant comes back as it was."""

    kind = "kms_grant"
    calls = ("kms:ListGrants", "kms:RevokeGrant")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the grant."""
        mark: dict[str, str] = {}
        wanted = target.key.partition("|")[2]
        while True:
            page = _kms(doors, target, "list_grants", **mark)
            for grant in page["Grants"]:
                if grant["GrantId"] == wanted:
                    return dict(grant)
            if not page.get("Truncated"):
                return None
            mark = {"Marker": page["NextMarker"]}

    def delete(self, doors: Doors, target: Target, found: Json) -> None:
        """Revoke it."""
        _kms(doors, target, "revoke_grant", GrantId=found["GrantId"])


HANDS = (KeyPolicy(), KeyRotation(), KeyGrant())
