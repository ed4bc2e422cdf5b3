"""Real Terraform with the real AWS provider against the simulated AWS.

Applies `examples/terraform/typical-aws` where the world `typical` would have been seeded, reads
and judges both deployments with the command line, and compares every fact of AWS and every
verdict. `TERRAFORM_PLUGIN_DIR` names a provider mirror for machines without the registry.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from unittest import mock

from lakewarden.cli.simulation import environment, start
from lakewarden.simulate import aws
from tools.conformance.facts import facts_of, verdicts_of
from tools.conformance.serving import clean_environment
from tools.conformance.tally import Tally

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "terraform" / "typical-aws"
_WORLD: Final = "typical"
_SECONDS: Final = 600
_LONGEST: Final = 300
_OVERRIDE: Final = """
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
}
"""
_CHANGES: Final = 2
"""The exit code of `terraform plan -detailed-exitcode` when it would change something."""


class TerraformError(Exception):
    """Terraform refused; the message is what it said."""


def main() -> int:
    """Run the comparison; return the exit code."""
    tally = Tally("Terraform with the AWS provider")
    terraform = shutil.which("terraform")
    if terraform is None:
        tally.skip("apply and compare", "there is no terraform here")
        return tally.close()
    with tempfile.TemporaryDirectory(prefix="typical-aws-") as scratch:
        folder = prepared(Path(scratch))
        try:
            run(terraform, folder, ["init", *_mirror()], os.environ)  # the registry may be far
        except TerraformError as error:
            tally.skip("apply and compare", str(error))
            return tally.close()
        try:
            compare(terraform, folder, tally)
        except (TerraformError, subprocess.SubprocessError) as error:
            tally.add("apply and compare", str(error))
    return tally.close()


def prepared(scratch: Path) -> Path:
    """Copy the example, with what makes its provider content with a pretended AWS."""
    folder = scratch / "typical-aws"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
    (folder / "override.tf").write_text(_OVERRIDE, encoding="utf-8")
    return folder


def compare(terraform: str, folder: Path, tally: Tally) -> None:
    """Build the deployment both ways and compare what the product reads and judges.

    Raises:
        TerraformError: it does not apply.
    """
    applied: dict[str, str] = {}

    def apply(url: str, _world: Mapping[str, Any]) -> dict[str, str]:
        """Stand in for the seeding: the same resources, from Terraform."""
        variables = {**clean_environment(), **_credentials(url)}
        run(terraform, folder, ["apply", "-auto-approve", "-parallelism=4"], variables)
        again = ["plan", "-detailed-exitcode"]
        run(terraform, folder, again, variables)
        output = run(terraform, folder, ["output", "-json", "references"], variables)
        applied.update(json.loads(output))
        return applied

    with assessed() as (seeded, ids):
        expected = facts_of(seeded, ids), verdicts_of(seeded, ids)
    with mock.patch.object(aws, "seed", apply), assessed() as (built, _):
        tally.add("terraform apply, and a second plan that changes nothing", "")
        found = facts_of(built, applied), verdicts_of(built, applied)
    for title, one, other in zip(("facts of AWS", "verdicts"), expected, found, strict=True):
        _compare(title, one, other, tally)


@contextmanager
def assessed() -> Iterator[tuple[Path, dict[str, str]]]:
    """Serve the world, and collect and judge it with the command line.

    Yields:
        The folder with `snapshot/` and `report.json`; and the AWS ids by the names of the world.
    """
    ids: dict[str, str] = {}
    seed = aws.seed

    def remember(url: str, world: dict[str, Any]) -> dict[str, str]:
        ids.update(seed(url, world))
        return dict(ids)

    with tempfile.TemporaryDirectory(prefix="assessed-") as scratch:
        folder = Path(scratch)
        with (
            mock.patch.object(aws, "seed", remember),
            start(_WORLD, folder / "audit") as running,
        ):
            own = environment(running, _WORLD, folder / "audit")
            variables = {**clean_environment(), **own}
            _lakewarden(["collect", "--out", str(folder / "snapshot")], variables)
            judged = ["assess", "--snapshot", str(folder / "snapshot"), "--posture", "high"]
            _lakewarden([*judged, "--format", "json", "--output", str(folder / "report.json")], own)
        yield folder, ids


def run(terraform: str, folder: Path, arguments: list[str], variables: Mapping[str, str]) -> str:
    """Run Terraform; return what it printed.

    Raises:
        TerraformError: it failed, or a plan found changes.
    """
    words = [terraform, arguments[0], *([] if arguments[0] == "output" else ["-input=false"])]
    done = subprocess.run(
        [*words, "-no-color", *arguments[1:]],
        cwd=folder,
        env=dict(variables),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        said = done.stdout if done.returncode == _CHANGES else done.stderr
        error = " ".join(said.partition("Error: ")[2].split() or said.split())
        raise TerraformError(f"terraform {arguments[0]}: {error[:_LONGEST]}")
    return done.stdout


def _compare(
    title: str, expected: Mapping[Any, Any], found: Mapping[Any, Any], tally: Tally
) -> None:
    keys = sorted({*expected, *found}, key=str)
    different = [key for key in keys if expected.get(key) != found.get(key)]
    for key in different:
        name = " ".join(map(str, key))
        tally.add(f"{title}: {name}", f"{found.get(key)} where {expected.get(key)} was seeded")
    equal = f"{len(keys) - len(different)} equal of {len(keys)}"
    tally.add(title, "" if keys and not different else equal, equal)


def _lakewarden(arguments: list[str], variables: Mapping[str, str]) -> None:
    """Run the command line; findings are not an error, anything else is.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    command = [sys.executable, "-m", "lakewarden", *arguments]
    done = subprocess.run(
        command,
        env={**clean_environment(), **variables},
        stdout=subprocess.DEVNULL,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode not in {0, 3, 4}:
        raise subprocess.CalledProcessError(done.returncode, command)


def _credentials(url: str) -> dict[str, str]:
    return {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }


def _mirror() -> list[str]:
    folder = os.environ.get("TERRAFORM_PLUGIN_DIR", "")
    return [f"-plugin-dir={Path(folder).resolve()}"] if folder else []
