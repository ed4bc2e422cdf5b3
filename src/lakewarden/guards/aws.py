"""The caller's role or user in AWS can still take back what is changed there.

The proof engine is asked about each policy as it would be, and about every request that the caller
could make, not just about a likely one. What it cannot prove is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, Final

from lakewarden.estate.account import CREDENTIALS, ENCRYPTION_KEYS
from lakewarden.estate.authority import ROLE_BOUNDS
from lakewarden.estate.aws import BUCKET_POLICY, ROLES
from lakewarden.estate.estate import Estate
from lakewarden.estate.fact import Cause, Gap, UnreadError
from lakewarden.estate.rights import KEY_POLICIES, ROLE_POLICIES
from lakewarden.guards.admitted import unrouted
from lakewarden.guards.after import document_after
from lakewarden.guards.guard import Given, Guard, Refusal
from lakewarden.plan.change import Change
from lakewarden.proofs.policy.prove import Outcome
from lakewarden.proofs.policy.scene import Claim, Layer, that
from lakewarden.proofs.questions import given as asking
from lakewarden.proofs.questions.answer import Answer
from lakewarden.proofs.questions.compare import not_more_permissive
from lakewarden.proofs.questions.describe import by
from lakewarden.proofs.questions.question import answered
from lakewarden.proofs.questions.registry import QUESTIONS
from lakewarden.semantics.iam_documents import Document, Statement, parse

NAME: Final = "aws"
_OTHER: Final = (
    "Spare your role in the policy (aws.guardians of lakewarden.toml), or carry it out as one that "
    "the policy spares"
)
_WHO: Final = "Give AWS credentials that may call sts:GetCallerIdentity"
_MENDS: Final = ("iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:GetRolePolicy")
_WHOLE: Final = frozenset({"/Version", "/Statement"})
"""The paths by which a change names all of a policy that has a meaning."""
_TOLD: Final = 2
"""How many lines of an explanation a refusal repeats."""


def _refuse(given: Given) -> Iterator[Refusal]:
    for change in given.plan.changes:
        judge = _JUDGES.get(change.target.kind)
        if judge is None:
            continue
        try:
            yield from judge(given, change)
        except (UnreadError, asking.ArgumentError) as error:
            cause = error.gap if isinstance(error, UnreadError) else error
            why = f"nobody can tell whether you could take it back: {cause}"
            yield Refusal(change.address, NAME, why, _OTHER)


def _bucket(given: Given, change: Change) -> Iterator[Refusal]:
    bucket = change.target.key
    policy = _after(change, partial(_bucket_policy, given.estate, bucket))
    routed = tuple(a for a in given.caller.addresses if not unrouted(a))
    words = {"bucket": (bucket,), "principals": (_caller(given),), "networks": routed}
    yield from _unless_proved(_ask("bucket.not_self_locking", policy, words), change)


def _key(given: Given, change: Change) -> Iterator[Refusal]:
    policy = _after(change, partial(_key_policy, given.estate, change.target.key))
    yield from _recoverable(given, change, policy)


def _key_state(given: Given, change: Change) -> Iterator[Refusal]:
    text = _key_policy(given.estate, change.target.key)
    yield from _recoverable(given, change, _parsed(text))


def _bucket_policy(estate: Estate, name: str) -> str | None:
    return estate.need(BUCKET_POLICY, name).document.get()


def _key_policy(estate: Estate, arn: str) -> str:
    return estate.need(KEY_POLICIES, arn).document.get()


def _recoverable(given: Given, change: Change, policy: Document) -> Iterator[Refusal]:
    words = {"principals": (_caller(given),), "account": (_account(change.target.key),)}
    yield from _unless_proved(_ask("kms.recoverable_by", policy, words), change)


def _role_policy(given: Given, change: Change) -> Iterator[Refusal]:
    """Yield whether a change of the caller's own role keeps it from being changed back."""
    caller = _caller(given)
    if not _is_own(caller, change.target.key.partition("/")[0]):
        return
    found = [_parsed(text) for text in given.estate.need(ROLE_POLICIES, caller).documents.get()]
    layers = [Layer("role policy", _exchanged(found, change))]
    bounds = given.estate.need(ROLE_BOUNDS, caller)
    if bounds.boundary.get() is not None:
        layers.append(Layer("permissions boundary", (_parsed(bounds.document.get()),)))
    direct = that(("Bool", "aws:ViaAWSService", ("false",)))
    where = (by(caller), that(resources=(caller,)), direct)
    claim = Claim(_MENDS, where, tuple(layers), every=True)
    sentence = "The role can replace and remove its own policies"
    yield from _unless_proved(answered("role.not_self_locking", sentence, [claim]), change)


def _exchanged(found: Iterable[Document], change: Change) -> tuple[Document, ...]:
    """Return the policies of a role with one of them changed, which is told by its statements.

    Raises:
        UnreadError: it is none of them, neither as it was nor as it would be.
    """
    left = list(found)
    old, new = (_statements(side) for side in (change.before, change.after))
    at = next((d for d in left if d.statements == old), None)
    at = at or next((d for d in left if new and d.statements == new), None)
    if at is not None:
        left.remove(at)
    elif change.before is not None:
        detail = f"no policy of the role is as {change.target.key} was"
        raise UnreadError(ROLE_POLICIES.gap(Cause.NOT_FOUND, detail))
    has_variables = True if at is None else at.has_variables
    return (*left, Document(new, has_variables)) if change.after is not None else tuple(left)


def _statements(side: Mapping[str, Any] | None) -> tuple[Statement, ...]:
    """Return the statements that a change finds or leaves; none where there is no policy.

    Raises:
        UnreadError: it does not name them all, or they are none.
    """
    if side is None:
        return ()
    if "/Statement" not in side:
        detail = "the change does not name all statements of the policy"
        raise UnreadError(ROLE_POLICIES.gap(Cause.MISSING_FIELD, detail))
    return _document({"Statement": side["/Statement"]}).statements


def _role_trust(given: Given, change: Change) -> Iterator[Refusal]:
    """Yield whether somebody can no longer become the caller's own role; it may be the caller."""
    caller = _caller(given)
    if not _is_own(caller, change.target.key):
        return
    old = _parsed(given.estate.need(ROLES, caller).trust.get())
    new = _after(change, given.estate.need(ROLES, caller).trust.get)
    claim = not_more_permissive((old,), (new,), names_callers=True)
    sentence = "Everybody who can become the role still can"
    yield from _unless_proved(answered("trust.not_self_locking", sentence, [claim]), change)


_Judge = Callable[[Given, Change], Iterable[Refusal]]
_JUDGES: Final[Mapping[str, _Judge]] = {
    "bucket_policy": _bucket,
    "kms_key_policy": _key,
    "kms_key_state": _key_state,
    "role_policy": _role_policy,
    "role_trust": _role_trust,
}


def _unless_proved(answer: Answer, change: Change) -> Iterator[Refusal]:
    if answer.outcome is Outcome.PROVED:
        return
    lines = "; ".join(answer.explanation[:_TOLD])
    verdict = "you could not take it back" if answer.outcome is Outcome.REFUTED else "it is unknown"
    yield Refusal(change.address, NAME, f"{verdict} ({answer.claim}): {lines}", _OTHER)


def _ask(name: str, policy: Document, words: Mapping[str, tuple[str, ...]]) -> Answer:
    said = {name: values for name, values in words.items() if values}
    return QUESTIONS[name].ask(asking.Given({"policy": (policy,)}, said))


def _after(change: Change, before: Callable[[], str | None]) -> Document:
    """Return a policy as a change leaves it; one without statements where it is removed.

    Args:
        change: the change.
        before: reads the policy as it is, for a change that does not name the whole of it.

    Raises:
        UnreadError: that was not read, or it is no policy.
    """
    whole = change.after is None or change.after.keys() >= _WHOLE
    text = None if whole else before()
    return _document(document_after(None if text is None else json.loads(text), change))


def _document(policy: Mapping[str, Any] | None) -> Document:
    return Document(()) if not policy else _parsed(json.dumps(policy))


def _parsed(text: str | None) -> Document:
    """Return a policy out of its text.

    Raises:
        UnreadError: it is none.
    """
    if text is None:
        return Document(())
    try:
        return parse(text)
    except (ValueError, RecursionError) as error:
        raise UnreadError(
            Gap(Cause.MALFORMED, NAME, f"the policy cannot be read: {error}", "")
        ) from None


def _caller(given: Given) -> str:
    """Return the ARN of the caller's role or user; of a session whose role has a path, a pattern.

    Raises:
        UnreadError: it is not known.
    """
    arn = given.caller.aws_arn
    fields = arn.split(":", 5)
    if not arn.startswith("arn:") or len(fields) < 6:  # noqa: PLR2004  # an ARN has six
        raise UnreadError(
            Gap(Cause.NOT_READ, "sts:GetCallerIdentity", "your ARN is not known", _WHO)
        )
    kind, _, rest = fields[5].partition("/")
    if fields[2] == "sts" and kind == "assumed-role":
        return ":".join((*fields[:2], "iam", "", fields[4], f"role/*{rest.partition('/')[0]}"))
    return arn


def _is_own(caller: str, role: str) -> bool:
    kind, _, name = caller.split(":", 5)[5].partition("/")
    return kind == "role" and name.rpartition("/")[2].removeprefix("*") == role


def _account(arn: str) -> str:
    return [*arn.split(":"), *[""] * 4][4]


GUARD: Final = Guard(
    NAME,
    _refuse,
    lambda change: change.target.kind in _JUDGES,
    (
        BUCKET_POLICY.need(),
        ENCRYPTION_KEYS.need(),
        KEY_POLICIES.need(),
        CREDENTIALS.need(),
        ROLES.need(),
        ROLE_POLICIES.need(),
        ROLE_BOUNDS.need(),
    ),
)
