"""The calls of the official client that no other test makes, each against what it should answer."""

from __future__ import annotations

import pytest
from databricks.sdk.common.types.fieldmask import FieldMask
from databricks.sdk.errors import NotFound, ResourceDoesNotExist
from databricks.sdk.service import billing, catalog, iam, oauth2, provisioning, settings
from databricks.sdk.service.settings import ListType

from simulate.core.kit import Lab


def test_credentials_storage_and_keys(typical: Lab) -> None:
    account = typical.account()
    role = provisioning.CreateCredentialStsRole(role_arn="arn:aws:iam::1:role/r")
    credential = account.credentials.create(
        "second", provisioning.CreateCredentialAwsCredentials(sts_role=role)
    )
    credential_id = credential.credentials_id or ""
    held = account.credentials.get(credential_id).aws_credentials
    assert held
    assert held.sts_role
    assert held.sts_role.role_arn == "arn:aws:iam::1:role/r"
    account.credentials.delete(credential_id)
    with pytest.raises(ResourceDoesNotExist):
        account.credentials.get(credential_id)
    bucket = provisioning.RootBucketInfo(bucket_name="b")
    storage = account.storage.create("second", bucket)
    assert account.storage.get(storage.storage_configuration_id or "").root_bucket_info == bucket
    account.storage.delete(storage.storage_configuration_id or "")
    key = account.encryption_keys.create(
        [provisioning.KeyUseCase.STORAGE],
        aws_key_info=provisioning.CreateAwsKeyInfo(key_arn="arn:aws:kms:us-east-1:1:key/k"),
    )
    account.encryption_keys.delete(key.customer_managed_key_id or "")
    assert list(account.encryption_keys.list()) == []


def test_vpc_endpoints_and_private_access(typical: Lab) -> None:
    account = typical.account()
    endpoint = account.vpc_endpoints.create(
        vpc_endpoint_name="front", aws_vpc_endpoint_id="vpce-1", region="us-east-1"
    )
    endpoint_id = endpoint.vpc_endpoint_id or ""
    made = account.private_access.create(
        private_access_settings_name="pas", region="us-east-1", public_access_enabled=True
    )
    settings_id = made.private_access_settings_id or ""
    account.private_access.replace(
        settings_id,
        provisioning.PrivateAccessSettings(
            private_access_settings_name="pas",
            region="us-east-1",
            public_access_enabled=False,
            allowed_vpc_endpoint_ids=[endpoint_id],
        ),
    )
    held = account.private_access.get(settings_id)
    assert (held.public_access_enabled, held.allowed_vpc_endpoint_ids) == (False, [endpoint_id])
    account.private_access.delete(settings_id)
    account.vpc_endpoints.delete(endpoint_id)
    assert list(account.vpc_endpoints.list()) == list(account.private_access.list()) == []


def test_workspaces_come_and_go(typical: Lab) -> None:
    account = typical.account()
    made = account.workspaces.create(workspace_name="third", aws_region="us-east-1").response
    workspace_id = made.workspace_id or 0
    assert account.workspaces.get(workspace_id).deployment_name == "third"
    account.workspaces.delete(workspace_id)
    with pytest.raises(NotFound):
        account.workspaces.get(workspace_id)


def test_network_policies_are_replaced_and_deleted(typical: Lab) -> None:
    api = typical.account().network_policies
    api.create_network_policy_rpc(settings.AccountNetworkPolicy(network_policy_id="p"))
    egress = settings.NetworkPolicyEgress(
        network_access=settings.EgressNetworkPolicyNetworkAccessPolicy(
            settings.EgressNetworkPolicyNetworkAccessPolicyRestrictionMode.RESTRICTED_ACCESS
        )
    )
    policy = settings.AccountNetworkPolicy(network_policy_id="p", egress=egress)
    api.update_network_policy_rpc("p", policy)
    held = api.get_network_policy_rpc("p").egress
    assert held
    assert held.as_dict() == egress.as_dict()
    api.update_network_policy_rpc("p", settings.AccountNetworkPolicy(network_policy_id="p"))
    bare = api.get_network_policy_rpc("p")
    assert (bare.egress, bare.account_id) == (None, typical.simulation.account_id)
    api.delete_network_policy_rpc("p")
    with pytest.raises(NotFound):
        api.get_network_policy_rpc("p")


def test_metastores_are_made_assigned_and_deleted(typical: Lab) -> None:
    account = typical.account()
    info = catalog.CreateAccountsMetastore(name="second", region="us-east-1")
    made = account.metastores.create(metastore_info=info).metastore_info
    metastore_id = (made and made.metastore_id) or ""
    account.metastore_assignments.create(2002, metastore_id)
    account.metastore_assignments.update(
        2002,
        metastore_id,
        metastore_assignment=catalog.UpdateMetastoreAssignment(2002, default_catalog_name="sales"),
    )
    held = account.metastore_assignments.get(2002).metastore_assignment
    assert held
    assert held.metastore_id == metastore_id
    account.metastores.delete(metastore_id)
    (first,) = account.metastores.list()
    assert list(account.metastore_assignments.list(first.metastore_id or "")) == [2001]


def test_account_lists_are_replaced_and_read_singly(typical: Lab) -> None:
    api = typical.account().ip_access_lists
    made = api.create("x", ListType.BLOCK, ip_addresses=["192.0.2.1"]).ip_access_list
    list_id = (made and made.list_id) or ""
    api.replace(list_id, "y", ListType.BLOCK, enabled=False, ip_addresses=["192.0.2.2"])
    held = api.get(list_id).ip_access_list
    assert held
    assert (held.label, held.enabled, held.ip_addresses) == ("y", False, ["192.0.2.2"])
    api.delete(list_id)


def test_oauth_apps_are_changed_and_deleted(typical: Lab) -> None:
    account = typical.account()
    lifetime = oauth2.TokenAccessPolicy(access_token_ttl_in_minutes=5)
    custom = account.custom_app_integration.create(name="a", redirect_urls=["https://a.example"])
    custom_id = custom.integration_id or ""
    account.custom_app_integration.update(custom_id, token_access_policy=lifetime)
    assert account.custom_app_integration.get(custom_id).token_access_policy == lifetime
    account.custom_app_integration.delete(custom_id)
    assert list(account.custom_app_integration.list()) == []
    published = account.published_app_integration.create(app_id="tableau-desktop")
    published_id = published.integration_id or ""
    account.published_app_integration.update(published_id, token_access_policy=lifetime)
    assert account.published_app_integration.get(published_id).token_access_policy == lifetime
    account.published_app_integration.delete(published_id)
    left = account.published_app_integration.list()
    assert published_id not in [app.integration_id for app in left]


def test_federation_policies_are_changed(typical: Lab) -> None:
    api = typical.account().federation_policy
    issuer = oauth2.OidcFederationPolicy(issuer="https://one.example")
    api.create(oauth2.FederationPolicy(oidc_policy=issuer), policy_id="f")
    issuer.issuer = "https://two.example"
    api.update("f", oauth2.FederationPolicy(oidc_policy=issuer), update_mask="oidc_policy")
    assert api.get("f").oidc_policy == issuer
    principal = int(next(iter(typical.account().service_principals_v2.list())).id or 0)
    own = typical.account().service_principal_federation_policy
    own.create(principal, oauth2.FederationPolicy(oidc_policy=issuer), policy_id="g")
    own.update(principal, "g", oauth2.FederationPolicy(description="d"), update_mask="description")
    assert own.get(principal, "g").description == "d"
    own.delete(principal, "g")
    api.delete("f")
    assert list(api.list()) == []


def test_budgets_are_changed_and_deleted(typical: Lab) -> None:
    account = typical.account()
    made = account.budgets.create(billing.CreateBudgetConfigurationBudget(display_name="b")).budget
    budget_id = (made and made.budget_configuration_id) or ""
    account.budgets.update(budget_id, billing.UpdateBudgetConfigurationBudget(display_name="c"))
    held = account.budgets.get(budget_id).budget
    assert held
    assert held.display_name == "c"
    account.budgets.delete(budget_id)
    policy = account.budget_policy.create(policy=billing.BudgetPolicy(policy_name="p"))
    policy_id = policy.policy_id or ""
    account.budget_policy.update(policy_id, billing.BudgetPolicy(policy_name="q"))
    assert account.budget_policy.get(policy_id).policy_name == "q"
    account.budget_policy.delete(policy_id)


def test_log_delivery_and_assignments_are_read_singly(typical: Lab) -> None:
    account = typical.account()
    entry = next(iter(account.log_delivery.list()))
    held = account.log_delivery.get(entry.config_id or "").log_delivery_configuration
    assert held == entry
    levels = account.workspace_assignment.get(2001).permissions or []
    assert {level.permission_level for level in levels} == set(iam.WorkspacePermission) - {
        iam.WorkspacePermission.UNKNOWN
    }
    roles = account.access_control.get_assignable_roles_for_resource(
        f"accounts/{account.config.account_id}"
    )
    assert roles.roles


def test_workspace_admins_manage_secrets_and_rules_by_proxy(typical: Lab) -> None:
    client = typical.workspace(2001)
    principal = next(iter(client.service_principals_v2.list(filter='displayName eq "ty-etl"')))
    principal_id = str(principal.id)
    made = client.service_principal_secrets_proxy.create(principal_id, lifetime="60s")
    held = list(client.service_principal_secrets_proxy.list(principal_id))
    assert [secret.id for secret in held] == [made.id]
    client.service_principal_secrets_proxy.delete(principal_id, made.id or "")
    name = (
        f"accounts/{typical.simulation.account_id}/servicePrincipals/"
        f"{principal.application_id}/ruleSets/default"
    )
    kept = client.account_access_control_proxy.get_rule_set(name=name, etag="")
    rule = iam.GrantRule(role="roles/servicePrincipal.user", principals=["groups/users"])
    update = iam.RuleSetUpdateRequest(name=name, etag=kept.etag, grant_rules=[rule])
    changed = client.account_access_control_proxy.update_rule_set(name=name, rule_set=update)
    assert changed.grant_rules == [rule]


def test_tokens_are_relabelled_by_owner_and_admin(typical: Lab) -> None:
    own = typical.workspace(2001, "daan.visser@typical.example")
    info = own.tokens.create(comment="a", lifetime_seconds=600).token_info
    token_id = (info and info.token_id) or ""
    own.tokens.update(token_id, settings.PublicTokenInfo(comment="b"), FieldMask(["comment"]))
    admin = typical.workspace(2001).token_management
    held = admin.get(token_id).token_info
    assert held
    assert held.comment == "b"
    admin.update_token_management(token_id, settings.TokenInfo(comment="c"), FieldMask(["comment"]))
    assert [t.comment for t in own.tokens.list() if t.token_id == token_id] == ["c"]
    admin.delete(token_id)
    levels = admin.get_permission_levels().permission_levels or []
    assert len(levels) == 2


def test_passwords_groups_and_principals_of_a_workspace(typical: Lab) -> None:
    client = typical.workspace(2001)
    entry = iam.PasswordAccessControlRequest(
        group_name="ty-data-engineers", permission_level=iam.PasswordPermissionLevel.CAN_USE
    )
    shown = client.users_v2.update_permissions(access_control_list=[entry])
    assert {e.group_name for e in shown.access_control_list or []} == {
        "ty-break-glass",
        "ty-data-engineers",
    }
    shown = client.users_v2.set_permissions(access_control_list=[entry])
    assert [e.group_name for e in shown.access_control_list or []] == ["ty-data-engineers"]
    assert client.users_v2.get_permission_levels().permission_levels
    group = client.groups_v2.create(display_name="temporary")
    user = next(iter(client.users_v2.list(filter='userName sw "paula"')))
    client.groups_v2.update(
        group.id or "", display_name="temporary", members=[iam.ComplexValue(value=user.id)]
    )
    assert [m.value for m in client.groups_v2.get(group.id or "").members or []] == [user.id]
    client.users_v2.update(
        user.id or "",
        user_name=user.user_name,
        entitlements=[iam.ComplexValue(value="databricks-sql-access")],
    )
    held = client.users_v2.get(user.id or "").entitlements or []
    assert [e.value for e in held] == ["databricks-sql-access"]
    robot = client.service_principals_v2.create(display_name="temporary")
    client.service_principals_v2.update(robot.id or "", display_name="renamed", active=True)
    assert client.service_principals_v2.get(robot.id or "").display_name == "renamed"
    client.service_principals_v2.delete(robot.id or "")
    newcomer = client.users_v2.create(user_name="newcomer@typical.example")
    assert typical.account().users_v2.get(newcomer.id or "").active
    client.users_v2.delete(newcomer.id or "")
    with pytest.raises(NotFound):
        client.users_v2.get(newcomer.id or "")
