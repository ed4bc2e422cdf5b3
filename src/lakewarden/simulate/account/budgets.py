"""``/api/2.1/accounts/{account}``: budgets and budget policies."""

from __future__ import annotations

from lakewarden.simulate.crud import Collection, serve
from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ACCOUNT, Request, Seed, seeds

_BASE = "/api/2.1/accounts/{account}"


def _fill_budget(request: Request, body: Json) -> Json:
    for alert in body.get("alert_configurations", ()):
        alert.setdefault("alert_configuration_id", request.account.ids.uuid())
    times = {"create_time": request.now, "update_time": request.now}
    return {"account_id": request.account.id} | times | body


BUDGETS = Collection(
    path=f"{_BASE}/budgets",
    table="budgets",
    id_key="budget_configuration_id",
    label="Budget",
    required=("display_name",),
    audit=("accounts.createBudget", "accounts.updateBudget", "accounts.deleteBudget"),
    envelope="budgets",
    wrapper="budget",
    fill=_fill_budget,
)


class _PolicyBodies(Collection):
    """Budget policies: created inside ``policy``, answered bare."""

    def body(self, request: Request) -> Json:
        """The policy in the call's body."""
        if isinstance(request.body, dict) and "policy" in request.body:
            request.body = request.body["policy"]
        return super().body(request)


POLICIES = _PolicyBodies(
    path=f"{_BASE}/budget-policies",
    table="budget-policies",
    id_key="policy_id",
    label="Budget policy",
    required=("policy_name",),
    audit=(
        "budgetPolicyCentral.create",
        "budgetPolicyCentral.update",
        "budgetPolicyCentral.delete",
    ),
    envelope="policies",
    unique="policy_name",
)
serve(ACCOUNT, BUDGETS, "list", "get", "create", "put", "delete")
serve(ACCOUNT, POLICIES, "list", "get", "create", "patch", "delete")


@seeds("budgets")
def seed_budget(seed: Seed, item: Json) -> None:
    """``[[budgets]]``: an API body without its wrapper."""
    made = seed.call("POST", BUDGETS.path, {"budget": item})["budget"]
    seed.remember("budget", item["display_name"], made["budget_configuration_id"])


@seeds("budget_policies")
def seed_policy(seed: Seed, item: Json) -> None:
    """``[[budget_policies]]``: an API body without its wrapper."""
    seed.call("POST", POLICIES.path, {"policy": item})
