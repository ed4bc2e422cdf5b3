from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.clients.failure import CallFailedError, scrub
from lakewarden.estate.fact import Cause

SECRETS = [
    "dapi0123456789abcdef0123456789abcdef",
    "dapi0123456789abcdef0123456789abcdef-3",
    "dose0123456789abcdef0123456789abcdef",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "Bearer abcdef.123",
    "bearer abcdef.123",
    "Authorization: Basic dXNlcjpwYXNz",
    "Bearer\n  abcdef.123",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_",
    "client_secret=hunter2hunter2",
    '"client_secret": "hunter2hunter2"',
    "'password': 'hunter2hunter2'",
    "token=hunter2hunter2",
    "X-Amz-Signature=hunter2hunter2",
]
WHOLE = ("abcdef.123", "hunter2", "dXNlcjpwYXNz", "eyJ", "c2ln", "0123456789", "IOSFODNN")


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_survives(secret):
    found = scrub(f"refused for {secret}, try again")
    assert "[secret]" in found
    assert not any(part in found for part in WHOLE)
    assert found.startswith("refused for ")


@given(st.text(max_size=60), st.sampled_from(SECRETS[:5]), st.text(max_size=300))
def test_no_secret_survives_anywhere(before, secret, after):
    found = CallFailedError(Cause.FORBIDDEN, f"{before}{secret}{after}")
    for text in (str(found), repr(found), found.detail):
        assert not any(part in text.replace(before, "") for part in ("0123456789abc", "IOSFODNN7"))


@given(st.text(max_size=1000))
def test_a_detail_is_one_short_line(text):
    found = scrub(text)
    assert len(found) <= 240
    assert found.splitlines() in ([], [found])
    assert scrub(found) == found


@pytest.mark.parametrize(
    "text",
    [
        "User: arn:aws:iam::123456789012:user/x is not authorized to perform: s3:GetBucketPolicy",
        'Invalid keys: ["enableTokensConfig","maxTokenLifetimeDays"]',
        "no next_page_token in the answer",
        "Token management is disabled, and so is basic authentication",
    ],
)
def test_plain_words_are_left_alone(text):
    assert scrub(text) == text


def test_the_failure_names_its_cause():
    found = CallFailedError(Cause.TIMEOUT, "no answer in time", code="X")
    assert str(found) == "timed out: no answer in time"
    assert (found.code, found.etag) == ("X", "")
