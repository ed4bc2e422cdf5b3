"""Opens the dated tables of this room."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any


@functools.cache
def table(*path: str) -> Mapping[str, Any]:
    """Return a table under `data/`, as TOML has it.

    Args:
        path: folders and the file's name without its ending: `"actions", "s3"`.
    """
    *folders, name = path
    return tomllib.loads(
        files(__package__).joinpath("data", *folders, f"{name}.toml").read_text("utf-8")
    )
