"""Statements of policies, made narrower: for fewer callers, or with one more test.

Statements are as they are written in a policy document, not as they are read for judging.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.proofs.policies.build import TENANT_TAG, Policy

Principal = tuple[str, str]
"""The kind and the name of one: `("AWS", "arn:…")`; `("*", "*")` is everybody."""

EVERYBODY: Final[Principal] = ("*", "*")


def principals_of(entry: Policy) -> tuple[Principal, ...]:
    """Return whom a statement names; nobody where it names whom it is not about."""
    found = entry.get("Principal", {})
    if found == "*":
        return (EVERYBODY,)
    return tuple(
        EVERYBODY if (kind, name) == ("AWS", "*") else (kind, name)
        for kind, names in found.items()
        for name in listed(names)
    )


def listed(value: Any) -> list[Any]:
    """Return one or many as many."""
    return list(value) if isinstance(value, list | tuple) else [value]


def account_of(principal: Principal) -> str:
    """Return the AWS account of a principal; empty where it is none of one account."""
    kind, name = principal
    if kind != "AWS":
        return ""
    return name if name.isdigit() else [*name.split(":"), *[""] * 4][4]


def narrowed_to(entry: Policy, kept: Iterable[Principal]) -> Policy | None:
    """Return a statement for some of its principals alone; None for none, itself for all."""
    chosen = tuple(kept)
    if not chosen:
        return None
    if set(chosen) == set(principals_of(entry)):
        return entry
    by_kind: dict[str, list[str]] = {}
    for kind, name in chosen:
        by_kind.setdefault(kind, []).append(name)
    named = {k: names[0] if len(names) == 1 else names for k, names in by_kind.items()}
    return {**entry, "Principal": named}


def for_tenant(entry: Policy, tenant: str) -> Policy:
    """Return a statement for sessions that work for one Databricks account alone."""
    return with_test(entry, "StringEquals", TENANT_TAG, tenant)


def with_test(entry: Policy, operator: str, key: str, value: str) -> Policy:
    """Return a statement with one more test, in place of one of the same operator and key."""
    tests = entry.get("Condition", {})
    same = {k: v for k, v in tests.get(operator, {}).items() if k.lower() != key.lower()}
    return {**entry, "Condition": {**tests, operator: {**same, key: value}}}
