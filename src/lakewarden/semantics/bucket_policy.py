"""The questions that are asked of each statement of a bucket policy."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from lakewarden.estate.databricks_accounts import control_plane_accounts
from lakewarden.semantics.iam_documents import Statement

_TENANT_TAG: Final = "aws:principaltag/databricksaccountid"
_PLAIN: Final = {"aws:securetransport": ("false",)}
_NETWORK: Final = frozenset(
    {
        *("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpcarn"),
        *("aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"),
    }
)
_CALLER: Final = frozenset({"aws:principalarn", "aws:principalaccount", "aws:principalorgid"})
_SERVICE: Final = frozenset({"aws:principalisawsservice", "aws:viaawsservice"})
_ANYTHING: Final = frozenset({"*", "0.0.0.0/0", "::/0"})


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


def fences(statement: Statement, bucket: str) -> bool:
    """Return whether it denies reading a bucket's objects to all but named networks or callers.

    The tests of a Deny must all hold, so each of another kind would narrow the refusal, and so
    would an exception for anybody at all.
    """
    tests = [
        (op.lower(), name, values)
        for op, keys in statement.conditions.items()
        for name, values in keys.items()
    ]
    return (
        not statement.allows
        and not statement.negated
        and statement.for_everybody
        and _covers("s3:getobject", statement.actions)
        and any(_covers_objects(resource, bucket) for resource in statement.resources)
        and any(name in _NETWORK | _CALLER for _, name, _ in tests)
        and all(_is_exception(*test) for test in tests)
    )


def is_open(statement: Statement) -> bool:
    """Return whether it allows something to everybody, from everywhere."""
    everybody = statement.for_everybody or (statement.negated and not statement.principals)
    if not statement.allows or not everybody:
        return False
    return not any(
        name in _NETWORK | _CALLER and "not" not in op.lower() and not _ANYTHING & {*values}
        for op, keys in statement.conditions.items()
        for name, values in keys.items()
    )


def _is_exception(operator: str, name: str, values: tuple[str, ...]) -> bool:
    if name in _SERVICE:
        return operator in {"bool", "boolifexists"} and values == ("false",)
    return name in _NETWORK | _CALLER and "not" in operator and not _ANYTHING & {*values}


def _covers(action: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in patterns)


def _is_vendor(principal: str) -> bool:
    """Return whether a principal, an ARN or a bare account id, belongs to Databricks."""
    parts = principal.split(":", 5)
    if parts[0] != "arn":
        return principal in control_plane_accounts("aws") | control_plane_accounts("aws-us-gov")
    return parts[4:5] != [] and parts[4] in control_plane_accounts(parts[1])


def _covers_objects(resource: str, bucket: str) -> bool:
    return resource.rsplit(":", 1)[-1] in {"*", f"{bucket}*", f"{bucket}/*"}
