"""Running rules over events: over all of them once, and from then on over what is new.

    what is new ─ which rules have any of it ─ their alerts around it ─ store

A rule whose text changed looks at everything again. An alert has the same id whenever the same is
found, so that looking twice changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from lakewarden.errors import LakewardenError
from lakewarden.events.columns import Source
from lakewarden.ledger.alert import Alert, Looked
from lakewarden.policyfile.watching import written
from lakewarden.store.alerts import Alerts, Noted
from lakewarden.watch.compiler import (
    Scope,
    between,
    compiled,
    form_of,
    looked_at,
    needs_places,
    touched_keys,
)
from lakewarden.watch.concern import concerned
from lakewarden.watch.engine import Engine
from lakewarden.watch.fields import Setting
from lakewarden.watch.found import Found, gathered
from lakewarden.watch.kinds.form import EVER, Form
from lakewarden.watch.places import Atlas, put_places
from lakewarden.watch.rule import Rule
from lakewarden.watch.site import Site
from lakewarden.watch.sql import Dialect

T = TypeVar("T")

_AT_ONCE: Final = 40
"""How many rules are asked in one query whether anything new concerns them."""
_LATELY: Final = 3 * 86_400_000
"""So long before what is new, in ms, is looked at first for when a source was heard."""


class Events(Protocol):
    """Events that rules are run over.

    Attributes:
        name: what tells them from others.
        sources: what they can be events of.
    """

    name: str
    sources: frozenset[Source]

    def version(self) -> int:
        """Return a number that grows when events are added."""

    def opened(self, since: int | None) -> AbstractContextManager[Engine]:
        """Open them; `fresh_events` are those that were added after a version, None for all."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a run works with.

    Attributes:
        rules: the rules to run.
        site: the values of the deployment.
        now: the time that counts as the present, Unix time in ms.
        atlas: where addresses are; None where nobody knows.
        snapshots: what tells the snapshots beside the events from others; empty for none.
        progress: told of each rule that was run.
    """

    rules: Sequence[Rule]
    site: Site
    now: int
    atlas: Atlas | None = None
    snapshots: str = ""
    progress: Callable[[str], None] = lambda _: None

    def setting(self, rule: Rule, engine: Engine) -> Setting:
        """Return what the SQL of a rule is made for."""
        return Setting(self.site, Dialect(engine.dialect), rule.sources, self.now)

    def idle(self, rule: Rule) -> str:
        """Return why a rule cannot tell anything here; empty where it can."""
        missing = [written(name) for name in rule.missing(self.site)]
        if missing:
            return f"{', '.join(missing)} is not set in lakewarden.toml"
        if "geo" in rule.spec.get("needs", ()) and self.atlas is None:
            return "nothing says where addresses are: install lakewarden[geo], or give --mmdb FILE"
        if "snapshot" in rule.spec.get("needs", ()) and not self.snapshots:
            return "there is no snapshot to compare with: give --snapshot DIR"
        return ""

    def digest(self, rule: Rule) -> str:
        """Return what changes when a rule does, or what it is run with; on every engine the same.

        Raises:
            LakewardenError: the rule says something that its kind does not understand.
        """
        query = _of(rule, lambda: compiled(rule, Setting(self.site, Dialect.DUCKDB, rule.sources)))
        lists = self.snapshots if "snapshot" in rule.spec.get("needs", ()) else ""
        text = json.dumps([dict(rule.spec), query, lists], sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Detected:
    """What a run came to.

    Attributes:
        noted: what became of the alerts that it found.
        ran: how many rules looked at events.
        quiet: how many had nothing new to look at.
        idle: why rules could not be run, by their id.
        fresh: how many events were new.
        version: of the events.
    """

    noted: Noted
    ran: int
    quiet: int
    idle: Mapping[str, str]
    fresh: int
    version: int


@dataclass(slots=True)
class _Outcome:
    """What the rules found so far."""

    found: dict[str, Alert] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    ran: int = 0
    quiet: int = 0
    fresh: int = 0


def detect(events: Events, alerts: Alerts, watch: Watch, *, again: bool = False) -> Detected:
    """Run rules over events, and note what they find.

    Args:
        events: the events.
        alerts: where alerts are noted.
        watch: the rules, and what they work with.
        again: look at everything, whatever was looked at before.

    Raises:
        LakewardenError: a query cannot be run.
    """
    version = events.version()
    before = alerts.looked(events.name)
    idle = {r.id: why for r in watch.rules if (why := watch.idle(r) or _unseen(r, events))}
    outcome = _Outcome()
    digests = {rule.id: watch.digest(rule) for rule in watch.rules if rule.id not in idle}
    known = {r: far for r, far in before.items() if far.digest == digests.get(r)}
    for since, rules in _by_version(watch.rules, {} if again else known, idle):
        with events.opened(since) as engine:
            run = _Run(engine, watch, alerts, outcome, events.name)
            if since is None:
                run.everything(rules, known)
            else:
                run.news(rules, known)
    looked = {rule: Looked(text, version, watch.now) for rule, text in digests.items()}
    noted = alerts.note(
        outcome.found.values(),
        gone=outcome.gone - outcome.found.keys(),
        events=events.name,
        looked=looked,
        now=watch.now,
    )
    return Detected(noted, outcome.ran, outcome.quiet, idle, outcome.fresh, version)


def _unseen(rule: Rule, events: Events) -> str:
    missing = [source.value for source in rule.sources if source not in events.sources]
    return f"there are no events of {', '.join(missing)} in {events.name}" if missing else ""


def _of(rule: Rule, work: Callable[[], T]) -> T:
    """Do something with a rule, and name the rule in what goes wrong.

    Raises:
        LakewardenError: it went wrong.
    """
    try:
        return work()
    except LakewardenError as error:
        if type(error) is not LakewardenError:  # an engine that is gone is nothing of the rule's
            raise
        raise LakewardenError(
            error.what, where=f"rule {rule.id}", next_step=error.next_step
        ) from None
    except (ValueError, LookupError, TypeError, re.error) as error:
        raise LakewardenError(
            str(error),
            where=f"rule {rule.id}",
            next_step="`lakewarden watch rules --lint` has more",
        ) from None


def _by_version(
    rules: Sequence[Rule], known: Mapping[str, Looked], idle: Mapping[str, str]
) -> Iterator[tuple[int | None, list[Rule]]]:
    """Yield the rules that have looked equally far, with how far; None for not at all."""
    groups: dict[int | None, list[Rule]] = {}
    for rule in rules:
        if rule.id not in idle:
            version = known[rule.id].version if rule.id in known else None
            groups.setdefault(version, []).append(rule)
    yield from groups.items()


class _Run:
    """One group of rules over one set of events."""

    def __init__(
        self, engine: Engine, watch: Watch, alerts: Alerts, outcome: _Outcome, events: str
    ) -> None:
        self._engine = engine
        self._watch = watch
        self._alerts = alerts
        self._outcome = outcome
        self._events = events

    def everything(self, rules: Sequence[Rule], known: Mapping[str, Looked]) -> None:
        """Run rules over all events.

        What a rule found of the same text before, and does not find any more, is explained by what
        came late, as long as the events around it are still held.
        """
        self._outcome.fresh = max(self._outcome.fresh, self._count("all_events"))
        first = "SELECT source, MIN(ts) FROM all_events GROUP BY source"
        held = {str(source): int(time) for source, time in self._engine.rows(first)}
        for rule in rules:
            found = self._found(rule, None)
            self._keep(rule, found)
            form = form_of(rule, self._watch.setting(rule, self._engine))
            if form.fades and rule.id in known and held.keys() >= set(rule.sources):
                begin = max(held[source] for source in rule.sources)
                span = (begin + form.back + rule.suppress, self._watch.now + EVER)
                self._outcome.gone |= self._faded(rule, found, span, narrow=False)

    def news(self, rules: Sequence[Rule], known: Mapping[str, Looked]) -> None:
        """Run rules over what is new, and what that may change."""
        fresh = self._count("fresh_events")
        self._outcome.fresh = max(self._outcome.fresh, fresh)
        spans = dict(self._spans(rules)) if fresh else {}
        heard = self._heard(rules) if fresh else {}
        for rule in rules:
            form = form_of(rule, self._watch.setting(rule, self._engine))
            ends = (heard[source] for source in rule.sources if source in heard)
            waited = min(known[rule.id].at, self._watch.now, *ends) - form.waits
            span = _with_waiting(spans.get(rule.id), form, waited, self._watch.now)
            if span is None:
                self._outcome.quiet += 1
                continue
            self._look_around(rule, form, span)

    def _heard(self, rules: Sequence[Rule]) -> Mapping[str, int]:
        """Return up to when there were events of each source that has new ones.

        A query of one's own that finds what is missing may wait for events that come afterwards.
        All times before are looked at only where there was nothing lately.
        """
        if not any(rule.kind == "sql" and "waits" in rule.spec for rule in rules):
            return {}
        first = "SELECT source, MIN(ts) FROM fresh_events GROUP BY source"
        starts = {str(source): int(time) for source, time in self._engine.rows(first)}
        heard: dict[str, int] = {}
        for reach in (_LATELY, EVER):
            asked = [
                f"SELECT source, MAX(ts) AS newest FROM all_events WHERE source = '{source}' "
                f"AND {between(start - reach, start - 1)} GROUP BY source"
                for source, start in starts.items()
                if source not in heard
            ]
            rows = self._engine.rows(" UNION ALL ".join(asked)) if asked else ()
            heard |= {str(source): int(time) for source, time in rows}
        return heard

    def _look_around(self, rule: Rule, form: Form, span: tuple[int, int]) -> None:
        """Find a rule's alerts in the spans that a stretch of time may change."""
        start = max(0, span[0] - form.before)
        start -= start % rule.suppress
        end = span[1] + form.ahead
        end += rule.suppress - end % rule.suppress
        narrow = rule.kind != "sql" and not form.waits and set(rule.by) <= set(rule.entity)
        scope = Scope(start - form.back, end + form.ahead, start, touched=narrow)
        found = [each for each in self._found(rule, scope) if start <= each.bucket < end]
        self._keep(rule, found)
        if form.fades:
            self._outcome.gone |= self._faded(rule, found, (start, end), narrow=narrow)

    def _faded(
        self, rule: Rule, found: Sequence[Found], span: tuple[int, int], *, narrow: bool
    ) -> set[str]:
        """Return the alerts of a stretch of time that are found no more in these events."""
        there = {each.id for each in found}
        before = self._alerts.alerts(rules=[rule.id], since=span[0], events=self._events)
        waiting = [
            alert
            for alert in before
            if alert.waits and span[0] <= alert.bucket < span[1] and alert.id not in there
        ]
        if not waiting or not narrow:
            return {alert.id for alert in waiting}
        setting = self._watch.setting(rule, self._engine)
        touched = set(self._engine.rows(touched_keys(rule, setting)))
        return {alert.id for alert in waiting if (alert.account, alert.key) in touched}

    def _found(self, rule: Rule, scope: Scope | None) -> list[Found]:
        setting = self._watch.setting(rule, self._engine)
        put_places(self._engine, rule, setting, scope, self._watch.atlas)
        query = _of(rule, lambda: compiled(rule, setting, scope))
        rows = _of(rule, lambda: self._engine.rows(query))
        self._outcome.ran += 1
        self._watch.progress(rule.id)
        return list(gathered(rule.id, rows))

    def _keep(self, rule: Rule, found: Sequence[Found]) -> None:
        for each in found:
            self._outcome.found[each.id] = _alert(rule, each, self._events)

    def _count(self, view: str) -> int:
        return int(self._engine.rows(f"SELECT COUNT(*) FROM {view}")[0][0])

    def _spans(self, rules: Sequence[Rule]) -> Iterator[tuple[str, tuple[int, int]]]:
        """Yield the first and the last time of new events that concern each rule."""
        done = self._engine.rows("SELECT DISTINCT source, service, action FROM fresh_events")
        rules = concerned(rules, self._watch.site, done)
        for start in range(0, len(rules), _AT_ONCE):
            some = rules[start : start + _AT_ONCE]
            asked = [self._asked(n, rule) for n, rule in enumerate(some)]
            for n, first, last in self._engine.rows(" UNION ALL ".join(asked)):
                if first is not None:
                    yield some[n].id, (int(first), int(last))

    def _asked(self, number: int, rule: Rule) -> str:
        setting = self._watch.setting(rule, self._engine)
        where = looked_at(rule, setting)
        if rule.kind == "sql" or needs_places(rule, setting):
            where = f"source IN ({', '.join(setting.text(Source(s).value) for s in rule.sources)})"
        columns = f"{number} AS rule_number, MIN(ts) AS first_ts, MAX(ts) AS last_ts"
        return f"SELECT {columns} FROM fresh_events WHERE {where}"


def _with_waiting(
    span: tuple[int, int] | None, form: Form, waited: int, now: int
) -> tuple[int, int] | None:
    """Return a stretch of time, and that in which something may have been missing long enough.

    Args:
        span: of new events.
        form: says whether something has to be missing.
        waited: up to when that was told by the run before.
        now: the present.
    """
    if not form.waits:
        return span
    return (min(span[0], waited), max(span[1], now)) if span else (waited, now)


def _alert(rule: Rule, found: Found, events: str) -> Alert:
    return Alert(
        id=found.id,
        rule=rule.id,
        title=rule.title,
        severity=found.severity,
        account=found.account,
        key=found.key,
        entity=found.entity,
        bucket=found.bucket,
        first=found.first,
        last=found.last,
        count=found.count,
        evidence=found.evidence,
        unconfirmed=rule.unconfirmed,
        events=events,
    )
