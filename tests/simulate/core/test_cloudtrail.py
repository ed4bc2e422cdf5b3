from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lakewarden.simulate.cloudtrail import Trail
from lakewarden.simulate.launches import launched
from lakewarden.simulate.world import SeedError
from simulate.core.kit import Lab


def _record(time: str, region: str = "us-east-1", **more: Any) -> dict[str, Any]:
    return {"eventTime": time, "awsRegion": region, "recipientAccountId": "1"} | more


def _read(folder: Path) -> dict[str, list[dict[str, Any]]]:
    return {
        str(path.relative_to(folder)): json.loads(gzip.decompress(path.read_bytes()))["Records"]
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_a_file_holds_what_one_region_recorded_in_one_day(tmp_path: Path) -> None:
    trail = Trail(tmp_path, most=2)
    trail.write(_record("2026-01-31T23:59:58Z", number=1))
    trail.write(_record("2026-02-01T00:00:01Z", number=2))
    trail.write(_record("2026-01-31T23:59:59Z", "eu-west-1", number=3))
    assert _read(tmp_path) == {}
    trail.write(_record("2026-01-31T23:59:59Z", number=4))
    (first,) = _read(tmp_path)
    assert first.startswith(
        "AWSLogs/1/CloudTrail/us-east-1/2026/01/31/1_CloudTrail_us-east-1_20260131T2359Z_"
    )
    trail.deliver()
    trail.deliver()
    found = _read(tmp_path)
    assert [[record["number"] for record in records] for records in found.values()] == [
        [3],
        [1, 4],
        [2],
    ]
    assert all(name.endswith(".json.gz") for name in found)


def test_without_a_folder_nothing_is_kept() -> None:
    trail = Trail(None)
    trail.write(_record("2026-01-31T23:59:58Z"))
    trail.deliver()
    assert not trail.delivers


def test_instances_come_up_for_clusters_and_for_none(
    own: Callable[..., Lab], tmp_path: Path
) -> None:
    lab = own("under-attack", cloudtrail_dir=tmp_path)
    lab.simulation.close()
    records = [record for file in _read(tmp_path).values() for record in file]
    roles = {r["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"] for r in records}
    assert roles == {"arn:aws:iam::123456789012:role/ty-cross-account-analytics"}
    launches = Counter(
        (_tags(record)["ClusterId"], len(record["responseElements"]["instancesSet"]["items"]))
        for record in records
    )
    clusters = lab.simulation.account.workspaces[2001].table("clusters").values()
    ids = {body["cluster_name"]: body["cluster_id"] for body in clusters}
    assert launches == {
        (ids["analysts-shared"], 2): 2,
        (ids["tmp"], 41): 1,
        ("0101-000000-nobodys0", 4): 1,
    }
    instances = [
        instance["instanceId"]
        for record in records
        for instance in record["responseElements"]["instancesSet"]["items"]
    ]
    assert len(set(instances)) == 49


def _tags(record: dict[str, Any]) -> dict[str, str]:
    (of_instances,) = record["requestParameters"]["tagSpecificationSet"]["items"]
    return {tag["key"]: tag["value"] for tag in of_instances["tags"]}


def test_no_instances_come_up_for_a_cluster_that_is_not_there(shared: Callable[[str], Lab]) -> None:
    workspace = shared("typical").simulation.account.workspaces[2001]
    action = {"launch": {"cluster": "none"}, "from": "198.51.100.240"}
    with pytest.raises(SeedError, match="no cluster 'none'"):
        launched(workspace, action, 0)
