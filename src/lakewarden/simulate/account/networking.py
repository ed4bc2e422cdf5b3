"""Networking of serverless compute: network policies and connectivity configurations."""

from __future__ import annotations

from typing import Any

from lakewarden.simulate.crud import Collection, serve
from lakewarden.simulate.state import Account, Json, Table
from lakewarden.simulate.web import ACCOUNT, ApiError, Request, Seed, invalid, missing, seeds

route = ACCOUNT.route

_BASE = "/api/2.0/accounts/{account}"
DEFAULT_POLICY = "default-policy"
LONGEST_ID = 32
_STABLE_CIDRS = ["198.18.10.0/24", "198.18.20.0/24"]


def _policy_id(request: Request, body: Json) -> str:
    policy_id = str(body["network_policy_id"])
    if len(policy_id) > LONGEST_ID:
        raise invalid(f"network_policy_id is longer than {LONGEST_ID} characters")
    _default(request.account)
    return policy_id


def _default(account: Account) -> None:
    """The policy that every account has."""
    full = {"network_access": {"restriction_mode": "FULL_ACCESS"}}
    policy = {"network_policy_id": DEFAULT_POLICY, "account_id": account.id, "egress": full}
    account.table("network-policies").setdefault(DEFAULT_POLICY, policy)


def _used_by(key: str) -> Any:
    def find(account: Account, wanted: str) -> str | None:
        if wanted == DEFAULT_POLICY:
            return "every workspace without a policy of its own"
        for workspace_id, entry in account.table("workspace-networks").items():
            if entry.get(key) == wanted:
                return f"workspace {workspace_id}"
        return None

    return find


class _Policies(Collection):
    """Network policies; the default one is always there."""

    def one(self, request: Request) -> Json:
        """The policy that the path names."""
        _default(request.account)
        return super().one(request)

    def listing(self, request: Request) -> Json | list[Json]:
        """Every policy."""
        _default(request.account)
        return super().listing(request)


POLICIES = _Policies(
    path=f"{_BASE}/network-policies",
    table="network-policies",
    id_key="network_policy_id",
    label="Network policy",
    required=("network_policy_id",),
    audit=(
        "accountsManager.createNetworkPolicy",
        "accountsManager.updateNetworkPolicy",
        "accountsManager.deleteNetworkPolicy",
    ),
    envelope="items",
    feature="Serverless egress control",
    new_id=_policy_id,
    fill=lambda request, body: {"account_id": request.account.id} | body,
    in_use=_used_by("network_policy_id"),
)


def _fill_connectivity(request: Request, body: Json) -> Json:
    rules = {"aws_stable_ip_rule": {"cidr_blocks": _STABLE_CIDRS}}
    return body | {
        "account_id": request.account.id,
        "creation_time": request.now,
        "egress_config": {"default_rules": rules},
    }


def _connectivity_user(account: Account, wanted: str) -> str | None:
    for workspace in account.table("workspaces").values():
        if workspace.get("network_connectivity_config_id") == wanted:
            return f"workspace {workspace['workspace_name']}"
    return None


CONNECTIVITY = Collection(
    path=f"{_BASE}/network-connectivity-configs",
    table="network-connectivity-configs",
    id_key="network_connectivity_config_id",
    label="Network connectivity configuration",
    required=("name", "region"),
    audit=(
        "accountsManager.createNetworkConnectivityConfig",
        "accountsManager.updateNetworkConnectivityConfig",
        "accountsManager.deleteNetworkConnectivityConfig",
    ),
    envelope="items",
    unique="name",
    fill=_fill_connectivity,
    in_use=_connectivity_user,
)
serve(ACCOUNT, POLICIES, "list", "get", "create", "put", "delete")
serve(ACCOUNT, CONNECTIVITY, "list", "get", "create", "delete")

_RULES = f"{_BASE}/network-connectivity-configs/{{config}}/private-endpoint-rules"


def _rules(request: Request) -> Table:
    config = request.params["config"]
    if config not in request.account.table("network-connectivity-configs"):
        raise missing(f"Network connectivity configuration {config} does not exist")
    return request.account.table(f"private-endpoint-rules/{config}")


def _rule(request: Request) -> Json:
    rule = _rules(request).get(request.params["id"])
    if rule is None:
        raise missing(f"Private endpoint rule {request.params['id']} does not exist")
    return rule


@route("GET", _RULES, admin=True)
def list_rules(request: Request) -> Json:
    """The private endpoint rules of a connectivity configuration."""
    return {"items": list(_rules(request).values())}


@route("GET", _RULES + "/{id}", admin=True)
def get_rule(request: Request) -> Json:
    """One private endpoint rule."""
    return _rule(request)


@route("POST", _RULES, admin=True, audit="accountsManager.createPrivateEndpointRule")
def create_rule(request: Request) -> Json:
    """Ask for a private endpoint; the owner of the service has to accept it."""
    rules, rule_id = _rules(request), request.account.ids.uuid()
    rules[rule_id] = {
        **(request.body or {}),
        "rule_id": rule_id,
        "network_connectivity_config_id": request.params["config"],
        "account_id": request.account.id,
        "connection_state": "PENDING",
        "enabled": True,
        "creation_time": request.now,
        "vpc_endpoint_id": f"vpce-{request.account.ids.hex(17)}",
    }
    return rules[rule_id]


@route("DELETE", _RULES + "/{id}", admin=True, audit="accountsManager.deletePrivateEndpointRule")
def delete_rule(request: Request) -> Json:
    """Give a private endpoint up."""
    rule = _rule(request)
    del _rules(request)[rule["rule_id"]]
    return rule


_NETWORK = f"{_BASE}/workspaces/{{id}}/network"


def _workspace_network(request: Request) -> Json:
    workspace_id = request.params["id"]
    if workspace_id not in request.account.table("workspaces"):
        raise missing(f"Workspace {workspace_id} does not exist")
    default = {"workspace_id": int(workspace_id), "network_policy_id": DEFAULT_POLICY}
    return request.account.table("workspace-networks").setdefault(workspace_id, default)


@route("GET", _NETWORK, admin=True, feature="Serverless egress control")
def get_workspace_network(request: Request) -> Json:
    """The network policy of a workspace."""
    return _workspace_network(request)


@route(
    "PUT",
    _NETWORK,
    admin=True,
    feature="Serverless egress control",
    audit="accountsManager.updateWorkspaceNetworkPolicy",
)
def set_workspace_network(request: Request) -> Json:
    """Give a workspace another network policy."""
    entry, policy_id = _workspace_network(request), request.need("network_policy_id")
    _default(request.account)
    if policy_id not in request.account.table("network-policies"):
        raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", f"Network policy {policy_id} does not exist")
    entry["network_policy_id"] = policy_id
    return entry


@seeds("network_policies")
def seed_policy(seed: Seed, item: Json) -> None:
    """``[[network_policies]]``: an API body; the default policy is replaced, others are made."""
    if item["network_policy_id"] == DEFAULT_POLICY:
        seed.call("PUT", f"{POLICIES.path}/{DEFAULT_POLICY}", item)
    else:
        seed.call("POST", POLICIES.path, item)


@seeds("network_connectivity_configs")
def seed_connectivity(seed: Seed, item: Json) -> None:
    """``[[network_connectivity_configs]]``: an API body, and ``rules`` with a connection_state."""
    body = {key: value for key, value in item.items() if key != "rules"}
    config = seed.call("POST", CONNECTIVITY.path, body)["network_connectivity_config_id"]
    seed.remember("ncc", item["name"], config)
    for rule in item.get("rules", []):
        wanted = {key: value for key, value in rule.items() if key != "connection_state"}
        made = seed.call("POST", _RULES.replace("{config}", config), wanted)
        stored = seed.account.table(f"private-endpoint-rules/{config}")[made["rule_id"]]
        stored["connection_state"] = rule.get("connection_state", "PENDING")  # the owner's answer


@seeds("network")
def seed_workspace_network(seed: Seed, item: Json) -> None:
    """``[2001.network]``: ``network_policy_id``."""
    seed.call("PUT", _NETWORK.replace("{id}", str(seed.workspace.id)), item)
