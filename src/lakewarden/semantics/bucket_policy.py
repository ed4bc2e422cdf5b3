"""The questions that are asked of each statement of a bucket policy."""

from __future__ import annotations

from typing import Final

from lakewarden.estate.databricks_accounts import control_plane_accounts
from lakewarden.semantics.iam_documents import Statement

_TENANT_TAG: Final = "aws:principaltag/databricksaccountid"
_PLAIN: Final = {"aws:securetransport": ("false",)}


def admits_vendor(statement: Statement) -> bool:
    """Return whether it allows something to everybody or to the Databricks control plane.

    NotPrincipal allows everybody but a few, so it counts as everybody.
    """
    if not statement.allows:
        return False
    everybody = statement.for_everybody or not statement.principals
    return everybody or any(_is_vendor(name) for _, name in statement.principals)


def is_for_tenant(statement: Statement, account_id: str) -> bool:
    """Return whether it holds for sessions of one Databricks account alone."""
    tests = {op.lower(): keys for op, keys in statement.conditions.items()}
    return tests.get("stringequals", {}).get(_TENANT_TAG) == (account_id,)


def refuses_plain_http(statement: Statement, bucket: str) -> bool:
    """Return whether it denies everybody every request for a bucket's objects without TLS.

    A further condition would narrow the refusal, so there must be none.
    """
    tests = {op.lower(): dict(keys) for op, keys in statement.conditions.items()}
    return (
        not statement.allows
        and not statement.negated
        and statement.for_everybody
        and not {"*", "s3:*"}.isdisjoint(statement.actions)
        and any(_covers_objects(resource, bucket) for resource in statement.resources)
        and tests in ({"bool": _PLAIN}, {"boolifexists": _PLAIN})
    )


def _is_vendor(principal: str) -> bool:
    """Return whether a principal, an ARN or a bare account id, belongs to Databricks."""
    parts = principal.split(":", 5)
    if parts[0] != "arn":
        return principal in control_plane_accounts("aws") | control_plane_accounts("aws-us-gov")
    return parts[4:5] != [] and parts[4] in control_plane_accounts(parts[1])


def _covers_objects(resource: str, bucket: str) -> bool:
    return resource.rsplit(":", 1)[-1] in {"*", f"{bucket}*", f"{bucket}/*"}
