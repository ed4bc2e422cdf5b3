"""An alert, and what an attacker may have written into it."""

from __future__ import annotations

from lakewarden.ledger.alert import Alert
from lakewarden.ledger.finding import Severity
from lakewarden.watch import library
from lakewarden.watch.sinks.notice import Notice

RULES = library.rules()
ODD = "ann\r\nBcc: eve@example.com <!channel> \x1b[2J\u202e <b>&amp;"
ALERT = Alert(
    id="00aa11bb22cc33dd",
    rule="login.impossible_travel",
    title="Two logins of one person too far apart for the time between them",
    severity=Severity.HIGH,
    account="acc",
    key="ann@example.com",
    entity="ann@example.com",
    bucket=1_764_277_200_000,
    first=1_764_277_201_000,
    last=1_764_277_260_000,
    count=3,
    evidence=(
        {
            "id": "e1",
            "ts": 1_764_277_201_000,
            "service": "accounts",
            "action": "login",
            "actor": "ann@example.com",
            "src_ip": "198.51.100.7",
            "place": "1001",
            "status": 200,
        },
        {
            "id": "e2",
            "ts": 1_764_277_260_000,
            "service": None,
            "action": None,
            "actor": None,
            "src_ip": None,
            "place": None,
            "status": None,
        },
    ),
    raised=1_764_277_300_000,
)


def notice(alert=ALERT, before=None):
    return Notice(alert, RULES[alert.rule].spec if alert.rule in RULES else {}, before)
