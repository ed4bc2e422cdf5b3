"""What controls judge of machines: service principals, their OAuth secrets, and OAuth apps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lakewarden.controls.kit.subjects import Absence, Subject, SubjectKind
from lakewarden.estate.access import TOKENS, Token
from lakewarden.estate.account import Workspace
from lakewarden.estate.compute import JOBS, Job
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.kind import Kind
from lakewarden.estate.machines import (
    CUSTOM_APPS,
    PRINCIPAL_SECRETS,
    PUBLISHED_APPS,
    OAuthSecret,
    PublishedApp,
)
from lakewarden.estate.people import ACCOUNT_SERVICE_PRINCIPALS, AccountServicePrincipal
from lakewarden.ledger.finding import SubjectRef

_SECRET: Final = "service principal secret"  # noqa: S105  # what people call it
_MACHINE: Final = "service principal"
_APP: Final = "OAuth app"


@dataclass(frozen=True, slots=True)
class HeldSecret:
    """An OAuth secret and the service principal that signs in with it."""

    secret: OAuthSecret
    principal: AccountServicePrincipal


@dataclass(slots=True)
class Doings:
    """What service principals do in the workspaces.

    Attributes:
        jobs: the name of one job by the application id that it runs as.
        tokens: personal access tokens by the id of the service principal that owns them.
        jobs_gap: why jobs may be missing.
        tokens_gap: why tokens may be missing.
    """

    jobs: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, list[Token]] = field(default_factory=dict)
    jobs_gap: Gap | None = None
    tokens_gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """A service principal, and what all of them do."""

    principal: AccountServicePrincipal
    doings: Doings


def label_of(principal: AccountServicePrincipal) -> str:
    """Return the name of a service principal, or its id where the name is not known."""
    return principal.id if principal.name.gap is not None else principal.name.get()


def _secrets(estate: Estate) -> Iterator[Subject[HeldSecret] | Absence]:
    principals = estate.of(ACCOUNT_SERVICE_PRINCIPALS)
    for principal in principals.seen():
        name = label_of(principal)
        try:
            secrets = estate.need(PRINCIPAL_SECRETS, principal.id).secrets.get()
        except UnreadError as error:
            ref = SubjectRef(_SECRET, f"{principal.id}/*", f"every {_SECRET} of {name}")
            yield Absence(ref, error.gap)
            continue
        for number, secret in enumerate(sorted(secrets, key=lambda s: (s.create_time, s.id)), 1):
            ref = SubjectRef(_SECRET, f"{principal.id}/{secret.id}", f"{name} secret {number}")
            yield Subject(ref, HeldSecret(secret, principal))
    if principals.gap is not None:
        yield Absence(SubjectRef(_SECRET, "*", f"every {_SECRET}"), principals.gap)


def _apps(estate: Estate) -> Iterator[Subject[PublishedApp] | Absence]:
    kinds: tuple[Kind[Any], ...] = (CUSTOM_APPS, PUBLISHED_APPS)
    for kind in kinds:
        apps = estate.of(kind)
        for app in apps.seen():
            name = app.id if app.name.gap is not None else app.name.get()
            yield Subject(SubjectRef(_APP, app.id, name), app)
        if apps.gap is not None:
            yield Absence(
                SubjectRef(_APP, f"{kind.name}/*", f"every {_APP} ({kind.name})"), apps.gap
            )


def _machines(estate: Estate) -> Iterator[Subject[Machine] | Absence]:
    principals = estate.of(ACCOUNT_SERVICE_PRINCIPALS)
    doings = _doings(estate, {p.id for p in principals.seen()})
    for principal in principals.seen():
        ref = SubjectRef(_MACHINE, principal.id, label_of(principal))
        yield Subject(ref, Machine(principal, doings))
    if principals.gap is not None:
        yield Absence(SubjectRef(_MACHINE, "*", f"every {_MACHINE}"), principals.gap)


def _doings(estate: Estate, principals: set[str]) -> Doings:
    """Look once through the jobs and tokens of every workspace."""
    doings = Doings()
    try:
        for workspace in estate.workspaces():
            _note_jobs(doings, estate, workspace)
            _note_tokens(doings, estate, workspace, principals)
    except UnreadError as error:
        doings.jobs_gap = doings.tokens_gap = error.gap
    return doings


def _note_jobs(doings: Doings, estate: Estate, workspace: Workspace) -> None:
    jobs = estate.of(JOBS, workspace)
    doings.jobs_gap = doings.jobs_gap or jobs.gap
    for job in jobs.seen():
        doings.jobs_gap = doings.jobs_gap or job.run_as.gap or job.run_as_name.gap
        names = [name for name in _runs_as(job) if name]
        for name in names:
            doings.jobs.setdefault(name, job.identity() if job.name.gap else job.name.get())
        if not names and doings.jobs_gap is None:
            detail = f"nothing says whom job {job.identity()} runs as"
            doings.jobs_gap = JOBS.gap(Cause.MISSING_FIELD, detail)


def _runs_as(job: Job) -> Iterator[str]:
    if job.run_as.gap is None:
        run_as = job.run_as.get()
        if run_as is not None and run_as.service_principal_name:
            yield run_as.service_principal_name
    if job.run_as_name.gap is None:
        yield job.run_as_name.get() or ""


def _note_tokens(
    doings: Doings, estate: Estate, workspace: Workspace, principals: set[str]
) -> None:
    tokens = estate.of(TOKENS, workspace)
    doings.tokens_gap = doings.tokens_gap or tokens.gap
    for token in tokens.seen():
        doings.tokens_gap = doings.tokens_gap or token.owner_id.gap
        owner = "" if token.owner_id.gap else str(token.owner_id.get())
        if owner in principals:
            doings.tokens.setdefault(owner, []).append(token)


SECRET: Final[SubjectKind[HeldSecret]] = SubjectKind(_SECRET, _secrets)
MACHINE: Final[SubjectKind[Machine]] = SubjectKind(_MACHINE, _machines)
APP: Final[SubjectKind[PublishedApp]] = SubjectKind(_APP, _apps)
