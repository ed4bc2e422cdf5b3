"""`Entry`: what a resource says of one record, in the words of the API that it will come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args, get_origin

from lakewarden.estate.fact import Cause, Fact, Gap
from lakewarden.estate.kind import Kind
from lakewarden.estate.record import FieldPlan, Record, plan_of
from lakewarden.estate.wire import MalformedError
from lakewarden.terraform.blocks import hints_of, unblocked
from lakewarden.terraform.plan import Resource
from lakewarden.terraform.references import References
from lakewarden.terraform.standins import stand_in
from lakewarden.terraform.values import Part, Parts, Unsaid


@dataclass(frozen=True, slots=True)
class Named:
    """Things of the plan that an attribute names, as a list or as the only one of them."""

    things: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A resource with what its references lead to.

    Attributes:
        resource: the resource.
        references: the references of its plan.
        now: when the plan was made, Unix time in ms.
    """

    resource: Resource
    references: References
    now: int = 0

    def get(self, path: str) -> Any:
        """Return what the plan says at a path, references followed."""
        value = self.resource.get(path)
        if value is not Unsaid.LATER:
            return value
        things = self.references.pointed_at(self.resource, path)
        return Named(things) if things else value

    def one(self, path: str) -> Any:
        """Return what the plan says at the path of a single value."""
        value = self.get(path)
        if isinstance(value, Named):
            return value.things[0] if len(value.things) == 1 else Unsaid.LATER
        return value

    def blocks(self, name: str) -> Iterator[Source]:
        """Yield the blocks of a name, each like a resource of its own."""
        for block in self.resource.blocks(name):
            yield replace(self, resource=block)

    def beside(self, kind: str) -> list[Any]:
        """Return what identifies the resources of a type that the same provider makes."""
        return self.references.of_provider(kind, self.resource.provider)

    def name(self, attribute: str = "") -> Any:
        """Return what identifies the resource, a stand-in until it is known."""
        return stand_in(self.resource, attribute)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a resource says of one record.

    Attributes:
        kind: the kind of the record.
        fields: what the plan says, by the dotted path of each field in the API's answer.
        address: the resource.
    """

    kind: Kind[Any]
    fields: Mapping[str, Any]
    address: str = ""

    @property
    def identity(self) -> tuple[Any, ...]:
        """Return the values of the identifying fields."""
        return tuple(self.fields.get(f.path) for f in plan_of(self.kind.record) if f.is_key)

    @property
    def identified(self) -> bool:
        """Return whether the plan says what the record is of."""
        return not any(v is None or isinstance(v, Unsaid | Named | Part) for v in self.identity)


Reader = Callable[[Source], Iterator[Entry]]


def same(kind: Kind[Any], key: str = "", **renamed: str) -> Reader:
    """Return a reader for a resource with the API's own names for its attributes.

    Args:
        kind: the kind of its record.
        key: the attribute that identifies it, empty for the one that others use.
        renamed: the attribute for a field, where they differ, by the path of the field with `__`
            for dots.
    """
    other = {path.replace("__", "."): attribute for path, attribute in renamed.items()}

    def reader(source: Source) -> Iterator[Entry]:
        yield Entry(
            kind,
            {
                field.path: source.name(key)
                if field.is_key
                else source.get(other.get(field.path, field.path))
                for field in plan_of(kind.record)
            },
        )

    return reader


def merged(entries: Iterable[Entry]) -> Entry:
    """Return what several resources together say of one record; parts of it are joined."""
    first, *rest = entries
    fields = dict(first.fields)
    for entry in rest:
        for path, value in entry.fields.items():
            old = fields.get(path, Unsaid.SILENT)
            if old is Unsaid.SILENT:
                fields[path] = value
            elif isinstance(old, Part) and isinstance(value, Part):
                fields[path] = Part([*old.value, *value.value], old.least or value.least)
    return replace(first, fields=fields)


def record_of(entry: Entry, parts: Parts) -> Record:
    """Make the record of an entry.

    Args:
        entry: what the plan says of it.
        parts: what to take the known part of a list or map for.

    Raises:
        MalformedError: the plan does not say what the record is of.
    """
    values: dict[str, Any] = {}
    for field in plan_of(entry.kind.record):
        said = entry.fields.get(field.path, Unsaid.SILENT)
        values[field.name] = (
            field.convert(said) if field.is_key else _fact(entry, field, said, parts)
        )
    made: Record = entry.kind.record(**values)
    return made


def _fact(entry: Entry, field: FieldPlan, said: Any, parts: Parts) -> Fact[Any]:
    if isinstance(said, Part):
        said = said.as_if(parts)
    if said is Unsaid.LATER:
        return _unread(entry, field, Cause.PLANNED)
    if said is Unsaid.SILENT or (said is None and not field.may_be_absent):
        return _unread(entry, field, Cause.UNPLANNED)
    try:
        value = _converted(entry, field, said)
    except MalformedError as error:
        return _unread(entry, field, Cause.MALFORMED, f"{field.path}: {error}")
    return Fact.of(value, entry.address, field.path)


def _converted(entry: Entry, field: FieldPlan, said: Any) -> Any:
    hint = get_args(hints_of(entry.kind.record)[field.name])[0]
    if isinstance(said, Named):
        listed = get_origin(hint) is tuple
        if not listed and len(said.things) != 1:
            raise MalformedError(f"{len(said.things)} things where one belongs")
        return field.convert(list(said.things) if listed else said.things[0])
    shaped = unblocked(said, hint)
    return field.absent if shaped is None and field.may_be_absent else field.convert(shaped)


def _unread(entry: Entry, field: FieldPlan, cause: Cause, detail: str = "") -> Fact[Any]:
    return Fact.unread(Gap(cause, entry.address, detail or field.path, ""), field.path)
