"""Records: what one item of an API answer becomes.

A record is a frozen dataclass. Its identity is made of plain fields declared with `key()`; all
else is a `Fact` declared with `fact()`, which names the place in the answer, and what its absence
means. `read` makes a record from an answer; `pack` and `unpack` take it to a snapshot and back.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Final, TypeVar, dataclass_transform
from urllib.parse import quote

from lakewarden.estate.fact import Cause, Fact, Gap
from lakewarden.estate.wire import Converter, MalformedError, converter

Json = Mapping[str, Any]
_REQUIRED: Final = object()


def key(path: str) -> Any:
    """Declare an identifying field, found at the dotted `path` of an answer."""
    return dataclasses.field(metadata={"path": path, "key": True})


def fact(
    path: str, *, absent: Any = _REQUIRED, volatile: bool = False, unordered: bool = False
) -> Any:
    """Declare a field that is read as a `Fact`.

    Args:
        path: dotted path in the answer.
        absent: the value that the documented wire format means by leaving the field out. Without
            it an absent field is a gap: nothing is assumed.
        volatile: the platform changes it by itself, so that it is no change of the deployment.
        unordered: the order of its entries means nothing.
    """
    more = {"absent": absent, "volatile": volatile, "unordered": unordered}
    return dataclasses.field(metadata={"path": path, "key": False, **more})


class Record:
    """The base of everything in an estate."""

    __slots__ = ()

    identity: ClassVar[Callable[[Any], str]]


R = TypeVar("R", bound=Record)


@dataclass_transform(frozen_default=True, field_specifiers=(key, fact))
def record(cls: type[R]) -> type[R]:
    """Make a class a record: frozen, slotted, identified by its `key` fields."""
    made = dataclasses.dataclass(frozen=True, slots=True, eq=False)(cls)
    keys = [f.name for f in dataclasses.fields(made) if f.metadata["key"]]  # type: ignore[arg-type]  # a dataclass since the line above

    def identity(self: Any) -> str:
        parts = [str(getattr(self, name)) for name in keys]
        return parts[0] if len(parts) == 1 else "/".join(quote(part, safe="") for part in parts)

    made.identity = identity
    return made


@dataclasses.dataclass(frozen=True, slots=True)
class FieldPlan:
    """How one field of a record is read."""

    name: str
    path: str
    steps: tuple[str, ...]
    is_key: bool
    convert: Converter
    absent: Any
    volatile: bool = False
    unordered: bool = False

    @property
    def may_be_absent(self) -> bool:
        """Return whether leaving the field out means something."""
        return self.absent is not _REQUIRED


_PLANS: Final[dict[type[Any], tuple[FieldPlan, ...]]] = {}


def plan_of(cls: type[Record]) -> tuple[FieldPlan, ...]:
    """Return the fields of a record type with the types that they hold."""
    if cls not in _PLANS:
        _PLANS[cls] = _plan(cls)
    return _PLANS[cls]


def gaps_of(record: Record) -> Iterator[Gap]:
    """Yield the gap of every fact of a record that was not read."""
    for field in plan_of(type(record)):
        if not field.is_key:
            gap = getattr(record, field.name).gap
            if gap is not None:
                yield gap


def _plan(cls: type[Record]) -> tuple[FieldPlan, ...]:
    hints = typing.get_type_hints(cls)
    plans = []
    for f in dataclasses.fields(cls):  # type: ignore[arg-type]  # every record is a dataclass
        hint = hints[f.name]
        inner = hint if f.metadata["key"] else typing.get_args(hint)[0]
        path = f.metadata["path"]
        absent = f.metadata.get("absent", _REQUIRED)
        steps, is_key = tuple(path.split(".")), f.metadata["key"]
        marks = (f.metadata.get("volatile", False), f.metadata.get("unordered", False))
        plans.append(FieldPlan(f.name, path, steps, is_key, converter(inner), absent, *marks))
    return tuple(plans)


def read(cls: type[R], item: Json, *, source: str, grant: str = "") -> R:
    """Make a record from one item of an API answer.

    Raises:
        MalformedError: an identifying field is absent or of the wrong type.
    """
    values: dict[str, Any] = {}
    for field in plan_of(cls):
        raw = _dig(item, field.steps)
        if field.is_key:
            values[field.name] = _identity(cls, field, raw)
        elif raw is None and field.absent is not _REQUIRED:
            values[field.name] = Fact.of(field.absent, source, field.path)
        elif raw is None:
            gap = Gap(Cause.MISSING_FIELD, source, f"no {field.path} in the answer", grant)
            values[field.name] = Fact.unread(gap, field.path)
        else:
            values[field.name] = _fact(raw, field, source, grant)
    return cls(**values)


def hollow(cls: type[R], keys: Mapping[str, Any], gap: Gap) -> R:
    """Return a record of which nothing but its identity is known."""
    values: dict[str, Any] = {}
    for field in plan_of(cls):
        values[field.name] = keys[field.name] if field.is_key else Fact.unread(gap, field.path)
    return cls(**values)


def pack(item: Record) -> dict[str, Any]:
    """Write a record as plain JSON: values by field name, gaps apart under `?`."""
    packed: dict[str, Any] = {}
    gaps: dict[str, list[str]] = {}
    for field in plan_of(type(item)):
        value = getattr(item, field.name)
        if field.is_key:
            packed[field.name] = value
        elif value.gap is not None:
            gap = value.gap
            gaps[field.name] = [gap.cause.value, gap.source, gap.detail, gap.grant]
        else:
            packed[field.name] = _plain(value.get())
    if gaps:
        packed["?"] = gaps
    return packed


def unpack(cls: type[R], packed: Json, *, source: str) -> R:
    """Read back what `pack` wrote.

    Raises:
        MalformedError: a field is absent or of the wrong type.
    """
    gaps = packed.get("?", {})
    values: dict[str, Any] = {}
    for field in plan_of(cls):
        if field.name in gaps:
            cause, call, detail, grant = gaps[field.name]
            values[field.name] = Fact.unread(Gap(Cause(cause), call, detail, grant), field.path)
        elif field.name not in packed:
            raise MalformedError(f"{cls.__name__} without {field.name}")
        elif field.is_key:
            values[field.name] = packed[field.name]
        else:
            values[field.name] = Fact.of(field.convert(packed[field.name]), source, field.path)
    return cls(**values)


def _fact(raw: Any, field: FieldPlan, source: str, grant: str) -> Fact[Any]:
    try:
        return Fact.of(field.convert(raw), source, field.path)
    except MalformedError as error:
        gap = Gap(Cause.MALFORMED, source, f"{field.path}: {error}", grant)
        return Fact.unread(gap, field.path)


def _identity(cls: type[Record], field: FieldPlan, raw: Any) -> Any:
    if raw is None:
        raise MalformedError(f"{cls.__name__} without {field.path}")
    return field.convert(raw)


def _dig(item: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if not isinstance(item, Mapping):
            return None
        item = item.get(step)
    return item


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Mapping):
        return {name: _plain(entry) for name, entry in value.items()}
    return value
