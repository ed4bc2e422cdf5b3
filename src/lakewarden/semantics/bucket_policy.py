"""The questions that are asked of each statement of a bucket policy."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

from lakewarden.estate.databricks_accounts import control_plane_accounts
from lakewarden.estate.fact import UnreadError
from lakewarden.semantics.iam_documents import Statement
from lakewarden.semantics.ip_lists import too_wide

_TENANT_TAG: Final = "aws:principaltag/databricksaccountid"
_NETWORK: Final = frozenset(
    {
        *("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpcarn"),
        *("aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths"),
    }
)
_CALLER: Final = frozenset(
    {
        *("aws:principalarn", "aws:principalaccount", "aws:principalorgid"),
        *("aws:principalorgpaths", "aws:userid"),
    }
)
_SERVICE: Final = frozenset({"aws:principalisawsservice", "aws:viaawsservice"})
_ADDRESS: Final = frozenset({"aws:sourceip", "aws:vpcsourceip"})
_BOUNDS: Final = (_NETWORK | _CALLER | {"s3:dataaccesspointaccount", "s3:dataaccesspointarn"}) - {
    "aws:vpcsourceip"  # anybody may give a network of theirs the same private addresses
}
"""What keeps strangers from an Allow to everybody."""
_MATCHES: Final = frozenset(
    {"stringequals", "stringequalsignorecase", "stringlike", "arnequals", "arnlike", "ipaddress"}
)
_DIFFERS: Final = frozenset(
    {
        *("stringnotequals", "stringnotequalsignorecase", "stringnotlike"),
        *("arnnotequals", "arnnotlike", "notipaddress"),
    }
)


def admits_vendor(statement: Statement) -> bool:
    """Return whether it allows something to everybody or to the Databricks control plane.

    NotPrincipal allows everybody but a few, so it counts as everybody.
    """
    if not statement.allows:
        return False
    everybody = statement.for_everybody or not statement.principals
    return everybody or any(_is_vendor(name) for _, name in statement.principals)


def is_for_tenant(statement: Statement, account_id: str) -> bool:
    """Return whether it holds for sessions of one Databricks account alone.

    Strangers may give a role of theirs any tag, so that the tag alone binds nobody but Databricks.
    """
    tests = {op.lower(): keys for op, keys in statement.conditions.items()}
    tied = tests.get("stringequals", {}).get(_TENANT_TAG) == (account_id,)
    return tied and not is_open(statement)


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
    """Return whether it allows something to everybody, from everywhere.

    A test that a request without the key passes, such as one IfExists, bounds nothing.
    """
    everybody = statement.for_everybody or (statement.negated and not statement.principals)
    if not statement.allows or not everybody:
        return False
    return not any(
        name in _BOUNDS
        and op.lower().removeprefix("foranyvalue:") in _MATCHES
        and not _fits_anybody(name, values)
        for op, keys in statement.conditions.items()
        for name, values in keys.items()
    )


def _is_exception(operator: str, name: str, values: tuple[str, ...]) -> bool:
    if name in _SERVICE:
        return operator in {"bool", "boolifexists"} and values == ("false",)
    if operator.endswith("ifexists"):  # without it, ForAnyValue lets a request without the key by
        operator = operator.removeprefix("foranyvalue:")
    negation = operator.removeprefix("forallvalues:").removesuffix("ifexists")
    named = name in _NETWORK | _CALLER and negation in _DIFFERS
    return named and not _fits_anybody(name, values)


def _fits_anybody(name: str, values: tuple[str, ...]) -> bool:
    """Return whether strangers fit the values of a test: wide networks, patterns for accounts."""
    if name not in _ADDRESS:
        return any(_is_loose(value) for value in values)
    try:
        return bool(too_wide(values))
    except UnreadError:  # what is no address names nobody in particular
        return True


def _is_loose(value: str) -> bool:
    """Return whether a pattern leaves open whose account, network or organisation it means."""
    parts = value.split(":", 5)
    if parts[0] == "arn":
        return not parts[4:5] or not {"*", "?"}.isdisjoint(parts[4])
    named = value.replace("?", "*").partition("*")
    return bool(named[1]) and {"/", ":"}.isdisjoint(named[0])


def _covers(action: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(action, pattern) for pattern in patterns)


def _is_vendor(principal: str) -> bool:
    """Return whether a principal, an ARN or a bare account id, belongs to Databricks."""
    parts = principal.split(":", 5)
    if parts[0] != "arn":
        return principal in control_plane_accounts("aws") | control_plane_accounts("aws-us-gov")
    return parts[4:5] != [] and parts[4] in control_plane_accounts(parts[1])


def _covers_objects(resource: str, bucket: str) -> bool:
    return resource.split(":", 5)[-1] in {"*", f"{bucket}*", f"{bucket}/*"}
