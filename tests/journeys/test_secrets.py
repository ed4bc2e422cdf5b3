"""The world `neglected` keeps secrets in the clear; none may reach what we write."""

from __future__ import annotations

import gzip
import re

import pytest

PLANTED = re.compile(rb"AKIA[0-9A-Z]{16}|dapi[0-9a-f]{32}|EXAMPLEKEY")


def test_no_secret_in_a_snapshot(run, world, bare):
    served = world("neglected")
    run("collect", "--out", bare / "snap", world=served)
    blobs = [gzip.decompress(p.read_bytes()) for p in (bare / "snap").rglob("*.gz")]
    assert len(blobs) > 30
    assert not [found for blob in blobs for found in PLANTED.findall(blob)]
    token = served.environment["DATABRICKS_TOKEN"].encode()
    assert not any(token in blob for blob in blobs)


@pytest.mark.parametrize("style", ["json", "html", "table"])
def test_no_secret_in_a_report(run, world, style):
    served = world("neglected")
    result = run("assess", "--posture", "high", "--format", style, world=served)
    printed = (result.out + result.err).encode()
    assert b"ng-shared" in printed
    assert not PLANTED.findall(printed)
    assert served.environment["DATABRICKS_TOKEN"].encode() not in printed
