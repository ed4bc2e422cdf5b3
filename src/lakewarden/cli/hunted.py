"""What `lakewarden hunt` looks through: files, git history, a backup, or a workspace as it is."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, TypeVar

import click

from lakewarden.cli.options import Deployment, Selection, together
from lakewarden.errors import UsageError
from lakewarden.hunt.document import LARGEST, Document, Unread
from lakewarden.hunt.sources import folder, history
from lakewarden.store.home import expanded

F = TypeVar("F", bound=Callable[..., Any])
Source = Iterator[Document | Unread]

LIVE: Final = "live"
_MEGABYTE: Final = 1024 * 1024
_VAULTS: Final = ("s3://", "git+")


@dataclass(frozen=True, slots=True)
class Scope:
    """How much of a target is to be looked through.

    Attributes:
        history: what is past as well: every commit of git, every run of a backup.
        staged: what is staged in git, and nothing else.
        run: this run of a backup.
        since: leave out what this run of a backup had.
        workspace: the workspace to read live.
        exclude: patterns of what is left out.
        largest: the most megabytes of a document that is read.
    """

    history: bool
    staged: bool
    run: str | None
    since: str | None
    workspace: str | None
    exclude: tuple[str, ...]
    largest: float

    @property
    def most(self) -> int:
        """Return the most bytes of a document that is read."""
        return int(self.largest * _MEGABYTE)


_SCOPE: Final = (
    click.option(
        "--history", is_flag=True, help="Every commit of git, or every run of a backup, as well."
    ),
    click.option("--staged", is_flag=True, help="What is staged in git alone."),
    click.option(
        "--run", metavar="ID", help="This run of a backup; the newest of each workspace otherwise."
    ),
    click.option("--since", metavar="ID", help="Leave out what this run of a backup had already."),
    click.option(
        "--workspace",
        metavar="ID",
        help="The workspace to read live, by id or name; that of DATABRICKS_HOST unless given.",
    ),
    click.option(
        "--exclude",
        multiple=True,
        metavar="GLOB",
        help="Leave out what has such a path within the target, or such a name, as in 'job test*'."
        " Repeatable.",
    ),
    click.option(
        "--max-megabytes",
        "largest",
        type=click.FloatRange(min=0, min_open=True),
        default=LARGEST / _MEGABYTE,
        show_default=True,
        help="Do not read what is larger, and say so.",
    ),
)


def scope_options(command: F) -> F:
    """Add the options that say how much is looked through, as one `scope` argument."""
    return together(command, "scope", Scope, _SCOPE)


@contextmanager
def source_of(target: str, scope: Scope, deployment: Deployment) -> Iterator[Source]:
    """Open what a target has, for the length of a block.

    Raises:
        UsageError: there is no such target, or an option that it does not have.
        VaultError: a backup cannot be read.
        ConnectionFailedError: a workspace cannot be opened.
    """
    if target == LIVE:
        _refuse(scope, target, history=True, staged=True, run=True, since=True)
        yield _live(scope, deployment)
    elif target.startswith(_VAULTS) or _is_vault(target):
        _refuse(scope, target, staged=True, workspace=True)
        with _vault(target, scope, deployment.aws_profile) as found:
            yield found
    else:
        _refuse(scope, target, run=True, since=True, workspace=True)
        yield _files(target, scope)


def _refuse(scope: Scope, target: str, **options: bool) -> None:
    for option in options:
        if getattr(scope, option):
            raise UsageError(
                f"--{option} was given, which has no meaning here",
                where=target,
                next_step="Leave it out; docs/hunt.md says what each target takes",
            )


def _files(target: str, scope: Scope) -> Source:
    """Return files, git history, or standard input.

    Raises:
        UsageError: there is no such target.
    """
    path = expanded(target)
    if scope.staged and scope.history:
        raise UsageError("--staged and --history were given", next_step="Give one of them")
    if target == "-":
        _refuse(scope, target, history=True, staged=True)
        return folder.stream(sys.stdin.buffer, scope.most)
    if scope.staged:
        return history.staged(path, exclude=scope.exclude, largest=scope.most)
    found = folder.documents(path, exclude=scope.exclude, largest=scope.most)
    if not scope.history:
        return found
    past = history.documents(path, exclude=scope.exclude, largest=scope.most)
    return past if history.is_bare(path) else chain(found, past)


def _is_vault(target: str) -> bool:
    from lakewarden.store.vault.packed import MARK  # noqa: PLC0415  # only where there is a folder

    path = expanded(target)
    try:
        return path.is_dir() and (path / MARK).exists()
    except OSError:  # told when it is opened
        return False


@contextmanager
def _vault(target: str, scope: Scope, aws_profile: str | None) -> Iterator[Source]:
    from lakewarden.cli.vaults import vault_of  # noqa: PLC0415  # only for a backup
    from lakewarden.hunt.sources import vault as kept  # noqa: PLC0415  # likewise

    if scope.run and scope.history:
        raise UsageError("--run and --history were given", next_step="Give one of them")
    with vault_of(target, aws_profile=aws_profile) as vault:
        everything = vault.runs()
        runs, rest = kept.newest(everything)
        if scope.history:
            runs = list(everything)
        if scope.run:
            runs, rest = [vault.manifest(scope.run)], []
        if not runs:
            raise UsageError("has no run", where=target, next_step="Make one: lakewarden backup")
        since = vault.manifest(scope.since) if scope.since else None
        damaged = (Unread(error.where, error.what) for error in vault.damaged())
        found = kept.documents(vault, runs, since=since, exclude=scope.exclude, largest=scope.most)
        yield chain(found, rest, damaged)


def _live(scope: Scope, deployment: Deployment) -> Source:
    """Return what a workspace has now.

    Raises:
        UsageError: it is not said which workspace.
        ConnectionFailedError: it cannot be opened.
    """
    from lakewarden.backup.calls import Calls  # noqa: PLC0415  # only for a workspace
    from lakewarden.cli.settings import policy_of, reach_of  # noqa: PLC0415  # likewise
    from lakewarden.cli.workspaces import open_workspace  # noqa: PLC0415  # likewise
    from lakewarden.hunt.sources import live  # noqa: PLC0415  # likewise

    reach = reach_of(deployment, policy_of(Selection()))
    host, _ = open_workspace(reach, scope.workspace)
    return live.documents(Calls(host), exclude=scope.exclude, largest=scope.most)
