"""Where the init scripts of a cluster lie, of one that exists and of one that a job will make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, observe
from lakewarden.estate.compute import ClusterSpec
from lakewarden.ledger.finding import Evidence

VOLUME: Final = {"volumes": {"destination": "/Volumes/main/platform/init/setup.sh"}}
DBFS: Final = {"dbfs": {"destination": "dbfs:/init/setup.sh"}}
"""A right place and a wrong one, for examples."""


def off_dbfs(spec: ClusterSpec) -> Judgement:
    """Require that no init script is a file in DBFS, where every user can replace it."""
    scripts = spec.init_scripts
    places = [place for entry in scripts.get() for place in _places(entry)]
    if not places:
        return NotApplicable("it has no init script")
    open_to_all = [place for place in places if place.startswith(("dbfs:", "/dbfs/"))]
    return observe(
        not open_to_all,
        Evidence(scripts.source, scripts.field, places, "a volume, a workspace file or a bucket"),
        otherwise=f"every user can replace {', '.join(open_to_all)}, which runs as root",
    )


def _places(entry: Mapping[str, Any]) -> Iterable[str]:
    """Return where a script lies; what is called dbfs lies in DBFS, however it is written."""
    for store, where in entry.items():
        place = str(where.get("destination", "")) if isinstance(where, Mapping) else str(where)
        path = place.removeprefix("file:")
        yield path if store != "dbfs" or path.startswith("dbfs:") else f"dbfs:{path}"
