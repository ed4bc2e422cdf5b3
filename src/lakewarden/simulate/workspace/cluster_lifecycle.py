"""``/api/2.1/clusters`` (and 2.0): starting, stopping, pinning and handing over clusters."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import ApiError, Request, denied, invalid, page
from lakewarden.simulate.workspace import identity, permissions
from lakewarden.simulate.workspace.clusters import (
    KIND,
    both,
    check_quota,
    cluster,
    note,
    note_result,
    respecify,
    running,
)

PINNED_MOST = 100


@both("POST", "start", audit="clusters.start")
def start_cluster(request: Request) -> None:
    """Start a terminated cluster."""
    body = cluster(request, request.need("cluster_id"), "CAN_RESTART")
    if body["state"] != "TERMINATED":
        raise _wrong_state(body, "Terminated")
    check_quota(request, body)
    _start(request, body, "STARTING")
    note_result(request, "start", body["cluster_id"])


@both("POST", "restart", audit="clusters.restart")
def restart_cluster(request: Request) -> None:
    """Restart a running cluster."""
    body = cluster(request, request.need("cluster_id"), "CAN_RESTART")
    if body["state"] != "RUNNING":
        raise _wrong_state(body, "Running")
    _start(request, body, "RESTARTING")
    note_result(request, "restart", body["cluster_id"])


def _start(request: Request, body: Json, event: str) -> None:
    for name in ("terminated_time", "termination_reason"):
        body.pop(name, None)
    body |= running(request.now)
    note(request, body["cluster_id"], event)


@both("POST", "resize", audit="clusters.resize")
def resize_cluster(request: Request) -> None:
    """Change the number of workers of a running cluster, within its policy."""
    body = cluster(request, request.need("cluster_id"), "CAN_MANAGE")
    if body["state"] != "RUNNING":
        raise _wrong_state(body, "Running")
    spec = {k: v for k, v in body["spec"].items() if k not in {"autoscale", "num_workers"}}
    size = {k: request.body[k] for k in ("autoscale", "num_workers") if k in request.body}
    respecify(request, body["cluster_id"], spec | size)
    note_result(request, "resize", body["cluster_id"])


@both("POST", "delete", audit="clusters.delete")
def terminate_cluster(request: Request) -> None:
    """Terminate a cluster; it stays in the list for 30 days."""
    body = cluster(request, request.need("cluster_id"), "CAN_RESTART")
    if body["state"] != "TERMINATED":
        body |= {
            "state": "TERMINATED",
            "state_message": "Terminated by user",
            "terminated_time": request.now,
            "termination_reason": {
                "code": "USER_REQUEST",
                "type": "SUCCESS",
                "parameters": {"username": request.caller.name},
            },
        }
        note(request, body["cluster_id"], "TERMINATING")
        note_result(request, "delete", body["cluster_id"])


@both("POST", "permanent-delete", audit="clusters.permanentDelete")
def delete_cluster(request: Request) -> None:
    """Remove a cluster for good."""
    body = cluster(request, request.need("cluster_id"), "CAN_MANAGE")
    del request.workspace.table(KIND)[body["cluster_id"]]
    permissions.forget(request.workspace, KIND, body["cluster_id"])


@both("POST", "pin", audit="clusters.pin")
def pin_cluster(request: Request) -> None:
    """Keep a cluster in the list; admins only, at most 100 a workspace."""
    body = _administered(request)
    pinned = [b for b in request.workspace.table(KIND).values() if "pinned_by_user_name" in b]
    if len(pinned) >= PINNED_MOST:
        raise invalid(f"At most {PINNED_MOST} clusters can be pinned")
    body["pinned_by_user_name"] = request.caller.name


@both("POST", "unpin", audit="clusters.unpin")
def unpin_cluster(request: Request) -> None:
    """Let a cluster fall out of the list again."""
    _administered(request).pop("pinned_by_user_name", None)


@both("POST", "change-owner", audit="clusters.changeClusterOwner")
def change_owner(request: Request) -> None:
    """Hand a terminated cluster to somebody else."""
    body = _administered(request)
    owner = request.need("owner_username")
    if body["state"] != "TERMINATED":
        raise _wrong_state(body, "Terminated")
    if identity.named(request.account, owner) is None:
        raise invalid(f"User {owner} does not exist")
    body["creator_user_name"] = owner
    body["default_tags"]["Creator"] = owner


@both("POST", "events")
def list_events(request: Request) -> Json:
    """What happened to a cluster, newest first; page_size <= 500."""
    cluster_id = request.need("cluster_id")
    cluster(request, cluster_id, "CAN_ATTACH_TO")
    request.query |= {
        k: str(request.body[k]) for k in ("page_token", "page_size") if k in request.body
    }
    events = request.workspace.table("cluster-events").get(cluster_id, {}).get("events", [])
    answer = page(request, reversed(events), "events", size=50, most=500)
    return answer | {"total_count": len(events)}


def _administered(request: Request) -> Json:
    if not request.caller.admin:
        raise denied("Only workspace admins can perform this action")
    return cluster(request, request.need("cluster_id"), "CAN_MANAGE")


def _wrong_state(body: Json, wanted: str) -> ApiError:
    message = f"Cluster {body['cluster_id']} is in unexpected state {body['state'].title()}."
    return ApiError(400, "INVALID_STATE", f"{message} It must be {wanted}.")
