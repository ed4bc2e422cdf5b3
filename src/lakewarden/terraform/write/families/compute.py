"""What runs code: clusters, policies, pools, warehouses, jobs, pipelines, scripts."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lakewarden.terraform.write.rows import Row, Rows, never, renamed
from lakewarden.terraform.write.thing import Thing

_LIBRARY: Final = """{jar whl egg requirements pypi{package! repo} cran{package! repo}
    maven{coordinates! repo exclusions}}"""
_S3: Final = "s3{destination! region endpoint enable_encryption encryption_type kms_key canned_acl}"
_CLUSTER: Final = f"""
    data_security_mode single_user_name kind is_single_node use_ml_runtime runtime_engine
    policy_id apply_policy_default_values
    node_type_id driver_node_type_id instance_pool_id driver_instance_pool_id num_workers
    autoscale{{min_workers max_workers}}
    enable_elastic_disk enable_local_disk_encryption
    aws_attributes{{availability zone_id first_on_demand spot_bid_price_percent
        instance_profile_arn ebs_volume_type ebs_volume_count ebs_volume_size ebs_volume_iops
        ebs_volume_throughput}}
    spark_conf spark_env_vars custom_tags ssh_public_keys
    cluster_log_conf{{dbfs{{destination!}} volumes{{destination!}} {_S3}}}
    init_scripts*{{workspace{{destination!}} volumes{{destination!}} {_S3} dbfs{{destination!}}
        file{{destination!}}}}
    docker_image{{url!}}
    workload_type{{clients!{{jobs notebooks}}}}
"""
_OWN: Final = f"""
    cluster_name spark_version! autotermination_minutes is_pinned
    {_CLUSTER}
"""
_NEW: Final = f"new_cluster{{spark_version {_CLUSTER}}}"
_EMAILS: Final = """email_notifications{on_start on_success on_failure
    on_duration_warning_threshold_exceeded on_streaming_backlog_exceeded
    no_alert_for_skipped_runs}"""
_HOOKS: Final = (
    "webhook_notifications{"
    + " ".join(
        f"{event}*{{id!}}"
        for event in (
            *("on_start", "on_success", "on_failure"),
            *("on_duration_warning_threshold_exceeded", "on_streaming_backlog_exceeded"),
        )
    )
    + "}"
)
_HEALTH: Final = "health{rules*!{metric! op! value!}}"
_TASK: Final = f"""
    task_key! description run_if disabled depends_on*{{task_key! outcome}}
    existing_cluster_id job_cluster_key environment_key {_NEW}
    library*<libraries{_LIBRARY}
    notebook_task{{notebook_path! source base_parameters warehouse_id}}
    spark_python_task{{python_file! source parameters}}
    spark_jar_task{{main_class_name jar_uri parameters}}
    spark_submit_task{{parameters}}
    python_wheel_task{{package_name entry_point parameters named_parameters}}
    pipeline_task{{pipeline_id! full_refresh}}
    run_job_task{{job_id! job_parameters}}
    condition_task{{left! op! right!}}
    dbt_task{{commands! project_directory profiles_directory catalog schema source warehouse_id}}
    sql_task{{warehouse_id! parameters query{{query_id!}} file{{path! source}}}}
    max_retries min_retry_interval_millis retry_on_timeout timeout_seconds
    {_EMAILS} {_HOOKS} {_HEALTH}
    notification_settings{{no_alert_for_skipped_runs no_alert_for_canceled_runs
        alert_on_last_attempt}}
"""
_JOB: Final = f"""
    name<settings.name description<settings.description tags<settings.tags
    run_as<settings.run_as{{user_name service_principal_name group_name}}
    git_source<settings.git_source{{url!<git_url provider<git_provider branch<git_branch
        tag<git_tag commit<git_commit}}
    schedule<settings.schedule{{quartz_cron_expression! timezone_id! pause_status}}
    continuous<settings.continuous{{pause_status}}
    trigger<settings.trigger{{pause_status
        file_arrival{{url! min_time_between_triggers_seconds wait_after_last_change_seconds}}
        periodic{{interval! unit!}}}}
    queue<settings.queue{{enabled!}}
    max_concurrent_runs<settings.max_concurrent_runs
    timeout_seconds<settings.timeout_seconds edit_mode<settings.edit_mode
    budget_policy_id<settings.budget_policy_id
    performance_target<settings.performance_target
    deployment<settings.deployment{{kind! metadata_file_path}}
    parameter*<settings.parameters{{name! default!}}
    environment*<settings.environments{{environment_key! spec{{client environment_version
        dependencies}}}}
    job_cluster*<settings.job_clusters{{job_cluster_key! {_NEW}}}
    task*<settings.tasks{{{_TASK}}}
    {_EMAILS.replace("notifications{", "notifications<settings.email_notifications{")}
    {_HOOKS.replace("notifications{", "notifications<settings.webhook_notifications{")}
    {_HEALTH.replace("health{", "health<settings.health{")}
    notification_settings<settings.notification_settings{{no_alert_for_skipped_runs
        no_alert_for_canceled_runs}}
"""
_PIPELINE: Final = """
    name<spec.name catalog<spec.catalog schema<spec.schema target<spec.target storage<spec.storage
    channel<spec.channel edition<spec.edition continuous<spec.continuous
    development<spec.development photon<spec.photon serverless<spec.serverless
    budget_policy_id<spec.budget_policy_id root_path<spec.root_path tags<spec.tags
    configuration<spec.configuration
    cluster*<spec.clusters{label node_type_id driver_node_type_id instance_pool_id
        driver_instance_pool_id policy_id apply_policy_default_values num_workers
        enable_local_disk_encryption spark_conf spark_env_vars custom_tags ssh_public_keys
        autoscale{min_workers! max_workers! mode}
        aws_attributes{availability zone_id first_on_demand spot_bid_price_percent
            instance_profile_arn ebs_volume_type ebs_volume_count ebs_volume_size}
        init_scripts*{workspace{destination!} volumes{destination!} dbfs{destination!}
            s3{destination! region}}}
    library*<spec.libraries{notebook{path!} file{path!} glob{include!} jar whl
        maven{coordinates! repo exclusions}}
    environment<spec.environment{dependencies}
    notification*<spec.notifications{email_recipients alerts}
    filters<spec.filters{include exclude}
    event_log<spec.event_log{name! catalog schema}
    run_as<spec.run_as{user_name service_principal_name}
"""
_POOL: Final = """
    instance_pool_name! idle_instance_autotermination_minutes! node_type_id min_idle_instances
    max_capacity enable_elastic_disk custom_tags preloaded_spark_versions
    aws_attributes{availability zone_id spot_bid_price_percent instance_profile_arn}
    disk_spec{disk_count disk_size disk_type{ebs_volume_type}}
"""
_WAREHOUSE: Final = """
    name cluster_size! min_num_clusters max_num_clusters auto_stop_mins enable_photon
    enable_serverless_compute warehouse_type spot_instance_policy instance_profile_arn
    channel{name dbsql_version}
    tags{custom_tags*{key! value!}}
"""


def _script(thing: Thing) -> Thing:
    """Leave the text of a script as it is: it may hold what nobody may see."""
    fields = {name: value for name, value in thing.document.items() if name != "script"}
    return replace(thing, document=fields)


def _policy(thing: Thing) -> Thing:
    """Leave out the rules of a policy's family, which are not its own."""
    if not thing.document.get("policy_family_id"):
        return thing
    own = {name: v for name, v in thing.document.items() if name != "definition"}
    return replace(thing, document=own)


def _list_id(thing: Thing) -> Thing:
    document = {"artifact_type": thing.key, **thing.document}
    return renamed(thing, document, [*document])


ROWS: Final[Rows] = {
    "cluster": Row(
        "databricks_cluster",
        _OWN,
        "compute",
        also="library",
        label="cluster_name",
        marks={"id": "@key"},
    ),
    "cluster_policy": Row(
        "databricks_cluster_policy",
        "name! definition~ policy_family_id policy_family_definition_overrides~ description "
        f"max_clusters_per_user libraries*{_LIBRARY}",
        "compute",
        label="name",
        marks={"id": "@key"},
        prepare=_policy,
    ),
    "instance_pool": Row(
        "databricks_instance_pool",
        _POOL,
        "compute",
        also="preloaded_docker_image instance_pool_fleet_attributes",
        label="instance_pool_name",
        marks={"id": "@key"},
    ),
    "warehouse": Row(
        "databricks_sql_endpoint", _WAREHOUSE, "compute", label="name", marks={"id": "@key"}
    ),
    "warehouse_config": Row(
        "databricks_sql_global_config",
        "security_policy instance_profile_arn enable_serverless_compute",
        "compute",
        import_id="global",
        also="data_access_config sql_config_params",
    ),
    "job": Row(
        "databricks_job",
        _JOB,
        "jobs",
        label="@name",
        marks={"id": "@key"},
        also="control_run_state always_running usage_policy_id",
    ),
    "pipeline": Row(
        "databricks_pipeline",
        _PIPELINE,
        "jobs",
        label="@name",
        marks={"id": "@key"},
        also="gateway_definition ingestion_definition restart_window trigger",
    ),
    "global_init_script": Row(
        "databricks_global_init_script",
        "name! enabled position",
        "compute",
        also="content_base64 source",
        prepare=_script,
        label="name",
    ),
    "cluster_compliance": never("to bring a cluster in line with its policy is no resource"),
    "cluster_restart": never("to restart a cluster is no resource"),
    "artifact_allowlist": Row(
        "databricks_artifact_allowlist",
        "artifact_type! artifact_matcher*!<artifact_matchers{artifact! match_type!}",
        "catalog",
        import_id="{metastore_id}|{artifact_type}",
        prepare=_list_id,
    ),
}
"""How compute becomes resources, by kind."""
