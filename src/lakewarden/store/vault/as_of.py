"""Which run is meant."""

from __future__ import annotations

from datetime import datetime

from lakewarden.clock import parse_time
from lakewarden.errors import UsageError, VaultError
from lakewarden.store.vault.manifest import Run, altered
from lakewarden.store.vault.vault import Vault


def as_of(vault: Vault, moment: datetime, host: str | None = None) -> Run:
    """Return the newest run that ended at or before a moment.

    Raises:
        UsageError: there is none, or it may be one of several workspaces.
        VaultError: a manifest cannot be read, so that it may be that one.
    """
    insist_readable(vault)
    runs = [run for run in vault.runs(host) if _ended(run, vault) <= moment]
    if not runs:
        raise UsageError(
            f"there is no run from before {moment:%Y-%m-%dT%H:%M:%SZ}",
            where=vault.url,
            next_step="Name a later time",
        )
    return _only(runs, vault)


def chosen(
    vault: Vault, run_id: str | None = None, moment: datetime | None = None, host: str | None = None
) -> Run:
    """Return the run that has an id, that was the newest at a moment, or that is the newest.

    Raises:
        UsageError: there is none, or it may be one of several workspaces.
        VaultError: a manifest cannot be read, so that it may be that one.
    """
    if run_id is not None:
        return vault.manifest(run_id)
    if moment is not None:
        return as_of(vault, moment, host)
    insist_readable(vault)
    runs = vault.runs(host)
    if not runs:
        raise UsageError(
            "has no run" if host is None else f"has no run of {host}",
            where=vault.url,
            next_step="`lakewarden backup --to` makes one",
        )
    return _only(list(runs), vault)


def insist_readable(vault: Vault) -> None:
    """Refuse to choose among runs of which one cannot be read.

    Raises:
        VaultError: there is one.
    """
    for error in vault.damaged():
        raise VaultError(
            error.what, where=error.where, next_step="Name the run that is meant by its id"
        )


def _only(runs: list[Run], vault: Vault) -> Run:
    hosts = sorted({run.host for run in runs})
    if len(hosts) > 1:
        raise UsageError(
            f"has runs of several workspaces ({', '.join(hosts)})",
            where=vault.url,
            next_step="Name one of the runs",
        )
    return runs[-1]


def _ended(run: Run, vault: Vault) -> datetime:
    try:
        return parse_time(run.ended)
    except ValueError:
        raise altered(f"the run {run.id} has no time", vault.url) from None
