"""Which workspaces and catalogs are for sensitive data, as the policy file says."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from lakewarden.controls.kit.condition import Condition, unknown
from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import Workspace
from lakewarden.estate.fact import Cause, Gap

UNLABELLED: Final = Gap(
    Cause.UNSET, "lakewarden.toml", "data.sensitive_tags names no tags that a workspace has", ""
)


def unlabelled() -> Condition:
    """State that nobody said which workspaces are sensitive."""
    return unknown(UNLABELLED, field="data.sensitive_tags", expected="a custom tag of workspaces")


def is_sensitive(workspace: Workspace, at: Context) -> bool:
    """Return whether a workspace carries all tags of sensitive ones.

    Raises:
        UnreadError: its tags were not read.
    """
    tags = workspace.tags.get()
    return all(tags.get(key) == value for key, value in at.policy.sensitive_tags.items())


def holds_sensitive(catalog: str, at: Context) -> bool:
    """Return whether a catalog is one of the sensitive ones; all are where none is named.

    Names of catalogs have no case.
    """
    named = at.policy.sensitive_catalogs
    return not named or any(fnmatchcase(catalog.lower(), pattern.lower()) for pattern in named)
