"""Writing a bundle: every file as text, and all of them into a folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import yaml

from lakewarden.errors import UsageError
from lakewarden.store.replacing import put_file
from lakewarden.watch.bundle.dashboard import dashboard, sql_alert
from lakewarden.watch.bundle.jobs import POLICY_FILE, assess_job, detect_job
from lakewarden.watch.bundle.options import BundleOptions
from lakewarden.watch.bundle.setup import remove, setup

HEADER: Final = "# Written by `lakewarden deploy`.\n"
CLI_VERSION: Final = ">= 0.297.0"
"""The first one that lets a dashboard stand beside jobs that run as somebody else."""
WHEELS: Final = "wheels"
_PACKAGE: Final = "lakewarden.watch.bundle"
_KEPT: Final = ("README.md", "src/run.py")
_NO_POLICY: Final = "# What the organisation wants; docs/policy-file.md has every key.\n"
_DASHBOARD: Final = "dashboards/alerts.lvdash.json"
_ABOUT: Final = {
    "catalog": "the catalogue of the alert tables",
    "schema": "their schema",
    "warehouse": "the SQL warehouse of dashboard and alert",
    "service_principal": "the application id of what everything runs as",
    "account_id": "the Databricks account",
    "account_host": "the URL of the account console",
    "scope": "the secret scope of everything that is secret",
    "detect_schedule": "when the rules are run, in UTC",
    "assess_schedule": "when the deployment is assessed, in UTC",
}


def rendered(options: BundleOptions, policy: str | None = None) -> Iterator[tuple[str, str]]:
    """Yield every file: its path, and its text.

    Args:
        options: what the bundle is made for.
        policy: the text of the policy file; None for none.

    Raises:
        UsageError: an option is not what it should be.
    """
    options.check()
    yield "databricks.yml", _yaml(_bundle(options))
    yield "resources/assess.job.yml", _resource("jobs", "assess", assess_job(options))
    yield "resources/detect.job.yml", _resource("jobs", "detect", detect_job(options))
    yield "resources/dashboard.yml", _resource("dashboards", "alerts", _shown())
    if options.notify:
        yield "resources/alert.yml", _resource("alerts", "grave", sql_alert(options))
    yield _DASHBOARD, json.dumps(dashboard(), indent=2) + "\n"
    yield POLICY_FILE, _NO_POLICY if policy is None else policy
    yield "sql/setup.sql", setup(options)
    yield "sql/remove.sql", remove(options)
    for path in _KEPT:
        yield path, (files(_PACKAGE) / "files" / path).read_text(encoding="utf-8")


def write_bundle(
    folder: Path,
    options: BundleOptions,
    *,
    policy: str | None = None,
    wheel: Path | None = None,
    force: bool = False,
) -> tuple[Path, ...]:
    """Write a bundle.

    Args:
        folder: where to; it is made if it is not there.
        options: what the bundle is made for.
        policy: the text of the policy file; None for none.
        wheel: what is installed, copied into the bundle; None for what the index has.
        force: write over an earlier bundle.

    Returns:
        The files, in order of their paths.

    Raises:
        UsageError: an option is not what it should be, or the folder holds something.
    """
    contents = {path: text.encode() for path, text in rendered(options, policy)}
    if wheel is not None:
        contents[f"{WHEELS}/{wheel.name}"] = wheel.read_bytes()
    again = force and _is_bundle(folder)
    if not again and folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            "holds something already",
            where=str(folder),
            next_step="Name a new or an empty folder, or add --force to write over an older bundle",
        )
    for path, content in contents.items():
        put_file(folder / path, content)
    written = [folder / path for path in sorted(contents)]
    for file in [*_of_earlier(folder)] if again else []:
        if file not in written:
            file.unlink()
    return tuple(written)


def _of_earlier(folder: Path) -> Iterator[Path]:
    """Yield what an earlier bundle may have had, and this one may not."""
    yield from folder.glob(f"{WHEELS}/lakewarden-*.whl")
    yield from (file for file in folder.glob("resources/*.yml") if _is_ours(file))


def _is_bundle(folder: Path) -> bool:
    file = folder / "databricks.yml"
    return file.is_file() and _is_ours(file)


def _is_ours(file: Path) -> bool:
    return file.read_bytes().startswith(HEADER.encode())


def _bundle(options: BundleOptions) -> dict[str, Any]:
    me = "${workspace.current_user.userName}"
    root = f"/Workspace/Users/{me}/.bundle/${{bundle.name}}/${{bundle.target}}"
    workspace = {**({"host": options.host} if options.host else {}), "root_path": root}
    seen_by = [{"service_principal_name": "${var.service_principal}"}]
    seen_by += [{"group_name": options.viewers}] if options.viewers else []
    return {
        "bundle": {"name": "lakewarden", "databricks_cli_version": CLI_VERSION},
        "include": ["resources/*.yml"],
        "variables": {
            variable: {"description": about, "default": getattr(options, variable)}
            for variable, about in _ABOUT.items()
        },
        "run_as": {"service_principal_name": "${var.service_principal}"},
        "permissions": [{**who, "level": "CAN_VIEW"} for who in seen_by],
        "targets": {"prod": {"mode": "production", "default": True, "workspace": workspace}},
    }


def _shown() -> dict[str, Any]:
    """Return the dashboard as a resource: whoever looks at it does so with rights of their own."""
    return {
        "display_name": "lakewarden alerts",
        "file_path": f"../{_DASHBOARD}",
        "warehouse_id": "${var.warehouse}",
        "dataset_catalog": "${var.catalog}",
        "dataset_schema": "${var.schema}",
        "embed_credentials": False,
    }


def _resource(kind: str, key: str, resource: dict[str, Any]) -> str:
    return _yaml({"resources": {kind: {key: resource}}})


def _yaml(value: dict[str, Any]) -> str:
    return HEADER + yaml.safe_dump(value, sort_keys=False, width=100, allow_unicode=True)
