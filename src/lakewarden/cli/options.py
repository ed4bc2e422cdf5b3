"""Options that several commands share, and what they are read into."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from lakewarden.clients.patience import Patience

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Deployment:
    """What the command line and the environment say of the deployment.

    Attributes:
        profile: a profile of `~/.databrickscfg`.
        aws_profile: an AWS profile.
        account_host: the account console's URL.
        account_id: the Databricks account.
        workspace_urls: URLs by workspace id.
        use_aws: whether AWS is to be read.
        events: the folder of delivered audit logs.
        answer_seconds: how long to wait for one answer.
        retry_seconds: how long to try again.
        workspaces: ids of the workspaces to look at; empty for all.
    """

    profile: str | None
    aws_profile: str | None
    account_host: str | None
    account_id: str | None
    workspace_urls: Mapping[str, str]
    use_aws: bool
    events: Path | None
    answer_seconds: float
    retry_seconds: float
    workspaces: tuple[str, ...]

    @classmethod
    def from_environment(cls, patience: Patience | None = None) -> Deployment:
        """Return what the environment alone says, as every command does without options."""
        events = os.environ.get("LAKEWARDEN_EVENTS")
        patience = patience or Patience()
        return cls(
            profile=None,
            aws_profile=None,
            account_host=os.environ.get("LAKEWARDEN_ACCOUNT_HOST"),
            account_id=os.environ.get("DATABRICKS_ACCOUNT_ID"),
            workspace_urls=parse_urls(_listed("LAKEWARDEN_WORKSPACE_URLS")),
            use_aws=True,
            events=Path(events) if events else None,
            answer_seconds=patience.answer,
            retry_seconds=patience.retry,
            workspaces=(),
        )


def _listed(variable: str) -> tuple[str, ...]:
    return tuple(filter(None, os.environ.get(variable, "").split(",")))


def parse_urls(entries: tuple[str, ...]) -> dict[str, str]:
    """Read `ID=URL` entries.

    Raises:
        click.BadParameter: an entry is none.
    """
    urls = {}
    for entry in entries:
        workspace, _sign, url = entry.partition("=")
        if not workspace.isdigit() or not url.startswith(("https://", "http://")):
            raise click.BadParameter(f"{entry!r} is not ID=URL, as in 1234=https://host")
        urls[workspace] = url
    return urls


def _urls(_: click.Context, __: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    return parse_urls(given or _listed("LAKEWARDEN_WORKSPACE_URLS"))


_DEPLOYMENT: Final = (
    click.option("--profile", help="Profile of ~/.databrickscfg to use."),
    click.option("--aws-profile", help="AWS profile to use."),
    click.option(
        "--account-host",
        envvar="LAKEWARDEN_ACCOUNT_HOST",
        help="URL of the account console, where DATABRICKS_HOST is a workspace.",
    ),
    click.option(
        "--account-id", envvar="DATABRICKS_ACCOUNT_ID", help="The Databricks account's id."
    ),
    click.option(
        "--workspace-url",
        "workspace_urls",
        multiple=True,
        callback=_urls,
        metavar="ID=URL",
        help="Where to reach a workspace that is not at its standard address. May be repeated.",
    ),
    click.option("--aws/--no-aws", "use_aws", default=True, help="Read the AWS account, or not."),
    click.option(
        "--events",
        envvar="LAKEWARDEN_EVENTS",
        type=click.Path(path_type=Path),
        help="Folder of delivered audit logs.",
    ),
    click.option(
        "--timeout",
        "answer_seconds",
        type=click.FloatRange(min=0.1),
        default=Patience().answer,
        show_default=True,
        help="Seconds to wait for one answer.",
    ),
    click.option(
        "--retry-for",
        "retry_seconds",
        type=click.FloatRange(min=0.1),
        default=Patience().retry,
        show_default=True,
        help="Seconds to go on trying a call that is throttled or broken.",
    ),
    click.option(
        "--workspace",
        "workspaces",
        multiple=True,
        metavar="ID",
        help="Look at this workspace only. May be repeated.",
    ),
)
"""The options that say which deployment to read, in the order of `--help`."""


def deployment_options(command: F) -> F:
    """Add the options that say which deployment to read, as one `deployment` argument."""

    @functools.wraps(command)
    def wrapper(**values: Any) -> Any:
        fields = {name: values.pop(name) for name in Deployment.__slots__}
        return command(deployment=Deployment(**fields), **values)

    for option in reversed(_DEPLOYMENT):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # click takes the wrapper for the command


def policy_option(command: F) -> F:
    """Add the option that names the policy file."""
    return click.option(
        "--policy-file",
        envvar="LAKEWARDEN_POLICY_FILE",
        type=click.Path(path_type=Path),
        help="The policy file; lakewarden.toml in this folder when it is there.",
    )(command)


def json_option(command: F) -> F:
    """Add `--format table|json`."""
    return click.option("--format", "style", type=click.Choice(["table", "json"]), default="table")(
        command
    )
