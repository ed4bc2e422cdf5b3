"""`Limits`: the thresholds that controls judge by, with the defaults of each posture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final


class Posture(StrEnum):
    """Which of the paper's two lists is asked for."""

    STANDARD = "standard"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds. Ages and lifetimes are in days unless their name says otherwise.

    Attributes:
        token_days: the longest life of a personal access token.
        account_admins: the most account admins; at least two are always wanted.
        workspace_admins: the most admins of one workspace; there is always one.
        scim_percent: the least share of users and groups that come from the identity provider.
        delivery_hours: the greatest age of the last delivery of the audit log or of a trail.
        autotermination_minutes: the longest idle time that a cluster may be allowed.
        support_hours: the longest a support access window may still be open.
        rpo_minutes: the most that may be lost when another region takes over, in minutes.
        evidence_days: how far back recorded events count.
    """

    token_days: int = 90
    account_admins: int = 4
    workspace_admins: int = 4
    scim_percent: int = 95
    delivery_hours: int = 24
    autotermination_minutes: int = 120
    support_hours: int = 48
    rpo_minutes: int = 60
    evidence_days: int = 30


AT_LEAST: Final = frozenset({"scim_percent", "evidence_days"})
"""Limits that are looser the smaller they are; all others are looser the greater they are."""

DEFAULTS: Final[Mapping[Posture, Limits]] = {
    Posture.STANDARD: Limits(),
    Posture.HIGH: replace(Limits(), autotermination_minutes=120),
}
"""What each posture judges by where the policy file says nothing."""


def looser(name: str, mine: int, usual: int) -> bool:
    """Return whether a limit asks for less than the usual one."""
    return mine < usual if name in AT_LEAST else mine > usual
