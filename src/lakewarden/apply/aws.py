"""What the hands of AWS share: clients by region, answers that nothing is set, policy documents."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from lakewarden.apply.doors import Doors
from lakewarden.apply.hand import Hand, Json
from lakewarden.clients.failure import CallFailedError
from lakewarden.collect.aws_calls import call
from lakewarden.estate.fact import Cause
from lakewarden.plan.change import Target
from lakewarden.semantics.iam_documents import meaning

GLOBAL: Final = "us-east-1"
"""The region that is asked for what has none."""


def asked(
    doors: Doors, service: str, operation: str, region: str = GLOBAL, **arguments: Any
) -> Any:
    """Call AWS.

    Args:
        doors: the open doors.
        service: as boto3 calls it.
        operation: the method of its client.
        region: where.
        arguments: of the method.

    Raises:
        CallFailedError: for anything but an answer.
    """
    client = doors.aws().client(service, region)
    return call(getattr(client, operation), **arguments)


def unless(
    codes: frozenset[str], doors: Doors, service: str, operation: str, **arguments: Any
) -> Any:
    """Call AWS, or return None when it answers with a code that says that nothing is set.

    Raises:
        CallFailedError: for anything but an answer.
    """
    try:
        return asked(doors, service, operation, **arguments)
    except CallFailedError as error:
        if error.code in codes:
            return None
        raise


def placed(target: Target) -> tuple[str, str]:
    """Return the region of a target whose key begins with one, and the rest of its key."""
    region, _, rest = target.key.partition("/")
    return region, rest


def loaded(policy: Any) -> dict[str, Any]:
    """Return a policy document, as text or as boto3 has read it, with a list of statements.

    Raises:
        CallFailedError: it is none.
    """
    try:
        document = json.loads(_text(policy)) if isinstance(policy, str) else policy
    except ValueError:
        document = None
    if not isinstance(document, Mapping):
        raise CallFailedError(Cause.MALFORMED, "the policy document cannot be read")
    entries = document.get("Statement", [])
    return {**document, "Statement": entries if isinstance(entries, list) else [entries]}


def _text(policy: str) -> str:
    return policy if policy.lstrip().startswith("{") else unquote(policy)


def written(document: Json) -> str:
    """Return a policy document as AWS takes it."""
    return json.dumps(document, separators=(",", ":"))


class PolicyHand(Hand):
    """The base of hands for policy documents: `/Version` and `/Statement`, a list."""

    def same(self, target: Target, place: str, found: Any, wanted: Any) -> bool:  # noqa: ARG002  # all parts are alike
        """Return whether two parts of a policy mean the same."""
        return bool(meaning(found) == meaning(wanted))
