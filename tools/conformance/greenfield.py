"""The modules of a deployment from nothing, applied by real Terraform with the real providers.

The AWS half is applied with the AWS provider where the account has registered what the Databricks
half would. Where `TERRAFORM_PLUGIN_DIR` has the Databricks provider too, the whole is applied: its
plan is judged, then what it made. Both must come to rest: a second plan changes nothing.

    python -m tools.conformance.greenfield [PLAN]

With a file named, the plan of the whole is written to it: `examples/terraform/greenfield` has one.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest import mock

from lakewarden.cli.simulation import environment, start
from lakewarden.controls.kit.registry import controls, needs_of
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.kind import Scope
from lakewarden.simulate import aws
from lakewarden.simulate import world as worlds
from lakewarden.terraform.greenfield.write import GreenfieldOptions, write_greenfield
from tools.conformance.serving import clean_environment
from tools.conformance.tally import Tally
from tools.conformance.terraform_aws import (
    OVERRIDE,
    NoTerraformError,
    Terraform,
    TerraformError,
    credentials,
    lakewarden,
    mirror,
)

if TYPE_CHECKING:
    from lakewarden.simulate import Simulation
    from lakewarden.simulate.state import Workspace

OPTIONS: Final = GreenfieldOptions("acme", "us-east-1")
UNMADE: Final = frozenset(
    {
        "account-compliance-profile",  # no resource
        "account-enhanced-monitoring",  # no resource
        "account-ip-access-lists",  # no resource
        "dashboard-subscriptions",  # no resource
        "personal-compute-delegated",  # no resource whose name is documented
        "sql-results-download",  # no resource
        "audit-log-delivery",  # nothing is delivered in the first minutes
        "recovery-site",  # a second region is another configuration
    }
)
"""Controls that no Terraform of one region can make pass."""
MENDED: Final = frozenset(
    {
        "account-compliance-profile",
        "account-enhanced-monitoring",
        "account-ip-access-lists",
        "dashboard-subscriptions",
        "personal-compute-delegated",
        "sql-results-download",
    }
)
"""Those of them that `lakewarden apply` makes pass."""
_OTHER_HALF: Final = frozenset({"policies-allow-nitro-only"})
"""Controls of the Databricks half that rest on facts of AWS too."""
_SIMULATED: Final = Path(__file__).parent / "simulated"
_WORLD: Final = "greenfield"
_HALF: Final = "greenfield-aws"
_DATABRICKS: Final = ("account", "workspace", "catalog", "hardening")
"""The modules of the Databricks half."""
_AWS_ALONE: Final = """
terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}
"""
_ACCOUNT: Final = """
provider "databricks" {{
  alias = "account"
  host  = "{host}"
}}
"""


def main(arguments: Sequence[str] = ()) -> int:
    """Apply both; return the exit code."""
    tally = Tally("Terraform with the modules of a deployment from nothing")
    keep = Path(arguments[0]) if arguments else None
    checks: tuple[tuple[str, Callable[[Tally], None]], ...] = (
        ("AWS half", half),
        ("AWS half behind a firewall", partial(half, domains=("packages.green.example",))),
        ("whole", partial(whole, keep=keep)),
    )
    for title, check in checks:
        try:
            check(tally)
        except NoTerraformError as error:
            tally.skip(title, str(error))
        except (TerraformError, subprocess.SubprocessError) as error:
            tally.add(title, str(error))
    return tally.close()


def half(tally: Tally, domains: Sequence[str] = ()) -> None:
    """Apply the AWS half, and judge what of it the account has registered.

    Args:
        tally: where to count.
        domains: what clusters may reach; with any, there is a firewall.

    Raises:
        TerraformError: it does not apply, or does not come to rest.
        NoTerraformError: there is no Terraform, or no provider.
    """
    with tempfile.TemporaryDirectory(prefix="greenfield-") as scratch:
        title = "AWS half behind a firewall" if domains else "AWS half"
        terraform = initialised(Path(scratch), _AWS_ALONE, without=_DATABRICKS)
        if domains:
            _allow(domains, terraform.folder)
        with served(_HALF, Path(scratch), terraform.seed) as (_, variables):
            tally.add(f"{title}: terraform apply, and a second plan that changes nothing", "")
            policy = terraform.run(["output", "-raw", "policy_file"], os.environ)
            found = judged(Path(scratch), policy, [], variables)
    mine = [f for f in found if f["control"] in aws_side()]
    _tell(tally, title, mine, _OTHER_HALF)


def whole(tally: Tally, keep: Path | None = None) -> None:
    """Plan and apply the whole; judge the plan and what it made.

    Args:
        tally: where to count.
        keep: a file to write the plan to.

    Raises:
        TerraformError: it does not apply, or does not come to rest.
        NoTerraformError: there is no Terraform, or no provider.
    """
    with tempfile.TemporaryDirectory(prefix="greenfield-") as scratch:
        folder = Path(scratch)
        terraform = initialised(folder, "")
        with served(_WORLD, folder, lambda *_: {}) as (running, _):
            _point(running, terraform.folder)
            own = {
                **clean_environment(),
                **credentials(str(running.aws_url)),
                "DATABRICKS_TOKEN": running.token,
            }
            terraform.run(["validate"], own)
            terraform.run(["plan", "-out=p"], own)
            shown = terraform.run(["show", "-json", "p"], own)
            plan = shown.replace(running.account_host, "https://accounts.cloud.databricks.com")
            (folder / "plan.json").write_text(plan, encoding="utf-8")
            policy = json.loads(plan)["planned_values"]["outputs"]["policy_file"]["value"]
            asked = ["--terraform-plan", str(folder / "plan.json")]
            _tell(tally, "plan", judged(folder, policy, asked, {}), frozenset())
            terraform.run(["apply", "-auto-approve", "-parallelism=8", "p"], own)
            terraform.run(["plan", "-detailed-exitcode"], own)
            tally.add("whole: terraform apply, and a second plan that changes nothing", "")
            variables = environment(running, _WORLD, folder / "audit")
            _tell(tally, "whole", judged(folder, policy, [], variables), UNMADE)
            _mend(folder, variables)
            terraform.run(["plan", "-detailed-exitcode"], own)
            tally.add("whole: after lakewarden apply, Terraform still changes nothing", "")
            _tell(tally, "mended", judged(folder, policy, [], variables), UNMADE - MENDED)
        if keep is not None:
            keep.write_text(compact(plan), encoding="utf-8")


def initialised(scratch: Path, versions: str, without: tuple[str, ...] = ()) -> Terraform:
    """Write the modules with values, and let Terraform fetch their providers.

    Args:
        scratch: where to write.
        versions: what stands in place of `versions.tf`; empty to keep it.
        without: modules to leave out, and with any the Databricks half.

    Raises:
        NoTerraformError: there is no Terraform, or no provider within reach.
    """
    program = shutil.which("terraform")
    if program is None:
        raise NoTerraformError("there is no terraform here")
    folder = scratch / "modules"
    write_greenfield(folder, OPTIONS)
    Terraform(program, folder).run(["fmt", "-check", "-recursive"], os.environ)
    shutil.copy(_SIMULATED / _WORLD / "values.auto.tfvars.json", folder)
    (folder / "override.tf").write_text(OVERRIDE, encoding="utf-8")
    for module in without:
        shutil.rmtree(folder / "modules" / module)
    if without:
        (folder / "databricks.tf").unlink()
        (folder / "outputs.tf").write_text(_aws_outputs(folder / "outputs.tf"), encoding="utf-8")
        shutil.copy(_SIMULATED / _HALF / "half.tf", folder)
    if versions:
        provider = 'provider "aws" {\n  region = local.region\n}\n'
        (folder / "versions.tf").write_text(versions + provider, encoding="utf-8")
    terraform = Terraform(program, folder)
    try:
        terraform.run(["init", *mirror()], os.environ)
    except TerraformError as error:
        raise NoTerraformError(str(error)) from error
    return terraform


def _allow(domains: Sequence[str], folder: Path) -> None:
    """Let clusters out to some domains, and tell the simulated firewall of its endpoint."""
    values = json.dumps({"allowed_domains": list(domains)})
    (folder / "domains.auto.tfvars.json").write_text(values, encoding="utf-8")
    for file in (_SIMULATED / _HALF / "network").glob("*.tf"):
        shutil.copy(file, folder / "modules" / "network")


def _aws_outputs(file: Path) -> str:
    """Return the outputs without those of the workspace."""
    blocks = file.read_text(encoding="utf-8").split("\n\n")
    return "\n\n".join(block for block in blocks if "module.workspace" not in block)


@contextmanager
def served(world: str, folder: Path, seed: Any) -> Iterator[tuple[Simulation, dict[str, str]]]:
    """Serve a world of this tool, with something else in place of the seeding of AWS.

    Yields:
        What is served, and the variables that point the command line at it.
    """
    with (
        mock.patch.object(worlds, "FOLDER", _SIMULATED),
        mock.patch.object(aws, "seed", seed),
        start(world, folder / "audit") as running,
    ):
        yield running, dict(environment(running, world, folder / "audit"))


def _point(running: Simulation, folder: Path) -> None:
    """Lead the provider to a served account, and to the workspace that it will make there.

    It asks a workspace for its URL, which Databricks answers by a name in its own DNS; what is
    served here has none.
    """
    with (folder / "override.tf").open("a", encoding="utf-8") as file:
        file.write(_ACCOUNT.format(host=running.account_host))
    opened = running.account.opened

    def named(workspace: Workspace) -> None:
        opened(workspace)
        workspace.deployment["workspace_url"] = workspace.url

    running.account.opened = named


def judged(
    folder: Path, policy: str, arguments: list[str], variables: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Return the findings of `lakewarden assess --posture high` with a policy file."""
    (folder / "lakewarden.toml").write_text(policy, encoding="utf-8")
    report = folder / "report.json"
    own = {**variables, "LAKEWARDEN_POLICY_FILE": str(folder / "lakewarden.toml")}
    asked = ["assess", *arguments, "--posture", "high", "--format", "json"]
    lakewarden([*asked, "--output", str(report)], own)
    findings: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["findings"]
    return findings


def _mend(folder: Path, variables: Mapping[str, str]) -> None:
    """Plan and apply what no Terraform is for."""
    own = {**variables, "LAKEWARDEN_POLICY_FILE": str(folder / "lakewarden.toml")}
    plan = str(folder / "mending.json")
    asked = [word for control in sorted(MENDED) for word in ("--control", control)]
    lakewarden(["plan", *asked, "--posture", "high", "--allow-permanent", "--out", plan], own)
    store = f"sqlite:///{folder / 'journal.db'}"
    known = ["--caller-address", "203.0.113.10", "--yes", "--allow-permanent"]
    lakewarden(["apply", plan, "--store", store, *known], own)


def aws_side() -> frozenset[str]:
    """Return the controls that rest on facts of AWS."""
    return frozenset(
        control.id
        for control in controls()
        if any(KINDS[need.kind].scope is Scope.AWS for need in needs_of([control]))
    )


def _tell(tally: Tally, title: str, found: list[dict[str, Any]], spared: frozenset[str]) -> None:
    counts = Counter(finding["verdict"] for finding in found)
    for finding in found:
        if finding["verdict"] == "FAIL" and finding["control"] not in spared:
            name = f"{title}: {finding['control']} {finding['subject']['name']}"
            tally.add(name, finding["reason"])
    wrong = "" if counts["PASS"] else "nothing passes"
    summary = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    tally.add(f"{title}: lakewarden assess --posture high", wrong, summary)


def compact(plan: str) -> str:
    """Return a plan without what only Terraform needs: values of before, and its own state."""
    whole_plan = json.loads(plan)
    kept = ("format_version", "terraform_version", "timestamp", "planned_values", "configuration")
    shown = {name: whole_plan[name] for name in kept if name in whole_plan}
    shown["resource_changes"] = [
        {
            "address": change["address"],
            "change": {
                name: change["change"].get(name) for name in ("after_unknown", "after_sensitive")
            },
        }
        for change in whole_plan["resource_changes"]
    ]
    return json.dumps(shown, separators=(",", ":"), ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
