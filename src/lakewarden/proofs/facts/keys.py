"""Condition keys: what kind of value each has, whether many, and when a request carries it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from lakewarden.proofs.facts.tables import table

Sort = Literal["string", "arn", "ip", "bool", "number", "date"]

SORTS: Final[Mapping[str, tuple[Sort, bool]]] = {
    "string": ("string", False), "strings": ("string", True),
    "arn": ("arn", False), "arns": ("arn", True),
    "ip": ("ip", False), "bool": ("bool", False),
    "number": ("number", False), "date": ("date", False),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Key:
    """A condition key.

    Args:
        name: in lower case, since keys have no case; `/*` or `:*` at the end stands for a family
            with one key for each tag or name: `aws:principaltag/*`.
        sort: the kind of its values.
        many: whether one request may carry several values, so that a set operator is due.
        also: a second kind that its values may have; None for nearly all.
        always: whether AWS says that every request carries it, also an anonymous one.
        signed: whether AWS says that every signed request carries it.
        when: when a request carries it, in words; empty for the keys of one service.
        services: the services that AWS names as carrying it, of those in the catalogue; None when
            it names none in particular.
        lacking: actions that AWS names as never carrying it: `ec2:CreateVpcEndpoint`.
    """

    name: str
    sort: Sort
    many: bool
    also: Sort | None = None
    always: bool = False
    signed: bool = False
    when: str = ""
    services: frozenset[str] | None = None
    lacking: frozenset[str] = frozenset()

    @property
    def family(self) -> bool:
        """Whether it stands for one key for each tag or name."""
        return self.name.endswith("*")


@functools.cache
def global_keys() -> Mapping[str, Key]:
    """Return the keys that are not one service's, by name in lower case."""
    data = table("global_keys")
    lists = data["lists"]
    return {name.lower(): _key(name.lower(), row, lists) for name, row in data["keys"].items()}


def _key(name: str, row: Mapping[str, str], lists: Mapping[str, list[str]]) -> Key:
    sort, many = SORTS[row["type"]]
    services = lists[row["services"]] if "services" in row else None
    return Key(
        name,
        sort,
        many,
        also=SORTS[row["also"]][0] if "also" in row else None,
        always=row["when"] == "always",
        signed=row["when"] in {"always", "signed"},
        when=row["when"],
        services=None if services is None else frozenset(services),
        lacking=frozenset(lists[row["lacking"]]) if "lacking" in row else frozenset(),
    )


def key_among(name: str, entries: Mapping[str, Key]) -> Key | None:
    """Return the key or family of a name among some; None when it is not among them.

    Args:
        name: the key as a policy writes it, in any case: `aws:PrincipalTag/DatabricksAccountId`.
        entries: by name or family, in lower case.
    """
    names = (name.lower(), family_of(name))
    return next((entries[known] for known in names if known in entries), None)


def family_of(name: str) -> str:
    """Return the family that a key would belong to: `aws:principaltag/*` for one of its tags.

    A family's name ends at the first slash, or where there is none at the second colon.
    """
    lower = name.lower()
    if "/" in lower:
        return f"{lower.split('/', 1)[0]}/*"
    return f"{':'.join(lower.split(':')[:2])}:*"
