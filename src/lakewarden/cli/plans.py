"""Assessing a Terraform plan: its options, and the way from the file to a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import click

from lakewarden.cli.options import together
from lakewarden.cli.pipeline import reported
from lakewarden.clock import Clock
from lakewarden.controls.kit.registry import chosen
from lakewarden.errors import PlanFileError, UsageError
from lakewarden.estate.estate import Estate
from lakewarden.policyfile.policy import Policy
from lakewarden.report.view import Report
from lakewarden.terraform.judging import judge_plan
from lakewarden.terraform.plan import read_plan
from lakewarden.terraform.planned import ONLY_MANAGED, planned
from lakewarden.terraform.sources import lines_of

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What the command line says of a plan.

    Attributes:
        file: the plan in JSON, None to assess a deployment.
        config: the folder of the configuration that it was made from.
        strict: whether what the plan leaves open counts as incomplete.
    """

    file: Path | None
    config: Path | None
    strict: bool

    def insist_unused(self) -> None:
        """Refuse options that mean nothing without a plan.

        Raises:
            UsageError: one of them was given.
        """
        if self.config is not None or self.strict:
            raise UsageError(
                "--terraform-config and --strict are about a plan",
                next_step="Give one with --terraform-plan",
            )


_OPTIONS = (
    click.option(
        "--terraform-plan",
        "file",
        type=click.Path(path_type=Path),
        help="Judge this plan instead: the output of `terraform show -json`.",
    ),
    click.option(
        "--terraform-config",
        "config",
        type=click.Path(path_type=Path),
        help="Folder of the plan's configuration, to name files and lines.",
    ),
    click.option(
        "--strict",
        is_flag=True,
        help="Exit with 4 for what a plan leaves open, as for a deployment.",
    ),
)


def plan_options(command: F) -> F:
    """Add the options of plans, as one `plan` argument."""
    return together(command, "plan", PlanOptions, _OPTIONS)


@contextmanager
def assessed_plan(options: PlanOptions, policy: Policy, clock: Clock) -> Iterator[Report]:
    """Judge a plan; the report lives as long as the block.

    Raises:
        PlanFileError: the plan cannot be read.
        UsageError: the configuration is not there.
    """
    file = options.file or Path()
    try:
        plan = read_plan(file.read_bytes(), file=str(file))
    except OSError as error:
        raise PlanFileError(
            f"cannot be read ({error.strerror})", where=str(file), next_step="Check its name"
        ) from None
    lines = lines_of(options.config, iter(plan.resources)) if options.config else {}
    estate = planned(plan, now=clock.now().isoformat())
    findings = judge_plan(estate, policy, chosen(policy), lines)
    shown = Estate(estate.snapshot(), policy.include.workspaces, policy.exclude.workspaces)
    aside = (f"{ONLY_MANAGED}, and nothing is concluded from the rest", *estate.aside)
    with reported(findings, shown, policy, clock, aside) as report:
        yield report
