"""A deployment built by the paper: nothing fails there, and whatever is broken in it is noticed.

Builds the deployment of `examples/terraform/by-the-paper-aws` in the simulated AWS, with Terraform
and the real provider where they are, reads and judges it with the command line, and prints what
fails: nothing should. Then breaks one thing at a time, as `benchmarks/context.toml` lists them,
each in a deployment of its own made through boto3, and prints whether the control that must notice
does.

    python -m benchmarks.context [--seeded] [MUTATION ...]

`TERRAFORM_PLUGIN_DIR` names a provider mirror; `--seeded` does without Terraform.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from unittest import mock

from tools.conformance.terraform_aws import BY_THE_PAPER, NoTerraformError, assessed, initialised

from benchmarks.mutate import WORLD, Key, verdicts
from benchmarks.running import running
from benchmarks.steps import take
from lakewarden.controls.kit.registry import controls, needs_of
from lakewarden.estate.catalog import KINDS
from lakewarden.estate.kind import Scope
from lakewarden.ledger.finding import Verdict
from lakewarden.simulate import aws

FILE: Final = Path(__file__).with_name("context.toml")


@dataclass(frozen=True, slots=True)
class Mutation:
    """One thing to break.

    Attributes:
        id: its name.
        what: what is broken, in words.
        notices: the control that must fail then.
        fails: the subjects that must fail, `name` or `workspace/name`.
        steps: what is done, one after another.
    """

    id: str
    what: str
    notices: str
    fails: tuple[str, ...]
    steps: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a mutation.

    Attributes:
        mutation: the mutation.
        complaint: why it counts as not caught; empty when it was caught.
        also: other controls that newly fail.
    """

    mutation: Mutation
    complaint: str
    also: tuple[str, ...]


def mutations() -> tuple[Mutation, ...]:
    """Return every mutation of the file."""
    entries = tomllib.loads(FILE.read_text("utf-8"))["mutations"]
    return tuple(
        Mutation(e["id"], e["what"], e["notices"], tuple(e["fails"]), tuple(e["steps"]))
        for e in entries
    )


@functools.cache
def whole() -> Mapping[Key, Verdict]:
    """Return the verdicts of the deployment as it is made."""
    with running(WORLD) as world:
        return verdicts(world, world.assess(only=aws_side()))


def attempt(mutation: Mutation) -> Outcome:
    """Break one thing in a deployment of its own; hold its verdicts against those of a whole."""
    before = whole()
    with running(WORLD) as world:
        take(world, mutation.steps)
        return compare(mutation, before, verdicts(world, world.assess(only=aws_side())))


def compare(
    mutation: Mutation, before: Mapping[Key, Verdict], after: Mapping[Key, Verdict]
) -> Outcome:
    """Say whether a mutation was caught: the control newly fails for every subject named."""
    fresh = {
        key
        for key, verdict in after.items()
        if verdict is Verdict.FAIL and before.get(key) is not Verdict.FAIL
    }
    known = {control for control, _ in after}
    complaint = ""
    for subject in mutation.fails:
        key = mutation.notices, subject
        if mutation.notices not in known:
            complaint = f"there is no control {mutation.notices}"
        elif before.get(key) is Verdict.FAIL:
            complaint = f"{mutation.notices} fails for {subject} before anything is broken"
        elif key not in fresh:
            found = after.get(key, "not judged")
            complaint = f"{mutation.notices} is {found} for {subject}"
        if complaint:
            break
    also = sorted({control for control, _ in fresh} - {mutation.notices})
    return Outcome(mutation, complaint, tuple(also))


@functools.cache
def aws_side() -> tuple[str, ...]:
    """Return the controls that rest on facts of AWS."""
    return tuple(
        control.id
        for control in controls()
        if any(KINDS[need.kind].scope is Scope.AWS for need in needs_of([control]))
    )


@contextmanager
def builder(*, seeded: bool) -> Iterator[tuple[str, Any]]:
    """Prepare what builds the deployment: Terraform if it is here and wanted, else boto3.

    Yields:
        What builds it, in words, and the function that does.
    """
    with ExitStack() as stack:
        name, seed = "boto3", aws.seed
        if not seeded:
            try:
                seed = stack.enter_context(initialised(BY_THE_PAPER)).seed
                name = "Terraform and the AWS provider"
            except NoTerraformError as error:
                name = f"boto3 ({error})"
        yield name, seed


def whole_deployment(*, seeded: bool) -> int:
    """Build the deployment, judge it with the command line, and print it; return what fails."""
    with builder(seeded=seeded) as (name, seed), mock.patch.object(aws, "seed", seed):
        print(f"built by {name}, read over HTTP and judged by `lakewarden assess --posture high`")
        with assessed(BY_THE_PAPER.world) as (folder, _):
            report = json.loads((folder / "report.json").read_text("utf-8"))
    counts = Counter(finding["verdict"] for finding in report["findings"])
    failed = [finding for finding in report["findings"] if finding["verdict"] == "FAIL"]
    on_aws = sum(finding["control"] in aws_side() for finding in report["findings"])
    for finding in report["findings"]:
        if finding["verdict"] in {"FAIL", "UNKNOWN"}:
            words = finding["verdict"], finding["control"], finding["subject"]["name"]
            print(f"{' '.join(words)}: {finding['reason']}")
    summary = ", ".join(f"{verdict} {count}" for verdict, count in sorted(counts.items()))
    print(f"{len(report['findings'])} verdicts, {on_aws} of them on facts of AWS: {summary}")
    print(f"{len(failed)} false FAILs", flush=True)
    return len(failed)


def broken_deployments(chosen: Sequence[Mutation]) -> int:
    """Try mutations and print what comes of each; return how many were not caught."""
    caught = 0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for outcome in pool.map(attempt, chosen):
            mutation = outcome.mutation
            caught += not outcome.complaint
            state = f"NOT CAUGHT: {outcome.complaint}" if outcome.complaint else mutation.notices
            print(f"{mutation.id}: {mutation.what}: {state}", flush=True)
            if outcome.also:
                print(f"    also {', '.join(outcome.also)}", flush=True)
    print(f"caught {caught} of {len(chosen)}")
    return len(chosen) - caught


def main(arguments: Sequence[str] = ()) -> int:
    """Run the benchmark; return 0 when nothing failed wrongly and everything broken was caught."""
    names = [word for word in arguments if word != "--seeded"]
    chosen = [mutation for mutation in mutations() if not names or mutation.id in names]
    false = whole_deployment(seeded="--seeded" in arguments)
    missed = broken_deployments(chosen)
    return 1 if false or missed or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
