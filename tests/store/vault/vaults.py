"""Vaults to look at: a few assets, and everything that a reader can find out about them."""

from __future__ import annotations

import json
from dataclasses import replace

from lakewarden.store.vault.manifest import Collection, Entry, Run, Status, canonical
from lakewarden.store.vault.opened import opened
from lakewarden.store.vault.signing import PublicKey, Signer
from lakewarden.store.vault.verify import verified

HOST = "https://one.cloud.databricks.com"
RUN = Run(
    "20261127T010203Z-a1b2c3", HOST, "1", "test", "2026-11-27T01:02:03Z", "2026-11-27T02:00:00Z"
)


def assets(count=6, text="print({})"):
    """A policy, and notebooks of which each refers to it."""
    acl = [{"group_name": "users", "permission_level": "CAN_READ"}]
    policy = {"policy": {"$asset": "policy", "key": "small"}, "path": "/a"}
    yield "policy", "small", {"definition": "{}"}, acl, None
    for number in range(count):
        spec = {**policy, "language": "PYTHON"}
        yield "notebook", f"/Users/a@b.c/n {number}", spec, acl, text.format(number).encode()


def put(vault, things):
    """Keep things, and return their entries."""
    entries = []
    for kind, key, spec, acl, content in things:
        digests = [vault.put(canonical(part)) for part in (spec, acl)]
        body = None if content is None else vault.put(content)
        entries.append(Entry(kind, key, *digests, body, {"id": f"{kind}{key}"}))
    return sorted(entries, key=lambda entry: entry.order)


def listed(entries):
    """Return complete collections of entries."""
    kinds = [entry.kind for entry in entries]
    return {kind: Collection(Status.COMPLETE, kinds.count(kind)) for kind in sorted(set(kinds))}


def backed_up(url, spool, things=None, run=RUN, **options):
    """Make a run, and return it."""
    with opened(str(url), spool=spool, create=True, **options) as vault:
        entries = put(vault, assets() if things is None else things)
        run = replace(run, collections=listed(entries))
        return vault.seal(run, entries, Signer.of_this_machine())


def problems(url, key=None, **options):
    """Return what verifying all runs says, those that cannot be read among it."""
    with opened(str(url), **options) as vault:
        found = [str(error) for error in vault.damaged()]
        key = key or PublicKey.of_this_machine()
        return found + [str(problem) for problem in verified(vault, vault.runs(), key)]


def contents(url, run_id=RUN.id, **options):
    """Return all that a run has, by kind and key."""
    with opened(str(url), **options) as vault:
        return {
            entry.order: tuple(_value(part, vault.get(digest)) for part, digest in entry.blobs())
            for entry in vault.entries(run_id)
        }


def _value(part, data):
    return json.loads(data) if part in {"spec", "acl"} else data
