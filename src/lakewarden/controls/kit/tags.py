"""Tags that everything which costs must carry, as the organisation asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, Lazy, all_of, observe, unknown
from lakewarden.controls.kit.control import Context, Example, fails, passes, unclear
from lakewarden.controls.kit.spec_wishes import goes
from lakewarden.controls.kit.subjects import name_of
from lakewarden.estate.fact import Cause, Fact, Gap
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence
from lakewarden.plan.wish import CannotPlanError
from lakewarden.policyfile.policy import Policy
from lakewarden.semantics.cluster_policy import Definition

WANTED: Final = Policy(required_tags=("CostCenter", "Owner"), tag_values={"CostCenter": ("7", "8")})
"""What the examples of controls about tags ask for."""


def each_required(policy: Policy, judge: Callable[[str], Condition]) -> Condition:
    """Require something of every tag that the organisation asks for; it must ask for some."""
    if not policy.required_tags:
        detail = "tags.required names no tag: say which ones you want"
        source = policy.source or "lakewarden.toml"
        return unknown(Gap(Cause.UNSET, source, detail, ""), expected="the tags that are wanted")
    conditions: list[Lazy] = [judge(key) for key in policy.required_tags]
    return all_of(*conditions)


def carries(fact: Fact[Any], tags: Mapping[str, str], policy: Policy) -> Condition:
    """Require the tags that the organisation asks for, with values that it allows.

    Args:
        fact: where the tags were read.
        tags: the tags by key.
        policy: what the organisation asks for.
    """

    def one(key: str) -> Condition:
        value, allowed = tags.get(key, ""), policy.tag_values.get(key, ())
        named = f"one of {', '.join(allowed)}" if allowed else "any value"
        told = (
            f"the tag {key} is {value}, not {named}"
            if value.strip()
            else f"the tag {key} is missing"
        )
        return observe(
            bool(value.strip()) and (not allowed or value in allowed),
            Evidence(fact.source, f"{fact.field}: {key}", value or None, named),
            otherwise=told,
        )

    return each_required(policy, one)


def missing_tags(
    tags: Mapping[str, str], at: Context, rules: Definition | None = None, *, whole: bool = False
) -> dict[str, str]:
    """Return the tags that something lacks, or has with a wrong value, with the right values.

    A value comes from the cluster policy where it fixes one; else it is the only one that the
    organisation allows, or the one that the policy file has for the workspace, or the workspace's
    own, as the platform hands its tags on to all that is in it.

    Args:
        tags: the tags by key.
        at: the context.
        rules: the cluster policy, if there is one.
        whole: it is the workspace itself that lacks them.

    Raises:
        UnreadError: the tags of the workspace were not read.
        CannotPlanError: nobody says what the value is.
    """
    found = {}
    for key in at.policy.required_tags:
        allowed = at.policy.tag_values.get(key, ())
        if tags.get(key, "").strip() and (not allowed or tags[key] in allowed):
            continue
        for value in _values(key, at, rules, whole=whole):
            goes_through = rules is None or goes(rules, f"custom_tags.{key}", value)
            if value.strip() and (not allowed or value in allowed) and goes_through:
                found[key] = value
                break
        else:
            raise CannotPlanError(
                f"nobody says which {key} it has: put it under tags.defaults in lakewarden.toml"
            )
    return found


def _values(key: str, at: Context, rules: Definition | None, *, whole: bool) -> Iterator[str]:
    rule = rules.rules.get(f"custom_tags.{key}", {}) if rules else {}
    if rule.get("type") == "fixed":
        yield str(rule.get("value", ""))
    allowed = at.policy.tag_values.get(key, ())
    if len(allowed) == 1:
        yield allowed[0]
    names = {str(at.here.id), name_of(at.here)}
    for pattern, given in at.policy.tag_defaults.items():
        if any(fnmatchcase(name, pattern) for name in names) and key in given:
            yield given[key]
    if not whole:
        yield at.here.tags.get().get(key, "")


def examples_of(tagged: Callable[[Mapping[str, str]], MemorySnapshot]) -> Iterable[Example]:
    """Yield the ways to be tagged; `tagged` makes an estate whose one subject has some tags."""
    right = {"CostCenter": "7", "Owner": "ann"}
    yield passes("both tags", tagged(right), WANTED)
    yield passes("more than both", tagged({**right, "Team": "x"}), WANTED)
    yield fails("one is missing", tagged({"CostCenter": "7"}), WANTED)
    told = replace(WANTED, tag_defaults={"*": {"Owner": "data"}})
    yield fails("one is missing, and the file says which", tagged({"CostCenter": "7"}), told)
    yield fails("one is empty", tagged({**right, "Owner": ""}), WANTED)
    yield fails("one is of blanks", tagged({**right, "Owner": " "}), WANTED)
    yield fails("one in other letters", tagged({"costcenter": "7", "Owner": "ann"}), WANTED)
    yield fails("a value that nobody allows", tagged({**right, "CostCenter": "9"}), WANTED)
    yield fails("none", tagged({}), WANTED)
    yield unclear("nobody says which tags are wanted", tagged(right))
