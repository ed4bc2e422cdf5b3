"""What controls judge: how the subjects of each kind are found in an estate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from lakewarden.estate.access import (
    JOB_PERMISSIONS,
    SECRET_SCOPES,
    TOKENS,
    ObjectPermissions,
    SecretScope,
    Token,
)
from lakewarden.estate.account import CREDENTIALS, WORKSPACES, Workspace
from lakewarden.estate.compute import CLUSTER_POLICIES, CLUSTERS, JOBS, Cluster, ClusterPolicy, Job
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Fact, Gap, UnreadError
from lakewarden.estate.kind import Kind
from lakewarden.estate.storage import Bucket
from lakewarden.ledger.finding import SubjectRef
from lakewarden.policyfile.scope import Place

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Account:
    """The Databricks account as a whole."""

    id: str


@dataclass(frozen=True, slots=True)
class CrossAccountRole:
    """The role by which Databricks acts in the AWS account, for one workspace."""

    arn: str


@dataclass(frozen=True, slots=True)
class Subject(Generic[S]):
    """One thing to judge.

    Attributes:
        ref: its name in findings.
        record: the thing.
        workspace: the workspace it lives in, None at account level.
    """

    ref: SubjectRef
    record: S
    workspace: Workspace | None = None


@dataclass(frozen=True, slots=True)
class Absence:
    """Where subjects may be that were not seen.

    Attributes:
        ref: stands for all of them.
        gap: why they were not seen; None when it is certain that there are none.
        workspace: the workspace they would live in, None when that is not known.
    """

    ref: SubjectRef
    gap: Gap | None
    workspace: Workspace | None = None


@dataclass(frozen=True, slots=True)
class SubjectKind(Generic[S]):
    """A kind of subject and how its subjects are found.

    Attributes:
        name: what people call one of them.
        search: yields those of an estate.
        inside: they live in a workspace, so that its scopes decide what is asked of them.
    """

    name: str
    search: Callable[[Estate], Iterator[Subject[S] | Absence]]
    inside: bool = False

    def find(self, estate: Estate) -> Iterator[Subject[S] | Absence]:
        """Yield every subject, and an absence for where others may be, or for none at all."""
        silent = True
        for entry in self.search(estate):
            silent = False
            yield entry
        if silent:
            yield Absence(_all(self.name), None)


def _text(fact: Fact[Any], default: object) -> str:
    return str(default) if fact.gap is not None else str(fact.get() or default)


def name_of(workspace: Workspace) -> str:
    """Return the workspace's name, or its id where the name is not known."""
    return _text(workspace.name, workspace.id)


def place_of(workspace: Workspace) -> Place:
    """Return what decides which scopes of the policy file cover a workspace."""
    tags = None if workspace.tags.gap is not None else workspace.tags.get()
    return Place(str(workspace.id), _text(workspace.name, ""), tags)


def _accounts(estate: Estate) -> Iterator[Subject[Account] | Absence]:
    account_id = estate.meta.account_id
    ref = SubjectRef("account", account_id or "account", account_id or "the account")
    yield Subject(ref, Account(account_id))


def _workspaces(estate: Estate) -> Iterator[Subject[Workspace] | Absence]:
    try:
        for workspace in estate.workspaces():
            ref = SubjectRef("workspace", str(workspace.id), name_of(workspace), str(workspace.id))
            yield Subject(ref, workspace, workspace)
    except UnreadError as error:
        yield Absence(_all("workspace"), error.gap)


def _buckets(estate: Estate) -> Iterator[Subject[Bucket] | Absence]:
    try:
        for bucket in estate.buckets():
            yield Subject(SubjectRef("bucket", bucket.name, bucket.name), bucket)
    except UnreadError as error:
        yield Absence(_all("bucket"), error.gap)


def _roles(estate: Estate) -> Iterator[Subject[CrossAccountRole] | Absence]:
    seen: set[str] = set()
    try:
        for workspace in estate.workspaces():
            credentials_id = workspace.credentials_id.get()
            if credentials_id is None:
                _insist_serverless(workspace)
                continue
            arn = estate.need(CREDENTIALS, credentials_id).role_arn.get()
            if arn not in seen:
                seen.add(arn)
                ref = SubjectRef("role", arn, arn.rsplit("/", 1)[-1])
                yield Subject(ref, CrossAccountRole(arn))
    except UnreadError as error:
        yield Absence(_all("role"), error.gap)


def _insist_serverless(workspace: Workspace) -> None:
    """A workspace with clusters of its own has a role; an answer without one is not whole.

    Raises:
        UnreadError: the workspace is not a serverless one.
    """
    if workspace.compute_mode.get() != "SERVERLESS":
        fact = workspace.credentials_id
        detail = f"no {fact.field} in the answer for workspace {workspace.id}"
        raise UnreadError(WORKSPACES.gap(Cause.MISSING_FIELD, detail))


def _all(kind: str, workspace: Workspace | None = None) -> SubjectRef:
    if workspace is None:
        return SubjectRef(kind, "*", f"every {kind}")
    name = f"every {kind} of {name_of(workspace)}"
    return SubjectRef(kind, "*", name, str(workspace.id))


def in_workspaces(
    name: str, kind: Kind[Any], label: Callable[[Any], Fact[str]] | None
) -> SubjectKind[Any]:
    """Return the subject kind of everything of one kind of record, in every workspace.

    Args:
        name: what people call one of them.
        kind: the collection that they are in.
        label: where their names are; None where the identity is the name.
    """

    def find(estate: Estate) -> Iterator[Subject[Any] | Absence]:
        try:
            for workspace in estate.workspaces():
                yield from _records(estate, name, kind, label, workspace)
        except UnreadError as error:
            yield Absence(_all(name), error.gap)

    return SubjectKind(name, find, inside=True)


def _records(
    estate: Estate,
    name: str,
    kind: Kind[Any],
    label: Callable[[Any], Fact[str]] | None,
    workspace: Workspace,
) -> Iterator[Subject[Any] | Absence]:
    collection = estate.of(kind, workspace)
    empty = True
    for record in collection.seen():
        empty = False
        identity = record.identity()
        shown = _text(label(record), identity) if label else identity
        yield Subject(SubjectRef(name, identity, shown, str(workspace.id)), record, workspace)
    if collection.gap is not None or empty:
        yield Absence(_all(name, workspace), collection.gap, workspace)


ACCOUNT: Final = SubjectKind("account", _accounts)
WORKSPACE: Final = SubjectKind("workspace", _workspaces, inside=True)
BUCKET: Final = SubjectKind("bucket", _buckets)
ROLE: Final = SubjectKind("role", _roles)
CLUSTER: Final[SubjectKind[Cluster]] = in_workspaces("cluster", CLUSTERS, lambda c: c.name)
CLUSTER_POLICY: Final[SubjectKind[ClusterPolicy]] = in_workspaces(
    "cluster policy", CLUSTER_POLICIES, lambda p: p.name
)
JOB: Final[SubjectKind[Job]] = in_workspaces("job", JOBS, lambda j: j.name)
JOB_ACL: Final[SubjectKind[ObjectPermissions]] = in_workspaces(
    "job", JOB_PERMISSIONS, lambda p: p.name
)
TOKEN: Final[SubjectKind[Token]] = in_workspaces("token", TOKENS, lambda t: t.comment)
SECRET_SCOPE: Final[SubjectKind[SecretScope]] = in_workspaces("secret scope", SECRET_SCOPES, None)
