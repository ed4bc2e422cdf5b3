"""The vendor's staff looking into a workspace, for which there is no API.

Its path, ``/console/support``, is ours, as those of the rest of the console are.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from lakewarden.simulate.state import Workspace
from lakewarden.simulate.web import WORKSPACE, Request, denied

EVENT = "genie.databricksAccess"
_METHOD = "GENIE_AUTH"


def vendor_admitted(workspace: Workspace, now: int) -> bool:
    """Whether the vendor's staff may sign in: until the approval that was given ends.

    Where nobody ever decided, they may.
    """
    until = workspace.conf.get("customerApprovedWSLoginExpirationTime")
    if until in {None, "indefinite"}:
        return True
    return bool(until) and datetime.fromisoformat(until).timestamp() * 1000 > now


@WORKSPACE.route("POST", "/console/support", open_=True)
def sign_in(request: Request) -> None:
    """Sign in as ``user`` of the vendor.

    With an ``approver``, a ``duration`` and a ``reason``, the approval is noted before.
    """
    user, body = request.need("user"), request.body
    request.caller = replace(request.caller, name=user)
    if "approver" in body:
        noted = {key: body[key] for key in ("approver", "duration", "reason") if key in body}
        request.audit(EVENT, {"user": user, **noted, "authType": _METHOD})
    request.audit("accounts.login", {"user": user, "authenticationMethod": _METHOD})
    if not vendor_admitted(request.workspace, request.now):
        raise denied("This workspace does not admit the vendor's staff")
