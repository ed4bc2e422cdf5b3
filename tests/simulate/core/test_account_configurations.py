from __future__ import annotations

from collections.abc import Callable

import pytest
from databricks.sdk.errors import (
    BadRequest,
    InvalidParameterValue,
    NotFound,
    ResourceConflict,
    ResourceDoesNotExist,
)
from databricks.sdk.service import billing, catalog, provisioning, settings
from databricks.sdk.service.iam import GrantRule, RuleSetUpdateRequest, WorkspacePermission
from databricks.sdk.service.oauth2 import FederationPolicy, OidcFederationPolicy

from simulate.core.kit import Lab

Shared = Callable[[str], Lab]


def test_the_parts_of_a_workspace_behind_private_link(shared: Shared) -> None:
    account = shared("high-security").account()
    workspace = account.workspaces.get(3001)
    assert workspace.network_id
    assert workspace.private_access_settings_id
    network = account.networks.get(workspace.network_id)
    assert network.vpc_status == provisioning.VpcStatus.VALID
    assert network.vpc_endpoints
    assert network.vpc_endpoints.dataplane_relay
    relay = account.vpc_endpoints.get(network.vpc_endpoints.dataplane_relay[0])
    assert relay.use_case == provisioning.EndpointUseCase.DATAPLANE_RELAY_ACCESS
    assert relay.state == "available"
    access = account.private_access.get(workspace.private_access_settings_id)
    assert access.public_access_enabled is False
    assert access.allowed_vpc_endpoint_ids
    storage_key = account.encryption_keys.get(workspace.storage_customer_managed_key_id or "")
    assert storage_key.use_cases == [provisioning.KeyUseCase.STORAGE]
    assert storage_key.aws_key_info
    assert storage_key.aws_key_info.key_region == "us-east-1"


def test_lists_are_bare_arrays(shared: Shared) -> None:
    lab = shared("high-security")
    base = f"/api/2.0/accounts/{lab.simulation.account_id}"
    for kind in (
        "workspaces",
        "networks",
        "private-access-settings",
        "vpc-endpoints",
        "credentials",
        "storage-configurations",
        "customer-managed-keys",
    ):
        body = lab.http().get(f"{base}/{kind}").json()
        assert isinstance(body, list), kind
        assert body, kind


def test_empty_lists_keep_their_envelope(shared: Shared) -> None:
    lab = shared("fresh")
    base = f"/accounts/{lab.simulation.account_id}"
    for path, key in (
        (f"/api/2.0{base}/log-delivery", "log_delivery_configurations"),
        (f"/api/2.0{base}/network-connectivity-configs", "items"),
        (f"/api/2.0{base}/federationPolicies", "policies"),
        (f"/api/2.0{base}/oauth2/custom-app-integrations", "apps"),
        (f"/api/2.1{base}/budgets", "budgets"),
        (f"/api/2.1{base}/budget-policies", "policies"),
    ):
        assert lab.http().get(path).json() == {key: []}


def test_an_enterprise_feature_is_not_available_on_premium(shared: Shared) -> None:
    account = shared("fresh").account()
    with pytest.raises(NotFound, match="is not available in the pricing tier") as caught:
        account.vpc_endpoints.list()
    assert caught.value.error_code == "FEATURE_DISABLED"


def test_a_new_network_is_attached_and_then_can_not_be_deleted(typical: Lab) -> None:
    account = typical.account()
    made = account.networks.create(
        network_name="ty-second",
        vpc_id="vpc-1",
        subnet_ids=["subnet-1", "subnet-2"],
        security_group_ids=["sg-1"],
    )
    assert made.network_id
    assert account.networks.get(made.network_id).vpc_status == provisioning.VpcStatus.UNATTACHED
    account.workspaces.update(
        2001, provisioning.Workspace(network_id=made.network_id), update_mask="network_id"
    )
    assert account.workspaces.get(2001).network_id == made.network_id
    assert account.networks.get(made.network_id).vpc_status == provisioning.VpcStatus.VALID
    with pytest.raises(BadRequest, match="in use by workspace ty-analytics"):
        account.networks.delete(made.network_id)
    with pytest.raises(ResourceConflict):
        account.networks.create(network_name="ty-second", vpc_id="vpc-1", subnet_ids=["a", "b"])


def test_references_have_to_exist(typical: Lab) -> None:
    account = typical.account()
    with pytest.raises(InvalidParameterValue, match="credentials_id"):
        account.workspaces.update(
            2001, provisioning.Workspace(credentials_id="made-up"), update_mask="credentials_id"
        )
    with pytest.raises(ResourceDoesNotExist):
        account.storage.get("made-up")


def test_log_delivery_is_disabled_never_deleted_and_limited_to_two(typical: Lab) -> None:
    account = typical.account()
    first = next(iter(account.log_delivery.list()))
    assert first.log_delivery_status
    assert first.log_delivery_status.status
    assert first.log_delivery_status.status.value == "SUCCEEDED"
    request = billing.CreateLogDeliveryConfigurationParams(
        log_type=billing.LogType.AUDIT_LOGS,
        output_format=billing.OutputFormat.JSON,
        credentials_id=first.credentials_id,
        storage_configuration_id=first.storage_configuration_id,
    )
    account.log_delivery.create(request)
    with pytest.raises(BadRequest, match="Too many"):
        account.log_delivery.create(request)
    account.log_delivery.patch_status(
        first.config_id or "", billing.LogDeliveryConfigStatus.DISABLED
    )
    enabled = account.log_delivery.list(status=billing.LogDeliveryConfigStatus.ENABLED)
    assert first.config_id not in {entry.config_id for entry in enabled}
    assert account.log_delivery.create(request).log_delivery_configuration


def test_network_policies_and_the_default_one(typical: Lab) -> None:
    account = typical.account()
    policies = [p.network_policy_id for p in account.network_policies.list_network_policies_rpc()]
    assert policies == ["default-policy"]
    option = account.workspace_network_configuration.get_workspace_network_option_rpc(2001)
    assert option.network_policy_id == "default-policy"
    account.network_policies.create_network_policy_rpc(
        settings.AccountNetworkPolicy(network_policy_id="strict")
    )
    account.workspace_network_configuration.update_workspace_network_option_rpc(
        2001, settings.WorkspaceNetworkOption(workspace_id=2001, network_policy_id="strict")
    )
    with pytest.raises(BadRequest, match="in use"):
        account.network_policies.delete_network_policy_rpc("strict")
    with pytest.raises(BadRequest):
        account.network_policies.delete_network_policy_rpc("default-policy")


def test_network_connectivity_and_its_rules(typical: Lab) -> None:
    account = typical.account()
    made = account.network_connectivity.create_network_connectivity_configuration(
        settings.CreateNetworkConnectivityConfiguration(name="ncc", region="us-east-1")
    )
    config_id = made.network_connectivity_config_id or ""
    rule = account.network_connectivity.create_private_endpoint_rule(
        config_id, settings.CreatePrivateEndpointRule(endpoint_service="com.amazonaws.s3")
    )
    assert [
        r.rule_id for r in account.network_connectivity.list_private_endpoint_rules(config_id)
    ] == [rule.rule_id]
    account.network_connectivity.delete_private_endpoint_rule(config_id, rule.rule_id or "")
    account.network_connectivity.delete_network_connectivity_configuration(config_id)
    assert list(account.network_connectivity.list_network_connectivity_configurations()) == []


def test_metastores_and_their_workspaces(typical: Lab) -> None:
    account = typical.account()
    metastore = next(iter(account.metastores.list()))
    assert metastore.owner == "ty-metastore-admins"
    metastore_id = metastore.metastore_id or ""
    assert list(account.metastore_assignments.list(metastore_id)) == [2001, 2002]
    account.metastores.update(
        metastore_id,
        metastore_info=catalog.UpdateAccountsMetastore(owner="somebody@typical.example"),
    )
    changed = account.metastores.get(metastore_id).metastore_info
    assert changed
    assert changed.owner == "somebody@typical.example"
    account.metastore_assignments.delete(2002, metastore_id)
    with pytest.raises(ResourceDoesNotExist):
        account.metastore_assignments.get(2002)


def test_a_service_principals_secret_opens_until_it_is_deleted(typical: Lab) -> None:
    account = typical.account()
    principal = next(iter(account.service_principals_v2.list(filter='displayName eq "ty-ci"')))
    principal_id = int(principal.id or 0)
    before = list(account.service_principal_secrets.list(principal_id))
    assert len(before) == 1
    made = account.service_principal_secrets.create(principal_id, lifetime="3600s")
    assert made.secret
    assert made.expire_time
    url = f"/oidc/accounts/{typical.simulation.account_id}/v1/token"
    form = {"grant_type": "client_credentials", "scope": "all-apis"}
    login = (principal.application_id or "", made.secret)
    assert typical.http().post(url, auth=login, data=form).status_code == 200
    account.service_principal_secrets.delete(principal_id, made.id or "")
    assert typical.http().post(url, auth=login, data=form).status_code == 401


def test_federation_policies_of_account_and_service_principals(typical: Lab) -> None:
    account = typical.account()
    policy = FederationPolicy(
        oidc_policy=OidcFederationPolicy(issuer="https://ci.example", subject="main")
    )
    account.federation_policy.create(policy, policy_id="ci")
    assert [p.policy_id for p in account.federation_policy.list()] == ["ci"]
    principal = next(iter(account.service_principals_v2.list()))
    principal_id = int(principal.id or 0)
    account.service_principal_federation_policy.create(principal_id, policy, policy_id="own")
    own = account.service_principal_federation_policy.list(principal_id)
    assert [p.policy_id for p in own] == ["own"]
    account.federation_policy.delete("ci")
    assert list(account.federation_policy.list()) == []


def test_oauth_apps(typical: Lab) -> None:
    account = typical.account()
    made = account.custom_app_integration.create(
        name="notebook-bot", redirect_urls=["https://bot.example"], scopes=["sql"]
    )
    shown = account.custom_app_integration.get(made.integration_id or "")
    assert (shown.name, shown.scopes) == ("notebook-bot", ["sql"])
    account.published_app_integration.create(app_id="databricks-cli")
    assert "Databricks CLI" in [a.name for a in account.published_app_integration.list()]
    assert {a.app_id for a in account.o_auth_published_apps.list()} >= {"power-bi"}


def test_rule_sets_have_etags(typical: Lab) -> None:
    account = typical.account()
    name = f"accounts/{typical.simulation.account_id}/ruleSets/default"
    kept = account.access_control.get_rule_set(name=name, etag="")
    update = RuleSetUpdateRequest(
        name=name,
        etag=kept.etag,
        grant_rules=[GrantRule(role="roles/marketplace.admin", principals=["groups/x"])],
    )
    changed = account.access_control.update_rule_set(name=name, rule_set=update)
    assert changed.grant_rules
    assert changed.grant_rules[0].principals == ["groups/x"]
    with pytest.raises(ResourceConflict):
        account.access_control.update_rule_set(name=name, rule_set=update)


def test_budgets_and_budget_policies(typical: Lab) -> None:
    account = typical.account()
    budget = next(iter(account.budgets.list()))
    assert budget.alert_configurations
    made = account.budget_policy.create(policy=billing.BudgetPolicy(policy_name="gpu"))
    assert [p.policy_name for p in account.budget_policy.list()] == ["gpu"]
    account.budget_policy.delete(made.policy_id or "")
    assert list(account.budget_policy.list()) == []


def test_workspace_assignments(typical: Lab) -> None:
    account = typical.account()
    user = next(iter(account.users_v2.list(filter='userName sw "lena.fischer"')))
    user_id = int(user.id or 0)
    account.workspace_assignment.update(2002, user_id, permissions=[WorkspacePermission.ADMIN])
    client = typical.workspace(2002, "lena.fischer@typical.example")
    assert list(client.token_management.list())
    account.workspace_assignment.delete(2002, user_id)
    with pytest.raises(ResourceDoesNotExist):
        account.workspace_assignment.delete(2002, user_id)


def test_a_workspace_that_is_created_is_served_and_governed(own: Callable[..., Lab]) -> None:
    lab = own("typical")
    where = f"/api/2.0/accounts/{lab.simulation.account_id}/workspaces"
    made = lab.account().api_client.do("POST", where, body={"workspace_name": "later"})
    client = lab.workspace(made["workspace_id"])
    assert client.current_user.me().user_name == lab.simulation.client_id
    families = {policy.policy_family_id for policy in client.cluster_policies.list()}
    assert "personal-vm" in families
