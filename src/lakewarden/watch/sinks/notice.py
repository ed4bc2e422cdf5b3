"""`Notice`: an alert with what its rule says of it, as it is told to somebody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from lakewarden.ledger.alert import Alert
from lakewarden.ledger.finding import Severity

if TYPE_CHECKING:
    from lakewarden.watch.rule import Rule


@dataclass(frozen=True, slots=True)
class Notice:
    """What a sink is told.

    Attributes:
        alert: the alert.
        spec: what its rule says; empty where there is no such rule any more.
        before: how severe it was when this sink was told of it; None where it was not told.
    """

    alert: Alert
    spec: Mapping[str, Any]
    before: Severity | None = None

    @classmethod
    def of(cls, alert: Alert, rules: Mapping[str, Rule], before: Severity | None = None) -> Notice:
        """Return the notice of an alert, whose rule may be among these, by id."""
        spec = rules[alert.rule].spec if alert.rule in rules else {}
        return cls(alert, spec, before)

    @property
    def id(self) -> str:
        """Return what is the same when the same is told again."""
        return f"{self.alert.id}-{self.alert.severity.value}-{self.alert.count}"

    @property
    def why(self) -> str:
        """Return what it means."""
        return in_one_line(self.spec.get("why", ""))

    @property
    def false_positives(self) -> tuple[str, ...]:
        """Return when it means nothing."""
        return tuple(in_one_line(each) for each in self.spec.get("false_positives", ()))

    @property
    def response(self) -> Mapping[str, str]:
        """Return what to do next: `do`, and where there is one `runbook`."""
        return {name: in_one_line(text) for name, text in self.spec.get("response", {}).items()}

    @property
    def report(self) -> dict[str, Any]:
        """Return it as JSON."""
        alert = self.alert
        return {
            "id": alert.id,
            "rule": alert.rule,
            "title": alert.title,
            "severity": alert.severity.value,
            "entity": alert.entity,
            "account": alert.account,
            "first": moment(alert.first),
            "last": moment(alert.last),
            "count": alert.count,
            "state": alert.state.value,
            "reason": alert.reason or None,
            "unconfirmed": alert.unconfirmed or None,
            "why": self.why,
            "false_positives": list(self.false_positives),
            "response": dict(self.response),
            "evidence": [{**row, "ts": moment(row["ts"])} for row in alert.evidence],
        }


def moment(millis: int) -> str:
    """Return a Unix time in ms as ISO 8601."""
    text = datetime.fromtimestamp(millis / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def in_one_line(text: object) -> str:
    """Return text without line breaks and without more than one blank at a time."""
    return " ".join(str(text).split())
