"""A pretend AWS account over HTTP, as the product's own client sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from collect.stubs import collected
from lakewarden.clients.aws import AwsAccount
from lakewarden.estate.given import given
from lakewarden.estate.kind import Kind
from lakewarden.estate.snapshot import Header, MemorySnapshot, Snapshot, Status
from lakewarden.simulate.aws import start


@contextmanager
def account() -> Iterator[AwsAccount]:
    """Serve an empty account and point the client's environment at it."""
    with start() as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", server.url)
        patch.setenv("AWS_ACCESS_KEY_ID", "AKIASCANNER")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_CONFIG_FILE", "/dev/null")
        patch.delenv("AWS_PROFILE", raising=False)
        yield AwsAccount()


def read(aws: Any, *kinds: Kind[Any], **before: Any) -> Snapshot:
    """Return what the collectors of some kinds read, each after those that come before it."""
    return extended(aws, given(**before), *kinds)


def extended(aws: Any, so_far: MemorySnapshot, *kinds: Kind[Any]) -> Snapshot:
    """Read further kinds on top of what is there."""
    for kind in kinds:
        records = tuple(collected(kind, None, aws=aws, before=so_far).values())
        header = Header(kind.name, kind.scope.value, Status.COMPLETE, None, len(records))
        known = {(h.kind, h.scope): _of(so_far, h) for h in so_far.headers()}
        both = {**known, (kind.name, kind.scope.value): (header, records)}
        so_far = MemorySnapshot(so_far.meta, both)
    return so_far


def by_id(snapshot: Snapshot, kind: Kind[Any]) -> Mapping[str, Any]:
    """Return the records of a kind by identity."""
    return {r.identity(): r for r in snapshot.collection(kind, kind.scope.value).seen()}


def _of(snapshot: MemorySnapshot, header: Header) -> tuple[Header, tuple[Any, ...]]:
    return snapshot._collections[header.kind, header.scope]
