"""Wishes about network policies: whom they let in, and where they let compute connect to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from lakewarden.controls.kit.admission import admitted
from lakewarden.controls.kit.control import Context, Tier
from lakewarden.controls.kit.front_door import policy_of
from lakewarden.estate.account import WORKSPACE_NETWORK, Workspace
from lakewarden.estate.perimeter import NetworkPolicy
from lakewarden.plan.change import Target
from lakewarden.plan.paths import values_at
from lakewarden.plan.wish import Wish
from lakewarden.semantics.ip_lists import too_wide

ACCESS: Final = "/egress/network_access"
_PUBLIC: Final = "/ingress/public_access"
_RESTRICTED: Final = "RESTRICTED_ACCESS"
_SELECTED: Final = "IDENTITY_TYPE_SELECTED_IDENTITIES"
_EVERYBODY: Final = {
    "people from admitted networks": "IDENTITY_TYPE_ALL_USERS",
    "machines from admitted networks": "IDENTITY_TYPE_ALL_SERVICE_PRINCIPALS",
}
Rule = Mapping[str, Any]


def policy_wish(policy: NetworkPolicy, at: Context, edits: Mapping[str, Any]) -> Wish:
    """Wish for other values in a network policy; every workspace that has it is named.

    Args:
        policy: the policy.
        at: the context.
        edits: values, or edits of them, by path.

    Raises:
        UnreadError: the policy was not read.
    """
    document = {"egress": policy.egress.get(), "ingress": policy.ingress.get()}
    target = Target("network_policy", "account", policy.id)
    found = values_at(document, edits)
    return Wish(target, _named(policy, at), found, dict(edits), tier=Tier.ENTERPRISE.value)


def restrict_ingress(workspace: Workspace, at: Context) -> Wish:
    """Wish that the policy of a workspace lets known networks or selected identities in.

    A rule that admits everybody from everywhere stays what it is, for the networks that the policy
    file names. Where nothing was restricted before, rules are added that admit people and service
    principals from these.

    Raises:
        UnreadError: the policy was not read.
        CannotPlanError: the policy file does not say who may come in.
    """
    wanted, policy = admitted(at), policy_of(workspace, at)
    opened = policy.public_access.get() != _RESTRICTED

    def edit(rules: Sequence[Rule] | None) -> list[Rule]:
        made = _narrowed(rules or (), wanted)
        return _with_everybody(made, wanted) if opened else made

    mode, place = f"{_PUBLIC}/restriction_mode", f"{_PUBLIC}/allow_rules"
    return policy_wish(policy, at, {mode: _RESTRICTED, place: edit})


def _narrowed(rules: Iterable[Rule], wanted: Sequence[str]) -> list[Rule]:
    held = list(rules)
    together = [n for rule in held if not _selected(rule) for n in _networks(rule)]
    wide = bool(too_wide(together))
    return [
        {**rule, "origin": _from(wanted)}
        if not _selected(rule) and _open(rule, wide=wide)
        else rule
        for rule in held
    ]


def _with_everybody(rules: list[Rule], wanted: Sequence[str]) -> list[Rule]:
    made = list(rules)
    for label, identity in _EVERYBODY.items():
        if not any(set(wanted) <= set(_networks(r)) and _is_for(r, identity) for r in rules):
            made.append(
                {
                    "label": label,
                    "origin": _from(wanted),
                    "authentication": {"identity_type": identity},
                    "destination": {"all_destinations": True},
                }
            )
    return made


def _from(networks: Sequence[str]) -> Mapping[str, Any]:
    return {"included_ip_ranges": {"ip_ranges": list(networks)}}


def _open(rule: Rule, *, wide: bool) -> bool:
    origin = rule.get("origin") or {}
    anywhere = origin.get("all_ip_ranges") or origin.get("excluded_ip_ranges")
    return bool(anywhere or (wide and _networks(rule)))


def _networks(rule: Rule) -> list[str]:
    included = (rule.get("origin") or {}).get("included_ip_ranges") or {}
    return list(included.get("ip_ranges") or ())


def _selected(rule: Rule) -> bool:
    return bool((rule.get("authentication") or {}).get("identity_type") == _SELECTED)


def _is_for(rule: Rule, identity: str) -> bool:
    """Return whether a rule is for all of a kind, wherever they want to go."""
    mine = (rule.get("authentication") or {}).get("identity_type")
    destination = rule.get("destination") or {"all_destinations": True}
    return mine == identity and bool(destination.get("all_destinations"))


def _named(policy: NetworkPolicy, at: Context) -> str:
    having = {
        network.workspace_id
        for network in at.estate.of(WORKSPACE_NETWORK).seen()
        if network.policy_id.gap is None and network.policy_id.get() == policy.id
    }
    names = [
        str(w.id) if w.name.gap is not None else w.name.get()
        for w in at.estate.workspaces()
        if w.id in having
    ]
    return f"{policy.id}, of {', '.join(sorted(names))}" if names else policy.id
