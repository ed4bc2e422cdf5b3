"""The two jobs of a bundle."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.watch.audit_table import TABLE
from lakewarden.watch.bundle.options import BundleOptions, Machines

RUNNER: Final = "../src/run.py"
POLICY_FILE: Final = "lakewarden.toml"
REPORTS: Final = "lakewarden_reports"
"""The volume of the reports."""
ENVIRONMENT_VERSION: Final = "4"
"""The serverless environment with Python 3.12."""
SPARK_VERSION: Final = "17.3.x-scala2.13"
"""The first runtime with long support that has Spark 4, and Python 3.12."""
_KEY: Final = "lakewarden"
_HOUR: Final = 3600
_POLICY: Final = ("--policy-file", f"${{workspace.file_path}}/{POLICY_FILE}")
_THEN: Final = "--then"


def assess_job(options: BundleOptions) -> dict[str, Any]:
    """Return the job that reads the deployment, and judges it in two formats."""
    credential = (
        *_secret("DATABRICKS_CLIENT_SECRET", "secret"),
        *("--set", "DATABRICKS_CLIENT_ID=${var.service_principal}"),
        *("--set", "DATABRICKS_AUTH_TYPE=oauth-m2m"),
    )
    aws = () if options.reads_aws else ("--no-aws",)
    account = (
        *("--account-host", "${var.account_host}"),
        *("--account-id", "${var.account_id}"),
    )
    place = "/Volumes/${var.catalog}/${var.schema}/" + REPORTS
    snapshot = "{scratch}/snapshot"
    commands = [
        ("collect", *account, *aws, *_POLICY, "--out", snapshot),
        *(
            ("assess", "--snapshot", snapshot, *_POLICY, "--format", style, "--output", file)
            for style in ("html", "json")
            for file in [f"{place}/{{{{job.start_time.iso_date}}}}.{style}"]
        ),
    ]
    words = [word for command in commands for word in (_THEN, *command)][1:]
    return _job("assess", "${var.assess_schedule}", [*credential, *words], options)


def detect_job(options: BundleOptions) -> dict[str, Any]:
    """Return the job that runs the rules over the audit logs where they are."""
    words = (
        *(word for variable in options.variables for word in _secret(variable, variable)),
        *("watch", "detect", "--engine", "spark", "--table", TABLE),
        *("--alerts-in", "${var.catalog}.${var.schema}", *_POLICY),
    )
    return _job("detect", "${var.detect_schedule}", list(words), options)


def _secret(variable: str, key: str) -> tuple[str, str]:
    return "--secret", f"{variable}=${{var.scope}}/{key}"


def _job(verb: str, cron: str, words: list[str], options: BundleOptions) -> dict[str, Any]:
    task = {
        "task_key": verb,
        "spark_python_task": {"python_file": RUNNER, "parameters": words},
        "max_retries": 0,
        "timeout_seconds": 4 * _HOUR,
    }
    job = {
        "name": f"lakewarden {verb}",
        "description": "Written by `lakewarden deploy`.",
        "tags": {"lakewarden": verb},
        "max_concurrent_runs": 1,
        "schedule": {"quartz_cron_expression": cron, "timezone_id": "UTC"},
        **({"email_notifications": {"on_failure": [*options.notify]}} if options.notify else {}),
    }
    if options.machines is None:
        spec = {"environment_version": ENVIRONMENT_VERSION, "dependencies": [options.requirement]}
        environment = {"environment_key": _KEY, "spec": spec}
        return {**job, "tasks": [{**task, "environment_key": _KEY}], "environments": [environment]}
    wheel = options.requirement.endswith(".whl")
    library = {"whl": options.requirement} if wheel else {"pypi": {"package": options.requirement}}
    return {
        **job,
        "tasks": [{**task, "job_cluster_key": _KEY, "libraries": [library]}],
        "job_clusters": [{"job_cluster_key": _KEY, "new_cluster": _cluster(options.machines)}],
    }


def _cluster(machines: Machines) -> dict[str, Any]:
    """Return a cluster of one principal, that ends with the run."""
    profile = machines.instance_profile
    policy = {"policy_id": machines.policy, "apply_policy_default_values": True}
    return {
        "spark_version": SPARK_VERSION,
        "node_type_id": machines.node_type,
        "num_workers": 1,
        "data_security_mode": "SINGLE_USER",
        "single_user_name": "${var.service_principal}",
        "enable_local_disk_encryption": True,
        "custom_tags": {"lakewarden": "true"},
        **({"aws_attributes": {"instance_profile_arn": profile}} if profile else {}),
        **(policy if machines.policy else {}),
    }
