"""Settings without secrets: what several controls ask of values that were withheld."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from lakewarden.controls.kit.condition import Condition, observe
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.subjects import in_workspaces
from lakewarden.estate.fact import Fact
from lakewarden.estate.secrets import (
    INIT_SCRIPTS,
    JOB_SETTINGS,
    PIPELINE_SETTINGS,
    SCOPE_SECRETS,
)
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.secret_shapes import disclosed

_SHOWN: Final = 5

JOB: Final = in_workspaces("job", JOB_SETTINGS, lambda job: job.name)
"""Jobs by what their settings look like."""
PIPELINE: Final = in_workspaces("pipeline", PIPELINE_SETTINGS, lambda pipeline: pipeline.name)
"""Pipelines by what their settings look like."""
INIT_SCRIPT: Final = in_workspaces("init script", INIT_SCRIPTS, lambda script: script.name)
"""Global init scripts by what their lines look like."""
SECRETS: Final = in_workspaces("secret scope", SCOPE_SECRETS, None)
"""Secret scopes by the ages of their secrets."""


def no_secret(settings: Fact[Mapping[str, str]]) -> Condition:
    """Require that no setting looks like a credential.

    Raises:
        UnreadError: the settings were not read.
    """
    held = {place: disclosed(kept) for place, kept in settings.get().items()}
    found = [f"{place} holds {shape}" for place, shape in held.items() if shape]
    more = f", and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    expected = "no credential in the clear"
    evidence = Evidence(settings.source, settings.field, sorted(found), expected)
    return observe(not found, evidence, otherwise=", ".join(found[:_SHOWN]) + more)


def moved_to_scope(where: str, api: str, terraform: str, breaks: str) -> Fix:
    """Return the fix of a secret in the clear: replace it, then refer to it.

    Args:
        where: whose settings it stands in, `the cluster`.
        api: the call that changes the settings.
        terraform: the resource and arguments that do.
        breaks: what stops working meanwhile.
    """
    return Fix(
        f"Treat the credential as stolen: revoke it where it belongs, put a new one into a secret "
        f"scope, and let {where} refer to it as {{{{secrets/scope/key}}}}.",
        console=f"Edit {where} and write {{{{secrets/scope/key}}}} in the place of the value; "
        "versions and run histories keep the old one, so revoking it comes first.",
        api='POST /api/2.0/secrets/put {"scope": "...", "key": "...", "string_value": "..."}, '
        f"then {api}",
        terraform=f"databricks_secret for the new value, and {terraform}",
        breaks=breaks,
        no_api="The credential must be revoked where it belongs before anything else, and no "
        "secret ever passes through a plan.",
    )
