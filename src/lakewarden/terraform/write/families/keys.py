"""KMS keys, and roles of IAM."""

from __future__ import annotations

from typing import Final

from lakewarden.terraform.write.families.buckets import whole_policy
from lakewarden.terraform.write.rows import Row, Rows, never, renamed
from lakewarden.terraform.write.thing import Thing

_KEY: Final = """description deletion_window_in_days rotation_period_in_days tags policy
    multi_region key_usage customer_master_key_spec bypass_policy_lockout_safety_check"""
_ROLE: Final = """description path max_session_duration permissions_boundary tags
    force_detach_policies"""


def _state(thing: Thing) -> Thing:
    enabled = thing.document.get("KeyState") == "Enabled"
    return renamed(thing, {"is_enabled": enabled}, ["is_enabled"])


ROWS: Final[Rows] = {
    "kms_key_policy": Row(
        "aws_kms_key_policy",
        "key_id!<@id policy!~",
        "keys",
        import_id="{id}",
        prepare=whole_policy,
        also="bypass_policy_lockout_safety_check",
    ),
    "kms_key_rotation": Row(
        "aws_kms_key",
        "enable_key_rotation<KeyRotationEnabled",
        "keys",
        import_id="{id}",
        also=f"is_enabled {_KEY}",
        marks={"arn": "@key", "key_id": "@id"},
    ),
    "kms_key_state": Row(
        "aws_kms_key",
        "is_enabled",
        "keys",
        import_id="{id}",
        also=f"enable_key_rotation {_KEY}",
        marks={"arn": "@key", "key_id": "@id"},
        prepare=_state,
    ),
    "kms_grant": never("a grant that is revoked is no resource"),
    "role_policy": Row(
        "aws_iam_role_policy",
        "role!<@first name!<@second policy!~",
        "roles",
        import_id="{first}:{second}",
        prepare=whole_policy,
    ),
    "role_trust": Row(
        "aws_iam_role",
        "name!<@key assume_role_policy!~<policy",
        "roles",
        prepare=whole_policy,
        also=_ROLE,
        marks={"name": "@key", "arn": "arn"},
    ),
}
"""How keys and roles become resources, by kind."""
