"""Where the addresses are that a rule looks at: put beside the events, for its query to join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from lakewarden.watch.compiler import Scope, addresses, needs_places
from lakewarden.watch.engine import Engine
from lakewarden.watch.fields import Setting
from lakewarden.watch.rule import Rule


class Atlas(Protocol):
    """Says where addresses are."""

    def places(self, addresses: Iterable[str]) -> Sequence[Mapping[str, Any]]:
        """Return a row of the view `places` for each address whose place is known."""


def put_places(
    engine: Engine, rule: Rule, setting: Setting, scope: Scope | None, atlas: Atlas | None
) -> None:
    """Make the view `places` of the public addresses that a rule looks at, where it needs them."""
    if atlas is None or not needs_places(rule, setting):
        return
    rows = engine.rows(addresses(rule, setting, scope))
    engine.put("places", atlas.places(row[0] for row in rows))
