"""`Configuration`: resources with labels of their own, and the places that they belong to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from lakewarden.collect.redact import settings_of
from lakewarden.terraform.write.hcl import Attribute, Block, Comment, Json
from lakewarden.terraform.write.kinds import ROWS
from lakewarden.terraform.write.thing import Item, Left, LeftOutError, Thing, Written

_WORDS: Final = re.compile(r"[a-z0-9]+")
_HIDDEN: Final = "left as it is, as its value looks like a secret"


@dataclass(frozen=True, slots=True)
class Place:
    """A workspace.

    Attributes:
        id: its id.
        name: what people call it.
        host: its URL, empty where nobody knows it.
    """

    id: str
    name: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """What tells one deployment from another.

    Attributes:
        account_id: the Databricks account.
        account_host: the URL of the account console.
        workspaces: the workspaces, by id.
        region: the AWS region that most of it is in.
    """

    account_id: str
    account_host: str = "https://accounts.cloud.databricks.com"
    workspaces: Mapping[str, Place] = field(default_factory=dict)
    region: str = "us-east-1"

    def slug(self, workspace: str) -> str:
        """Return the word that stands for a workspace in names of providers, labels and files."""
        place = self.workspaces.get(workspace)
        made = slug(place.name) if place else ""
        others = [p for p in self.workspaces.values() if slug(p.name) == made]
        return made if made and len(others) == 1 else f"workspace_{workspace}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """Resources, and what is none.

    Attributes:
        site: the deployment.
        resources: the resources with their labels, in the order in which they are written.
        left: what is not written, and why.
    """

    site: Site
    resources: tuple[tuple[Written, str], ...]
    left: tuple[Left, ...]


def configured(site: Site, things: Iterable[Thing | Left]) -> Configuration:
    """Return the resources of things."""
    written: list[Written] = []
    left: list[Left] = []
    for thing in things:
        if isinstance(thing, Left):
            left.append(thing)
            continue
        try:
            made = [_discreet(w) for w in ROWS[thing.kind].of(thing, site.account_id)]
        except LeftOutError as error:
            left.append(Left(thing.address, thing.name, str(error)))
        else:
            written += made
    merged = sorted(_merged(written), key=_order)
    return Configuration(site, tuple(_labelled(site, merged)), tuple(sorted(left, key=_reason)))


def slug(text: str) -> str:
    """Return a text as a word that HCL takes for a name; empty when nothing is left of it."""
    word = "_".join(_WORDS.findall(text.lower()))
    return f"id_{word}" if word[:1].isdigit() else word


def _order(written: Written) -> tuple[str, ...]:
    return written.scope, written.topic, written.type, written.name, written.import_id


def _reason(left: Left) -> tuple[str, str]:
    return left.why, left.address


def _discreet(written: Written) -> Written:
    """Return a resource without arguments whose values look like secrets.

    Raises:
        LeftOutError: Terraform would have to make the thing with one of them, or change it.
    """
    shown = [item for item in written.body if not _looks_secret(item)]
    hidden = sorted({_name(item) for item in written.body if item not in shown})
    if not hidden:
        return written
    names = ", ".join(hidden)
    if not written.import_id:
        raise LeftOutError(f"{names} would hold what looks like a secret")
    if written.changed & set(hidden):
        raise LeftOutError("what changes stands beside what looks like a secret")
    kept = tuple(item for item in written.body if _name(item) not in hidden)
    note = f"{names}: {_HIDDEN}."
    return replace(
        written,
        body=kept,
        open=(*written.open, *hidden),
        settled=written.settled - set(hidden),
        comment="\n".join(filter(None, (written.comment, note))),
    )


def _name(item: Item) -> str:
    return "" if isinstance(item, Comment) else item.name


def _looks_secret(item: Item) -> bool:
    return any("looks like" in mark for mark in settings_of(_bare(item)).values())


def _bare(item: Item) -> Any:
    if isinstance(item, Block):
        return [_bare(inner) for inner in item.body]
    if isinstance(item, Attribute):
        value = item.value.value if isinstance(item.value, Json) else item.value
        return {item.name: value}
    return {}


def _merged(written: Iterable[Written]) -> Iterator[Written]:
    """Yield resources, those that are about one thing as one."""
    found: dict[tuple[str, ...], Written] = {}
    key: tuple[str, ...]
    for number, one in enumerate(written):
        key = (one.type, one.scope, one.region, one.import_id or f"#{number}")
        if one.type == "databricks_workspace_conf":
            key = (one.type, one.scope)
        old = found.get(key)
        found[key] = one if old is None else _both(old, one)
    yield from found.values()


def _both(old: Written, new: Written) -> Written:
    values = {item.name: item.value for item in old.body if isinstance(item, Attribute)}
    rest = [item for item in old.body if not isinstance(item, Attribute)]
    for item in new.body:
        if not isinstance(item, Attribute):
            rest += [] if item in rest else [item]
        elif isinstance(item.value, Mapping) and isinstance(values.get(item.name), Mapping):
            joined = {**values[item.name], **item.value}
            values[item.name] = dict(sorted(joined.items()))
        else:
            values[item.name] = item.value
    return replace(
        old,
        name=min(old.name, new.name) if old.type == "databricks_workspace_conf" else old.name,
        body=(*(Attribute(name, value) for name, value in values.items()), *rest),
        open=tuple(dict.fromkeys((*old.open, *new.open))),
        settled=old.settled | new.settled,
        marks={**old.marks, **new.marks},
    )


def _labelled(site: Site, written: Iterable[Written]) -> Iterator[tuple[Written, str]]:
    """Yield resources with labels that no other of their type has."""
    taken: set[tuple[str, str]] = set()
    for one in written:
        own = slug(one.name) if one.type != "databricks_workspace_conf" else ""
        inside = site.slug(one.scope.partition("/")[2]) if "/" in one.scope else ""
        base = "_".join(filter(None, (inside, own))) or "this"
        label, number = base, 2
        while (one.type, label) in taken:
            label, number = f"{base}_{number}", number + 1
        taken.add((one.type, label))
        yield one, label
