"""Attacks and near misses for a corpus: examples of the rules, in accounts of their own.

Each is moved in time by whole weeks, so that days of the week and hours stay, and what it names is
renamed where a rule looks past the account. An example says itself how many alerts it ends in: that
is the truth which detection is held against.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from lakewarden.events.address import read as read_address
from lakewarden.events.columns import Source
from lakewarden.watch import examples, library
from lakewarden.watch.examples import Example
from lakewarden.watch.records import account_of, record_of
from lakewarden.watch.rule import Rule

_NEAR: Final = 2
"""Near misses of each rule."""
_DAY, _WEEK = 86_400_000, 7 * 86_400_000
_MINUTES: Final = 600_000
"""How long after its last event a file is delivered."""
_APART: Final = 42 * _DAY
"""So far from each other are attacks of rules that look at the whole lake."""
_BEFORE: Final = 200 * _DAY
"""So long before the others they happen."""
_THINGS: Final = ("c1", "c2", "c3", "c9", "l1", "l2", "l3")
"""What examples call clusters and lists."""
_WORKSPACE: Final = "1001"
_TRUSTED: Final = "203.0.113."
_MILLIS: Final = re.compile(r"(?<!\d)1[78]\d{11}(?!\d)")
_SECONDS: Final = re.compile(r"(?<!\d)1[78]\d{8}(?!\d)")


@dataclass(frozen=True, slots=True)
class Plant:
    """One attack or near miss.

    Attributes:
        rule: the rule that it is an example of.
        name: what it shows.
        number: no other has it.
        expected: what is to be said of each alert; empty for a near miss.
        records: what the platforms recorded.
        delivered: files that matter by when they came, and what they have.
        places: where addresses are, that is: country, latitude, longitude, radius.
        ip_lists: what IP access lists held.
    """

    rule: str
    name: str
    number: int
    expected: Sequence[Mapping[str, Any]]
    records: Sequence[tuple[Source, Mapping[str, Any]]]
    delivered: Sequence[Mapping[str, Any]] = ()
    places: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    ip_lists: Sequence[Mapping[str, Any]] = ()

    @property
    def accounts(self) -> frozenset[str]:
        """Return the accounts in which it happens."""
        return frozenset(account_of(self.number, source) for source in Source)

    @property
    def workspace(self) -> str:
        """Return the workspace of files whose path names no account."""
        return workspace_of(self.number)

    @property
    def lines(self) -> int:
        """Return how many records are delivered."""
        return len(self.records) + sum(len(_times(row)) for row in self.delivered)

    def files(self) -> Iterator[tuple[str, bytes, int]]:
        """Yield the path, the content and the time of each file in which it is delivered."""
        groups: dict[tuple[Source, str, str], list[tuple[int, Mapping[str, Any]]]] = {}
        for source, record in self.records:
            at = _time(source, record)
            workspace = str(record.get("workspaceId", "0"))
            day = _date(at) if source is Source.DATABRICKS else ""
            groups.setdefault((source, workspace, day), []).append((at, record))
        for (source, workspace, _), group in groups.items():
            last = max(at for at, _ in group)
            name = f"plant-{self.number}"
            path = self._path(source, workspace, last, name)
            yield path, _content(source, [r for _, r in group]), last + _MINUTES
        for row in self.delivered:
            yield self._delivered(row)

    def _path(self, source: Source, workspace: str, at: int, name: str) -> str:
        if source is Source.DATABRICKS:
            return f"databricks/workspaceId={workspace}/date={_date(at)}/{name}.json"
        folder, ending = {
            Source.CLOUDTRAIL: ("CloudTrail", "json.gz"),
            Source.VPCFLOW: ("vpcflowlogs", "log.gz"),
        }[source]
        day = _date(at).replace("-", "/")
        account = account_of(self.number, source)
        return f"aws/AWSLogs/{account}/{folder}/eu-central-1/{day}/{name}.{ending}"

    def _delivered(self, row: Mapping[str, Any]) -> tuple[str, bytes, int]:
        source = Source(row["source"])
        records = [_filler(source, at, self.number, self.workspace) for at in _times(row)]
        path = self._path(source, self.workspace, row["last_ts"], f"plant-{row['arrived']}")
        return path, _content(source, records), row["arrived"]


def plants(seed: int, now: int) -> Iterator[Plant]:
    """Yield one attack and two near misses of each rule.

    Args:
        seed: of the weeks in which they happen.
        now: the time at which the logs are looked at, in ms.
    """
    chance = random.Random(seed)  # noqa: S311  # it is to be the same every time
    number, apart = 1, now - _BEFORE
    for rule in library.rules().values():
        area, name = rule.id.split(".")
        file = (library.RULES / area / name).with_suffix(".jsonl")
        shown = examples.read(file, rule.sources, number)
        number += len(shown)
        for example in _chosen(rule, shown):
            shift = _shift(example, now, chance)
            if _looks_at_everything(rule) and not example.tables["files"]:
                apart -= _APART
                shift = (apart - example.now) // _WEEK * _WEEK
            yield _plant(rule, example, shift)


def _looks_at_everything(rule: Rule) -> bool:
    """Return whether a rule looks past the account: these hold sources against each other."""
    return rule.id.startswith("twins.")


def _chosen(rule: Rule, shown: Sequence[Example]) -> Iterator[Example]:
    """Yield a firing example, one that needs nothing but events if there is any, and near misses.

    What is missing at the beginning or the end of all logs cannot be shown in the middle of a lake,
    so rules that look at the whole of it have no near misses here.
    """
    usable = [each for each in shown if not each.site]
    plain = [each for each in usable if not each.apart or _needs_places_only(each)]
    firing = [each for each in plain or usable if each.expected]
    yield next(iter(firing or [each for each in usable if each.expected]))
    if not _looks_at_everything(rule):
        yield from [each for each in plain if not each.expected][:_NEAR]


def _needs_places_only(example: Example) -> bool:
    return bool(example.places) and not any(example.tables.values())


def _shift(example: Example, now: int, chance: random.Random) -> int:
    """Return by how much to move an example: by weeks, or to where its now is ours."""
    last = max((_time(*each) for each in example.records), default=example.now - _DAY)
    if example.now != last + _DAY:
        return now - example.now
    weeks = (now - 2 * _DAY - last) // _WEEK
    return (weeks - chance.randrange(4)) * _WEEK


def _plant(rule: Rule, example: Example, shift: int) -> Plant:
    names = _names(rule, example)

    def renamed(value: Any) -> Any:
        if isinstance(value, str):
            for old, new in names.items():
                value = re.sub(rf"(?<![\w.:]){re.escape(old)}(?![\w.:])", new, value)
        return value

    def moved(source: Source, record: Mapping[str, Any]) -> Mapping[str, Any]:
        text = _MILLIS.sub(lambda found: str(int(found[0]) + shift), renamed(json.dumps(record)))
        if source is Source.VPCFLOW:
            text = _SECONDS.sub(lambda found: str(int(found[0]) + shift // 1000), text)
        after: dict[str, Any] = json.loads(text)
        if "eventTime" in after:
            after["eventTime"] = _iso(_time(source, record) + shift)
        return after

    def read(row: Mapping[str, Any]) -> Mapping[str, Any]:
        mine = {**row, "account_id": example.account(Source.DATABRICKS)}
        return {key: renamed(value) for key, value in _later(mine, shift).items()}

    alerts = example.alerts
    expected = [{}] * alerts if isinstance(alerts, int) else alerts
    return Plant(
        rule=rule.id,
        name=example.name,
        number=example.number,
        expected=[{key: renamed(value) for key, value in each.items()} for each in expected],
        records=[(source, moved(source, record)) for source, record in example.records],
        delivered=[_later(row, shift) for row in _of_one(example)],
        places={renamed(ip): place for ip, place in example.places.items()},
        ip_lists=[read(row) for row in example.tables["ip_lists"]],
    )


def _names(rule: Rule, example: Example) -> Mapping[str, str]:
    """Return what is renamed, so that no other example speaks of it: addresses whose place matters.

    Of rules that look past the account also clusters and lists, and the workspace of files.
    """
    addresses = {
        ip: f"45.{example.number // 250}.{example.number % 250}.{n + 1}"
        for n, ip in enumerate(example.places)
        if read_address(ip).kind == "public" and not ip.startswith(_TRUSTED)
    }
    if not _looks_at_everything(rule):
        return addresses
    things = {name: f"{name}-{example.number}" for name in _THINGS}
    files = {_WORKSPACE: workspace_of(example.number)} if example.tables["files"] else {}
    return {**addresses, **things, **files}


def _of_one(example: Example) -> Iterator[Mapping[str, Any]]:
    """Yield the files of the one workspace or region that falls silent; others there are enough."""
    rows = example.tables["files"]
    first = rows[0] if rows else {}
    for row in rows:
        if all(row.get(key) == first.get(key) for key in ("source", "workspace_id", "region")):
            yield row


def _times(row: Mapping[str, Any]) -> list[int]:
    """Return the times of the events of a file."""
    return sorted({row["first_ts"], row["last_ts"]}) if row.get("records") else []


def workspace_of(number: int) -> str:
    """Return the workspace of the files of an example."""
    return f"9{number:06}"


def _later(row: Mapping[str, Any], shift: int) -> Mapping[str, Any]:
    times = ("arrived", "first_ts", "last_ts", "taken")
    return {key: value + shift if key in times else value for key, value in row.items()}


def _filler(source: Source, at: int, number: int, workspace: str) -> Mapping[str, Any]:
    """Return a record that fills a file."""
    who = {"who": "filler@example.com", "do": "accounts.getUser", "workspace": workspace}
    if source is Source.CLOUDTRAIL:
        who = {"who": "arn:aws:iam::123456789012:user/filler", "do": "ec2.DescribeInstances"}
    return record_of(who, at, f"{number}-{at}", number, [source])[1]


def _content(source: Source, records: Sequence[Mapping[str, Any]]) -> bytes:
    if source is Source.DATABRICKS:
        return "".join(json.dumps(record) + "\n" for record in records).encode()
    if source is Source.CLOUDTRAIL:
        return gzip.compress(json.dumps({"Records": records}).encode(), 1, mtime=0)
    fields = list(dict.fromkeys(name for record in records for name in record))
    lines = [fields, *([str(record.get(name, "-")) for name in fields] for record in records)]
    return gzip.compress("".join(" ".join(line) + "\n" for line in lines).encode(), 1, mtime=0)


def _time(source: Source, record: Mapping[str, Any]) -> int:
    if source is Source.DATABRICKS:
        return int(record["timestamp"])
    if source is Source.VPCFLOW:
        return int(record["start"]) * 1000
    return round(datetime.fromisoformat(record["eventTime"]).timestamp() * 1000)


def _iso(at: int) -> str:
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _date(at: int) -> str:
    return _iso(at)[:10]
