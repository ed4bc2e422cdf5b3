"""Unity Catalog and sharing."""

from __future__ import annotations

from typing import Final

from lakewarden.terraform.write.rows import Row, Rows

ROWS: Final[Rows] = {
    "metastore": Row(
        "databricks_metastore",
        """name owner region storage_root delta_sharing_scope
        delta_sharing_recipient_token_lifetime_in_seconds delta_sharing_organization_name
        external_access_enabled""",
        "catalog",
        also="force_destroy default_data_access_config_id storage_root_credential_id",
        label="name",
        marks={"id": "@key"},
    ),
    "metastore_assignment": Row(
        "databricks_metastore_assignment",
        "workspace_id!<@key metastore_id! default_catalog_name",
        "catalog",
        import_id="{key}|{metastore_id}",
    ),
    "catalog": Row(
        "databricks_catalog",
        """name!<@key comment owner isolation_mode storage_root properties options
        connection_name share_name provider_name enable_predictive_optimization""",
        "catalog",
        also="force_destroy managed_encryption_settings",
        marks={"name": "@key"},
    ),
    "external_location": Row(
        "databricks_external_location",
        """name!<@key url! credential_name! comment owner isolation_mode read_only fallback
        encryption_details{sse_encryption_details{algorithm aws_kms_key_arn}}""",
        "catalog",
        also="skip_validation force_destroy force_update enable_file_events file_event_queue",
        marks={"name": "@key"},
    ),
    "storage_credential": Row(
        "databricks_storage_credential",
        "name!<@key aws_iam_role{role_arn!} comment owner isolation_mode read_only",
        "catalog",
        also="skip_validation force_destroy force_update",
        marks={"name": "@key"},
    ),
    "recipient": Row(
        "databricks_recipient",
        """name!<@key authentication_type! comment owner expiration_time
        data_recipient_global_metastore_id ip_access_list{allowed_ip_addresses}
        properties_kvpairs{properties!}""",
        "catalog",
        also="sharing_code",
        marks={"name": "@key"},
    ),
}
"""How Unity Catalog becomes resources, by kind."""
