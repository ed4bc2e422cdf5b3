"""When personal access tokens and OAuth secrets began, and when they end."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from lakewarden.clock import from_millis, parse_time
from lakewarden.estate.access import Token
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.machines import PRINCIPAL_SECRETS, OAuthSecret

NEVER: Final = -1
"""The expiry of a token that never expires."""
ACTIVE: Final = "ACTIVE"
"""The status of a secret that signs in."""
_INACTIVE: Final = "INACTIVE"


def end_of(token: Token) -> datetime | None:
    """Return when a token ends, None for never.

    Raises:
        UnreadError: that is not known.
    """
    return None if token.expiry.get() == NEVER else token.expiry.parsed(from_millis)


def is_over(token: Token, now: datetime) -> bool:
    """Return whether a token has ended.

    Raises:
        UnreadError: its end is not known, or lies before its beginning.
    """
    end = end_of(token)
    if end is None or end > now:
        return False
    if token.created.gap is None and end < token.created.parsed(from_millis):
        raise UnreadError(token.expiry.odd(ValueError("the token ends before it began")))
    return True


def birth_of(secret: OAuthSecret) -> datetime:
    """Return when a secret was made.

    Raises:
        UnreadError: what it says of that is no time.
    """
    return _time(secret, "create_time", secret.create_time)


def expiry_of(secret: OAuthSecret) -> datetime | None:
    """Return when a secret ends, None for never.

    Raises:
        UnreadError: what it says of that is no time.
    """
    return _time(secret, "expire_time", secret.expire_time) if secret.expire_time else None


def signs_in(secret: OAuthSecret, now: datetime) -> bool:
    """Return whether a secret is active and has not ended.

    Raises:
        UnreadError: its end is no time or lies before its beginning, or its status is unheard of.
    """
    end = expiry_of(secret)
    if secret.status == _INACTIVE:
        return False
    if end is not None and end <= now:
        if end < birth_of(secret):
            raise UnreadError(_odd(secret, "it ends before it began"))
        return False
    if secret.status != ACTIVE:
        raise UnreadError(_odd(secret, f"nobody knows the status {secret.status!r}"))
    return True


def shown(moment: datetime) -> str:
    """Return a moment as ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _time(secret: OAuthSecret, field: str, text: str) -> datetime:
    try:
        return parse_time(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # the last hours of the year 9999 may overflow
        raise UnreadError(_odd(secret, f"{field}: {error}")) from None


def _odd(secret: OAuthSecret, detail: str) -> Gap:
    return Gap(Cause.MALFORMED, PRINCIPAL_SECRETS.source, f"secret {secret.id}: {detail}", "")
