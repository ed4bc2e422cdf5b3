"""`Maps`: what is called otherwise where a backup goes: people, AWS things, machines, zones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final

from lakewarden.assets import places
from lakewarden.assets.canonical import ASSET
from lakewarden.assets.kind import Kind
from lakewarden.assets.registry import kinds
from lakewarden.errors import PolicyFileError
from lakewarden.restore.wanted import Wanted

_PRINCIPALS: Final = ("user_name", "group_name", "service_principal_name")
_OF_NODES: Final = frozenset({"node_type_id", "driver_node_type_id", "worker_node_type_id"})
_OF_ZONES: Final = frozenset({"zone_id"})
_RULES: Final = ("value", "defaultValue", "values")
_HOMES: Final = ("/Users/", "/Repos/")


@dataclass(frozen=True, slots=True)
class Maps:
    """What is called otherwise.

    Attributes:
        principals: names of users and groups, and application ids.
        arns: the beginnings of ARNs.
        s3: the beginnings of `s3://` addresses.
        node_types: machine types.
        zones: availability zones.
    """

    principals: Mapping[str, str] = field(default_factory=dict)
    arns: Mapping[str, str] = field(default_factory=dict)
    s3: Mapping[str, str] = field(default_factory=dict)
    node_types: Mapping[str, str] = field(default_factory=dict)
    zones: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_table(cls, table: Mapping[str, Any], where: str) -> Maps:
        """Read the tables of a file.

        Raises:
            PolicyFileError: something in them is no map of names.
        """
        known = {each.name for each in fields(cls)}
        for name, value in table.items():
            if name not in known:
                raise _wrong(
                    f"there is no map {name!r}", where, f"Maps: {', '.join(sorted(known))}"
                )
            _insist_named(name, value, where)
        return cls(**{name: dict(value) for name, value in table.items()})

    def over(self, other: Maps) -> Maps:
        """Return another's maps with these over them."""
        return Maps(
            **{e.name: {**getattr(other, e.name), **getattr(self, e.name)} for e in fields(self)}
        )

    def back(self) -> Maps:
        """Return the maps of the way back.

        Raises:
            PolicyFileError: two names became one, so that nobody knows which it was.
        """
        turned = {}
        for each in fields(self):
            there = getattr(self, each.name)
            turned[each.name] = {new: old for old, new in there.items()}
            if len(turned[each.name]) < len(there):
                raise _wrong(
                    f"two of the {each.name} have one name", "the way back", "Give a map of it"
                )
        return Maps(**turned)

    def who(self, name: str) -> str:
        """Return what a principal is called."""
        return self.principals.get(name, name)

    def key(self, kind: str, key: str) -> str:
        """Return the key of an asset."""
        if kind in {"user", "service_principal", "group"}:
            return self.who(key)
        if kind == "instance_profile":
            return self.place_of(key)
        if kind == "secret_acl":
            scope, _, name = key.rpartition("/")
            return f"{scope}/{self.who(name)}"
        return self._path(key)

    def place_of(self, text: str) -> str:
        """Return an ARN or an `s3://` address; of several beginnings the longest counts."""
        given = {**self.arns, **self.s3}
        for old in sorted(given, key=len, reverse=True):
            if text.startswith(old):
                return given[old] + text.removeprefix(old)
        return text

    def mapped(self, wanted: Wanted) -> Wanted:
        """Return an asset as it is to be where the backup goes."""
        if self == Maps():
            return wanted
        kind = kinds()[wanted.kind]
        spec: Any = self._walked(wanted.spec)
        for place in kind.principals:
            places.turn(spec, place, lambda name: self.who(str(name)))
        self._people(kind, spec)
        acl = None
        if wanted.acl is not None:
            acl = [
                {n: self.who(v) if n in _PRINCIPALS else v for n, v in e.items()}
                for e in wanted.acl
            ]
        return replace(wanted, key=self.key(wanted.kind, wanted.key), spec=spec, acl=acl)

    def _people(self, kind: Kind, spec: Any) -> None:
        if kind.name == "group":
            places.turn(spec, "displayName", lambda name: self.who(str(name)))

    def _walked(self, value: Any, above: str = "") -> Any:
        """Return a copy of a definition in which everything has its name of there."""
        if isinstance(value, Mapping):
            if ASSET in value:
                return {**value, "key": self.key(str(value[ASSET]), str(value["key"]))}
            rule = above in _OF_NODES | _OF_ZONES and "type" in value
            return {
                name: self._walked(one, above if rule and name in _RULES else name)
                for name, one in value.items()
            }
        if isinstance(value, list):
            return [self._walked(one, above) for one in value]
        return self._text(value, above) if isinstance(value, str) else value

    def _text(self, text: str, name: str) -> str:
        if name in _OF_NODES:
            return self.node_types.get(text, text)
        if name in _OF_ZONES:
            return self.zones.get(text, text)
        if text.startswith(("arn:", "s3://", "s3a://")):
            return self.place_of(text)
        return self._path(text)

    def _path(self, text: str) -> str:
        """Return a path, whose home folder may belong to somebody of another name."""
        front = "/Workspace" if text.startswith("/Workspace/") else ""
        rest = text.removeprefix(front)
        for home in _HOMES:
            if rest.startswith(home):
                name, slash, inner = rest.removeprefix(home).partition("/")
                return f"{front}{home}{self.who(name)}{slash}{inner}"
        return text


def _insist_named(name: str, value: Any, where: str) -> None:
    if not isinstance(value, Mapping) or not all(
        isinstance(new, str) and new and old for old, new in value.items()
    ):
        raise _wrong(f"{name} is no map of names to names", where, f'Write {name} = {{"a" = "b"}}')
    check: Callable[[str], bool] | None = {
        "arns": lambda text: text.startswith("arn:"),
        "s3": lambda text: text.startswith(("s3://", "s3a://")),
    }.get(name)
    for text in [*value, *value.values()] if check else ():
        if check and not check(text):
            raise _wrong(f"{text!r} is none of the {name}", where, "Correct it")


def _wrong(what: str, where: str, step: str) -> PolicyFileError:
    return PolicyFileError(what, where=where, next_step=step)
