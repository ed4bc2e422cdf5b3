"""Real Terraform with the real AWS provider on what `lakewarden terraform` writes.

The AWS half of a world is written as it stands: Terraform must take over every resource and change
nothing. Then controls are broken, a plan is made and written: Terraform must apply it, and the
controls must pass.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from benchmarks.mutate import read
from benchmarks.running import Running, running
from benchmarks.steps import take

from lakewarden.apply.hand import hands
from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.kind import Need
from lakewarden.ledger.finding import Verdict
from lakewarden.plan.plan import Plan
from lakewarden.terraform.write.changes import Found, after, wanted
from lakewarden.terraform.write.configuration import Configuration, Site, configured
from lakewarden.terraform.write.files import files
from lakewarden.terraform.write.standing.snapshot import (
    NEEDED_FOR_TABLES,
    needed,
    standing,
)
from tools.conformance.serving import clean_environment
from tools.conformance.tally import Tally
from tools.conformance.terraform_aws import (
    OVERRIDE,
    NoTerraformError,
    Terraform,
    TerraformError,
    credentials,
    mirror,
)

_WORLD: Final = "high-security"
_BROKEN: Final = (
    *("bucket-encryption", "bucket-owner-enforced", "bucket-public-access-blocked"),
    *("bucket-tls-only", "bucket-versioning", "bucket-versions-expire"),
    *("cloudtrail-data-events", "cloudtrail-enabled", "cmk-policy-plain", "cmk-rotation"),
    *("cross-account-role-trust", "ebs-encrypted-by-default", "guardduty-enabled"),
    *("s3-endpoint-covers-subnets", "security-group-egress-limited"),
    *("security-groups-self-only", "vpc-endpoint-policies", "vpc-flow-logs"),
)
"""The controls that are broken, and mended with Terraform."""
_UNSEEN: Final = {"aws_cloudtrail": "moto does not say that a trail has selectors of its own"}
"""Resources that the provider does not read back from the simulated AWS, with the reason."""


def main() -> int:
    """Run the checks; return the exit code."""
    tally = Tally("Terraform with what `lakewarden terraform` writes")
    program = shutil.which("terraform")
    if program is None:
        tally.skip("what is written", "there is no terraform here")
        return tally.close()
    with running(_WORLD) as world:
        for title, check in (("as it stands", _standing), ("a plan", _mended)):
            try:
                check(world, program, tally)
            except NoTerraformError as error:
                tally.skip(title, str(error))
            except (TerraformError, subprocess.SubprocessError) as error:
                tally.add(title, str(error))
    return tally.close()


def _standing(world: Running, program: str, tally: Tally) -> None:
    """Write the AWS half as it stands; Terraform imports all of it, and changes nothing."""
    with world.snapshot(needed) as snapshot:
        things = (t for t in standing(Estate(snapshot)) if t.scope == "aws")
        made = configured(Site(world.origin().account_id), things)
    with _prepared(program, made) as (terraform, variables):
        terraform.run(["validate"], variables)
        tally.add("as it stands: terraform fmt and validate", "")
        terraform.run(["plan", "-out=plan.bin"], variables)
        plan = json.loads(terraform.run(["show", "-json", "plan.bin"], variables))
    changes = plan["resource_changes"]
    touched = [c for c in changes if c["change"]["actions"] != ["no-op"]]
    odd = [c["address"] for c in touched if not _is_unseen(c)]
    imported = sum("importing" in c["change"] for c in changes)
    complaint = f"would change {', '.join(odd)}" if odd else ""
    if imported < len(made.resources):
        complaint = f"imports {imported} of {len(made.resources)} resources"
    tally.add("as it stands: a plan that changes nothing", complaint, f"{imported} imported")


def _is_unseen(change: Mapping[str, Any]) -> bool:
    return change["type"] in _UNSEEN and change["change"]["actions"] == ["update"]


def _mended(world: Running, program: str, tally: Tally) -> None:
    """Break controls, apply what their plan becomes, and judge again."""
    for control in _BROKEN:
        take(world, read(control).steps)
    failed = {f.control for f in world.assess(only=_BROKEN).findings if f.verdict is Verdict.FAIL}
    tally.add("a plan: controls fail", ", ".join(set(_BROKEN) - failed), f"{len(failed)}")
    plan = world.plan(_BROKEN)
    made = configured(Site(world.origin().account_id), after(plan, _found(world, plan)))
    tally.add("a plan: is written", "; ".join(left.why for left in made.left), _counted(plan))
    with _prepared(program, made) as (terraform, variables):
        terraform.run(["apply", "-auto-approve"], variables)
    tally.add("a plan: terraform apply", "")
    for finding in world.assess(only=_BROKEN).findings:
        bad = finding.verdict in {Verdict.FAIL, Verdict.UNKNOWN}
        name = f"a plan: {finding.control} ({finding.subject.name})"
        tally.add(name, f"{finding.verdict}: {finding.reason}" if bad else "", finding.verdict)


def _counted(plan: Plan) -> str:
    return f"{len(plan.changes)} changes of {len({c.target.kind for c in plan.changes})} kinds"


def _found(world: Running, plan: Plan) -> Found:
    doors = world.doors()
    found = {target: hands()[target.kind].read(doors, target) for target in wanted(plan)}
    with world.snapshot(_tables) as snapshot:
        things = {(t.kind, t.scope, t.key): t for t in standing(Estate(snapshot))}
    return Found({target: document for target, document in found.items() if document}, things)


def _tables(workspace: Workspace | None) -> set[Need]:
    return set(NEEDED_FOR_TABLES) if workspace is None else set()


@contextmanager
def _prepared(program: str, made: Configuration) -> Iterator[tuple[Terraform, Mapping[str, str]]]:
    """Write files and let Terraform fetch its provider.

    Raises:
        NoTerraformError: no provider is within reach.
        TerraformError: the files are not as Terraform formats them.
    """
    with tempfile.TemporaryDirectory(prefix="written-") as scratch:
        folder = Path(scratch)
        for name, text in files(made).items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "terraform.tfvars.example").rename(folder / "terraform.tfvars")
        terraform = Terraform(program, folder)
        variables = {**clean_environment(), **credentials(os.environ["AWS_ENDPOINT_URL"])}
        terraform.run(["fmt", "-check"], variables)
        (folder / "override.tf").write_text(OVERRIDE, encoding="utf-8")
        try:
            terraform.run(["init", *mirror()], os.environ)
        except TerraformError as error:
            raise NoTerraformError(str(error)) from error
        yield terraform, variables
