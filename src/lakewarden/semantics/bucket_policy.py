"""The questions that are asked of each statement of a bucket policy."""

from __future__ import annotations

from typing import Final

from lakewarden.semantics.iam_documents import Statement

DATABRICKS_ACCOUNTS: Final = frozenset({"414351767826", "044793339203", "170661010020"})
"""The AWS accounts of the control plane: commercial, GovCloud, and GovCloud for the DoD."""

_TENANT_TAG: Final = "aws:principaltag/databricksaccountid"
_TLS: Final = "aws:securetransport"


def admits_vendor(statement: Statement) -> bool:
    """Return whether it allows something to everybody or to the Databricks control plane.

    NotPrincipal allows everybody but a few, so it counts as everybody.
    """
    if not statement.allows:
        return False
    everybody = statement.for_everybody or not statement.principals
    return everybody or any(
        _account(name) in DATABRICKS_ACCOUNTS for _, name in statement.principals
    )


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
        and tests == {"bool": {_TLS: ("false",)}}
    )


def _account(principal: str) -> str:
    """Return the account of an ARN, and anything else as it is."""
    parts = principal.split(":", 5)
    return parts[4] if parts[0] == "arn" and len(parts) == 6 else principal  # noqa: PLR2004  # arn:partition:service:region:account:resource


def _covers_objects(resource: str, bucket: str) -> bool:
    return resource.rsplit(":", 1)[-1] in {"*", f"{bucket}*", f"{bucket}/*"}
