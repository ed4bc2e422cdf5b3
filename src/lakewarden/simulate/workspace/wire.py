"""Routes whose bodies are well formed: objects whose fields have the types their names promise.

The real service parses bodies by schema before anything else looks at them; the families' fields
are so uniformly named that one table does for all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from lakewarden.simulate.web import WORKSPACE, ApiError, Handler, Request

_TEXTS = (
    *("bytes_value", "cluster_id", "cluster_name", "cluster_size", "content", "contents"),
    *("credential_name", "data", "data_security_mode", "destination_path"),
    *("driver_instance_pool_id", "driver_node_type_id", "existing_cluster_id", "format"),
    *("initial_manage_principal", "instance_pool_id", "instance_pool_name"),
    *("instance_profile_arn", "job_cluster_key", "key", "language", "name", "new_name"),
    *("node_type_id", "owner", "path", "permission", "policy_family_id", "policy_id"),
    *("principal", "provider", "scope", "script", "security_policy", "single_user_name"),
    *("source_path", "spark_version", "string_value", "task_key", "update_mask", "url"),
    *("warehouse_type",),
)
_NUMBERS = (
    *("autotermination_minutes", "max_clusters_per_user", "max_num_clusters"),
    *("max_workers", "min_num_clusters", "min_workers", "num_workers", "position"),
    *("workspace_id",),
)
_OBJECTS = (
    *("autoscale", "aws_attributes", "aws_iam_role", "cluster", "config", "custom_tags"),
    *("docker_image", "git_source", "new_cluster", "new_settings", "run_as"),
    *("spark_conf", "spark_env_vars"),
)
_LISTS_OF_OBJECTS = (
    *("artifact_matchers", "changes", "clusters", "init_scripts", "job_clusters"),
    *("libraries", "tasks"),
)
_TYPES: Mapping[str, Any] = {
    **dict.fromkeys(_TEXTS, str),
    **dict.fromkeys(_NUMBERS, int),
    **dict.fromkeys(_OBJECTS, dict),
    **dict.fromkeys(_LISTS_OF_OBJECTS, list),
}
_FREE = frozenset({"custom_tags", "spark_conf", "spark_env_vars"})


def route(method: str, path: str, **options: Any) -> Callable[[Handler], Handler]:
    """Register a workspace route that gets a checked body, `{}` when the call has none."""

    def register(handler: Handler) -> Handler:
        @wraps(handler)
        def checked(request: Request) -> Any:
            if request.body is None and not request.raw:
                request.body = {}
            if request.body is not None:
                _check(request.body, "request")
                request.body = {k: v for k, v in request.body.items() if v is not None}
            return handler(request)

        WORKSPACE.route(method, path, **options)(checked)
        return handler

    return register


def _check(value: Any, where: str) -> None:
    """Refuse an object with a field of the wrong type, at any depth."""
    if not isinstance(value, dict):
        raise _malformed(where, dict)
    for name, field in value.items():
        wanted = _TYPES.get(name)
        if field is None or wanted is None:
            continue
        if not isinstance(field, wanted) or (wanted is int and isinstance(field, bool)):
            raise _malformed(name, wanted)
        if wanted is list:
            for item in field:
                _check(item, name)
        elif wanted is dict and name not in _FREE:
            _check(field, name)


def _malformed(name: str, wanted: type) -> ApiError:
    label = {str: "a string", int: "a number", dict: "an object", list: "a list"}[wanted]
    message = f"Could not parse request object: {name} must be {label}"
    return ApiError(400, "MALFORMED_REQUEST", message)
