"""`Kind`: one row of the registry of what a workspace keeps.

Backing up, comparing, planning, restoring and the page about them all read this one table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]
Body = dict[str, Any]
FIRST, LAST = -1, 9
"""Stages of what others need, though they do not name it, and of what may refuse others."""


class Paging(StrEnum):
    """How a list comes; the values are those of `lakewarden.clients.paging.Paging`."""

    TOKEN = "page_token"  # noqa: S105  # a parameter's name, not a secret
    NEXT_TOKEN = "next_page_token"  # noqa: S105  # likewise
    SCIM = "startIndex"
    ONCE = "once"


@dataclass(frozen=True, slots=True)
class Listing:
    """How the assets of a kind are listed; kinds with equal listings share one reading.

    Attributes:
        path: of the call; `{key}` and `{id}` stand for those of the parent where a kind has one.
        envelope: the field of an answer with the items; empty where the answer is one item.
        paging: how pages come.
        query: further parameters; they may hold `{key}` and `{id}` too.
        verb: of the call; a search is a POST with its query as body.
        trust_empty: an answer without its envelope is an empty list.
        absent: error codes that say that there is nothing, as that a dashboard is not published.
    """

    path: str
    envelope: str = ""
    paging: Paging = Paging.ONCE
    query: Json = field(default_factory=dict)
    verb: str = "GET"
    trust_empty: bool = True
    absent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """Where a definition names another asset by its id.

    Attributes:
        place: in the definition (`lakewarden.assets.places`).
        kind: the kind of the other.
        number: the API wants the id as a number.
        key: the definition holds the natural key and not the id, so that nothing is replaced.
    """

    place: str
    kind: str
    number: bool = False
    key: bool = False


@dataclass(frozen=True, slots=True)
class Pause:
    """What starts an asset by itself, and what holds it back.

    Attributes:
        place: in the definition.
        paused: the value there with which it does not start.
    """

    place: str
    paused: Any = "PAUSED"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that changes an asset.

    Attributes:
        verb: GET, POST, PUT, PATCH or DELETE.
        path: `{id}` and `{key}` are filled in, and `{parent}` by the parent's id.
        body: makes the body of the definition with target ids, and of the asset's id.
        query: parameters, filled in like the path.
    """

    verb: str
    path: str
    body: Callable[[Json, str], Body] | None = None
    query: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that belong to an asset beside its definition.

    Attributes:
        source: `export` (of the workspace tree), `field` of what is read, or `secret`.
        name: the field, for `field`; it is in base64 there.
    """

    source: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of asset.

    Attributes:
        name: `job`.
        title: what people call all of them.
        listing: how they are listed; None for those of the workspace tree, and for fixed ones.
        id: the field with the id by which the API knows one; empty where it is the key.
        key: the place of the natural key in what is listed (or, with a detail, in what is read).
        key_of: makes the key where it is made of several fields; it takes the raw asset and the
            key of the parent.
        named: the kind whose id stands at the place of the key; its key is the key here as well.
        unique: no two may have one key; where not, the second by `created` is called `key#2`.
        row: the place of the number by which they stand in a row, so that they are made in turn.
        created: the place of the time of creation, for those that are not unique.
        parent: the kind of which each asset has a list of these.
        fixed: the keys of a kind that has always the same ones: `workspace_conf` is read by one
            call with its keys in `keys`, each raw asset being `{"key", "value"}`; others are the
            one answer of their listing, or have no definition at all.
        detail: the path that reads one as a whole; empty where the list has all.
        one: the path that reads one again as the list has it, where the list has all of it.
        paged: the places of what a detail sends in pages.
        spec: the place of the definition in what is read; empty for the whole.
        keeps: the fields of the definition; empty for all but the volatile ones.
        volatile: places that differ from workspace to workspace or change by themselves.
        shape: makes a plainer definition of what was read, before all else.
        parsed: places that hold JSON as text.
        unordered: places of lists whose order means nothing.
        references: where others are named by id.
        here: places of lists that name workspaces by `workspace_id`; this one alone counts.
        principals: places that name users, groups or service principals by name.
        arns: places that name things of AWS (ARNs and s3:// paths), which differ by region.
        acl: the type of object in the permissions API; empty for none.
        acl_id: the field with the id that the permissions API takes, when it is another.
        content: its bytes, if it has some.
        pauses: what starts it by itself.
        late: fields that a new one takes only after it was made.
        circular: some may refer to each other; these get their references when all are made.
        inside: the place of a URL, and the kind of what its URL must lie in, where that is made.
        stage: after all of earlier stages it gets its late fields or, where it has none, is made or
            changed: it may refuse what comes after it.
        given: says of a definition why it can neither be made nor removed; empty when it can.
        stop: the call that stops it after it was made, since making it starts it.
        create, update, delete: the calls; None where there is none.
        skips: says of a raw asset why it is not backed up; empty when it is.
        stamp: the fields that change when it changes, so that it need not be read again.
        tree: the type of object in the workspace tree.
        beside: it hangs on its parent and has neither ACL nor name of its own.
        unset: the definition that means what it is where it was never set, given what was read of
            it there, and its key; None where nobody says that.
        permanent: why changes of some can never be taken back; empty when they all can.
        lasting: what the keys of those have in them.
        by_hand: what a person must do after it was made again; empty for nothing.
        limits: what the API does not give, or not take.
    """

    name: str
    title: str
    listing: Listing | None = None
    id: str = ""
    key: str = ""
    key_of: Callable[[Json, str], str] | None = None
    named: str = ""
    unique: bool = True
    created: str = ""
    row: str = ""
    parent: str = ""
    fixed: tuple[str, ...] = ()
    detail: str = ""
    one: str = ""
    paged: tuple[str, ...] = ()
    spec: str = ""
    keeps: tuple[str, ...] = ()
    volatile: tuple[str, ...] = ()
    shape: Callable[[Json], Body] | None = None
    parsed: tuple[str, ...] = ()
    unordered: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    here: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    arns: tuple[str, ...] = ()
    acl: str = ""
    acl_id: str = ""
    content: Content | None = None
    pauses: tuple[Pause, ...] = ()
    late: tuple[str, ...] = ()
    circular: bool = False
    inside: tuple[str, str] | None = None
    stage: int = 0
    given: Callable[[Json], str] | None = None
    stop: Call | None = None
    create: Call | None = None
    update: Call | None = None
    delete: Call | None = None
    skips: Callable[[Json], str] | None = None
    stamp: tuple[str, ...] = ()
    tree: str = ""
    beside: bool = False
    unset: Callable[[Json, str], Body | None] | None = None
    permanent: str = ""
    lasting: tuple[str, ...] = ()
    by_hand: str = ""
    limits: str = ""

    @property
    def needs(self) -> frozenset[str]:
        """Return the kinds that must be there before one of this kind can be made."""
        named = {reference.kind for reference in self.references}
        return frozenset(named | ({self.parent} if self.parent else set())) - {self.name}
