"""A field of a selection, as SQL: a column, a parameter in any of its spellings, a part of one."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from lakewarden.events.catalog import promoted, spelt
from lakewarden.events.columns import COLUMNS, Kind, Source
from lakewarden.watch.site import Site
from lakewarden.watch.sql import Dialect, hour, literal, weekday

_KINDS: Final = {column.name: column.kind for column in COLUMNS}
_PLACES: Final = ("country",)
_LOCAL: Final = {"local_hour": hour, "local_weekday": weekday}
_STEP: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|\d+")
KEYS: Final = {"src_ip": "ip_key", "dst_ip": "dst_key"}
"""The columns that sort as addresses do, by the columns of addresses."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What SQL is made for.

    Attributes:
        site: the values of the deployment.
        dialect: how the engine reads quoted text.
        sources: where the events of the rule are recorded.
        now: the time that counts as the present, Unix time in ms.
    """

    site: Site
    dialect: Dialect
    sources: tuple[Source, ...]
    now: int = 0

    def text(self, value: object) -> str:
        """Return a value as a quoted text."""
        return literal(str(value), self.dialect)


def kind_of(name: str) -> Kind:
    """Return the type of a field.

    Raises:
        ValueError: there is no such field.
    """
    if name.startswith("param.") or name in _PLACES:
        return Kind.TEXT
    if name in _LOCAL:
        return Kind.WHOLE
    if name not in _KINDS or _KINDS[name] is Kind.TEXTS:
        raise ValueError(f"{name!r} is no field of events")
    return _KINDS[name]


def expression(name: str, setting: Setting) -> str:
    """Return the SQL of a field.

    Raises:
        ValueError: there is no such field.
    """
    kind_of(name)
    if name in _LOCAL:
        return _LOCAL[name](setting.site.local("ts"))
    if not name.startswith("param."):
        return name
    key, *path = name.removeprefix("param.").split("/")
    whole = _parameter(key, setting)
    return f"get_json_object({whole}, {setting.text(_json_path(path))})" if path else whole


def columns_of(names: Collection[str]) -> frozenset[str]:
    """Return the fields of a list that are of places and not of events."""
    return frozenset(names) & frozenset(_PLACES)


def _parameter(key: str, setting: Setting) -> str:
    ours = Source.DATABRICKS in setting.sources
    column = promoted().get(key) if ours else None
    if column and len(setting.sources) == 1:
        return column
    read = [
        f"NULLIF(params[{setting.text(name)}], '')" for name in (spelt(key) if ours else (key,))
    ]
    return f"COALESCE({', '.join(read)})" if len(read) > 1 else read[0]


def _json_path(steps: Collection[str]) -> str:
    """Return the path of a value in JSON text.

    Raises:
        ValueError: a step is neither a plain name nor a number.
    """
    for step in steps:
        if not _STEP.fullmatch(step):
            raise ValueError(f"{step!r} is no step into JSON text: a name or a number is")
    return "$" + "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in steps)
