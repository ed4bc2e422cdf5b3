"""Where the init scripts of a cluster lie, of one that exists and of one that a job will make."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.addresses import in_dbfs, in_shared
from lakewarden.controls.kit.condition import (
    Judgement,
    NotApplicable,
    all_of,
    holds,
    observe,
    unknown,
)
from lakewarden.estate.compute import ClusterSpec
from lakewarden.estate.fact import Cause, Gap
from lakewarden.ledger.finding import Evidence

VOLUME: Final = {"volumes": {"destination": "/Volumes/main/platform/init/setup.sh"}}
DBFS: Final = {"dbfs": {"destination": "dbfs:/init/setup.sh"}}
"""A right place and a wrong one, for examples."""


def off_dbfs(spec: ClusterSpec) -> Judgement:
    """Require that no init script is a file in DBFS, where every user can replace it.

    In the workspace folder Shared everybody can as well, unless somebody took that right away.
    """
    scripts = spec.init_scripts
    places = [place for entry in scripts.get() for place in _places(entry)]
    if not places:
        return NotApplicable("it has no init script")
    open_to_all = [place for place in places if in_dbfs(place)]
    shared = [place for place in places if in_shared(place)]
    detail = f"who may change {', '.join(shared)}: by default every user may"
    gap = Gap(Cause.NOT_READ, scripts.source, detail, "")
    expected = "a volume, a workspace file or a bucket"
    return all_of(
        observe(
            not open_to_all,
            Evidence(scripts.source, scripts.field, places, expected),
            otherwise=f"every user can replace {', '.join(open_to_all)}, which runs as root",
        ),
        unknown(gap, field=scripts.field, expected=expected) if shared else holds(),
    )


def _places(entry: Mapping[str, Any]) -> Iterable[str]:
    """Return where a script lies; what is called dbfs lies in DBFS, however it is written."""
    for store, where in entry.items():
        place = str(where.get("destination", "")) if isinstance(where, Mapping) else str(where)
        path = place.removeprefix("file:")
        yield path if store != "dbfs" or path.startswith("dbfs:") else f"dbfs:{path}"
