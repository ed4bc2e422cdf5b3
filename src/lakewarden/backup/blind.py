"""Why lists may leave things out and not say so: who is no admin sees what is shared alone."""

from __future__ import annotations

from lakewarden.assets.kinds.unity import NO_METASTORE, UNITY
from lakewarden.backup.calls import CALLER, Calls
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause


def blindness(calls: Calls) -> dict[str, str]:
    """Return why lists may leave things out, by what their paths begin with.

    A workspace shows whoever is no admin what is shared alone, and a metastore likewise. That
    somebody is one is not supposed, but shown.
    """
    reasons = {"": no_admin(calls), UNITY: _no_metastore_admin(calls)}
    return {path: why for path, why in reasons.items() if why}


def no_admin(calls: Calls) -> str:
    """Return why lists of a workspace may leave things out; empty for who is an admin of it."""
    try:
        calls.get(CALLER, "/api/2.0/workspace-conf", {"keys": "enableTokensConfig"})
    except CallFailedError as error:
        if error.cause in {Cause.FORBIDDEN, Cause.UNAUTHENTICATED}:
            return (
                "the caller is no admin of the workspace, and lists leave out what it may not see"
            )
        return f"whether the caller is an admin of the workspace is not known: {error}"
    return ""


def _no_metastore_admin(calls: Calls) -> str:
    try:
        owner = calls.get(CALLER, f"{UNITY}/metastore_summary").get("owner")
        me = calls.get(CALLER, "/api/2.0/preview/scim/v2/Me")
        names = {me.get("userName"), me.get("applicationId")}
        names |= {group.get("display") for group in me.get("groups") or ()}
    except CallFailedError as error:
        if error.code in NO_METASTORE:
            return ""
        return f"whether the caller is an admin of the metastore is not known: {error}"
    except (AttributeError, TypeError):
        return "whether the caller is an admin of the metastore is not known: malformed answer"
    if owner and owner in names:
        return ""
    return (
        f"the caller is not shown to be an admin of the metastore, whose owner is "
        f"{owner or 'nobody'}, and lists leave out what it may not see"
    )
