"""What Unity Catalog holds, as subjects: each once, however many workspaces show it."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from lakewarden.controls.kit.subjects import Absence, Subject, SubjectKind
from lakewarden.estate.account import Workspace
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Gap, UnreadError, most_telling
from lakewarden.estate.kind import Kind
from lakewarden.estate.record import Record
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, ExternalLocation
from lakewarden.estate.unity import (
    CATALOGS,
    METASTORE_ASSIGNMENTS,
    METASTORES,
    RECIPIENTS,
    Catalog,
    Metastore,
    Recipient,
)
from lakewarden.ledger.finding import SubjectRef

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Shown(Generic[R]):
    """Something that a metastore holds, and the workspace that shows it.

    Attributes:
        record: the thing.
        workspace: a workspace whose lists have it, and what belongs to it.
    """

    record: R
    workspace: Workspace


def metastore_of(workspace: Workspace, estate: Estate) -> str | None:
    """Return the id of a workspace's metastore, or None when it certainly has none.

    Raises:
        UnreadError: that was not read.
    """
    return estate.need(METASTORE_ASSIGNMENTS, workspace.id, workspace).metastore_id.get()


def has_token(recipient: Recipient) -> bool:
    """Return whether a recipient opens its shares with a token that somebody may copy.

    Raises:
        UnreadError: how it signs in was not read, or is not known to need none.
    """
    how = recipient.authentication
    if how.get() not in {"TOKEN", "DATABRICKS", "OIDC_FEDERATION"}:
        raise UnreadError(how.odd(ValueError(f"{how.get()!r} is not known")))
    return how.get() == "TOKEN"


def _held(name: str, kind: Kind[Any]) -> SubjectKind[Any]:
    """Return the subject kind of everything of one kind in every metastore."""

    def find(estate: Estate) -> Iterator[Subject[Any] | Absence]:
        known: set[tuple[str, str]] = set()
        gaps: list[Gap] = []
        try:
            for workspace in estate.workspaces():
                gaps += yield from _in(workspace, estate, kind, name, known)
        except UnreadError as error:
            gaps.append(error.gap)
        gap = most_telling(*gaps)
        if gap is not None:
            yield Absence(SubjectRef(name, "*", f"every {name}"), gap)

    return SubjectKind(name, find)


def _in(
    workspace: Workspace, estate: Estate, kind: Kind[Any], name: str, known: set[tuple[str, str]]
) -> Generator[Subject[Any], None, list[Gap]]:
    """Yield what a workspace shows for the first time; return why more may be there.

    Where a plan does not say which metastore a workspace has, the workspace stands for it.
    """
    try:
        metastore = metastore_of(workspace, estate)
    except UnreadError as error:
        if error.gap.cause is not Cause.UNPLANNED:
            return [error.gap]
        metastore = f"workspace/{workspace.id}"
    if metastore is None:
        return []
    collection = estate.of(kind, workspace)
    for record in collection.seen():
        if (metastore, record.name) not in known:
            known.add((metastore, record.name))
            ref = SubjectRef(name, f"{metastore}/{record.name}", record.name)
            yield Subject(ref, Shown(record, workspace))
    return [] if collection.gap is None else [collection.gap]


def _metastores(estate: Estate) -> Iterator[Subject[Metastore] | Absence]:
    collection = estate.of(METASTORES)
    for metastore in collection.seen():
        shown = metastore.id if metastore.name.gap is not None else metastore.name.get()
        yield Subject(SubjectRef("metastore", metastore.id, shown), metastore)
    if collection.gap is not None:
        yield Absence(SubjectRef("metastore", "*", "every metastore"), collection.gap)


METASTORE: Final = SubjectKind("metastore", _metastores)
CATALOG: Final[SubjectKind[Shown[Catalog]]] = _held("catalog", CATALOGS)
LOCATION: Final[SubjectKind[Shown[ExternalLocation]]] = _held(
    "external location", EXTERNAL_LOCATIONS
)
RECIPIENT: Final[SubjectKind[Shown[Recipient]]] = _held("recipient", RECIPIENTS)
