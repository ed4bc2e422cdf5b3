"""What the tests of writing share: things by hand, and configurations as plans to read back."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

from lakewarden.plan.change import Change, Target
from lakewarden.plan.plan import Origin, Plan
from lakewarden.terraform.plan import read_plan
from lakewarden.terraform.planned import planned
from lakewarden.terraform.write.changes import Found, after
from lakewarden.terraform.write.configuration import Place, Site, configured
from lakewarden.terraform.write.files import files
from lakewarden.terraform.write.hcl import Attribute, Block, Json
from terraform.plans import NOW

ACCOUNT = "11111111-2222-4333-8444-555555555555"
SITE = Site(ACCOUNT, workspaces={"7": Place("7", "research", "https://r.cloud.databricks.com")})


def change(kind, key, before, after, scope="workspace/7"):
    return Change(Target(kind, scope, key), key, before, after)


def written(*changes, documents=None, things=(), site=SITE):
    """Return the configuration of a plan with some changes."""
    plan = Plan(Origin(ACCOUNT, NOW, "high"), changes)
    found = {Target(*place): document for place, document in (documents or {}).items()}
    there = {(thing.kind, thing.scope, thing.key): thing for thing in things}
    return configured(site, after(plan, Found(found, there)))


def text_of(configuration):
    return "\n".join(files(configuration).values())


def is_formatted(configuration, folder):
    """Return whether Terraform would leave the files as they are."""
    for name, text in files(configuration).items():
        (folder / name).write_text(text, "utf-8")
    command = ["terraform", "fmt", "-check", "-list=true", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode == 0 and not done.stdout


needs_terraform = shutil.which("terraform") is None


def as_plan(configuration):
    """Return a configuration as the plan that Terraform would make of it, read as an estate."""
    site = configuration.site
    resources = list(configuration.resources)
    account = {"account_id": {"constant_value": site.account_id}}
    providers = {"databricks.account": {"expressions": account}}
    for resource, label in resources:
        if resource.type == "databricks_mws_workspaces":
            slug = site.slug(str(resource.marks["workspace_id"]))
            host = {"references": [f"databricks_mws_workspaces.{label}.workspace_url"]}
            providers[f"databricks.{slug}"] = {"expressions": {"host": host}}
    document = {
        "format_version": "1.2",
        "timestamp": NOW,
        "planned_values": {"root_module": {"resources": [_value(*r) for r in resources]}},
        "configuration": {
            "provider_config": providers,
            "root_module": {"resources": [_expressions(site, *r) for r in resources]},
        },
    }
    return planned(read_plan(json.dumps(document).encode(), file="plan.json"), now=NOW)


def _value(resource, label):
    address = f"{resource.type}.{label}"
    values = {**dict(_marks(resource)), **values_of(resource.body)}
    return {"address": address, "mode": "managed", "type": resource.type, "name": label} | {
        "values": values
    }


def _marks(resource):
    """Yield what Terraform reads of an imported resource beside its arguments."""
    yield from resource.marks.items()
    if resource.import_id.startswith("arn:"):
        yield "arn", resource.import_id
    elif resource.import_id:
        yield "id", re.split(r"[/|]", resource.import_id)[-1]


def _expressions(site, resource, label):
    scope, _, workspace = resource.scope.partition("/")
    alias = {"account": "databricks.account", "aws": "aws"}.get(scope)
    key = alias or f"databricks.{site.slug(workspace)}"
    return {
        "mode": "managed",
        "type": resource.type,
        "name": label,
        "provider_config_key": key,
        "expressions": {},
    }


def values_of(body):
    """Return a body as a plan has it: a block is a list of objects, JSON is text."""
    found = {}
    for item in body:
        if isinstance(item, Attribute):
            found[item.name] = _plain(item.value)
        elif isinstance(item, Block):
            absent = dict.fromkeys(GRANTEES) if item.name == "access_control" else {}
            found.setdefault(item.name, []).append({**absent, **values_of(item.body)})
    return found


GRANTEES = ("user_name", "group_name", "service_principal_name")


def _plain(value):
    if isinstance(value, Json):
        return json.dumps(value.value)
    return value
