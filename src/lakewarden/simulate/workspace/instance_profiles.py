"""``/api/2.0/instance-profiles``: the AWS roles that clusters may carry."""

from __future__ import annotations

from lakewarden.simulate.state import Json
from lakewarden.simulate.web import Request, Seed, invalid, missing, seeds
from lakewarden.simulate.workspace.wire import route

KIND = "instance-profiles"


@route("GET", "/api/2.0/instance-profiles/list")
def list_profiles(request: Request) -> Json:
    """Every registered profile, in one answer."""
    return {"instance_profiles": list(request.workspace.table(KIND).values())}


@route("POST", "/api/2.0/instance-profiles/add", admin=True, audit="iamRole.addInstanceProfile")
def add_profile(request: Request) -> None:
    """Register a profile."""
    arn = request.need("instance_profile_arn")
    if not arn.startswith("arn:aws") or ":instance-profile/" not in arn:
        raise invalid(f"'{arn}' is not an ARN of an instance profile")
    if arn in request.workspace.table(KIND):
        raise invalid(f"Instance profile {arn} is already registered")
    kept = ("instance_profile_arn", "iam_role_arn", "is_meta_instance_profile")
    body = {name: request.body[name] for name in kept if name in request.body}
    request.workspace.table(KIND)[arn] = {"is_meta_instance_profile": False} | body


@route("POST", "/api/2.0/instance-profiles/edit", admin=True, audit="iamRole.editInstanceProfile")
def edit_profile(request: Request) -> None:
    """Change the role that goes with a profile."""
    _profile(request).update(request.body)


@route(
    "POST", "/api/2.0/instance-profiles/remove", admin=True, audit="iamRole.removeInstanceProfile"
)
def remove_profile(request: Request) -> None:
    """Unregister a profile."""
    del request.workspace.table(KIND)[_profile(request)["instance_profile_arn"]]


def _profile(request: Request) -> Json:
    arn = request.need("instance_profile_arn")
    found = request.workspace.table(KIND).get(arn)
    if found is None:
        raise missing(f"Instance profile {arn} is not registered")
    return found


@seeds("instance_profiles")
def seed_profile(seed: Seed, item: Json) -> None:
    """``[[2001.instance_profiles]]``: a profile of the API."""
    seed.call("POST", "/api/2.0/instance-profiles/add", item)
