"""Parts of policy documents: statements as plain dictionaries, ready to become JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.semantics.iam_documents import Document, parse

Policy = dict[str, Any]
"""A policy document, or a statement of one."""
Tests = Mapping[str, Mapping[str, str | tuple[str, ...]]]
"""Conditions: operator, then key, then values."""

ANYBODY: Final = "*"
VENDOR: Final = "Databricks"
"""The value of the tag `Vendor` on what Databricks makes in a customer's account."""
TENANT_TAG: Final = "aws:PrincipalTag/DatabricksAccountId"
"""What a session of Databricks says of the customer that it works for."""


def policy(*statements: Policy) -> Policy:
    """Return a policy of some statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str,
    actions: Iterable[str],
    resources: Iterable[str] = ("*",),
    *,
    to: Any = None,
    when: Tests | None = None,
) -> Policy:
    """Return a statement that allows something.

    Args:
        sid: its name.
        actions: as `s3:GetObject`.
        resources: patterns of resources; none for a trust policy, which names none.
        to: the Principal element; None for a policy of an identity.
        when: its conditions.
    """
    return _statement("Allow", sid, actions, {"Resource": resources}, to, when)


def allow_but(sid: str, actions: Iterable[str], spared: Iterable[str]) -> Policy:
    """Return a statement that allows something on all resources but some."""
    return _statement("Allow", sid, actions, {"NotResource": spared}, None, None)


def deny(
    sid: str,
    actions: Iterable[str],
    resources: Iterable[str] = ("*",),
    *,
    to: Any = None,
    when: Tests | None = None,
) -> Policy:
    """Return a statement that refuses something; its arguments are those of `allow`."""
    return _statement("Deny", sid, actions, {"Resource": resources}, to, when)


def deny_but(sid: str, actions: Iterable[str], spared: Iterable[str]) -> Policy:
    """Return a statement that refuses something on all resources but some."""
    return _statement("Deny", sid, actions, {"NotResource": spared}, None, None)


def _statement(
    effect: str,
    sid: str,
    actions: Iterable[str],
    resources: Mapping[str, Iterable[str]],
    to: Any,
    when: Tests | None,
) -> Policy:
    made: Policy = {"Sid": sid, "Effect": effect}
    if to is not None:
        made["Principal"] = to
    made["Action"] = _some(actions)
    made |= {element: _some(named) for element, named in resources.items() if tuple(named)}
    if when:
        made["Condition"] = {
            operator: {key: _some(values) for key, values in tests.items()}
            for operator, tests in when.items()
        }
    return made


def _some(texts: str | Iterable[str]) -> str | list[str]:
    """Return one text as itself and several as a list, as policies are commonly written."""
    listed = [texts] if isinstance(texts, str) else list(texts)
    return listed[0] if len(listed) == 1 else listed


def accounts(*numbers: str, partition: str = "aws") -> Policy:
    """Return the Principal element for all callers of some accounts."""
    return {"AWS": _some(f"arn:{partition}:iam::{number}:root" for number in numbers)}


def callers(*arns: str) -> Policy:
    """Return the Principal element for some roles and users."""
    return {"AWS": _some(arns)}


def bucket_arns(bucket: str, partition: str = "aws") -> tuple[str, str]:
    """Return the ARN of a bucket, and the pattern of its objects' ARNs."""
    arn = f"arn:{partition}:s3:::{bucket}"
    return arn, f"{arn}/*"


def tls_only(bucket: str, partition: str = "aws") -> Policy:
    """Return the statement that refuses every request for a bucket that comes without TLS."""
    plain = {"Bool": {"aws:SecureTransport": "false"}}
    return deny("TlsOnly", ["s3:*"], bucket_arns(bucket, partition), to=ANYBODY, when=plain)


def merged(*policies: Policy) -> Policy:
    """Return one policy with the statements of several."""
    return policy(*(statement for each in policies for statement in each["Statement"]))


def written(document: Policy) -> str:
    """Return a policy as JSON text without a blank too many, as its length is counted by AWS."""
    return json.dumps(document, separators=(",", ":"))


def read(document: Policy) -> Document:
    """Return a policy as the engine takes it."""
    return parse(written(document))
