"""Declarative pipelines: `/api/2.0/pipelines/{id}`, replaced as a whole."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.apply.asking import maybe
from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.plan.change import Target

_PATH: Final = "/api/2.0/pipelines/{}"
_DEFAULT: Final = "default"
"""The label of a cluster that names none."""


class Pipeline(Hand):
    """One pipeline; the key of the target is its id.

    Its document is the answer of the API, each cluster with its label. The service refuses the
    write when somebody changed the pipeline after it was read.
    """

    kind = "pipeline"
    calls = ("GET /api/2.0/pipelines/{pipeline_id}", "PUT /api/2.0/pipelines/{pipeline_id}")

    def read(self, doors: Doors, target: Target) -> Json | None:
        """Return the pipeline; None when it is gone."""
        answer: Json | None = maybe(doors.databricks(target.scope), _PATH.format(target.key))
        if answer is None or not (answer.get("spec") or {}).get("clusters"):
            return answer
        spec: dict[str, Any] = dict(answer["spec"])
        spec["clusters"] = [{"label": _DEFAULT, **cluster} for cluster in spec["clusters"]]
        return {**answer, "spec": spec}

    def update(self, doors: Doors, target: Target, found: Json, wanted: Json) -> None:
        """Replace its specification; whom it runs as stays."""
        body = {**wanted["spec"], "id": target.key}
        if found.get("run_as"):
            body["run_as"] = found["run_as"]
        if found.get("last_modified"):
            body["expected_last_modified"] = found["last_modified"]
        doors.databricks(target.scope).send("PUT", _PATH.format(target.key), body)


HANDS = (Pipeline(),)
