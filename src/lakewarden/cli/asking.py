"""What questions are asked with: policies out of files, or out of a deployment with its words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from lakewarden.clock import parse_time
from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.proved import (
    accounts_of,
    document_of,
    document_of_endpoint,
    own_networks,
    vendor_accounts,
)
from lakewarden.controls.kit.roles import users_of
from lakewarden.controls.kit.subjects import CrossAccountRole
from lakewarden.errors import UsageError
from lakewarden.estate.account import (
    CREDENTIALS,
    ENCRYPTION_KEYS,
    LOG_DELIVERIES,
    NETWORKS,
    STORAGE_CONFIGURATIONS,
    WORKSPACES,
    Workspace,
)
from lakewarden.estate.authority import KEY_GRANTS, ROLE_BOUNDS
from lakewarden.estate.aws import BUCKET_POLICY, ROLES
from lakewarden.estate.catalog import closure
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import UnreadError
from lakewarden.estate.kind import Kind, Need, Scope
from lakewarden.estate.rights import KEY_POLICIES, ROLE_POLICIES
from lakewarden.estate.storage import EXTERNAL_LOCATIONS, Purpose
from lakewarden.estate.vpc import VPC_ENDPOINTS
from lakewarden.policyfile.policy import Policy
from lakewarden.proofs.facts.accounts import platform
from lakewarden.proofs.facts.regions import region as region_facts
from lakewarden.proofs.questions.given import Given
from lakewarden.proofs.questions.question import Question
from lakewarden.semantics.iam_documents import Document, parse
from lakewarden.semantics.vpc_endpoints import service_of

Words = Mapping[str, tuple[str, ...]]
_WRAPPED: Final = ("Policy", "PolicyDocument", "AssumeRolePolicyDocument")
"""Under which names the AWS command line prints a policy."""


@dataclass(frozen=True, slots=True)
class Case:
    """What a question is asked about: its name, and the arguments, or why there are none."""

    subject: str
    given: Given | UnreadError


def given_from_files(files: Mapping[str, tuple[Path, ...]], words: Words) -> Given:
    """Return the arguments of a question whose policies are files.

    Raises:
        UsageError: a file cannot be read, or holds no policy.
    """
    policies = {
        name: tuple(_policy(file) for file in paths)
        for name, paths in files.items()
        if name != "grants"
    }
    grants = files.get("grants")
    return Given(policies, words, tuple(_grants(grants)) if grants else None)


def _policy(file: Path) -> Document:
    found = _json(file)
    for name in _WRAPPED:
        while isinstance(found, dict) and name in found and "Statement" not in found:
            found = found[name]
            if isinstance(found, str):
                found = _decoded(found, file)
    try:
        return parse(json.dumps(found))
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"holds no policy: {error}",
            where=str(file),
            next_step="Give a policy as JSON, or what the AWS command line prints of one",
        ) from None


def _grants(files: tuple[Path, ...]) -> Iterator[Mapping[str, Any]]:
    for file in files:
        found = _json(file)
        listed = found.get("Grants") if isinstance(found, dict) else found
        if not isinstance(listed, list) or not all(isinstance(grant, dict) for grant in listed):
            raise UsageError(
                "holds no list of grants",
                where=str(file),
                next_step="Give what `aws kms list-grants --key-id KEY` prints",
            )
        yield from listed


def _json(file: Path) -> Any:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(
            f"cannot be read ({what})",
            where=str(file),
            next_step="Check the file's name and rights",
        ) from None
    return _decoded(text, file)


def _decoded(text: str, file: Path) -> Any:
    """Read JSON; an object that names a key twice would hide half of a policy, and is none."""
    try:
        return json.loads(text, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise UsageError(
            f"is not JSON: {error}", where=str(file), next_step="Correct that place"
        ) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key occurs twice")
    return made


_KINDS: Final[Mapping[str, tuple[Kind[Any], ...]]] = {
    "bucket": (BUCKET_POLICY, NETWORKS, VPC_ENDPOINTS, CREDENTIALS, STORAGE_CONFIGURATIONS,
               LOG_DELIVERIES, EXTERNAL_LOCATIONS),
    "log": (BUCKET_POLICY, CREDENTIALS, STORAGE_CONFIGURATIONS, LOG_DELIVERIES, EXTERNAL_LOCATIONS),
    "vpce": (VPC_ENDPOINTS, NETWORKS, STORAGE_CONFIGURATIONS, LOG_DELIVERIES, EXTERNAL_LOCATIONS,
             CREDENTIALS),
    "kms": (ENCRYPTION_KEYS, KEY_POLICIES, KEY_GRANTS, CREDENTIALS),
    "xacct": (CREDENTIALS, ROLE_POLICIES, ROLE_BOUNDS, NETWORKS),
    "trust": (CREDENTIALS, ROLES),
    "policy": (),
}  # fmt: skip
"""What is read of a deployment for the questions of a family."""


def needs_for(question: Question, workspace: Workspace | None) -> set[Need]:
    """Return what has to be read to ask a question of a deployment."""
    kinds = _KINDS[question.name.partition(".")[0]]
    wanted = {WORKSPACES.need()} | {kind.need() for kind in kinds}
    if workspace is None:
        return closure(wanted)
    return {kind.need() for kind in kinds if kind.scope is Scope.WORKSPACE}


def cases_of(question: Question, estate: Estate, policy: Policy, words: Words) -> Iterator[Case]:
    """Yield what a question can be asked about in a deployment.

    Args:
        question: the question.
        estate: the deployment.
        policy: what the organisation wants.
        words: what the command line says; it goes before what the deployment says.
    """
    at = Context(estate, policy, parse_time(estate.meta.taken))
    family = question.name.partition(".")[0]
    known = {argument.name for argument in question.arguments}
    finders = {
        "bucket": _buckets,
        "log": _logs,
        "vpce": _endpoints,
        "kms": _keys,
        "xacct": _roles,
        "trust": _trusts,
    }
    if family not in finders:
        return
    for subject, make in finders[family](question, at, words):
        try:
            policies, found, grants = make()
            merged = {**{k: v for k, v in found.items() if k in known and v}, **words}
            merged = {name: value for name, value in merged.items() if name in known}
            yield Case(subject, Given(policies, merged, grants))
        except UnreadError as error:
            yield Case(subject, error)


_BY_GUARDIANS: Final = frozenset({"kms.recoverable_by"})
"""Questions about keys whose principals are those who keep access whatever happens."""
_Made = tuple[dict[str, tuple[Document, ...]], dict[str, tuple[str, ...]], Any]
_Found = Iterator[tuple[str, Any]]


def _account_words(at: Context) -> dict[str, tuple[str, ...]]:
    own = accounts_of(at)
    return {
        "account": own if len(own) == 1 else (),
        "databricks": vendor_accounts(),
        "databricks-account": (at.estate.meta.account_id,) if at.estate.meta.account_id else (),
    }


def _named(found: Iterator[str], words: Words, name: str) -> Iterator[str]:
    wanted = words.get(name, ())
    yield from wanted or found


def _buckets(_: Question, at: Context, words: Words) -> _Found:
    yield from _of_buckets(at, words, Purpose.DATA)


def _logs(_: Question, at: Context, words: Words) -> _Found:
    yield from _of_buckets(at, words, Purpose.AUDIT_LOGS)


def _of_buckets(at: Context, words: Words, purpose: Purpose) -> _Found:
    used = (b.name for b in at.estate.buckets() if purpose in b.purposes)
    for name in _named(used, words, "bucket"):

        def make(name: str = name) -> _Made:
            text = at.estate.need(BUCKET_POLICY, name).document.get()
            found = {**_account_words(at), "bucket": (name,), "principals": at.policy.guardians}
            found["networks"] = own_networks(at) if purpose is Purpose.DATA else ()
            return {"policy": (document_of(text, BUCKET_POLICY),)}, found, None

        yield name, make


def _endpoints(_: Question, at: Context, words: Words) -> _Found:
    wanted = words.get("endpoint", ())
    for endpoint in at.estate.of(VPC_ENDPOINTS).each():
        if (wanted and endpoint.id not in wanted) or service_of(endpoint) != "s3":
            continue

        def make(endpoint: Any = endpoint) -> _Made:
            region = endpoint.service.get().split(".")[-2]
            kinds = {b.name: b.purposes for b in at.estate.buckets()}
            place = region_facts(region)
            logs = (place.buckets.logs,) if place and place.buckets.logs else ()
            data = tuple(n for n, p in kinds.items() if Purpose.DATA in p)
            found = {
                **_account_words(at),
                "region": (region,),
                "buckets": (*kinds, *logs, *at.policy.written_buckets),
                "root-bucket": tuple(_roots_in(endpoint.vpc_id.get(), at)),
                "data-buckets": data,
            }
            return {"policy": (document_of_endpoint(endpoint),)}, found, None

        yield endpoint.id, make


def _roots_in(vpc: str, at: Context) -> Iterator[str]:
    """Yield the root buckets of the workspaces in a VPC."""
    for workspace in at.estate.workspaces():
        network, storage = workspace.network_id.get(), workspace.storage_id.get()
        if network is None or storage is None:
            continue
        if at.estate.need(NETWORKS, network).vpc_id.get() == vpc:
            yield at.estate.need(STORAGE_CONFIGURATIONS, storage).bucket.get()


def _keys(question: Question, at: Context, words: Words) -> _Found:
    registered = (key.arn.get() for key in at.estate.of(ENCRYPTION_KEYS).each())
    for arn in dict.fromkeys(_named(registered, words, "key")):

        def make(arn: str = arn) -> _Made:
            document = document_of(at.estate.need(KEY_POLICIES, arn).document.get(), KEY_POLICIES)
            grants = tuple(
                {
                    "GrantId": grant.id,
                    "GranteePrincipal": grant.grantee or grant.grantee_service,
                    "Operations": list(grant.operations),
                }
                for grant in at.estate.need(KEY_GRANTS, arn).grants.get()
            )
            own = accounts_of(at)
            found = _account_words(at)
            roots = tuple(f"arn:aws:iam::{account}:root" for account in own)
            users = (*vendor_accounts(), *own, *at.policy.key_users)
            guardians = at.policy.guardians or roots
            found["principals"] = guardians if question.name in _BY_GUARDIANS else users
            return {"policy": (document,)}, found, grants

        yield arn, make


def _roles(_: Question, at: Context, words: Words) -> _Found:
    for arn in dict.fromkeys(_named(_used(at), words, "role")):

        def make(arn: str = arn) -> _Made:
            record = at.estate.need(ROLE_POLICIES, arn)
            bounds = at.estate.need(ROLE_BOUNDS, arn).document.get()
            policies = {
                "policy": tuple(document_of(text, ROLE_POLICIES) for text in record.documents.get())
                or (Document(()),)
            }
            if bounds is not None:
                policies["boundary"] = (document_of(bounds, ROLE_BOUNDS),)
            users = users_of(CrossAccountRole(arn), at)
            ids = {w.network_id.get() for w in users} - {None}
            vpcs = sorted(at.estate.need(NETWORKS, identity).vpc_id.get() for identity in ids)
            vendor = platform("aws")
            found = {
                "role": (arn,),
                "account": (arn.split(":")[4],),
                "region": tuple(sorted({w.region.get() for w in users}))[:1],
                "vpcs": tuple(vpcs),
                "vpc": tuple(vpcs)[:1],
                "owners": (vendor.images,) if vendor else (),
                "roles": at.policy.passed_roles,
            }
            return policies, found, None

        yield arn, make


def _used(at: Context) -> Iterator[str]:
    """Yield the role of each workspace that has clusters of its own."""
    for workspace in at.estate.workspaces():
        identity = workspace.credentials_id.get()
        if identity is not None:
            yield at.estate.need(CREDENTIALS, identity).role_arn.get()


def _trusts(_: Question, at: Context, words: Words) -> _Found:
    registered = (c.role_arn.get() for c in at.estate.of(CREDENTIALS).each())
    for arn in dict.fromkeys(_named(registered, words, "role")):

        def make(arn: str = arn) -> _Made:
            document = document_of(at.estate.need(ROLES, arn).trust.get(), ROLES)
            found = {
                "principals": vendor_accounts(),
                "external-id": (at.estate.meta.account_id,),
            }
            return {"policy": (document,)}, found, None

        yield arn, make
