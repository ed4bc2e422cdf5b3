"""Subjects of the directory: groups of workspaces, and whose tokens the account trusts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.controls.kit.subjects import Absence, Subject, SubjectKind, in_workspaces
from lakewarden.estate.estate import Estate
from lakewarden.estate.people import (
    FEDERATION_POLICIES,
    WORKSPACE_GROUPS,
    FederationPolicy,
    WorkspaceGroup,
)
from lakewarden.ledger.finding import SubjectRef

_POLICY: Final = "federation policy"


def _policies(estate: Estate) -> Iterator[Subject[FederationPolicy] | Absence]:
    policies = estate.of(FEDERATION_POLICIES)
    for policy in policies.seen():
        yield Subject(SubjectRef(_POLICY, policy.id, policy.id), policy)
    if policies.gap is not None:
        yield Absence(SubjectRef(_POLICY, "*", f"every {_POLICY}"), policies.gap)


GROUP: Final[SubjectKind[WorkspaceGroup]] = in_workspaces(
    "group", WORKSPACE_GROUPS, lambda group: group.name
)
"""The groups that a workspace shows, its own and those of the account that may enter."""
FEDERATION_POLICY: Final = SubjectKind(_POLICY, _policies)
