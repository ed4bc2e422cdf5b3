"""What IP access lists held: rows of the view `ip_lists`, from snapshots.

Events about lists say who changed which, and not what was in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lakewarden.clock import parse_time
from lakewarden.estate.access import ACCOUNT_IP_LISTS, IP_LISTS, IpAccessList
from lakewarden.estate.fact import Fact
from lakewarden.estate.snapshot import Snapshot

_KINDS: Final = {kind.name: kind for kind in (ACCOUNT_IP_LISTS, IP_LISTS)}


def rows_of(snapshots: Iterable[Snapshot]) -> Iterator[Mapping[str, Any]]:
    """Yield a row for each list of each snapshot; what could not be read is null."""
    for snapshot in snapshots:
        taken = int(parse_time(snapshot.meta.taken).timestamp() * 1000)
        for header in snapshot.headers():
            kind = _KINDS.get(header.kind)
            if kind is None:
                continue
            workspace = header.scope.removeprefix("workspace/")
            for each in snapshot.collection(kind, header.scope).seen():
                yield {
                    "account_id": snapshot.meta.account_id,
                    "workspace_id": "0" if workspace == header.scope else workspace,
                    "taken": taken,
                    **_row(each),
                }


def digest_of(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return what tells some lists from others."""
    return hashlib.sha256(json.dumps(list(rows), sort_keys=True).encode()).hexdigest()[:16]


def _row(each: IpAccessList) -> Mapping[str, Any]:
    addresses = _known(each.addresses)
    return {
        "list_id": each.id,
        "label": _known(each.label),
        "kind": _known(each.type),
        "enabled": _known(each.enabled),
        "addresses": None if addresses is None else json.dumps(list(addresses)),
    }


def _known(fact: Fact[Any]) -> Any:
    return None if fact.gap is not None else fact.get()
