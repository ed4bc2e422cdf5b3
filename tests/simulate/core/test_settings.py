from __future__ import annotations

from collections.abc import Callable

import pytest
from databricks.sdk.errors import (
    DatabricksError,
    InvalidParameterValue,
    InvalidState,
    NotFound,
    PermissionDenied,
    ResourceConflict,
)
from databricks.sdk.service import settings, settingsv2
from databricks.sdk.service.iam import WorkspacePermission

from simulate.core.kit import Lab

Shared = Callable[[str], Lab]


def _etag(error: DatabricksError) -> str:
    info = error.get_error_details().error_info
    assert info
    assert info.metadata
    return info.metadata["etag"]


def _legacy_access(etag: str, *, on: bool) -> settings.DisableLegacyAccess:
    return settings.DisableLegacyAccess(
        disable_legacy_access=settings.BooleanMessage(value=on), etag=etag
    )


def test_the_etag_protocol_from_never_set_to_deleted(typical: Lab) -> None:
    api = typical.workspace(2001).settings.disable_legacy_access
    path = "disable_legacy_access.value"
    with pytest.raises(NotFound) as never:
        api.get()
    assert never.value.error_code == "NOT_FOUND"
    with pytest.raises(NotFound) as refused:
        api.update(allow_missing=True, setting=_legacy_access("", on=True), field_mask=path)
    assert _etag(refused.value) == _etag(never.value)
    made = api.update(
        allow_missing=True, setting=_legacy_access(_etag(refused.value), on=True), field_mask=path
    )
    assert made.disable_legacy_access.value is True
    assert made.setting_name == "disable_legacy_access"
    with pytest.raises(ResourceConflict) as stale:
        api.update(allow_missing=True, setting=_legacy_access("stale", on=False), field_mask=path)
    assert _etag(stale.value) == made.etag == api.get().etag
    with pytest.raises(ResourceConflict):
        api.delete(etag="stale")
    assert api.delete(etag=made.etag).etag
    with pytest.raises(NotFound):
        api.get()


def test_legacy_access_stays_while_the_default_catalog_is_legacy(typical: Lab) -> None:
    client = typical.workspace(2002)
    namespace = client.settings.default_namespace.get()
    assert namespace.namespace.value == "main"
    namespace.namespace.value = "hive_metastore"
    client.settings.default_namespace.update(
        allow_missing=True, setting=namespace, field_mask="namespace.value"
    )
    with pytest.raises(NotFound) as never:
        client.settings.disable_legacy_access.get()
    with pytest.raises(InvalidParameterValue, match="hive_metastore"):
        client.settings.disable_legacy_access.update(
            allow_missing=True,
            setting=_legacy_access(_etag(never.value), on=True),
            field_mask="disable_legacy_access.value",
        )


def test_the_compliance_profile_forces_others_and_is_permanent(typical: Lab) -> None:
    api = typical.workspace(2001).settings
    profile = settings.ComplianceSecurityProfile(is_enabled=True)
    with pytest.raises(NotFound) as never:
        api.compliance_security_profile.get()
    setting = settings.ComplianceSecurityProfileSetting(profile, etag=_etag(never.value))
    mask = "compliance_security_profile_workspace.is_enabled"
    made = api.compliance_security_profile.update(
        allow_missing=True, setting=setting, field_mask=mask
    )
    monitoring = api.enhanced_security_monitoring.get()
    assert monitoring.enhanced_security_monitoring_workspace.is_enabled
    assert api.automatic_cluster_update.get().automatic_cluster_update_workspace.enabled
    made.compliance_security_profile_workspace.is_enabled = False
    with pytest.raises(InvalidParameterValue, match="can not be disabled"):
        api.compliance_security_profile.update(allow_missing=True, setting=made, field_mask=mask)


def test_console_toggles_are_another_view_of_their_conf_keys(typical: Lab) -> None:
    client = typical.workspace(2001)
    toggle = client.settings.enable_results_downloading
    assert toggle.get_enable_results_downloading().boolean_val == settings.BooleanMessage(
        value=True
    )
    toggle.patch_enable_results_downloading(
        allow_missing=True,
        setting=settings.EnableResultsDownloading(settings.BooleanMessage(value=False)),
        field_mask="boolean_val.value",
    )
    conf = client.workspace_conf.get_status(keys="enableResultsDownloading")
    assert conf == {"enableResultsDownloading": "false"}


def test_account_settings(typical: Lab) -> None:
    api = typical.account().settings
    assert api.enable_ip_access_lists.get().acct_ip_acl_enable.value is True
    assert api.personal_compute.get().personal_compute.value == (
        settings.PersonalComputeMessageEnum.DELEGATE
    )
    with pytest.raises(NotFound):
        api.disable_legacy_features.get()


def test_switching_account_lists_on_must_not_lock_the_caller_out(typical: Lab) -> None:
    account = typical.account()
    held = account.settings.enable_ip_access_lists.get()
    held.acct_ip_acl_enable.value = False
    mask = "acct_ip_acl_enable.value"
    off = account.settings.enable_ip_access_lists.update(
        allow_missing=True, setting=held, field_mask=mask
    )
    entry = next(iter(account.ip_access_lists.list()))
    account.ip_access_lists.update(entry.list_id or "", ip_addresses=["198.51.100.0/24"])
    off.acct_ip_acl_enable.value = True
    with pytest.raises(InvalidState, match="would be blocked"):
        account.settings.enable_ip_access_lists.update(
            allow_missing=True, setting=off, field_mask=mask
        )


def test_enterprise_settings_are_not_available_on_premium(shared: Shared) -> None:
    with pytest.raises(NotFound, match="pricing tier") as caught:
        shared("fresh").workspace(1001).settings.compliance_security_profile.get()
    assert caught.value.error_code == "FEATURE_DISABLED"


def test_an_unknown_type_is_an_unknown_endpoint(shared: Shared) -> None:
    answer = shared("typical").http(2001).get("/api/2.0/settings/types/magic/names/default")
    assert answer.json()["error_code"] == "ENDPOINT_NOT_FOUND"


def test_a_mask_outside_the_setting_is_refused(typical: Lab) -> None:
    api = typical.workspace(2002).settings.disable_legacy_dbfs
    with pytest.raises(InvalidParameterValue, match="field_mask"):
        api.update(allow_missing=True, setting=api.get(), field_mask="something.else")


def test_others_than_admins_are_refused(shared: Shared) -> None:
    client = shared("typical").workspace(2001, "amelie.roux@typical.example")
    with pytest.raises(PermissionDenied):
        client.settings.disable_legacy_dbfs.get()
    with pytest.raises(PermissionDenied):
        client.workspace_settings_v2.get_public_workspace_setting("scoped_pat")


def test_v2_answers_effective_values_also_of_typed_settings(shared: Shared) -> None:
    api = shared("typical").workspace(2001).workspace_settings_v2
    unset = api.get_public_workspace_setting("embedded_genie")
    assert unset.boolean_val is None
    assert unset.effective_boolean_val == settingsv2.BooleanMessage(value=False)
    legacy = api.get_public_workspace_setting("disable_legacy_dbfs")
    assert legacy.effective_boolean_val == settingsv2.BooleanMessage(value=True)


def test_v2_writes_reach_the_other_surfaces(typical: Lab) -> None:
    client = typical.workspace(2002)
    name = "customerApprovedWSLoginExpirationTime"
    with pytest.raises(NotFound):
        client.workspace_settings_v2.get_public_workspace_setting(name)
    value = settingsv2.StringMessage(value="2026-01-01T00:00:00.000Z")
    client.workspace_settings_v2.patch_public_workspace_setting(
        name, settingsv2.Setting(string_val=value)
    )
    assert client.workspace_conf.get_status(keys=name) == {name: value.value}
    client.workspace_settings_v2.patch_public_workspace_setting(
        "disable_legacy_dbfs",
        settingsv2.Setting(boolean_val=settingsv2.BooleanMessage(value=False)),
    )
    assert client.settings.disable_legacy_dbfs.get().disable_legacy_dbfs.value is False


def test_v2_names_are_listed_and_unknown_ones_are_not_found(shared: Shared) -> None:
    lab = shared("typical")
    api = lab.workspace(2001).workspace_settings_v2
    names = {entry.name for entry in api.list_workspace_settings_metadata(page_size=10)}
    assert {"disable_legacy_access", "customerApprovedWSLoginExpirationTime"} <= names
    assert len(names) > 20
    with pytest.raises(NotFound):
        api.get_public_workspace_setting("magic")
    account = lab.account().settings_v2
    assert {entry.name for entry in account.list_account_settings_metadata()} >= {"scoped_pat"}
    value = account.get_public_account_setting("personal_compute").effective_personal_compute
    assert value


def test_restricting_admins_takes_an_account_admin(typical: Lab) -> None:
    name = "lena.fischer@typical.example"
    user = next(iter(typical.account().users_v2.list(filter=f'userName eq "{name}"')))
    typical.account().workspace_assignment.update(
        2001, int(user.id or 0), permissions=[WorkspacePermission.ADMIN]
    )
    setting = settings.RestrictWorkspaceAdminsSetting(
        settings.RestrictWorkspaceAdminsMessage(
            settings.RestrictWorkspaceAdminsMessageStatus.RESTRICT_TOKENS_AND_JOB_RUN_AS
        )
    )
    api = typical.workspace(2001).settings.restrict_workspace_admins
    mask = "restrict_workspace_admins.status"
    with pytest.raises(NotFound) as never:
        api.get()
    setting.etag = _etag(never.value)
    with pytest.raises(PermissionDenied, match="account admins"):
        typical.workspace(2001, name).settings.restrict_workspace_admins.update(
            allow_missing=True, setting=setting, field_mask=mask
        )
    made = api.update(allow_missing=True, setting=setting, field_mask=mask)
    assert made.restrict_workspace_admins == setting.restrict_workspace_admins
