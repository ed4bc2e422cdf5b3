"""The official `databricks` CLI on the bundles that `lakewarden deploy` writes.

Every file is held against the schema that the CLI prints, and the bundle as a whole is validated
by it in a served world: variables, permissions, paths of files, whom everything runs as.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema
import yaml

from lakewarden.cli.deploy import command
from lakewarden.errors import LakewardenError
from tools.conformance.databricks_cli import NotInstalledError, installed
from tools.conformance.serving import clean_environment, served
from tools.conformance.tally import Tally

_WORLD: Final = "high-security"
_SECONDS: Final = 120
_PRINCIPAL: Final = "5f1e7a10-0000-4000-8000-000000000001"
_ARGUMENTS: Final = (
    *("--catalog", "main", "--schema", "security", "--warehouse", "1234567890abcdef"),
    *("--service-principal", _PRINCIPAL, "--viewers", "security", "--notify", "soc@example.com"),
)
BUNDLES: Final[Mapping[str, tuple[str, ...]]] = {
    "serverless": (),
    "clusters": (
        *("--clusters", "--cluster-policy", "0123456789ABCDEF"),
        *("--instance-profile", "arn:aws:iam::123456789012:instance-profile/lakewarden"),
    ),
}
MADE: Final = ("jobs.assess", "jobs.detect", "dashboards.alerts", "alerts.grave")
_GO_CLASSES: Final = ((r"[\\p{L}\\p{N}]", "[a-zA-Z0-9]"), (r"\\p{L}", "[a-zA-Z]"))
"""Classes of characters that patterns of Go have and Python's have not."""


def main() -> int:
    """Check every kind of bundle; return the exit code."""
    tally = Tally("the official databricks CLI with bundles of lakewarden deploy")
    try:
        binary = installed()
    except NotInstalledError as error:
        tally.skip("all bundles", str(error), count=len(BUNDLES))
        return tally.close()
    schema = _schema(binary)
    with served(_WORLD) as variables, tempfile.TemporaryDirectory(prefix="bundle-") as scratch:
        for name in BUNDLES:
            try:
                folder = written(name, Path(scratch), variables["DATABRICKS_ACCOUNT_ID"])
                wrong = "; ".join(complaints(folder, schema))
                tally.add(f"{name}: the schema", wrong)
                own = _identity(variables)
                tally.add(f"{name}: bundle validate", _validated(binary, folder, own))
                tally.add(f"{name}: bundle plan", _planned(binary, folder, own))
            except (LakewardenError, subprocess.SubprocessError) as error:
                tally.add(name, str(error))
    return tally.close()


def written(name: str, scratch: Path, account_id: str) -> Path:
    """Write one of the bundles.

    Raises:
        LakewardenError: it cannot be written.
    """
    folder = scratch / name
    arguments = [*_ARGUMENTS, *BUNDLES[name], "--account-id", account_id, "--out", str(folder)]
    command.main(arguments, standalone_mode=False)
    return folder


def complaints(folder: Path, schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the schema finds wrong in the files of a bundle."""
    kind = jsonschema.validators.validator_for(schema)
    for file in (folder / "databricks.yml", *sorted(folder.glob("resources/*.yml"))):
        document = yaml.safe_load(file.read_text("utf-8"))
        for error in kind(schema).iter_errors(document):
            deepest = jsonschema.exceptions.best_match([error])
            yield f"{file.name}: {deepest.json_path} {deepest.message[:200]}"


def _schema(binary: Path) -> Any:
    text = _run(binary, ["bundle", "schema"], Path.cwd(), {}).stdout
    for theirs, ours in _GO_CLASSES:
        text = text.replace(theirs, ours)
    return json.loads(text)


def _identity(variables: Mapping[str, str]) -> dict[str, str]:
    host = variables["LAKEWARDEN_WORKSPACE_URLS"].split(",")[0].partition("=")[2]
    return {
        "DATABRICKS_HOST": host,
        "DATABRICKS_TOKEN": variables["DATABRICKS_TOKEN"],
        "DATABRICKS_BUNDLE_ENGINE": "direct",
    }


def _validated(binary: Path, folder: Path, own: Mapping[str, str]) -> str:
    """Return what the CLI complains of; empty for nothing."""
    done = _run(binary, ["bundle", "validate", "-o", "json"], folder, own)
    if done.returncode:
        return done.stderr.strip()[:500] or f"exit code {done.returncode}"
    jobs = json.loads(done.stdout)["resources"]["jobs"]
    others = {name: job.get("run_as") for name, job in jobs.items()}
    if any(who != {"service_principal_name": _PRINCIPAL} for who in others.values()):
        return f"jobs run as {others}"
    return ""


def _planned(binary: Path, folder: Path, own: Mapping[str, str]) -> str:
    """Return what of the bundle the CLI would not make, or complains of; empty for nothing."""
    done = _run(binary, ["bundle", "plan"], folder, own)
    if done.returncode:
        return done.stderr.strip()[:500] or f"exit code {done.returncode}"
    missing = [each for each in MADE if f"create {each}\n" not in done.stdout]
    return f"would not make {', '.join(missing)}" if missing else ""


def _run(
    binary: Path, words: list[str], folder: Path, own: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    with tempfile.TemporaryDirectory(prefix="databricks-cli-") as home:
        return subprocess.run(
            [binary, *words],
            env={**clean_environment(), "HOME": home, **own},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
