"""What code runs on clusters: global init scripts, and allow lists of artifacts."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.fields import changed, chosen
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_SCRIPT: Final = "/api/2.0/global-init-scripts/{}"
_ALLOWED: Final = "/api/2.1/unity-catalog/artifact-allowlists/{}"
_MATCHERS: Final = "artifact_matchers"


class GlobalInitScript(Hand):
    """One global init script; the key of the target is its id. Its text is never kept, nor sent."""

    kind = "global_init_script"
    calls = (
        "GET /api/2.0/global-init-scripts/{script_id}",
        "PATCH /api/2.0/global-init-scripts/{script_id}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the script without its text; None when it is gone."""
        answer = maybe(doors.databricks(target.scope), _SCRIPT.format(target.key))
        if answer is None:
            return None
        return {name: value for name, value in answer.items() if name != "script"}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Write the fields that differ."""
        body = chosen(wanted, changed(found, wanted))
        doors.databricks(target.scope).send("PATCH", _SCRIPT.format(target.key), body)


class ArtifactAllowList(Hand):
    """What clusters in standard access mode may load; the key of the target is `LIBRARY_JAR`.

    The metastore holds the list, and each workspace of it shows the same one.
    """

    kind = "artifact_allowlist"
    calls = (
        "GET /api/2.1/unity-catalog/artifact-allowlists/{artifact_type}",
        "PUT /api/2.1/unity-catalog/artifact-allowlists/{artifact_type}",
    )

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the list."""
        found: Json | None = maybe(doors.databricks(target.scope), _ALLOWED.format(target.key))
        return found

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:  # noqa: ARG002  # it has no etag
        """Replace the list."""
        body = {_MATCHERS: wanted.get(_MATCHERS) or []}
        doors.databricks(target.scope).send("PUT", _ALLOWED.format(target.key), body)

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:
        """Return whether two lists let the same through; their order means nothing."""
        if place == f"/{_MATCHERS}":
            return _let_through(found) == _let_through(wanted)
        return super().same(target, place, found, wanted)


def _let_through(matchers: Any) -> set[tuple[tuple[str, Any], ...]]:
    return {tuple(sorted(matcher.items())) for matcher in matchers or ()}


HANDS = (GlobalInitScript(), ArtifactAllowList())
