"""Wishes about what serverless compute may connect to: nothing that is wanted is lost by them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from lakewarden.controls.kit.control import Context
from lakewarden.estate.perimeter import NetworkPolicy
from lakewarden.plan.wish import CannotPlanError

Entry = Mapping[str, Any]


def wanted_domains(policy: NetworkPolicy, at: Context) -> tuple[str, ...]:
    """Return the domain names that the policy file wants, as a network policy can name them.

    Raises:
        UnreadError: the buckets of the network policy were not read.
        CannotPlanError: the file names none, or what a network policy cannot say by name alone.
    """
    every = at.policy.allowed_destinations
    if not every:
        raise CannotPlanError(
            "say what serverless compute may connect to, or it loses everything: "
            "network.allowed_destinations in lakewarden.toml"
        )
    buckets = {entry.bucket_name.lower() for entry in policy.buckets.get()}
    names = tuple(name for name in every if name.lower() not in buckets)
    if wide := [name for name in names if "*" in name or name.startswith(".")]:
        raise CannotPlanError(
            f"write out the names that {', '.join(wide)} stands for: network.allowed_destinations "
            "in lakewarden.toml"
        )
    if lacking := [name for name in names if "." not in name]:
        raise CannotPlanError(
            f"add {', '.join(lacking)} of network.allowed_destinations to network policy "
            f"{policy.id} first: for a bucket it takes its region"
        )
    return names


def adding(names: Iterable[str]) -> Callable[[Sequence[Entry] | None], list[Entry]]:
    """Return the edit that adds domain names to those that a network policy allows."""

    def edit(held: Sequence[Entry] | None) -> list[Entry]:
        known = {str(entry["destination"]).lower() for entry in held or ()}
        kind = {"internet_destination_type": "DNS_NAME"}
        fresh = [{"destination": name, **kind} for name in names if name.lower() not in known]
        return [*(held or ()), *fresh]

    return edit


def covers(pattern: str, name: str) -> bool:
    """Return whether a wildcard, `*.example.com`, stands for a domain name."""
    return name.lower().endswith(pattern.lower().lstrip("*"))
