"""The options that say which rules there are, and what the policy file is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FOLDERS: Final = click.option(
    "--rules",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A folder of rules of your own, area/rule.yaml. Repeatable.",
)


def policy_option(use: str) -> Callable[[F], F]:
    """Return `--policy-file`, whose help says what for, as `whose [[sinks]] are told`."""
    return click.option(
        "--policy-file",
        envvar="LAKEWARDEN_POLICY_FILE",
        type=click.Path(path_type=Path),
        help=f"The policy file, {use}; lakewarden.toml if it is there.",
    )


ASKED: Final = policy_option("whose [watch] says what rules ask")
