"""Real Terraform with the real AWS provider against the simulated AWS.

Applies each example of `EXAMPLES` where its world would have been seeded, reads and judges both
deployments with the command line, and compares every fact of AWS and every verdict.
`TERRAFORM_PLUGIN_DIR` names a provider mirror for machines without the registry.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

from lakewarden.cli.simulation import environment, start
from lakewarden.simulate import aws
from tools.conformance.facts import facts_of, verdicts_of
from tools.conformance.runtime import live
from tools.conformance.serving import clean_environment
from tools.conformance.tally import Tally

_SIMULATED: Final = Path(__file__).parent / "simulated"
"""By example, what it needs beside itself where AWS is simulated."""
_SECONDS: Final = 600
_LONGEST: Final = 300
OVERRIDE: Final = """
provider "aws" {
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  s3_use_path_style           = true
}
"""
"""What makes the provider content with a pretended AWS."""
_ASKING: Final = frozenset({"apply", "init", "plan"})
"""Commands that would ask somebody."""
_CHANGES: Final = 2
"""The exit code of `terraform plan -detailed-exitcode` when it would change something."""


@dataclass(frozen=True, slots=True)
class Example:
    """A configuration that is a world's AWS half.

    Attributes:
        name: its folder in `examples/terraform`.
        world: the world.
    """

    name: str
    world: str

    @property
    def folder(self) -> Path:
        """Return the folder."""
        return Path(__file__).parents[2] / "examples" / "terraform" / self.name


BY_THE_PAPER: Final = Example("by-the-paper-aws", "high-security")
EXAMPLES: Final = (Example("typical-aws", "typical"), BY_THE_PAPER)


class TerraformError(Exception):
    """Terraform refused; the message is what it said."""


class NoTerraformError(Exception):
    """Terraform or the provider is not here."""


@dataclass(frozen=True, slots=True)
class Terraform:
    """The program in the folder of a configuration.

    Attributes:
        program: where the program is.
        folder: the configuration.
    """

    program: str
    folder: Path

    def seed(self, url: str, world: dict[str, Any]) -> dict[str, str]:
        """Stand in for a world's seeding: the same resources, from Terraform.

        Raises:
            TerraformError: it does not apply, or a second plan would change something.
        """
        variables = {**clean_environment(), **credentials(url)}
        self.run(["apply", "-auto-approve", "-parallelism=8"], variables)
        self.run(["plan", "-detailed-exitcode"], variables)
        references = json.loads(self.run(["output", "-json", "references"], variables))
        return live(url, world, references)

    def run(self, arguments: list[str], variables: Mapping[str, str]) -> str:
        """Run Terraform; return what it printed.

        Raises:
            TerraformError: it failed, or a plan found changes.
        """
        quiet = ["-input=false"] if arguments[0] in _ASKING else []
        done = subprocess.run(
            [self.program, arguments[0], *quiet, "-no-color", *arguments[1:]],
            cwd=self.folder,
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


def main() -> int:
    """Run the comparisons; return the exit code."""
    tally = Tally("Terraform with the AWS provider")
    for example in EXAMPLES:
        try:
            with initialised(example) as terraform:
                compare(terraform, example, tally)
        except NoTerraformError as error:
            tally.skip(f"apply and compare {example.name}", str(error))
        except (TerraformError, subprocess.SubprocessError) as error:
            tally.add(f"apply and compare {example.name}", str(error))
    return tally.close()


@contextmanager
def initialised(example: Example) -> Iterator[Terraform]:
    """Copy an example and let Terraform fetch its provider.

    Yields:
        Terraform in the copy's folder.

    Raises:
        NoTerraformError: there is no Terraform, or no provider within reach.
    """
    program = shutil.which("terraform")
    if program is None:
        raise NoTerraformError("there is no terraform here")
    with tempfile.TemporaryDirectory(prefix=f"{example.name}-") as scratch:
        terraform = Terraform(program, prepared(Path(scratch), example))
        try:
            terraform.run(["init", *mirror()], os.environ)  # the registry may be far
        except TerraformError as error:
            raise NoTerraformError(str(error)) from error
        yield terraform


def prepared(scratch: Path, example: Example) -> Path:
    """Copy an example, with what makes its provider content with a pretended AWS."""
    folder = scratch / example.name
    unwanted = shutil.ignore_patterns(".terraform*", "*.tfstate*")
    shutil.copytree(example.folder, folder, ignore=unwanted)
    (folder / "override.tf").write_text(OVERRIDE, encoding="utf-8")
    for file in (_SIMULATED / example.name).glob("*.tf"):
        shutil.copy(file, folder)
    return folder


def compare(terraform: Terraform, example: Example, tally: Tally) -> None:
    """Build the deployment both ways and compare what the product reads and judges.

    Raises:
        TerraformError: it does not apply.
    """
    with assessed(example.world) as (seeded, ids):
        expected = facts_of(seeded, ids), verdicts_of(seeded, ids)
    with mock.patch.object(aws, "seed", terraform.seed), assessed(example.world) as (built, own):
        tally.add(f"{example.name}: terraform apply, and a second plan that changes nothing", "")
        found = facts_of(built, own), verdicts_of(built, own)
    for title, one, other in zip(("facts of AWS", "verdicts"), expected, found, strict=True):
        _compare(f"{example.name}: {title}", one, other, tally)


@contextmanager
def assessed(world: str) -> Iterator[tuple[Path, dict[str, str]]]:
    """Serve the world, and collect and judge it with the command line.

    Yields:
        The folder with `snapshot/` and `report.json`; and the AWS ids by the names of the world.
    """
    ids: dict[str, str] = {}
    seed = aws.seed

    def remember(url: str, table: dict[str, Any]) -> dict[str, str]:
        ids.update(seed(url, table))
        return dict(ids)

    with tempfile.TemporaryDirectory(prefix="assessed-") as scratch:
        folder = Path(scratch)
        with (
            mock.patch.object(aws, "seed", remember),
            start(world, folder / "audit") as running,
        ):
            own = environment(running, world, folder / "audit")
            variables = {**clean_environment(), **own}
            lakewarden(["collect", "--out", str(folder / "snapshot")], variables)
            judged = ["assess", "--snapshot", str(folder / "snapshot"), "--posture", "high"]
            lakewarden([*judged, "--format", "json", "--output", str(folder / "report.json")], own)
        yield folder, ids


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


def lakewarden(arguments: list[str], variables: Mapping[str, str]) -> None:
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


def credentials(url: str) -> dict[str, str]:
    """Return the variables that point Terraform's provider at a simulated AWS."""
    return {
        "HTTP_PROXY": url,  # for the hosts that S3 Control makes up, such as ACCOUNT.127.0.0.1
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_REGION": "us-east-1",
    }


def mirror() -> list[str]:
    """Return the argument of `terraform init` for the provider mirror, where there is one."""
    """Return the option of `terraform init` that names the provider mirror, if there is one."""
    folder = os.environ.get("TERRAFORM_PLUGIN_DIR", "")
    return [f"-plugin-dir={Path(folder).resolve()}"] if folder else []
