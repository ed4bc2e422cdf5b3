"""Paths that begin with a home folder, and the folder of what this machine remembers."""

from __future__ import annotations

import os
from pathlib import Path

from lakewarden.errors import UsageError


def expanded(path: str) -> Path:
    """Return a path with the home folder that `~` or `~somebody` at its beginning stands for.

    Raises:
        UsageError: there is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise UsageError(
            "begins with the home folder of a user that is not known here",
            where=path,
            next_step="Write the whole path",
        ) from None


def state_folder() -> Path:
    """Return the folder of what is kept between runs: keys, unfinished work, the journal."""
    return expanded(os.environ.get("XDG_STATE_HOME") or "~/.local/state") / "lakewarden"
