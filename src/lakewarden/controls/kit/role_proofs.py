"""What is asked about a cross-account role: all its policies, and what bounds them from outside.

A permissions boundary and the organisation's service control policies only take away. Where they
were not read, what is proved without them is proved, and what is refuted without them is unknown.
Resource control policies speak of other resources than those that machines are made of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.controls.kit.condition import Condition
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.proved import account_in, asked, document_of
from lakewarden.controls.kit.roles import users_of
from lakewarden.controls.kit.subjects import CrossAccountRole
from lakewarden.estate.account import CREDENTIALS, NETWORKS, WORKSPACES
from lakewarden.estate.authority import ORGANIZATION_LEVELS, ROLE_BOUNDS
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.given import given
from lakewarden.estate.rights import ROLE_POLICIES
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.semantics.iam_documents import Document

ROLE_NEEDS: Final = (
    WORKSPACES.need(),
    CREDENTIALS.need(),
    ROLE_POLICIES.need(),
    ROLE_BOUNDS.need(),
    ORGANIZATION_LEVELS.need(),
)
"""What must be collected to ask about a role."""
MANAGED: Final = "Databricks makes the network, and needs the whole account for that"
"""Why a role is not asked where its machines run."""


@dataclass(frozen=True, slots=True)
class Homes:
    """Where the machines of a role's workspaces run, each once; empty where Databricks decides."""

    regions: tuple[str, ...]
    vpcs: tuple[str, ...]


def homes_of(role: CrossAccountRole, at: Context) -> Homes:
    """Return the VPCs of the workspaces that use a role, with their regions.

    Raises:
        UnreadError: a workspace or its network was not read.
    """
    homes = set()
    for workspace in users_of(role, at):
        network = workspace.network_id.get()
        if network is not None:
            homes.add((workspace.region.get(), at.estate.need(NETWORKS, network).vpc_id.get()))
    regions, vpcs = ({home[n] for home in homes} for n in (0, 1))
    return Homes(tuple(sorted(regions)), tuple(sorted(vpcs)))


def asked_of_role(name: str, role: CrossAccountRole, at: Context, **words: Any) -> Condition:
    """Ask a named question about what a role may do.

    Args:
        name: the question.
        role: the role.
        at: where its policies are.
        words: further arguments; an underscore stands for a hyphen.

    Raises:
        UnreadError: a policy of the role was not read, or is none.
    """
    texts = at.estate.need(ROLE_POLICIES, role.arn).documents.get()
    own = tuple(document_of(text, ROLE_POLICIES) for text in texts) or (Document(()),)
    gaps: list[Gap] = []
    policies = {"policy": own}
    for argument, read in (("boundary", _boundary), ("scp", _service_control)):
        try:
            policies[argument] = read(role, at)
        except UnreadError as error:
            gaps.append(error.gap)
    said = {key.replace("_", "-"): value for key, value in words.items()}
    found = asked(name, ROLE_POLICIES, policies, {"role": (role.arn,), **said})
    if found.met is False and gaps:
        return Condition(None, found.evidence, (), tuple(gaps))
    return found


def _boundary(role: CrossAccountRole, at: Context) -> tuple[Document, ...]:
    bounds = at.estate.need(ROLE_BOUNDS, role.arn)
    if bounds.boundary.get() is None:
        return ()
    text = bounds.document.get()
    if text is None:
        detail = f"no document of {bounds.boundary.get()}"
        raise UnreadError(ROLE_BOUNDS.gap(Cause.MISSING_FIELD, detail))
    return (document_of(text, ROLE_BOUNDS),)


def _service_control(role: CrossAccountRole, at: Context) -> tuple[Document, ...]:
    """Return the service control policies of the role's account, of all levels together."""
    every = at.estate.of(ORGANIZATION_LEVELS).each()
    levels = [level for level in every if level.type == "SERVICE_CONTROL_POLICY"]
    if all(level.target != account_in(role.arn) for level in levels):
        return ()
    texts = (text for level in levels for text in level.documents.get())
    return tuple(document_of(text, ORGANIZATION_LEVELS) for text in texts)


ARN: Final = "arn:aws:iam::123456789012:role/databricks"
"""The role of examples."""
PLACE: Final = "arn:aws:ec2:us-east-1:123456789012"
"""How the ARNs of what is in the account and region of examples begin."""
ANYTHING: Final = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict[str, Any]) -> str:
    """Return a policy as JSON text; statements allow on all resources what they do not say."""
    whole = [{"Effect": "Allow", "Resource": "*", **statement} for statement in statements]
    for statement in whole:
        if "NotResource" in statement:
            del statement["Resource"]
    return json.dumps({"Version": "2012-10-17", "Statement": whole})


def levels(*documents: str, account: str = "123456789012", **fields: Any) -> list[dict[str, Any]]:
    """Return the organisation of examples: all on the root, some policies on the account."""
    kind = {"type": "SERVICE_CONTROL_POLICY", **fields}
    return [
        {"target": "r-1", "depth": 0, "documents": [policy(ANYTHING)], **kind},
        {"target": account, "depth": 1, "documents": [policy(ANYTHING), *documents], **kind},
    ]


def role_estate(
    documents: Iterable[str] = (), bound: str | None = None, **kinds: Any
) -> MemorySnapshot:
    """Return an estate whose workspace uses a role with some policies and perhaps a boundary.

    Args:
        documents: the policies of the role.
        bound: its permissions boundary.
        kinds: other collections.
    """
    bounds = {"arn": ARN, "MaxSessionDuration": 3600}
    if bound is not None:
        bounds |= {"boundary": "arn:aws:iam::123456789012:policy/bound", "document": bound}
    usual = {
        "workspace": {"credentials_id": "c1", "network_id": "n1"},
        "credentials": [
            {"credentials_id": "c1", "aws_credentials": {"sts_role": {"role_arn": ARN}}}
        ],
        "networks": [{"network_id": "n1", "vpc_id": "vpc-1"}],
        "role_policies": [{"arn": ARN, "documents": list(documents)}],
        "role_bounds": [bounds],
        "organization_levels": [],
    }
    return given(**{**usual, **kinds})
