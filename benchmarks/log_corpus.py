"""Audit logs as they are delivered: the ordinary life of a deployment, with attacks in it.

2,500 people and two programs a workspace work in twelve workspaces for 45 days. People work from
Monday to Friday, eight to six; programs always. Of the lines 0.3 % come twice, of the files some
come a day late and some again. The same seed makes the same logs. Attacks and near misses are the
examples of the rules, in accounts of their own (`benchmarks.planted`).
"""

from __future__ import annotations

import gzip
import json
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from benchmarks.planted import Plant, plants

ACCOUNT: Final = "0f7b8f4e-3c1d-4f0a-9a55-6f1f5c0a1d10"
AWS_ACCOUNT: Final = "123456789012"
REGION: Final = "eu-central-1"
FIRST: Final = datetime(2026, 2, 2, tzinfo=UTC)
"""The first day, a Monday."""
DAYS, WORKSPACES, PEOPLE = 45, 12, 2_500
NOW: Final = int((FIRST + timedelta(days=DAYS)).timestamp() * 1000) + 3_600_000
"""The time at which the logs are looked at, in ms."""
_DAY, _HOUR, _MINUTE = 86_400_000, 3_600_000, 60_000
_QUARTER: Final = 6 * _HOUR
"""So often a file of each workspace is written."""
_SHARES: Final = {"databricks": 0.85, "cloudtrail": 0.05, "vpcflow": 0.10}
_PROGRAMS: Final = 0.2
"""The share of programs in what is logged of workspaces."""
_FRIDAY, _WORK = 4, (8 * _HOUR, 18 * _HOUR)
_AGENTS: Final = tuple(
    f"Mozilla/5.0 ({system}) AppleWebKit/537.36 (KHTML, like Gecko) {browser}/{major}.0"
    for system in ("Windows NT 10.0; Win64; x64", "Macintosh; Intel Mac OS X 10_15_7")
    for browser, major in (("Chrome", 131), ("Firefox", 133), ("Edg", 131))
)
_CODE: Final = (
    "orders = spark.table('main.sales.orders_%s')\\n"
    "recent = orders.where(orders.ordered_at > '2026-01-01').select('id', 'amount', 'region')\\n"
    "by_region = recent.groupBy('region').agg({'amount': 'sum', 'id': 'count'})\\n"
    "by_region.write.mode('overwrite').saveAsTable('main.sales.by_region')"
)


def _call(action: str, params: str) -> str:
    """Return what is logged of a call; it takes who asked, and the number of a thing."""
    service, name = action.split(".")
    return (
        f'"serviceName":"{service}","actionName":"{name}","requestParams":{{{params}}},'
        '"response":{"statusCode":200,"errorMessage":null,"result":null}'
    )


_CREDENTIAL: Final = _call(
    "unityCatalog.generateTemporaryTableCredential",
    '"operation":"READ","metastore_id":"m-1","credential_type":"StagingTable%.0s",'
    '"table_full_name":"main.sales.orders_%s"',
)
_START: Final = _call("clusters.start", '"cluster_id":"c%.0s{workspace}-%s"')
_TOKEN: Final = _call(
    "accounts.tokenLogin",
    '"user":"%s","tokenId":"t-{token}","authenticationMethod":"API_PAT_TOKEN%.0s"',
)
_TABLE: Final = _call(
    "unityCatalog.getTable",
    '"full_name_arg":"main.sales.orders%.0s_%s","metastore_id":"m-1","workspace_id":"{workspace}"',
)
_SECRET: Final = _call("secrets.getSecret", '"scope":"etl","key":"warehouse%.0s-%.0s"')
_QUERY: Final = _call(
    "databrickssql.commandSubmit",
    '"warehouseId":"w-{workspace}","commandId":"q%.0s","commandText":"SELECT region, SUM(amount) '
    'AS amount FROM main.sales.orders_%s GROUP BY region ORDER BY region"',
)
_BY_PEOPLE: Final[Mapping[str, int]] = {
    _call("accounts.samlLogin", '"user":"%s","authenticationMethod":"BROWSER_BYO_IDP_SAML%.0s"'): 4,
    _TOKEN: 10,
    _call(
        "notebook.runCommand",
        '"notebookId":"n%.0s","commandId":"x","executionTime":"0.7","commandLanguage":"python",'
        f'"status":"finished","commandText":"{_CODE}"',
    ): 30,
    _QUERY: 14,
    _TABLE: 22,
    _CREDENTIAL: 8,
    _call(
        "filesystem.filesGet", '"path":"/Volumes/main/sales/files/%.0s%s.csv","length":"1048576"'
    ): 3,
    _SECRET: 2,
    _call("notebook.attachNotebook", '"path":"/Users/%s/work_%s","clusterId":"c{workspace}-0"'): 6,
    _START: 1,
}
_BY_PROGRAMS: Final[Mapping[str, int]] = {
    _TOKEN: 25,
    _call("jobs.runNow", '"job_id":"4%.0s2%s","run_type":"PERIODIC"'): 15,
    _QUERY: 20,
    _TABLE: 25,
    _CREDENTIAL: 14,
    _SECRET: 1,
}
_BY_ROLES: Final = (
    ("ec2", "DescribeInstances", "databricks-cross-account", "198.51.100.20"),
    ("ec2", "DescribeVolumes", "databricks-cross-account", "198.51.100.20"),
    ("kms", "Decrypt", "lake-etl", "10.0.3.9"),
    ("sts", "GetCallerIdentity", "deploy", "203.0.113.250"),
)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Logs in a folder.

    Attributes:
        folder: `databricks` and `aws` are in it.
        events: how many different events there are, of ordinary life and planted.
        lines: how many records, with those that come again.
        plants: the attacks and near misses.
        now: the time at which to look.
    """

    folder: Path
    events: int
    lines: int
    plants: Sequence[Plant]
    now: int = NOW

    @property
    def origins(self) -> Mapping[str, Path]:
        """Return the folder of each source."""
        aws = self.folder / "aws"
        return {"databricks": self.folder / "databricks", "cloudtrail": aws, "vpcflow": aws}


@dataclass(slots=True)
class _Life:
    """What is being written."""

    folder: Path
    chance: random.Random
    per_day: Mapping[str, float]
    people: Mapping[int, list[tuple[str, str]]]
    programs: Mapping[int, list[tuple[str, str]]]
    number: int = 0
    events: int = 0
    lines: int = 0
    starts: list[tuple[int, str]] = field(default_factory=list)
    credentials: dict[int, int] = field(default_factory=dict)


def write(
    folder: Path,
    events: int = 1_000_000,
    seed: int = 7,
    *,
    workspaces: int = WORKSPACES,
    planted: bool = True,
) -> Corpus:
    """Write logs.

    Args:
        folder: where to; it is made.
        events: about how many of ordinary life.
        seed: of what is left to chance.
        workspaces: in how many of the workspaces anything happens.
        planted: whether there are attacks and near misses.
    """
    chance = random.Random(seed)  # noqa: S311  # it is to be the same every time
    places = range(2001, 2001 + workspaces)
    life = _Life(
        folder,
        chance,
        {source: events * share / DAYS for source, share in _SHARES.items()},
        {w: [_person(n, w) for n in range(w % WORKSPACES, PEOPLE, WORKSPACES)] for w in places},
        {w: [_program(n, w) for n in range(2)] for w in places},
    )
    for day in range(DAYS):
        life.starts.clear()
        life.credentials.clear()
        for workspace in places:
            _workspace(life, day, workspace)
        _trail(life, day)
        _flows(life, day)
    there = list(plants(seed, NOW)) if planted else []
    for plant in there:
        life.events += plant.lines
        life.lines += plant.lines
        for path, content, arrived in plant.files():
            _deliver(folder / path, content, arrived)
    return Corpus(folder, life.events, life.lines, there)


def _person(number: int, workspace: int) -> tuple[str, str]:
    name = f"person.{number}@example.com"
    address = f"203.0.113.{number % 240 + 1}"
    return name, _caller(name, address, _AGENTS[number % len(_AGENTS)], workspace)


def _program(number: int, workspace: int) -> tuple[str, str]:
    name = f"{workspace:08}-0000-4000-8000-{number:012}"
    agent = "databricks-sdk-py/0.40.0 python/3.11.7 os/linux auth/oauth-m2m"
    return name, _caller(name, f"10.0.{workspace % 200}.{number + 10}", agent, workspace)


def _caller(name: str, address: str, agent: str, workspace: int) -> str:
    return (
        f'"accountId":"{ACCOUNT}","workspaceId":"{workspace}","sourceIPAddress":"{address}",'
        f'"userAgent":"{agent}","userIdentity":{{"email":"{name}","subjectName":null}},'
        f'"sessionId":"{name}'
    )


def _workspace(life: _Life, day: int, workspace: int) -> None:
    """Write the four files of a workspace's day."""
    total = life.per_day["databricks"] / len(life.people)
    working = (FIRST + timedelta(days=day)).weekday() <= _FRIDAY
    start = _start(day)
    for quarter in range(4):
        first, last = start + quarter * _QUARTER, start + (quarter + 1) * _QUARTER
        lines = _calls(life, workspace, life.programs, (first, last), total * _PROGRAMS / 4)
        begin, end = max(first, start + _WORK[0]), min(last, start + _WORK[1])
        if working and begin < end:
            # five of seven days, and ten hours of a day, have all that people do
            share = (1 - _PROGRAMS) * 7 / 5 * (end - begin) / (_WORK[1] - _WORK[0])
            lines += _calls(life, workspace, life.people, (begin, end), total * share)
        lines.sort()
        again = life.chance.choices(lines, k=_whole(life, len(lines) * 0.003))
        _auditlogs(life, day, (workspace, quarter, last), [line for _, line in lines + again])
        life.events += len(lines)


def _calls(
    life: _Life,
    workspace: int,
    callers: Mapping[int, list[tuple[str, str]]],
    span: tuple[int, int],
    amount: float,
) -> list[tuple[int, str]]:
    """Return the lines of some calls, with their times."""
    count = max(1, _whole(life, amount))
    draw = life.chance.choices
    weighted = _BY_PEOPLE if callers is life.people else _BY_PROGRAMS
    kinds = draw(list(weighted), list(weighted.values()), k=count)
    times = draw(range(*span), k=count)
    who = draw(callers[workspace], k=count)
    things = draw(range(40), k=count)
    day = span[0] // _DAY
    lines = []
    for n, (at, kind, (name, caller), thing) in enumerate(
        zip(times, kinds, who, things, strict=True), life.number
    ):
        call = kind % (name, thing)
        if "{" in kind[-200:] or kind is _TOKEN:
            call = call.replace("{workspace}", str(workspace)).replace("{token}", name)
        if kind is _CREDENTIAL:
            hour = at // _HOUR
            life.credentials[hour] = min(at, life.credentials.get(hour, at))
        elif kind is _START:
            life.starts.append((at, f"c{workspace}-{thing}"))
        line = (
            f'{{"version":"2.0","auditLevel":"WORKSPACE_LEVEL","timestamp":{at},{caller}-{day}",'
            f'"requestId":"5b1c7a9e-0000-4000-8000-{n:012x}",{call}}}\n'
        )
        lines.append((at, line))
    life.number += count
    return lines


def _whole(life: _Life, amount: float) -> int:
    """Return an amount as a whole number, so that many add up to what they should."""
    return int(amount + life.chance.random())


def _auditlogs(life: _Life, day: int, which: tuple[int, int, int], lines: list[str]) -> None:
    """Deliver a file: mostly punctually, sometimes late, and sometimes again a day later."""
    workspace, quarter, end = which
    punctual = end + 10 * _MINUTE
    soon = day < DAYS - 4
    late = soon and quarter == 1 and life.chance.random() < 1 / 10
    folder = life.folder / f"databricks/workspaceId={workspace}/date={_date(day)}"
    content = "".join(lines).encode()
    arrived = punctual + (30 * _HOUR if late else 0)
    _deliver(folder / f"auditlogs_{quarter}.json", content, arrived)
    life.lines += len(lines)
    if soon and life.chance.random() < 1 / 100:
        _deliver(folder / f"auditlogs_{quarter}_again.json", content, punctual + _DAY)
        life.lines += len(lines)


def _trail(life: _Life, day: int) -> None:
    """Write what AWS recorded of a day."""
    records = list(_launches(life)) + list(_assumed(life))
    count = _whole(life, life.per_day["cloudtrail"] - len(records))
    times = life.chance.choices(range(_start(day), _start(day) + _DAY), k=max(0, count))
    for at in times:
        service, action, role, address = life.chance.choice(_BY_ROLES)
        records.append(_record(at, service, action, role, address, {}))
    for n, record in enumerate(records, life.number):
        record["eventID"] = f"7c2d8b0f-0000-4000-8000-{n:012x}"
        record["requestID"] = record["eventID"]
    life.number += len(records)
    life.events += len(records)
    life.lines += len(records)
    for quarter in range(4):
        end = _start(day) + (quarter + 1) * _QUARTER
        mine = [r for r in records if end - _QUARTER <= _time(r) < end]
        if not mine:
            continue
        folder = life.folder / f"aws/AWSLogs/{AWS_ACCOUNT}/CloudTrail/{REGION}/{_slashed(day)}"
        content = gzip.compress(json.dumps({"Records": mine}).encode(), 1, mtime=0)
        _deliver(folder / f"trail_{quarter}.json.gz", content, end + 5 * _MINUTE)


def _launches(life: _Life) -> Iterator[dict[str, Any]]:
    """Yield the launches of the machines of clusters that were started."""
    for at, cluster in life.starts:
        tags = [{"key": "Vendor", "value": "Databricks"}, {"key": "ClusterId", "value": cluster}]
        params = {
            "instanceType": "m5.large",
            "subnetId": "subnet-0aaaaaaaaaaaaaaaa",
            "instancesSet": {"items": [{"imageId": "ami-0aaaaaaaaaaaaaaaa", "maxCount": 1}]},
            "tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": tags}]},
        }
        caller = ("databricks-cross-account", "198.51.100.20")
        yield _record(at, "ec2", "RunInstances", *caller, params)


def _assumed(life: _Life) -> Iterator[dict[str, Any]]:
    """Yield how Databricks became the role of the data, for the first read of each hour."""
    for at in life.credentials.values():
        role = f"arn:aws:iam::{AWS_ACCOUNT}:role/databricks-lake"
        params = {"roleArn": role, "roleSessionName": "uc"}
        record = _record(at, "sts", "AssumeRole", "", "198.51.100.20", params)
        yield {
            **record,
            "userIdentity": {
                "type": "AWSAccount",
                "principalId": "AROADATABRICKS:uc",
                "accountId": "414351767826",
            },
        }


def _record(
    at: int, service: str, action: str, role: str, address: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    moment = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    arn = f"arn:aws:iam::{AWS_ACCOUNT}:role/{role}"
    issuer = {"type": "Role", "arn": arn, "userName": role, "accountId": AWS_ACCOUNT}
    return {
        "eventVersion": "1.11",
        "eventTime": moment.replace("+00:00", "Z"),
        "eventSource": f"{service}.amazonaws.com",
        "eventName": action,
        "awsRegion": REGION,
        "sourceIPAddress": address,
        "userAgent": "aws-sdk-java/2.29.0",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{AWS_ACCOUNT}:assumed-role/{role}/session",
            "accountId": AWS_ACCOUNT,
            "accessKeyId": f"ASIA{role.upper().replace('-', ''):X<16.16}",
            "sessionContext": {"sessionIssuer": issuer},
        },
        "requestParameters": params or None,
        "responseElements": None,
        "eventType": "AwsApiCall",
        "eventCategory": "Management",
        "readOnly": str(not params).lower(),
        "recipientAccountId": AWS_ACCOUNT,
    }


def _time(record: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(record["eventTime"]).timestamp() * 1000


def _flows(life: _Life, day: int) -> None:
    """Write the flow logs of a day: compute reads from buckets."""
    fields = (
        "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes "
        "start end action log-status vpc-id flow-direction\n"
    )
    for quarter in range(4):
        first = (_start(day) + quarter * _QUARTER) // 1000
        count = max(1, _whole(life, life.per_day["vpcflow"] / 4))
        times = life.chance.choices(range(first, first + _QUARTER // 1000), k=count)
        hosts = life.chance.choices(range(1, 250), k=count)
        lines = [
            f"5 {AWS_ACCOUNT} eni-{host:017x} 10.0.1.{host} 192.0.2.{host % 50 + 1} "
            f"{32_768 + n % 28_000} 443 6 40 {9_000 + host * 7} {at} {at + 60} ACCEPT OK "
            "vpc-0lake egress\n"
            for n, (at, host) in enumerate(zip(times, hosts, strict=True), life.number)
        ]
        life.number += count
        life.events += count
        life.lines += count
        folder = life.folder / f"aws/AWSLogs/{AWS_ACCOUNT}/vpcflowlogs/{REGION}/{_slashed(day)}"
        content = gzip.compress((fields + "".join(lines)).encode(), 1, mtime=0)
        end = (first * 1000) + _QUARTER
        _deliver(folder / f"flows_{quarter}.log.gz", content, end + 5 * _MINUTE)


def _deliver(path: Path, content: bytes, arrived: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (arrived / 1000, arrived / 1000))


def _start(day: int) -> int:
    return int(FIRST.timestamp() * 1000) + day * _DAY


def _date(day: int) -> str:
    return (FIRST + timedelta(days=day)).date().isoformat()


def _slashed(day: int) -> str:
    return _date(day).replace("-", "/")
