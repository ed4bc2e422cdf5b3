"""What mends the policies of cross-account roles, and who may become a role."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from lakewarden.controls.kit.control import Context
from lakewarden.controls.kit.policy_wishes import (
    AWS,
    Edit,
    document,
    narrower,
    policy_wish,
    proof,
    put,
    statements_in,
    without_policy,
    works_on,
)
from lakewarden.controls.kit.proved import account_in, document_of, partition_in
from lakewarden.controls.kit.roles import users_of
from lakewarden.controls.kit.subjects import CrossAccountRole
from lakewarden.estate.account import NETWORKS
from lakewarden.estate.aws import ROLES
from lakewarden.estate.rights import ROLE_POLICIES
from lakewarden.plan.change import Proof, Target
from lakewarden.plan.wish import CannotPlanError, Step, Wish
from lakewarden.proofs.facts.accounts import Platform, platforms
from lakewarden.proofs.policies.build import Policy
from lakewarden.proofs.policies.cross_account import Place, tied
from lakewarden.proofs.policies.guard import guard
from lakewarden.semantics.cross_account import documented_actions
from lakewarden.semantics.iam_documents import Document

GUARD: Final = "lakewarden-guard"
"""The name of the policy that refuses, beside whatever the others allow."""
PLANS_WITH: Final = (NETWORKS.need(),)
"""What must be collected to prove that Databricks still works by a role."""


def guarded(role: CrossAccountRole, at: Context, *sids: str) -> Wish:
    """Wish for some of the guard's refusals in a policy of its own.

    Args:
        role: the role.
        at: the context.
        sids: the names of the guard's statements.

    Raises:
        UnreadError: the role or its workspaces were not read.
        CannotPlanError: it is not known where its machines run, or who owns their images.
    """
    text = at.estate.need(ROLE_POLICIES, role.arn).inline.get().get(GUARD)
    chosen = [entry for entry in _guard(role, at) if entry["Sid"] in sids]
    return _wish(role, at, GUARD, text, lambda found: put(found, *chosen))


def _guard(role: CrossAccountRole, at: Context) -> list[Policy]:
    """Return the guard of a role; where it serves several VPCs, each of them is spared."""
    owner = vendor_of(role.arn).images
    made: dict[str, Policy] = {}
    for place in places_of(role, at):
        for entry in guard(place, owner, at.policy.passed_roles)["Statement"]:
            made[entry["Sid"]] = _sparing_both(made.get(entry["Sid"], entry), entry)
    return list(made.values())


def _sparing_both(one: Policy, other: Policy) -> Policy:
    """Return a refusal that spares what either of two alike refusals spares."""
    tests = {
        operator: {
            key: _both(one["Condition"][operator][key], value) for key, value in keys.items()
        }
        for operator, keys in other.get("Condition", {}).items()
    }
    return {**one, "Condition": tests} if tests else one


def _both(one: Any, other: Any) -> Any:
    values = [*([one] if isinstance(one, str) else one)]
    values += [v for v in ([other] if isinstance(other, str) else other) if v not in values]
    return values[0] if len(values) == 1 else values


def vendor_of(arn: str) -> Platform:
    """Return the platform of Databricks that uses a role.

    Raises:
        CannotPlanError: it may be one of several.
    """
    found = platforms(partition_in(arn))
    if len(found) != 1:
        reason = f"Databricks has {len(found)} platforms in {partition_in(arn)}, and the role does"
        raise CannotPlanError(f"{reason} not say which of them uses it: change it by hand")
    return found[0]


def places_of(role: CrossAccountRole, at: Context) -> tuple[Place, ...]:
    """Return where the machines of a role's workspaces run, each place once.

    Raises:
        UnreadError: a workspace or its network was not read.
        CannotPlanError: Databricks makes their network.
    """
    account, partition = account_in(role.arn), partition_in(role.arn)
    homes = set()
    for workspace in users_of(role, at):
        network = workspace.network_id.get()
        if network is not None:
            vpc = at.estate.need(NETWORKS, network).vpc_id.get()
            homes.add((workspace.region.get(), vpc))
    return tuple(Place(account, region, vpc, partition) for region, vpc in sorted(homes))


def narrowed(
    role: CrossAccountRole,
    at: Context,
    narrow: Callable[[Policy], Iterable[Policy]],
    wrong: Callable[[Document], bool],
) -> Iterator[Wish | Step]:
    """Yield wishes for the role's own policies without what is wrong in them.

    Policies that are attached may be those of other roles as well, and are left to people. Where
    Databricks could not work by what is left, the restricted policy is put in its place.

    Args:
        role: the role.
        at: the context.
        narrow: yields what is right of a statement.
        wrong: whether something is wrong in a policy.

    Raises:
        UnreadError: the role or its workspaces were not read.
    """
    found = at.estate.need(ROLE_POLICIES, role.arn)
    inline = found.inline.get()
    own = {name: text for name, text in inline.items() if wrong(document_of(text, ROLE_POLICIES))}
    rest = [text for text in found.documents.get() if text not in own.values()]
    missing = _missing(role, at, [_narrow(t, narrow) for t in own.values()], rest) if own else []
    for name, text in own.items():
        edit = _edit(narrow, missing)
        gone = not edit(statements_in(text, ROLE_POLICIES))
        yield _wish(role, at, name, text, edit, delete=gone)
        missing = []
    attached = [text for text in rest if text not in inline.values()]
    if any(wrong(document_of(text, ROLE_POLICIES)) for text in attached):
        name = role.arn.rpartition("/")[2]
        yield Step(
            f"Detach from the role {name} the managed policies that allow more than Databricks "
            "documents, and give it the documented policy as one of its own.",
            f"`aws iam list-attached-role-policies --role-name {name}` names none of them",
        )


def _missing(
    role: CrossAccountRole, at: Context, left: list[list[Policy]], rest: list[str]
) -> list[Policy]:
    """Return what has to be put in the place of what goes, so that Databricks works as before."""
    others = [document_of(text, ROLE_POLICIES) for text in rest]
    kept = (*others, *(document(entries) for entries in left if entries))
    texts = at.estate.need(ROLE_POLICIES, role.arn).documents.get()
    old = tuple(document_of(text, ROLE_POLICIES) for text in texts)
    worked = all(p.holds for p in _alive(role, at, old, old))
    works = all(p.holds for p in _alive(role, at, kept, old))
    return _restricted(role, at, old) if worked and not works else []


def _edit(narrow: Callable[[Policy], Iterable[Policy]], missing: list[Policy]) -> Edit:
    return lambda found: put(_narrowed(found, narrow), *missing)


def _narrow(text: str, narrow: Callable[[Policy], Iterable[Policy]]) -> list[Policy]:
    return _narrowed(statements_in(text, ROLE_POLICIES), narrow)


def _narrowed(found: list[Policy], narrow: Callable[[Policy], Iterable[Policy]]) -> list[Policy]:
    return [new for entry in found for new in (narrow(entry) if _allows(entry) else (entry,))]


def _allows(entry: Policy) -> bool:
    return bool(entry.get("Effect") == "Allow")


def _restricted(role: CrossAccountRole, at: Context, old: tuple[Document, ...]) -> list[Policy]:
    """Return the grants of the restricted policy that are part of what was allowed before.

    There are none for a role that serves workspaces in several places.
    """
    places = places_of(role, at)
    groups = [
        group
        for workspace in users_of(role, at)
        if (network := workspace.network_id.get()) is not None
        for group in at.estate.need(NETWORKS, network).security_group_ids.get()
    ]
    if len(places) != 1 or not groups:
        return []
    made: list[Policy] = tied(places[0], groups[0], at.policy.passed_roles)["Statement"]
    return [entry for entry in made if narrower((document([entry]),), old).holds]


def _wish(
    role: CrossAccountRole,
    at: Context,
    name: str,
    text: str | None,
    edit: Edit,
    *,
    delete: bool = False,
) -> Wish:
    """Wish for one of the role's own policies."""
    target = Target("role_policy", AWS, f"{role.arn.rpartition('/')[2]}/{name}")
    texts = at.estate.need(ROLE_POLICIES, role.arn).documents.get()
    others = tuple(document_of(t, ROLE_POLICIES) for t in texts if t != text)

    def prove(new: Document, old: Document) -> Iterator[Proof]:
        now = (*others, *((new,) if new.statements else ()))
        then = (*others, *((old,) if old.statements else ()))
        yield narrower(now, then)
        yield from _alive(role, at, now, then)

    wish = policy_wish(target, target.key, text, ROLE_POLICIES, edit, prove)
    return without_policy(wish, text) if delete and text is not None else wish


def _alive(
    role: CrossAccountRole, at: Context, now: tuple[Document, ...], then: tuple[Document, ...]
) -> Iterator[Proof]:
    """Yield that Databricks starts, changes and stops machines by some policies, as before.

    Where Databricks makes the network, nobody can say where that would be: it may do what it could.
    """
    places = places_of(role, at)
    for place in places:
        words: Mapping[str, Iterable[str]] = {
            "role": (role.arn,),
            "account": (place.account,),
            "region": (place.region,),
            "vpc": (place.vpc,),
            "owners": (vendor_of(role.arn).images,),
        }
        yield proof("xacct.databricks_still_works", {"policy": now or (_NOTHING,)}, words)
    if not places:
        actions = documented_actions("always", "machines", "networks")
        yield works_on(now or (_NOTHING,), then, {"principals": (role.arn,), "actions": actions})


_NOTHING: Final = document([])


def trusted(arn: str, at: Context, who: str, edit: Edit, note: str = "") -> Wish:
    """Wish for a trust policy that comes of a role's by an edit.

    Args:
        arn: the role's.
        at: the context.
        who: by whom Databricks becomes it: an account or an ARN.
        edit: makes the new statements out of the old ones.
        note: what is meant to be allowed besides.

    Raises:
        UnreadError: the trust policy was not read.
    """
    name = arn.rpartition("/")[2]
    words = {
        "principals": (who,),
        "external-id": (at.estate.meta.account_id,),
        "actions": ("sts:AssumeRole",),
    }

    def prove(new: Document, old: Document) -> Iterator[Proof]:
        yield narrower((new,), (old,), note)
        yield works_on((new,), (old,), words)

    text = at.estate.need(ROLES, arn).trust.get()
    return policy_wish(Target("role_trust", AWS, name), name, text, ROLES, edit, prove)
