"""The work of one backup on this machine: where it is kept, and who is at it."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from lakewarden.errors import LockedError, VaultError
from lakewarden.store.home import expanded, state_folder
from lakewarden.store.vault.manifest import Run, digest_of

_SHORT: Final = 20
"""Digits of a digest that name a folder."""
_SEALED: Final = ".sealed"
"""The ending of the file that says which run was sealed last."""


class Work:
    """What is under way for one workspace and one vault; one process at a time has it.

    Attributes:
        folder: for the queue, and for what is not in the vault yet.
    """

    def __init__(self, folder: Path, lock: int) -> None:
        """Take a folder and the handle of its lock; `open` makes both."""
        self.folder = folder
        self._lock = lock

    @classmethod
    def open(cls, host: str, url: str) -> Work:
        """Take the work of a workspace and a vault; that of a process that is no more is free.

        Raises:
            LockedError: another process is at it.
            VaultError: there is no room for it.
        """
        name = digest_of(f"{host}\n{_place(url)}".encode())[:_SHORT]
        folder = state_folder() / "backup" / name
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = os.open(
                folder.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise VaultError(
                f"cannot be written ({error.strerror})",
                where=str(folder),
                next_step="Check the rights of the folder, or name another with XDG_STATE_HOME",
            ) from None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip()
            os.close(lock)
            raise LockedError(
                f"another backup of {host} is under way (process {holder or 'unknown'})",
                where=url,
                next_step="Wait for it",
            ) from None
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
        return cls(folder, lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def sealed(self, run: Run, url: str) -> None:
        """Remember the newest run of a vault, and delete what was kept for it."""
        note = {"url": _place(url), "host": run.host, "run": run.id, "ended": run.ended}
        file = self.folder.with_suffix(_SEALED)
        part = file.with_suffix(".part")
        with suppress(OSError):  # the run is sealed, whether it is remembered or not
            part.write_text(json.dumps(note), "utf-8")
            part.replace(file)
        self.discard()

    def discard(self) -> None:
        """Delete what is kept: the run is sealed, or given up."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def close(self) -> None:
        """Let others at it."""
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1


def taken_out(url: str, runs: Iterable[Run]) -> Iterator[str]:
    """Yield runs of a vault that this machine sealed as the newest, and that are there no more.

    Args:
        url: of the vault.
        runs: all that it has.
    """
    newest: dict[str, str] = {}
    for run in runs:
        newest[run.host] = max(run.ended, newest.get(run.host, ""))
    for file in sorted((state_folder() / "backup").glob(f"*{_SEALED}")):
        try:
            note = json.loads(file.read_text("utf-8"))
            mine = note["url"] == _place(url) and newest.get(note["host"], "") < note["ended"]
        except (OSError, ValueError, TypeError, KeyError):
            continue
        if mine:
            yield str(note["run"])


def _place(url: str) -> str:
    """Return what a vault is called, however it was written."""
    return url.rstrip("/") if "://" in url else str(expanded(url.removeprefix("git+")).resolve())
