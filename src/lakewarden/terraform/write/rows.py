"""`Row`: how things of one kind become a resource."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakewarden.terraform.write.shapes import Argument, Shape, filled, lacking, shape, value_of
from lakewarden.terraform.write.thing import LeftOutError, Thing, Written, steps

_GIVE_MORE: Final = ": let the deployment be read, without --snapshot"
_IN_PART: Final = "Read in part; compare with `terraform plan` before you apply."
_GUARDED: Final = "The provider cannot import it, and making it again makes a second one."


_IN_IMPORTS: Final = frozenset({"@key", "@id", "@first", "@second", "@account_id"})


def _itself(thing: Thing) -> Thing:
    return thing


def _nothing(_: Thing) -> str:
    return ""


def _alone(thing: Thing) -> Iterable[Thing]:
    yield thing


@dataclass(frozen=True, slots=True)
class Row:
    """How things of one kind become a resource.

    Attributes:
        resource: the type of the resource.
        words: the words of its shape.
        topic: the topic of the file that it goes to.
        import_id: how Terraform finds the thing, with `{key}`, `{account_id}` and the like and the
            fields of the document in braces; empty where the provider cannot import it.
        also: names of arguments that no document of this kind says anything of.
        marks: what others name it by: a field of the document by attribute.
        prepare: makes the thing's document fit the shape, or raises LeftOutError.
        refuse: says why nothing is written of a thing, whatever else is known; empty where it is.
        split: makes several things of one, where each needs a resource of its own.
        beside: kinds of which the thing of the same key must be read too.
        appears: it comes into being with its first value, and writing that twice does no harm.
        twice: making it again makes a second one.
        label: the field of the document to call it by; empty for the name of the thing.
        comment: what people should know of each.
    """

    resource: str
    words: str
    topic: str
    import_id: str = "{key}"
    also: str = ""
    marks: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[Thing], Thing] = _itself
    refuse: Callable[[Thing], str] = _nothing
    split: Callable[[Thing], Iterable[Thing]] = _alone
    beside: tuple[str, ...] = ()
    appears: bool = False
    twice: bool = False
    label: str = ""
    comment: str = ""

    @property
    def shape(self) -> Shape:
        """Return its shape."""
        return shape(self.words)

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return itself, as the only one of its kind."""
        return (self,)

    def lacks(self, thing: Thing) -> bool:
        """Return whether more could be said of a thing than is known."""
        return any(
            not _is_known(argument.path, thing) or _is_partial(argument, thing)
            for argument in self.shape
        )

    def refusal(self, thing: Thing) -> str:
        """Return why nothing is written of a thing, however much is known; empty where it is."""
        return self.refuse(thing)

    def of(self, thing: Thing, account_id: str) -> Iterator[Written]:
        """Yield the resources of a thing.

        Raises:
            LeftOutError: it cannot be written.
        """
        if why := self.refuse(thing):
            raise LeftOutError(why)
        for part in self.split(thing):
            yield self._one(self.prepare(part), account_id)

    def _one(self, thing: Thing, account_id: str) -> Written:
        if self.appears and thing.before and not any(thing.before.values()):
            thing = replace(thing, exists=False)
        document = {**thing.document, **_implied(thing, account_id)}
        if absent := dict.fromkeys(lacking(self.shape, document)):
            names = ", ".join(f"`{name}`" for name in absent)
            raise LeftOutError(f"{names} is required and not known{_GIVE_MORE}")
        parts = [a for a in self.shape if _is_partial(a, thing)]
        if parts and thing.strict:
            raise LeftOutError(f"the rest of `{parts[0].name}` is not known{_GIVE_MORE}")
        known = [a.name for a in self.shape if _is_known(a.path, thing)]
        body = tuple(filled(self.shape, document))
        if not body:
            raise LeftOutError(f"nothing of it is known{_GIVE_MORE}")
        found = self._import_id(thing, document)
        guarded = thing.exists and self.twice and not found
        notes = (self.comment, _GUARDED if guarded else "", _IN_PART if parts else "")
        return Written(
            self.resource,
            thing.scope,
            str(value_of(document, (self.label,)) if self.label else document["@name"]),
            self.topic,
            body,
            import_id=found,
            region=thing.region,
            open=self._open(thing, known),
            settled=frozenset(known),
            changed=frozenset(a.name for a in self.shape if _is_changed(a.path, thing)),
            guarded=guarded,
            marks={name: value_of(document, (source,)) for name, source in self.marks.items()},
            comment="\n".join(filter(None, notes)),
        )

    def _open(self, thing: Thing, known: Iterable[str]) -> tuple[str, ...]:
        if not thing.exists:
            return ()
        settled = set(known)
        return (*(a.name for a in self.shape if a.name not in settled), *self.also.split())

    def _import_id(self, thing: Thing, document: Mapping[str, Any]) -> str:
        if not thing.exists:
            return ""
        implied = {n[1:]: v for n, v in document.items() if n in _IN_IMPORTS}
        found = {**thing.document, **implied}
        try:
            return self.import_id.format(**found)
        except KeyError as error:
            raise LeftOutError(f"its `{error.args[0]}` is not known{_GIVE_MORE}") from None


@dataclass(frozen=True, slots=True)
class Choice:
    """Rows of which each thing of a kind takes one.

    Attributes:
        rows: all of them.
        choose: returns the row of a thing, or raises LeftOutError.
        beside: kinds of which the thing of the same key must be read too.
    """

    rows: tuple[Row, ...]
    choose: Callable[[Thing], Row]
    beside: tuple[str, ...] = ()

    def lacks(self, thing: Thing) -> bool:  # noqa: ARG002  # settings and lists are known as a whole
        """Return whether more could be said of a thing than is known."""
        return False

    def refusal(self, thing: Thing) -> str:
        """Return why nothing is written of a thing, however much is known; empty where it is."""
        try:
            return self.choose(thing).refusal(thing)
        except LeftOutError as error:
            return str(error)

    def of(self, thing: Thing, account_id: str) -> Iterator[Written]:
        """Yield the resources of a thing.

        Raises:
            LeftOutError: it cannot be written.
        """
        yield from self.choose(thing).of(thing, account_id)


Rows = Mapping[str, Row | Choice]


def never(why: str) -> Choice:
    """Return a choice of nothing, for things that no resource is for."""

    def choose(_: Thing) -> Row:
        raise LeftOutError(why)

    return Choice((), choose)


def renamed(thing: Thing, document: Mapping[str, Any], known: Iterable[str] = ()) -> Thing:
    """Return a thing with another document; `known` names the fields of which all is known."""
    places = thing.known if thing.whole else frozenset((name,) for name in known)
    return replace(thing, document=document, known=places)


def _implied(thing: Thing, account_id: str) -> dict[str, Any]:
    first, second = thing.parts
    return {
        "@key": thing.key,
        "@name": thing.name or thing.key.rpartition("/")[2],
        "@id": thing.key.rpartition("/")[2],
        "@first": first,
        "@second": second,
        "@account_id": account_id,
        "@workspace_id": thing.workspace,
    }


def _is_known(path: tuple[str, ...], thing: Thing) -> bool:
    """Return whether anything is known at a path, be it that nothing is there."""
    return path[:1] in _IMPLIED or any(_meet(path, place) for place in thing.known)


def _is_changed(path: tuple[str, ...], thing: Thing) -> bool:
    return any(_meet(path, steps(place)) for place in thing.before)


def _is_partial(argument: Argument, thing: Thing, above: tuple[str, ...] = ()) -> bool:
    """Return whether a part of an argument's value is known, and not the whole."""
    path = (*above, *argument.path)
    if not _is_known(path, thing) or path[:1] in _IMPLIED:
        return False
    if any(path[: len(place)] == place for place in thing.known):
        return False
    inner = argument.inner
    return not inner or any(
        not _is_known((*path, *a.path), thing) or _is_partial(a, thing, path) for a in inner
    )


_IMPLIED: Final = frozenset((name,) for name in _implied(Thing("", "", "", "", {}), ""))


def _meet(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]
