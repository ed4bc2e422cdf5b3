"""Collecting one busy workspace at 50 ms latency, beside the SDK asked one call after the other.

450 jobs with their access lists, 300 clusters and 10 secret scopes with theirs. Both sides make the
same calls against the same simulated workspace; requests are counted by its log.
"""

from __future__ import annotations

import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from benchmarks.served import run, served

JOBS, CLUSTERS, SCOPES = 450, 300, 10
LATENCY_MS: Final = 50
_CONTROLS: Final = (
    "job-managers",
    "cluster-isolation",
    "secret-scope-acls",
)


def _post(host: str, token: str, path: str, body: dict[str, Any]) -> None:
    import requests  # noqa: PLC0415  # comes with the SDK

    answer = requests.post(
        f"{host}{path}", json=body, headers={"Authorization": f"Bearer {token}"}, timeout=60
    )
    if not answer.ok:
        raise RuntimeError(f"{path}: {answer.text}")


def fill(host: str, token: str) -> None:
    """Create the busy workspace's objects through its API."""
    cluster = {"spark_version": "15.4.x-scala2.12", "node_type_id": "m6gd.xlarge", "num_workers": 1}
    task = {"task_key": "t", "notebook_task": {"notebook_path": "/n"}, "new_cluster": cluster}
    made: list[tuple[str, dict[str, Any]]] = [
        *(("/api/2.2/jobs/create", {"name": f"job {n}", "tasks": [task]}) for n in range(JOBS)),
        *(
            ("/api/2.1/clusters/create", {"cluster_name": f"cluster {n}", **cluster})
            for n in range(CLUSTERS)
        ),
        *(("/api/2.0/secrets/scopes/create", {"scope": f"scope-{n}"}) for n in range(SCOPES)),
    ]
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda pair: _post(host, token, *pair), made))


def sequential(host: str, token: str) -> float:
    """Read the same with the SDK, one call after the other; return the seconds."""
    from databricks.sdk import WorkspaceClient  # noqa: PLC0415  # costs a second, not counted

    client = WorkspaceClient(host=host, token=token)
    began = time.monotonic()
    for job in client.jobs.list(limit=100):
        client.permissions.get("jobs", str(job.job_id))
    list(client.clusters.list(page_size=100))
    for scope in client.secrets.list_scopes():
        list(client.secrets.list_acls(str(scope.name)))
    return time.monotonic() - began


def requests_in(log: Path, since: int) -> tuple[int, int]:
    """Return the number of API requests in a log after a line, and the last line's number."""
    lines = log.read_text("utf-8").splitlines()
    entries = [json.loads(line) for line in lines[since:]]
    return sum(e["path"].startswith("/api/") for e in entries), len(lines)


def main() -> None:
    """Print both, and the ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        log = Path(scratch) / "requests.jsonl"
        with served("fresh", log, ["--latency", str(LATENCY_MS)]) as environment:
            host, token = environment["DATABRICKS_HOST"], environment["DATABRICKS_TOKEN"]
            fill(host, token)
            _, mark = requests_in(log, 0)
            only = [part for name in _CONTROLS for part in ("--control", name)]
            began = time.monotonic()
            done = run(["collect", "--no-aws", "--out", f"{scratch}/s", *only], environment)
            ours = time.monotonic() - began
            our_requests, mark = requests_in(log, mark)
            theirs = sequential(host, token)
            their_requests, _ = requests_in(log, mark)
    print(f"collecting {JOBS} jobs with ACLs, {CLUSTERS} clusters, {SCOPES} scopes with ACLs,")
    read = (done.stdout or done.stderr).splitlines()[0].partition(" in ")[0]
    print(f"at {LATENCY_MS} ms latency ({read})")
    print(f"  lakewarden collect, whole process  {ours:7.2f} s  {our_requests} requests")
    print(f"  databricks-sdk, one after another  {theirs:7.2f} s  {their_requests} requests")
    print(f"  ratio {theirs / ours:.1f}")


if __name__ == "__main__":
    main()
