"""`Policy`: the typed content of `lakewarden.toml`, with the defaults of each posture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum


class Posture(StrEnum):
    """Which of the paper's two lists is asked for."""

    STANDARD = "standard"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Limits:
    """Thresholds. Ages and lifetimes are in days.

    Attributes:
        token_days: the longest life of a personal access token.
        account_admins: the most account admins; at least two are always wanted.
        scim_percent: the least share of users that come from the identity provider.
        delivery_hours: the greatest age of the last delivery of the audit log or of a trail.
        autotermination_minutes: the longest idle time that a policy may allow.
        support_hours: the longest a support access window may still be open.
        evidence_days: how far back recorded logins count.
    """

    token_days: int = 90
    account_admins: int = 4
    scim_percent: int = 95
    delivery_hours: int = 24
    autotermination_minutes: int = 120
    support_hours: int = 48
    evidence_days: int = 30


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failure that is accepted until a date.

    Attributes:
        control: the control.
        subject: the subject's id, or `*`.
        reason: why.
        owner: who answers for it.
        expires: the last day on which it counts.
    """

    control: str
    subject: str
    reason: str
    owner: str
    expires: date


@dataclass(frozen=True, slots=True)
class Attestation:
    """A statement about something that no API shows.

    Attributes:
        control: the control that it answers.
        by: who states it.
        evidence: where the proof lies.
        expires: the last day on which it counts.
    """

    control: str
    by: str
    evidence: str
    expires: date


@dataclass(frozen=True, slots=True)
class Policy:
    """What the organisation wants.

    Attributes:
        posture: the list of the paper that is asked for.
        limits: thresholds.
        token_principals: who may use personal access tokens.
        break_glass: users and groups that keep access in an emergency.
        sso_methods: login methods that count as single sign-on.
        git_hosts: URL prefixes that code may come from.
        waivers: accepted failures.
        attestations: statements about what no API shows.
        workspace_urls: where to reach workspaces, by id, when not at their standard address.
        trust_empty_answers: take an answer without its list for an empty list.
        source: the file that this came from, empty for the defaults.
    """

    posture: Posture = Posture.STANDARD
    limits: Limits = field(default_factory=Limits)
    token_principals: tuple[str, ...] = ()
    break_glass: tuple[str, ...] = ()
    sso_methods: tuple[str, ...] = ("BROWSER_BYO_IDP_SAML",)
    git_hosts: tuple[str, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    workspace_urls: Mapping[str, str] = field(default_factory=dict)
    trust_empty_answers: bool = False
    source: str = ""

    def loosened(self) -> tuple[str, ...]:
        """Return every threshold that is looser than the default, in words."""
        default = Limits()
        notes = []
        for name in Limits.__slots__:
            mine, usual = getattr(self.limits, name), getattr(default, name)
            looser = mine < usual if name in _AT_LEAST else mine > usual
            if looser:
                notes.append(f"{name} = {mine} (default {usual})")
        return tuple(notes)


_AT_LEAST = frozenset({"scim_percent", "evidence_days"})
