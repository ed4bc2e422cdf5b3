from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from lakewarden.estate.access import TOKENS, Token
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.machines import OAuthSecret
from lakewarden.estate.record import read
from lakewarden.semantics.tokens import birth_of, end_of, expiry_of, is_over, shown, signs_in

NOW = datetime(2026, 1, 1, tzinfo=UTC)
MILLIS = int(NOW.timestamp() * 1000)


def token(**fields):
    return read(Token, {"token_id": "t", **fields}, source=TOKENS.source)


def secret(status="ACTIVE", expires="", created="2025-12-01T00:00:00Z"):
    return OAuthSecret("s", status, created, expires)


def test_a_token_without_an_end_is_never_over():
    assert end_of(token(expiry_time=-1)) is None
    assert not is_over(token(expiry_time=-1), NOW)


@pytest.mark.parametrize(("expiry", "over"), [(MILLIS + 1, False), (MILLIS, True), (0, True)])
def test_a_token_is_over_from_its_end_on(expiry, over):
    assert is_over(token(expiry_time=expiry), NOW) is over


@pytest.mark.parametrize("fields", [{}, {"expiry_time": "soon"}, {"expiry_time": 10**30}])
def test_an_end_that_is_not_known_is_not_guessed(fields):
    with pytest.raises(UnreadError):
        is_over(token(**fields), NOW)


def test_a_secret_without_an_end_signs_in():
    assert expiry_of(secret()) is None
    assert signs_in(secret(), NOW)


@pytest.mark.parametrize(
    ("status", "expires", "signs"),
    [
        ("ACTIVE", "2026-01-01T00:00:01Z", True),
        ("ACTIVE", "2026-01-01T00:00:00Z", False),
        ("INACTIVE", "2026-02-01T00:00:00Z", False),
        ("EXPIRED", "2026-01-01T00:00:00Z", False),
    ],
)
def test_a_secret_signs_in_while_it_is_active_and_has_not_ended(status, expires, signs):
    assert signs_in(secret(status, expires), NOW) is signs


@pytest.mark.parametrize(
    ("status", "expires"), [("active", ""), ("EXPIRING", ""), ("ACTIVE", "0001-01-01T00:00:00Z")]
)
def test_a_secret_that_makes_no_sense_may_sign_in(status, expires):
    with pytest.raises(UnreadError, match="secret s: "):
        signs_in(secret(status, expires), NOW)


def test_a_token_that_ends_before_it_began_is_not_over():
    with pytest.raises(UnreadError, match="before it began"):
        is_over(token(expiry_time=0, creation_time=1), NOW)


def test_a_time_of_a_secret_that_is_none_names_the_secret():
    with pytest.raises(UnreadError, match="secret s: expire_time"):
        expiry_of(secret(expires="one day"))
    for born in ("", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(UnreadError, match="create_time"):
            birth_of(secret(created=born))


def test_a_moment_is_shown_in_utc():
    east = timezone(timedelta(hours=2))
    assert shown(datetime(2026, 1, 1, 1, 30, tzinfo=east)) == "2025-12-31T23:30:00+00:00"
