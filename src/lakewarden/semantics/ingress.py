"""How a network policy admits requests: deny rules first, then allow rules, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.perimeter import NETWORK_POLICIES, IngressRule, Origin
from lakewarden.semantics.ip_lists import too_wide

_SELECTED = "IDENTITY_TYPE_SELECTED_IDENTITIES"


def open_rules(rules: Iterable[IngressRule]) -> list[str]:
    """Return what allow rules admit from anywhere, whoever it is; nothing when they are narrow.

    Rules for selected identities may be for any address. The networks of all other rules count
    together, so that two halves of the internet are the whole. Deny rules are not weighed: what
    they take from a rule for everybody does not make it one for somebody.

    Raises:
        UnreadError: a rule does not say where its requests come from, or names no network.
    """
    found: list[str] = []
    networks: list[str] = []
    for rule in rules:
        if rule.authentication and rule.authentication.identity_type == _SELECTED:
            continue
        origin = _origin(rule)
        if origin.all_ip_ranges or origin.excluded_ip_ranges:
            found.append(f"{rule.label or 'a rule'}: all addresses")
        elif origin.included_ip_ranges:
            networks += origin.included_ip_ranges.ip_ranges
        else:
            raise _lacking(rule, "the addresses of its requests")
    return found + too_wide(networks)


def any_workspace(rules: Iterable[IngressRule]) -> list[str]:
    """Return the labels of the rules that admit every workspace of the account.

    Raises:
        UnreadError: a rule does not say where its requests come from.
    """
    return [rule.label or "a rule" for rule in rules if _origin(rule).all_source_workspaces]


def _origin(rule: IngressRule) -> Origin:
    if rule.origin is None:
        raise _lacking(rule, "an origin")
    return rule.origin


def _lacking(rule: IngressRule, what: str) -> UnreadError:
    detail = f"rule {rule.label or 'without a label'} lacks {what}"
    return UnreadError(NETWORK_POLICIES.gap(Cause.MISSING_FIELD, detail))
