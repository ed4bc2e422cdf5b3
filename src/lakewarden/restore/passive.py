"""Assets held back: in a standby nothing starts by itself."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from lakewarden.assets import places
from lakewarden.assets.kind import Kind

Json = Mapping[str, Any]
_UNPAUSED = "UNPAUSED"


def held_back(kind: Kind, spec: Json) -> dict[str, Any]:
    """Return a definition in which everything that would start the asset is paused."""
    made: dict[str, Any] = copy.deepcopy(dict(spec))
    for pause in kind.pauses:
        above, _, name = pause.place.rpartition(".")
        for holder in places.values(made, above) if above else (made,):
            if isinstance(holder, dict) and (pause.paused == "PAUSED" or name in holder):
                holder[name] = pause.paused
    return made


def starts_itself(kind: Kind, spec: Json) -> bool:
    """Return whether anything starts an asset: where nothing is said, it is not paused."""
    return any(
        holder.get(name, _UNPAUSED if pause.paused == "PAUSED" else pause.paused) != pause.paused
        for pause in kind.pauses
        for above, _, name in (pause.place.rpartition("."),)
        for holder in (places.values(spec, above) if above else (spec,))
        if isinstance(holder, Mapping)
    )
