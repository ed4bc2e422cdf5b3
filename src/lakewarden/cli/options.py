"""Options that several commands share, and what they are read into."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from lakewarden.clients.patience import Patience
from lakewarden.policyfile.limits import Posture

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
)
"""The options that say which deployment to read, in the order of `--help`."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What the command line says of what is to be judged, beside or over the policy file.

    Attributes:
        policy_file: the policy file.
        posture: the posture for every workspace; None leaves it to the policy file.
        controls: nothing but these controls, by id.
        without_controls: these controls are left out.
        workspaces: nothing but these workspaces, by id or name.
        without_workspaces: these workspaces are left out.
    """

    policy_file: Path | None = None
    posture: str | None = None
    controls: tuple[str, ...] = ()
    without_controls: tuple[str, ...] = ()
    workspaces: tuple[str, ...] = ()
    without_workspaces: tuple[str, ...] = ()


_SELECTION: Final = (
    click.option(
        "--policy-file",
        envvar="LAKEWARDEN_POLICY_FILE",
        type=click.Path(path_type=Path),
        help="The policy file; lakewarden.toml in this folder when it is there.",
    ),
    click.option(
        "--posture",
        type=click.Choice([p.value for p in Posture]),
        help="The paper's list to judge by, everywhere; overrides the policy file.",
    ),
    click.option(
        "--control", "controls", multiple=True, metavar="ID", help="This control only. Repeatable."
    ),
    click.option(
        "--exclude-control",
        "without_controls",
        multiple=True,
        metavar="ID",
        help="Leave this control out. Repeatable.",
    ),
    click.option(
        "--workspace",
        "workspaces",
        multiple=True,
        metavar="ID",
        help="This workspace only, by id or name. Repeatable.",
    ),
    click.option(
        "--exclude-workspace",
        "without_workspaces",
        multiple=True,
        metavar="ID",
        help="Leave this workspace out, by id or name. Repeatable.",
    ),
)
"""The options that say what is to be judged, in the order of `--help`."""


def deployment_options(command: F) -> F:
    """Add the options that say which deployment to read, as one `deployment` argument."""
    return together(command, "deployment", Deployment, _DEPLOYMENT)


def selection_options(command: F) -> F:
    """Add the options that say what is to be judged, as one `selection` argument."""
    return together(command, "selection", Selection, _SELECTION)


def together(command: F, name: str, group: type, options: tuple[Callable[[F], F], ...]) -> F:
    """Add options to a command that takes them as one argument.

    Args:
        command: the function of the command.
        name: the argument.
        group: the dataclass of the argument, whose fields are called like the options.
        options: what click makes of them, in the order of `--help`.
    """

    @functools.wraps(command)
    def wrapper(**values: Any) -> Any:
        fields = {field.name: values.pop(field.name) for field in dataclasses.fields(group)}
        return command(**{name: group(**fields)}, **values)

    for option in reversed(options):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # click takes the wrapper for the command


def json_option(command: F) -> F:
    """Add `--format table|json`."""
    return click.option("--format", "style", type=click.Choice(["table", "json"]), default="table")(
        command
    )
