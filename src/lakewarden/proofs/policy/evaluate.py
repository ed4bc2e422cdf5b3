"""The concrete evaluator: what policies say to one request. It shares nothing with the engine.

It reads statements and values as they stand, with regular expressions, networks and times of the
standard library. Every witness is put to it, and a witness that it does not confirm is none.
Source: IAM User Guide, "Policy evaluation logic" and "Condition operators".
"""

from __future__ import annotations

import functools
import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from lakewarden.proofs.policy.scene import ANYONE, Claim, Layer, Ref, Request
from lakewarden.semantics.iam_documents import Document, Statement

_HOLE: Final = re.compile(r"\$\{([^}]*)\}")
_LITERALS: Final = frozenset("*?$")
_ARN_PARTS: Final = 6


class UncertainError(Exception):
    """The documentation does not say what happens; no witness can rest on it."""


def admits(layer: Layer, request: Request, *, wide: bool) -> bool:
    """Return whether a layer admits a request.

    Args:
        layer: the layer.
        request: the request.
        wide: wildcards of resources run past the fields of an ARN.

    Raises:
        UncertainError: nobody can say.
    """
    if layer.endpoint and layer.endpoint not in request.context.get("aws:sourcevpce", ()):
        return True
    if layer.members and _account(request) not in layer.members:
        return True
    allowed = layer.refuses_only or _is_trusted(layer, request)
    for document in layer.documents:
        for statement in document.statements:
            if not matches(statement, document, request, layer, wide=wide):
                continue
            if not statement.allows:
                return False
            allowed = True
    return allowed


def confirms(claim: Claim, requests: Sequence[Request]) -> bool:
    """Return whether requests contradict a claim, whichever way wildcards are read.

    Args:
        claim: the claim.
        requests: one, or one for each part of the claim.

    Raises:
        UncertainError: nobody can say.
    """
    return all(_contradicts(claim, requests, wide=wide) for wide in (True, False))


def _contradicts(claim: Claim, requests: Sequence[Request], *, wide: bool) -> bool:
    own = [part.where for part in claim.parts] or [()]
    for request, where in zip(requests, own, strict=True):
        if not all(_means(test, request, wide=wide) for test in (*claim.where, *where)):
            return False
        if any(_means(test, request, wide=wide) for test in claim.never):
            return False
    admitted = all(admits(layer, r, wide=wide) for layer in claim.layers for r in requests)
    if claim.unlike and admitted:
        before = (admits(layer, r, wide=wide) for layer in claim.unlike for r in requests)
        return not all(before)
    return admitted is not claim.every


def deciding(layer: Layer, at: int, request: Request) -> Iterator[tuple[Ref, Statement]]:
    """Yield the statements of a layer that are about a request, with their places."""
    for d, document in enumerate(layer.documents):
        for s, statement in enumerate(document.statements):
            if matches(statement, document, request, layer, wide=True):
                yield Ref(at, d, s), statement


def _means(test: Statement, request: Request, *, wide: bool) -> bool:
    return matches(test, Document((test,), has_variables=False), request, wide=wide)


def _is_trusted(layer: Layer, request: Request) -> bool:
    if ANYONE in layer.trusted:
        return True
    return _account(request) in layer.trusted


def _account(request: Request) -> str:
    fields = request.principal.split(":")
    return fields[4] if len(fields) == _ARN_PARTS else ""


def matches(
    statement: Statement,
    document: Document,
    request: Request,
    layer: Layer | None = None,
    *,
    wide: bool,
) -> bool:
    """Return whether a statement is about a request.

    Raises:
        UncertainError: nobody can say.
    """
    return (
        _action(statement, request.action)
        and (
            (layer is not None and layer.names_callers and _is_of_one(statement))
            or _resource(statement, document, request, wide=wide)
        )
        and (layer is None or not layer.names_callers or _caller(statement, request))
        and all(
            _condition(operator, key, values, request, document)
            for operator, keys in statement.conditions.items()
            for key, values in keys.items()
        )
    )


def _action(statement: Statement, action: str) -> bool:
    if statement.spared_actions:
        return not any(_like(p, action.lower()) for p in statement.spared_actions)
    return any(_like(pattern, action.lower()) for pattern in statement.actions)


def _is_of_one(statement: Statement) -> bool:
    """Return whether it names no resource, as trust policies do: it is about its role alone."""
    return not statement.resources and not statement.spared


def _resource(statement: Statement, document: Document, request: Request, *, wide: bool) -> bool:
    def one(pattern: str) -> bool:
        text = _filled(pattern, request) if document.has_variables else pattern
        if wide or pattern == "*":
            return _like(text, request.resource)
        return _arn_like(text, request.resource)

    if statement.spared:
        return not any(one(pattern) for pattern in statement.spared)
    return any(one(pattern) for pattern in statement.resources)


def _caller(statement: Statement, request: Request) -> bool:
    if not statement.spared_principals:
        return any(_is(kind, name, request) for kind, name in statement.principals)
    if not any(_is(kind, name, request) for kind, name in statement.spared_principals):
        return True
    named = {name for _, name in statement.spared_principals}
    account = request.principal.split(":")[4] if request.principal.startswith("arn:") else ""
    whole = {account, f"arn:aws:iam::{account}:root"} & named
    if account and not (
        whole and (request.principal in named or request.principal.endswith(":root"))
    ):
        raise UncertainError("NotPrincipal names an account or a caller of it, and not both")
    return False


def _is(kind: str, name: str, request: Request) -> bool:
    who = request.principal
    if name == "*" and kind in {"*", "AWS"}:
        return True
    if kind == "Service":
        return who == f"service:{name}"
    if kind == "Federated":
        return who == f"federated:{name}" or (name == "*" and who.startswith("federated:"))
    if kind != "AWS":
        raise UncertainError(f"nobody can say whom {kind} {name} means")
    if re.fullmatch(r"\d{12}", name) or name.endswith(":root"):
        account = name if name.isdigit() else name.split(":")[4]
        return who.startswith("arn:") and who.split(":")[4] == account
    if ":assumed-role/" in name:
        account, role, session = name.split(":")[4], *name.split("/", 2)[1:]
        mine = who.split(":")
        return (
            who.startswith("arn:")
            and mine[4] == account
            and mine[5].startswith("role/")
            and mine[5].rsplit("/", 1)[1] == role
            and request.session == session
        )
    return who == name


def _condition(
    text: str, key: str, values: tuple[str, ...], request: Request, document: Document
) -> bool:
    name = text.lower()
    quantifier = name.partition(":")[0] if ":" in name else ""
    bare = name.rpartition(":")[2]
    held = request.context.get(_known(key), ())
    if bare == "null":
        return any((value.lower() == "true") is (not held) for value in values)
    base = bare.removesuffix("ifexists")
    if bare != base and not held:
        return True
    if not quantifier and len(held) > 1:
        raise UncertainError(f"{key} has several values, and no quantifier says how to look")
    negated = "not" in base
    test = _TESTS.get(base.replace("not", ""))
    if test is None:
        raise UncertainError(f"there is no operator {text}")
    wanted = [_filled(v, request) if document.has_variables else v for v in values]

    def one(value: str) -> bool:
        return any(test(pattern, value) for pattern in wanted) is not negated

    if quantifier == "forallvalues":
        return all(one(value) for value in held)
    if quantifier == "foranyvalue" or not negated:
        return any(one(value) for value in held)
    return all(one(value) for value in held)


def _known(key: str) -> str:
    """Return the key that a request has a value for, where services have names of their own."""
    named = {
        "ec2:region": "aws:requestedregion",
        "kms:calleraccount": "aws:principalaccount",
        "s3:resourceaccount": "aws:resourceaccount",
    }
    return named.get(key) or re.sub(r"^\w+:resourcetag/", "aws:resourcetag/", key)


def _filled(text: str, request: Request) -> str:
    """Put the values of variables into a text; stars in them are no wildcards."""

    def one(found: re.Match[str]) -> str:
        name = found[1]
        if name in _LITERALS:
            return f"${{{name}}}"
        held = request.context.get(_known(name.strip().lower()), ())
        if len(held) != 1:
            raise UncertainError(f"${{{name}}} stands for nothing in this request")
        return re.sub(r"[*?$]", lambda special: f"${{{special[0]}}}", held[0])

    return _HOLE.sub(one, text)


@functools.lru_cache(maxsize=4096)
def _regex(pattern: str, any_char: str) -> re.Pattern[str]:
    out, place = [], 0
    while place < len(pattern):
        special = re.match(r"\$\{([*?$])\}", pattern[place:])
        if special:
            out.append(re.escape(special[1]))
            place += 4
            continue
        char = pattern[place]
        out.append({"*": f"{any_char}*", "?": any_char}.get(char) or re.escape(char))
        place += 1
    return re.compile("".join(out), re.DOTALL)


def _like(pattern: str, value: str) -> bool:
    return _regex(pattern, ".").fullmatch(value) is not None


def _arn_like(pattern: str, value: str) -> bool:
    ours, theirs = pattern.split(":", 5), value.split(":", 5)
    if len(ours) < _ARN_PARTS or len(theirs) < _ARN_PARTS:
        return _regex(pattern, "[^:]").fullmatch(value) is not None
    fields = zip(ours[:5], theirs[:5], strict=True)
    return all(_regex(a, "[^:]").fullmatch(b) for a, b in fields) and _like(ours[5], theirs[5])


def _arn_test(pattern: str, value: str) -> bool:
    if pattern.count(":") < _ARN_PARTS - 1:
        raise UncertainError(f"{pattern} is no ARN")
    return _arn_like(pattern, value)


def _exact(text: str) -> str:
    return re.sub(r"\$\{([*?$])\}", r"\1", text)


def _network(pattern: str, value: str) -> bool:
    network = ipaddress.ip_network(pattern.strip(), strict=False)
    address = ipaddress.ip_address(value)
    return address.version == network.version and address in network


def _number(text: str) -> Decimal:
    try:
        return Decimal(text.strip())
    except InvalidOperation:
        raise UncertainError(f"{text!r} is no number") from None


def _moment(text: str) -> datetime:
    text = text.strip()
    if re.fullmatch(r"-?\d{5,}(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    when = datetime.fromisoformat(text)
    return when if when.tzinfo else when.replace(tzinfo=UTC)


_TESTS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "stringequals": lambda pattern, value: _exact(pattern) == value,
    "stringequalsignorecase": lambda p, v: _exact(p).lower() == v.lower(),
    "stringlike": _like,
    "arnequals": _arn_test,
    "arnlike": _arn_test,
    "bool": lambda pattern, value: pattern.lower() == value.lower(),
    "binaryequals": lambda pattern, value: pattern == value,
    "ipaddress": _network,
    "numericequals": lambda p, v: _number(v) == _number(p),
    "numericlessthan": lambda p, v: _number(v) < _number(p),
    "numericlessthanequals": lambda p, v: _number(v) <= _number(p),
    "numericgreaterthan": lambda p, v: _number(v) > _number(p),
    "numericgreaterthanequals": lambda p, v: _number(v) >= _number(p),
    "dateequals": lambda p, v: _moment(v) == _moment(p),
    "datelessthan": lambda p, v: _moment(v) < _moment(p),
    "datelessthanequals": lambda p, v: _moment(v) <= _moment(p),
    "dategreaterthan": lambda p, v: _moment(v) > _moment(p),
    "dategreaterthanequals": lambda p, v: _moment(v) >= _moment(p),
}
