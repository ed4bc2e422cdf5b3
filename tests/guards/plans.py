"""Plans and what guards look at, in as few words as a test needs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lakewarden.estate.estate import Estate
from lakewarden.guards.guard import Caller, Given
from lakewarden.plan.change import Change, Target
from lakewarden.plan.plan import Origin, Plan
from lakewarden.policyfile.policy import Policy

WORKSPACE = "workspace/1"
ME = Caller(user="ann@example.com", addresses=("198.51.100.7",), aws_arn="")


def change(kind: str, key: str, before: Any, after: Any, **more: Any) -> Change:
    scope = more.pop("scope", WORKSPACE)
    return Change(Target(kind, scope, key), more.pop("name", key), before, after, **more)


def asked(snapshot: Any, *changes: Change, caller: Caller = ME, **more: Any) -> Given:
    """Return what guards look at for some changes of an estate."""
    policy, overridden = more.pop("policy", Policy()), more.pop("overridden", "")
    plan = replace(Plan(Origin("a", "now", "high"), changes), overridden=overridden)
    return Given(plan, Estate(snapshot), caller, policy, **more)
