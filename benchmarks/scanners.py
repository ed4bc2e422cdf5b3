"""A general scanner beside this product, on a deployment built by the paper.

Serves the deployment of `benchmarks.context`, lets prowler and `lakewarden assess` judge it, and
prints what each fails there, with the reason why the paper wants it so, which stands in
`benchmarks/scanners.toml`. prowler is no dependency: it is installed once into `.bench/`, or left
out with a line that says why.

    python -m benchmarks.scanners
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.mutate import WORLD
from benchmarks.running import running
from lakewarden.ledger.finding import Verdict

VERSION: Final = "5.46.0"
SERVICES: Final = ("s3", "kms", "vpc", "iam", "ec2")
_BENCH: Final = Path(__file__).parent.parent / ".bench"
_SECONDS: Final = 1200
_FILE: Final = Path(__file__).with_name("scanners.toml")


class NoScannerError(Exception):
    """prowler cannot be had or did not run; the message says why."""


@dataclass(frozen=True, slots=True)
class Reason:
    """What the paper says of something that prowler fails.

    Attributes:
        kind: `contradicts`, the paper asks for what prowler fails; `beyond`, it does not ask for
            what prowler wants; `simulated`, AWS would answer otherwise.
        why: one sentence.
    """

    kind: str
    why: str


@dataclass(frozen=True, slots=True)
class Reasons:
    """What the file says.

    Attributes:
        by_check: the reasons by prowler's name of the check.
        one_workspace: the parts of a deployment with a single workspace.
    """

    by_check: Mapping[str, Reason]
    one_workspace: frozenset[str]


def reasons() -> Reasons:
    """Return what the file says."""
    file = tomllib.loads(_FILE.read_text("utf-8"))
    by_check = {e["check"]: Reason(e["kind"], e["why"]) for e in file["reasons"]}
    return Reasons(by_check, frozenset(file["one_workspace"]))


def prowler() -> Path:
    """Return the program, installed now if it is not there.

    Raises:
        NoScannerError: it cannot be installed.
    """
    program = _BENCH / "prowler" / "bin" / "prowler"
    if program.exists():
        return program
    uv = [sys.executable, "-m", "uv"]
    folder = str(_BENCH / "prowler")
    python = str(_BENCH / "prowler" / "bin" / "python")
    wanted = ["pip", "install", "--quiet", "--python", python, f"prowler=={VERSION}"]
    for command in (["venv", "--quiet", "--python", sys.executable, folder], wanted):
        done = subprocess.run([*uv, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            raise NoScannerError(f"prowler {VERSION} cannot be installed: {done.stderr.strip()}")
    return program


def scan(program: Path) -> list[dict[str, Any]]:
    """Let prowler judge the AWS account that the environment names; return its findings.

    Raises:
        NoScannerError: it did not finish.
    """
    with tempfile.TemporaryDirectory() as scratch:
        command = [str(program), "aws", "--service", *SERVICES, "--region", "us-east-1"]
        output = ["-M", "json-ocsf", "-o", scratch, "-F", "found"]
        quiet = ["--scan-unused-services", "--no-banner", "--no-color", "-z"]
        done = subprocess.run(
            [*command, *quiet, *output],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        file = Path(scratch) / "found.ocsf.json"
        if not file.exists():
            raise NoScannerError(f"prowler ended with {done.returncode}: {done.stderr[-300:]}")
        found: list[dict[str, Any]] = json.loads(file.read_text("utf-8"))
    return found


def failures(findings: Iterable[Mapping[str, Any]], ids: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what prowler fails in the deployment: names of resources by check.

    Args:
        findings: prowler's findings, as OCSF.
        ids: the deployment's ids, by "aws.kind.name"; other resources are not its own.
    """
    names = {identity: name.partition(".")[2] for name, identity in ids.items()}
    found = defaultdict(list)
    for finding in findings:
        if finding["status_code"] != "FAIL":
            continue
        words = {str(resource["uid"]).rpartition("/")[2] for resource in finding["resources"]}
        words |= {str(resource["uid"]).rpartition(":")[2] for resource in finding["resources"]}
        words |= {str(resource["uid"]) for resource in finding["resources"]}
        for identity in words & names.keys():
            found[finding["metadata"]["event_code"]].append(names[identity])
    return {check: sorted(set(resources)) for check, resources in sorted(found.items())}


def table(
    found: Mapping[str, list[str]], ours: Mapping[str, int], known: Mapping[str, Reason]
) -> list[str]:
    """Return the lines of the table: a check, both tools' failures, and the paper's reason.

    Args:
        found: what prowler fails: resources by check.
        ours: how often lakewarden fails a subject, by its name.
        known: the reasons by check.
    """
    width = max(map(len, found), default=0)
    lines = []
    for check, resources in found.items():
        same = sum(ours.get(resource.partition(".")[2], 0) for resource in resources)
        reason = known.get(check)
        said = f"{reason.kind}: {reason.why}" if reason else "NO REASON IS WRITTEN DOWN"
        lines.append(f"{check:{width}}  prowler {len(resources):2}  lakewarden {same:2}  {said}")
    return lines


def summary(found: Mapping[str, list[str]], known: Reasons) -> list[str]:
    """Return the lines that count prowler's failures."""
    by_kind: Counter[str] = Counter()
    for check, resources in found.items():
        if check in known.by_check:
            by_kind[known.by_check[check].kind] += len(resources)
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(by_kind.items()))
    one = sum(len(known.one_workspace & set(resources)) for resources in found.values())
    return [
        f"prowler: {sum(map(len, found.values()))} FAILs on the deployment ({kinds})",
        f"    {one} of them on one workspace's VPC, S3 endpoint, root, data and log bucket",
    ]


def main() -> int:
    """Run the comparison; return 0 when every failure of prowler has a reason and ours are none."""
    print(f"prowler {VERSION} beside lakewarden on a deployment built by the paper")
    with running(WORLD) as world:
        ours = [f for f in world.assess().findings if f.verdict is Verdict.FAIL]
        for finding in ours:
            print(f"FAIL {finding.control}: {finding.subject.name}: {finding.reason}")
        print(f"lakewarden: {len(ours)} FAILs")
        try:
            program = prowler()
            began = time.perf_counter()
            findings = scan(program)
        except (NoScannerError, subprocess.TimeoutExpired) as error:
            print(f"prowler is left out: {error}")
            return 1 if ours else 0
        seconds = time.perf_counter() - began
        found = failures(findings, world.world.references)
    known = reasons()
    same = Counter(finding.subject.name for finding in ours)
    print("\n".join([*table(found, same, known.by_check), *summary(found, known)]))
    checks = len({finding["metadata"]["event_code"] for finding in findings})
    print(f"    by {checks} checks of {', '.join(SERVICES)} in {seconds:.0f} s")
    return 1 if ours or found.keys() - known.by_check.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
