"""What an answer of the proofs room means for a control: proved passes, refuted fails.

An unknown answer is UNKNOWN, and so is one whose policies were not read. The evidence of a failure
is the request that gets through, so that a reader can try it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition, holds, unknown, violated
from lakewarden.controls.kit.control import Context
from lakewarden.estate.account import CREDENTIALS, NETWORKS
from lakewarden.estate.fact import Cause, UnreadError
from lakewarden.estate.kind import Kind
from lakewarden.estate.vpc import VPC_ENDPOINTS, VpcEndpoint
from lakewarden.ledger.finding import Evidence
from lakewarden.proofs.facts.accounts import platforms, serverless
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.policy.scene import Request
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.given import ArgumentError, Given
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import Document, Statement, parse

_TOLD = 3
"""How many lines of an explanation a finding repeats."""


def asked(
    name: str,
    kind: Kind[Any],
    policies: Mapping[str, tuple[Document, ...]],
    words: Mapping[str, Iterable[str]],
    grants: tuple[Mapping[str, Any], ...] | None = None,
) -> Condition:
    """Ask a named question and return what its answer means.

    Args:
        name: the question.
        kind: the kind of the records that the policies come from.
        policies: by argument.
        words: by argument; empty ones are left out.
        grants: the grants of a key.
    """
    given = Given(policies, {k: tuple(v) for k, v in words.items() if tuple(v)}, grants)
    try:
        answer = QUESTIONS[name].ask(given)
    except ArgumentError as error:
        return unknown(kind.gap(Cause.MALFORMED, str(error)), field=name)
    return _meant(answer, kind)


def _meant(answer: Answer, kind: Kind[Any]) -> Condition:
    if answer.outcome is Outcome.UNKNOWN:
        gap = kind.gap(Cause.NOT_READ, f"{answer.question}: {'; '.join(answer.explanation)}")
        return unknown(gap, field=answer.question, expected=answer.claim)
    if answer.outcome is Outcome.PROVED:
        shown = list(answer.statements) or list(answer.explanation[:_TOLD])
        return holds(Evidence(kind.source, answer.question, shown, answer.claim))
    request = " and ".join(map(told, answer.witness)) or answer.question
    shown = [told(request) for request in answer.witness]
    why = "; ".join(answer.explanation[:_TOLD])
    evidence = Evidence(kind.source, answer.question, shown, answer.claim)
    return violated(f"{request} gets through: {why}", evidence)


def told(request: Request) -> str:
    """Return a request in one line: who does what to which resource, and from where."""
    ways = ("aws:sourceip", "aws:sourcevpce", "aws:sourcevpc")
    came = next((f" from {request.context[k][0]}" for k in ways if k in request.context), "")
    return f"{request.action} on {request.resource} by {request.principal}{came}"


def document_of(text: str | None, kind: Kind[Any]) -> Document:
    """Return a policy out of its text; one that is not there has no statements.

    Raises:
        UnreadError: the text is no policy.
    """
    if text is None:
        return Document(())
    try:
        return parse(text)
    except (ValueError, RecursionError) as error:
        detail = f"the policy document cannot be read: {error}"
        raise UnreadError(kind.gap(Cause.MALFORMED, detail)) from None


def document_of_endpoint(endpoint: VpcEndpoint) -> Document:
    """Return the policy of a VPC endpoint; one that says none lets everything through.

    Raises:
        UnreadError: the policy was not read, or its text is none.
    """
    text = endpoint.policy.get()
    return _EVERYTHING if text is None else document_of(text, VPC_ENDPOINTS)


_EVERYTHING: Final = Document(
    (Statement(allows=True, principals=(("*", "*"),), actions=("*",), resources=("*",)),)
)


def own_networks(at: Context) -> tuple[str, ...]:
    """Return where requests of the deployment come from: its VPCs, their endpoints and serverless.

    Raises:
        UnreadError: a registered network, or an endpoint in it, was not read.
    """
    vpcs = sorted({network.vpc_id.get() for network in at.estate.of(NETWORKS).each()})
    endpoints = [e.id for e in at.estate.of(VPC_ENDPOINTS).each() if e.vpc_id.get() in vpcs]
    path = serverless().organisation_path
    return (*vpcs, *sorted(endpoints), path, "aws-services", *at.policy.trusted_networks)


def account_in(arn: str) -> str:
    """Return the account in an ARN, the empty text where it has none."""
    return [*arn.split(":"), *[""] * 4][4]


def partition_in(arn: str) -> str:
    """Return the partition in an ARN, the empty text where it has none."""
    return [*arn.split(":"), ""][1]


def accounts_of(at: Context) -> tuple[str, ...]:
    """Return the AWS accounts of the deployment, as the ARNs of its registered roles say.

    Raises:
        UnreadError: a registered role was not read.
    """
    arns = [credential.role_arn.get() for credential in at.estate.of(CREDENTIALS).each()]
    return tuple(sorted({account_in(arn) for arn in arns} - {""}))


def vendor_accounts(partition: str = "aws") -> tuple[str, ...]:
    """Return the accounts of Databricks' control planes in a partition."""
    return tuple(platform.control_plane for platform in platforms(partition))


def vendors_of(at: Context) -> tuple[str, ...]:
    """Return the accounts of Databricks' control planes in the partitions of the deployment.

    Raises:
        UnreadError: a registered role was not read.
    """
    arns = (credential.role_arn.get() for credential in at.estate.of(CREDENTIALS).each())
    partitions = sorted({partition_in(arn) for arn in arns})
    return tuple(account for name in partitions for account in vendor_accounts(name))
