"""What lies in a location is asked of every workspace of its metastore."""

from __future__ import annotations

from dataclasses import replace

from controls.kit import judged
from lakewarden.controls.storage.locations_isolated import CONTROL
from lakewarden.estate.given import given
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Verdict


def test_a_catalog_that_another_workspace_shows_counts():
    rows = [{"workspace_id": 1}, {"workspace_id": 2}]
    catalog = {"name": "pay", "isolation_mode": "ISOLATED", "storage_root": "s3://b/lake/pay"}
    location = {"name": "lake", "url": "s3://b/lake", "isolation_mode": "ISOLATION_MODE_OPEN"}
    here, there = (
        given(
            workspaces=rows,
            metastore_assignments=[{"workspace_id": number, "metastore_id": "m1"}],
            catalogs=catalogs,
            external_locations=[location],
        )
        for number, catalogs in ((1, []), (2, [catalog]))
    )
    moved = {
        (kind, "workspace/2"): (replace(header, scope="workspace/2"), found)
        for (kind, scope), (header, found) in there._collections.items()
        if scope == "workspace/1"
    }
    estate = MemorySnapshot(here.meta, {**here._collections, **moved})
    (finding,) = judged(estate, CONTROL)
    assert finding.verdict is Verdict.FAIL
    assert "pay" in finding.reason
