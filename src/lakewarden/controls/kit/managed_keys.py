"""Customer-managed keys of a workspace: registered, made for the purpose, and alive."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, all_of, expect, violated
from lakewarden.controls.kit.control import (
    Context,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.sensitive import is_sensitive
from lakewarden.controls.kit.subjects import name_of
from lakewarden.estate.account import ENCRYPTION_KEYS, WORKSPACES, EncryptionKey, Workspace
from lakewarden.estate.aws import KMS_KEYS
from lakewarden.estate.fact import Fact
from lakewarden.estate.given import given, refused
from lakewarden.ledger.finding import Evidence
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Step, Wish

KEY_NEEDS: Final = (ENCRYPTION_KEYS.need(), KMS_KEYS.need())
"""What must be collected to judge a key."""


def guarded_by_own_key(key_id: Fact[str | None], use_case: str, at: Context) -> Condition:
    """Require that a workspace has a key of the customer's own for a use case.

    Args:
        key_id: the id of the workspace's key configuration for the use case.
        use_case: `MANAGED_SERVICES` or `STORAGE`.
        at: where to look the key up.
    """
    identity = key_id.get()
    if identity is None:
        missing = Evidence(key_id.source, key_id.field, None, "a customer-managed key")
        return violated(f"no key of your own is attached for {use_case}", missing)
    key = at.estate.need(ENCRYPTION_KEYS, identity)
    return all_of(
        expect(
            key.use_cases,
            lambda cases: use_case in cases,
            expected=use_case,
            otherwise=f"the key {identity} is not meant for {use_case}",
        ),
        lambda: _alive(key, at),
    )


def _alive(key: EncryptionKey, at: Context) -> Condition:
    arn = key.arn.get()
    found = at.estate.need(KMS_KEYS, arn)
    return all_of(
        expect(
            found.state,
            lambda state: state == "Enabled",
            expected="Enabled",
            otherwise=f"the key {arn} is in state {{value}}",
        ),
        expect(
            found.manager,
            lambda manager: manager == "CUSTOMER",
            expected="CUSTOMER",
            otherwise=f"the key {arn} is managed by {{value}}, so you cannot revoke it",
        ),
    )


def attach(
    workspace: Workspace, key_id: Fact[str | None], use_case: str, at: Context
) -> Iterable[Wish | Step]:
    """Wish that a workspace without a key has the one that is registered for the use case.

    A key that is attached and does not do is for people: whoever disabled it may have had reasons.

    Raises:
        UnreadError: keys, or the workspaces that use them, were not read.
        CannotPlanError: no key would do, or several.
    """
    name, attached = name_of(workspace), key_id.get()
    if attached is not None:
        yield Step(
            f"See to the key {attached} that is attached to {name} for {use_case}: find out who "
            "disabled it or chose it, and why, before it is enabled or exchanged for another.",
            "`lakewarden assess` finds the key enabled, yours, and meant for its use",
        )
        return
    fit = [k.id for k in at.estate.of(ENCRYPTION_KEYS).each() if _fits(k, use_case, workspace, at)]
    if len(fit) != 1:
        raise CannotPlanError(
            f"{len(fit) or 'no'} living keys of {workspace.region.get()} are registered for "
            f"{use_case} and serve none but workspaces like {name}: "
            + ("attach the one that is meant by hand" if fit else "register one")
        )
    yield Wish(
        Target("workspace", "account", str(workspace.id)),
        name,
        {f"/{key_id.field}": None},
        {f"/{key_id.field}": fit[0]},
        irreversible="a workspace that has a key of its own cannot be without one again",
        restart="clusters and pools of the workspace, which must be stopped before",
        tier="enterprise",
    )


def _fits(key: EncryptionKey, use_case: str, workspace: Workspace, at: Context) -> bool:
    """Return whether a key may be attached: alive, near, and not for workspaces of another sort."""
    if use_case not in key.use_cases.get() or f":{workspace.region.get()}:" not in key.arn.get():
        return False
    users = [
        other
        for other in at.estate.of(WORKSPACES).each()
        if key.id in {other.storage_key_id.get(), other.managed_services_key_id.get()}
    ]
    mine = is_sensitive(workspace, at)
    return _alive(key, at).met is True and all(is_sensitive(w, at) is mine for w in users)


_ARN: Final = "arn:aws:kms:us-east-1:111122223333:key/0b7e"
_ALIVE: Final = {"arn": _ARN, "KeyState": "Enabled", "KeyManager": "CUSTOMER"}


@dataclass(frozen=True, slots=True)
class KeyExamples:
    """The examples that controls of keys have in common.

    Attributes:
        field: the workspace's field that names the key, in API words.
        use_case: what the key is for.
    """

    field: str
    use_case: str

    def registered(self, *use_cases: str, **info: Any) -> dict[str, Any]:
        """Return a key configuration as the account answers it."""
        return {
            "customer_managed_key_id": "k1",
            "use_cases": list(use_cases or (self.use_case,)),
            "aws_key_info": {"key_arn": _ARN, **info},
        }

    def estate(self, key: Mapping[str, Any], **changes: Any) -> Any:
        """Return an estate whose workspace uses a key; `changes` replaces collections."""
        kinds = {
            "workspace": {self.field: "k1"},
            "encryption_keys": [key],
            "kms_keys": [_ALIVE],
        }
        return given(**{**kinds, **changes})

    def __call__(self) -> Iterable[Example]:
        """Yield the ways to be right, wrong, exempt and unread."""
        key = self.registered()
        yield passes("a living key", self.estate(key))
        yield fails("no key", self.estate(key, workspace={}))
        yield fails(
            "no key, and none is registered", self.estate({**key, "use_cases": []}, workspace={})
        )
        unrelated = self.registered("OTHER")
        yield fails("a key for something else", self.estate(unrelated))
        yield fails("for something else, whatever AWS says", self.estate(unrelated, kms_keys=[]))
        doomed = {**_ALIVE, "KeyState": "PendingDeletion"}
        yield fails("a key about to be deleted", self.estate(key, kms_keys=[doomed]))
        disabled = {**_ALIVE, "KeyState": "Disabled"}
        yield fails("a disabled key", self.estate(key, kms_keys=[disabled]))
        foreign = {**_ALIVE, "KeyManager": "AWS"}
        yield fails("a key that AWS manages", self.estate(key, kms_keys=[foreign]))
        yield unclear("its configuration is gone", self.estate(key, encryption_keys=[]))
        yield unclear("KMS may not be read", self.estate(key, kms_keys=refused()))
        premium = {"pricing_tier": "PREMIUM"}
        yield exempt("Premium tier", self.estate(key, workspace=premium))
