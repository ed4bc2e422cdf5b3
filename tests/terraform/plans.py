"""Small plans in the JSON of Terraform, and the two that are published as examples."""

from __future__ import annotations

import json
from pathlib import Path

from lakewarden.controls.kit.registry import chosen
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.policy import Policy
from lakewarden.terraform.judging import judge_plan
from lakewarden.terraform.plan import read_plan
from lakewarden.terraform.planned import planned

EXAMPLES = Path(__file__).parents[2] / "examples" / "terraform"
NOW = "2026-01-01T00:00:00+00:00"
HIGH = Policy(Posture.HIGH)
WORKSPACE = {"host": {"constant_value": "https://dbc-1.cloud.databricks.com"}}


def example(name):
    return json.loads((EXAMPLES / name / "plan.json").read_text("utf-8"))


def resource(address, values=None, *, unknown=None, expressions=None, module=""):
    """Return a resource for `document`; its address is within its module."""
    kind, _, name = address.partition(".")
    return {
        "module": module,
        "address": f"{module}.{address}" if module else address,
        "type": kind,
        "name": name.partition("[")[0],
        "values": values or {},
        "unknown": {"id": True} if unknown is None else unknown,
        "expressions": expressions or {},
    }


def refers(*references):
    return {"references": list(references)}


def document(*resources, calls=None, providers=None):
    """Return a plan of resources of the root module, and of modules one level deep."""
    modules = {r["module"] for r in resources if r["module"]}
    return {
        "format_version": "1.2",
        "planned_values": {
            "root_module": {
                "resources": [_value(r) for r in resources if not r["module"]],
                "child_modules": [
                    {"address": m, "resources": [_value(r) for r in resources if r["module"] == m]}
                    for m in sorted(modules)
                ],
            }
        },
        "resource_changes": [
            {"address": r["address"], "change": {"after_unknown": r["unknown"]}} for r in resources
        ],
        "configuration": {
            "provider_config": {
                key: {"expressions": value}
                for key, value in (providers or {"databricks": WORKSPACE}).items()
            },
            "root_module": {
                "resources": [_written(r) for r in resources if not r["module"]],
                "module_calls": calls or {},
            },
        },
    }


def _value(given):
    return {**{k: given[k] for k in ("address", "type", "name", "values")}, "mode": "managed"}


def _written(given):
    return {**{k: given[k] for k in ("type", "name", "expressions")}, "mode": "managed"}


def inner(*resources, **outputs):
    """Return the configuration of a module, to be called by `document`."""
    expressions = {name: {"expression": refers(target)} for name, target in outputs.items()}
    return {"resources": [_written(r) for r in resources], "outputs": expressions}


def read(data):
    return read_plan(json.dumps(data).encode(), file="plan.json")


def estate(*resources, **more):
    return planned(read(document(*resources, **more)), now=NOW)


def judged(data, policy=HIGH, controls=None, lines=None):
    """Return the findings on a plan, by control and name of the subject."""
    selected = [c for c in chosen(policy) if controls is None or c.id in controls]
    found = judge_plan(planned(read(data), now=NOW), policy, selected, lines)
    return {(f.control, f.subject.name): f for f in found}


def verdicts(data, **more):
    return {key: finding.verdict.value for key, finding in judged(data, **more).items()}
