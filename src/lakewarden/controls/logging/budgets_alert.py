"""Somebody who steals computing time is found by the bill, at the end of the month. A budget that
alerts people finds them when the first unusual days are spent, and it is the cheapest alarm that
there is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, observe
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import also
from lakewarden.controls.kit.subjects import ACCOUNT, Account
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.given import given, refused
from lakewarden.estate.oversight import BUDGETS
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.change import Target
from lakewarden.plan.wish import CannotPlanError, Wish
from lakewarden.policyfile.policy import Policy

CONTROL = Control(
    id="budgets-alert",
    title="A budget of the account alerts somebody",
    paper=("P17",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=ACCOUNT,
    needs=(BUDGETS.need(),),
    fix=Fix(
        "Create a budget over all workspaces with a monthly threshold a little above what is "
        "usual, and with an alert to people who can look into it, as costs.alert and "
        "costs.monthly name them.",
        console="Account console, Usage, Budgets, Add budget.",
        api='POST /api/2.1/accounts/{account_id}/budgets {"budget": {"display_name": "...", '
        '"alert_configurations": [{"action_configurations": [{"action_type": '
        '"EMAIL_NOTIFICATION", "target": "..."}], "quantity_threshold": "..."}]}}',
        terraform="databricks_budget with alert_configurations and, in each, "
        "action_configurations.",
        breaks="Nothing stops working; a budget alerts and does not limit.",
    ),
    maps=also(
        "tells somebody when consumption leaves what is usual",
        nist="SI-4 SI-4(5) SI-4(12)",
        soc2="CC7.2",
        hipaa="164.308(a)(1)(ii)(D)",
        iso="A.8.6 A.8.16",
        ccm="LOG-03 LOG-13",
        attack="T1496",
    ),
)

_ALERTS: Final = "/alert_configurations"
_MAIL: Final = "EMAIL_NOTIFICATION"
_NAME: Final = "everything in a month"


@CONTROL.check
def check(_: Account, at: Context) -> Judgement:
    """Some budget has an alert that does something."""
    budgets = at.estate.of(BUDGETS)
    seen = list(budgets.seen())
    unread = [b.alerts.gap for b in seen if b.alerts.gap is not None]
    known = [b for b in seen if b.alerts.gap is None]
    alerting = [b for b in known if any(a.action_configurations for a in b.alerts.get())]
    if not alerting and (budgets.gap or unread):
        raise UnreadError(budgets.gap or unread[0])
    names = [b.id if b.name.gap else b.name.get() for b in alerting]
    evidence = Evidence(BUDGETS.source, "alert_configurations", names, "a budget that alerts")
    shown = "no budget alerts anybody" if seen else "there is no budget"
    return observe(bool(alerting), evidence, otherwise=shown)


@CONTROL.mends
def mend(_: Account, at: Context) -> Iterable[Wish]:
    """The first budget that watches for a sum tells somebody; without one, one is made."""
    if not at.policy.cost_alerts:
        raise CannotPlanError("say who is told of costs: costs.alert in lakewarden.toml")
    actions = [{"action_type": _MAIL, "target": address} for address in at.policy.cost_alerts]
    for budget in sorted(at.estate.of(BUDGETS).each(), key=lambda b: b.id):
        written = [dict(alert) for alert in budget.written.get()]
        if written:
            told = [{**alert, "action_configurations": actions} for alert in written]
            target = Target("budget", "account", budget.id)
            yield Wish(target, budget.name.get(), {_ALERTS: written}, {_ALERTS: told})
            return
    yield _made(at.policy.monthly_cost, actions)


def _made(monthly: int, actions: list[dict[str, str]]) -> Wish:
    if not monthly:
        raise CannotPlanError(
            "say from which sum of a month on they are told: costs.monthly in lakewarden.toml"
        )
    alert = {
        "quantity_threshold": str(monthly),
        "quantity_type": "LIST_PRICE_DOLLARS_USD",
        "time_period": "MONTH",
        "trigger_type": "CUMULATIVE_SPENDING_EXCEEDED",
        "action_configurations": actions,
    }
    target = Target("budget", "account", f"display_name={_NAME}")
    return Wish(target, _NAME, None, {"/display_name": _NAME, _ALERTS: [alert]})


def _budget(*actions: dict[str, str], **changes: Any) -> dict[str, Any]:
    alerts = [{"quantity_threshold": "100", "action_configurations": list(actions)}]
    whole = {"budget_configuration_id": "b", "display_name": "monthly"}
    return {**whole, "alert_configurations": alerts, **changes}


def _given(*budgets: dict[str, Any]) -> MemorySnapshot:
    return given(budgets=list(budgets))


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show the ways to be right, wrong and unread."""
    mail = {"action_type": "EMAIL_NOTIFICATION", "target": "finops@example.com"}
    silent = _budget(budget_configuration_id="silent")
    yield passes("an e-mail", _given(_budget(mail)))
    yield passes("one of two", _given(silent, _budget(mail)))
    yield fails("an alert that does nothing", _given(silent))
    yield fails("a budget without an alert", _given(_budget(alert_configurations=[])))
    yield fails("no budget", _given())
    ours = Policy(cost_alerts=("finops@example.com",), monthly_cost=15000)
    yield fails("no alert does anything, and the file says who is told", _given(silent), ours)
    yield fails("no budget, and the file says from which sum on", _given(), ours)
    odd = _budget(budget_configuration_id="odd", alert_configurations="x")
    yield unclear("alerts that are none", _given(odd))
    yield passes("one that is known to alert", _given(odd, _budget(mail)))
    yield unclear("budgets may not be listed", given(budgets=refused()))
