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
        recipient_token_days: the longest life of a token that opens a share.
        token_idle_days: the longest that a personal access token may go unused.
        token_notice_days: how long before its end a personal access token must be replaced.
        secret_days: the greatest age of an OAuth secret, and of a secret in a scope.
        secret_life_days: the longest life that an OAuth secret may be given.
        oauth_access_minutes: the longest life of an OAuth app's access tokens.
        oauth_refresh_minutes: the longest life of an OAuth app's refresh tokens.
        account_admins: the most account admins; at least two are always wanted.
        workspace_admins: the most admins of one workspace; there is always one.
        break_glass_accounts: the most people that keep access in an emergency.
        scim_sync_days: the longest that the identity provider may have changed nothing.
        scim_percent: the least share of users and groups that come from the identity provider.
        cluster_days: the longest that a cluster may run without a restart.
        retention_days: the least time that the audit log is kept.
        vcpus: the most virtual processors of ordinary machines that a quota may allow.
        gpu_vcpus: the same for machines with graphics processors.
        quota_percent: the greatest share of a quota that may have been in use at once.
        delivery_hours: the greatest age of the last delivery of the audit log or of a trail.
        autotermination_minutes: the longest idle time that a cluster may be allowed.
        warehouse_idle_minutes: the longest idle time that a SQL warehouse may be allowed.
        clusters_per_user: the most clusters that a policy may let one user have at a time.
        support_hours: the longest a support access window may still be open.
        rpo_minutes: the most that may be lost when another region takes over, in minutes.
        evidence_days: how far back recorded events count.
    """

    token_days: int = 90
    recipient_token_days: int = 90
    token_idle_days: int = 90
    token_notice_days: int = 7
    secret_days: int = 365
    secret_life_days: int = 730
    oauth_access_minutes: int = 60
    oauth_refresh_minutes: int = 10_080
    account_admins: int = 4
    workspace_admins: int = 4
    break_glass_accounts: int = 4
    scim_sync_days: int = 7
    scim_percent: int = 95
    cluster_days: int = 24
    retention_days: int = 365
    vcpus: int = 1024
    gpu_vcpus: int = 0
    quota_percent: int = 80
    delivery_hours: int = 24
    autotermination_minutes: int = 120
    warehouse_idle_minutes: int = 60
    clusters_per_user: int = 20
    support_hours: int = 48
    rpo_minutes: int = 60
    evidence_days: int = 30


AT_LEAST: Final = frozenset(
    {"evidence_days", "retention_days", "scim_percent", "token_notice_days"}
)
"""Limits that are looser the smaller they are; all others are looser the greater they are."""

DEFAULTS: Final[Mapping[Posture, Limits]] = {
    Posture.STANDARD: Limits(),
    Posture.HIGH: replace(
        Limits(),
        token_idle_days=30,
        secret_life_days=365,
        oauth_refresh_minutes=1440,
        autotermination_minutes=120,
    ),
}
"""What each posture judges by where the policy file says nothing."""


def looser(name: str, mine: int, usual: int) -> bool:
    """Return whether a limit asks for less than the usual one."""
    return mine < usual if name in AT_LEAST else mine > usual
