"""Requests out of the engine's values, with every key that the caller and its way bring."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from lakewarden.proofs.policy.axioms import BEHIND
from lakewarden.proofs.policy.demands import Value
from lakewarden.proofs.policy.evaluate import UncertainError, confirms
from lakewarden.proofs.policy.formula import Sort
from lakewarden.proofs.policy.frame import ACTION, MARK, Frame
from lakewarden.proofs.policy.principals import PRINCIPAL, SESSION, account_of
from lakewarden.proofs.policy.scene import Claim, Request
from lakewarden.proofs.policy.solve import Model

_NOWHERE: Final = "203.0.113.7"
"""An address of documentation (RFC 5737): any public one would do."""
_INSIDE: Final = "10.0.0.7"
"""An address within a VPC."""
_SOMEBODY: Final = "arn:aws:iam::999999999999:role/x"
_REAL: Final = (("x", "eu-west-1"), ("x", "us-west-2"), ("000000000000", "999999999999"))
"""What a search puts where any word will do, and what exists, or could."""
_ANY_WORD: Final = ("x",)
_READABLE: Final = {
    Sort.NUMBER: ("1",),
    Sort.MOMENT: ("2026-01-01T00:00:00Z",),
    Sort.ADDRESS: (_NOWHERE,),
}
"""Values of keys that only have to be there, where a word is none."""
_PLACES: Final = frozenset({"aws:requestedregion", "aws:resourceaccount", "aws:sourceaccount"})
_KINDS: Final = {"root": "Account", "role": "AssumedRole", "user": "User"}
_SETTLED: Final = frozenset({ACTION, PRINCIPAL, SESSION})


def request_of(model: Model, frame: Frame) -> Request:
    """Return the request that values describe, for one frame."""
    context: dict[str, tuple[str, ...]] = {}
    for variable, value in model.items():
        key, _, mark = variable.partition(MARK)
        if value is None or variable in _SETTLED or variable == frame.resource:
            continue
        if key != "resource" and (not mark or f"{MARK}{mark}" == frame.mark):
            context[key] = _READABLE.get(frame.sort(key), value) if value == _ANY_WORD else value
    resource = _first(model.get(frame.resource)) or "*"
    principal = _first(model.get(PRINCIPAL)) or _SOMEBODY
    settled = {key: (text,) for key, text in frame.constants.items() if text is not None}
    context |= {**_of_resource(resource, frame), **settled, **_of_caller(principal)}
    _complete(context, model, principal)
    return Request(
        _first(model.get(ACTION)) or frame.action,
        resource,
        principal,
        _first(model.get(SESSION)) or "",
        dict(sorted(context.items())),
    )


def _first(value: Value | None) -> str:
    return value[0] if value else ""


def _of_caller(principal: str) -> dict[str, tuple[str, ...]]:
    """Return what a request says of its caller."""
    if principal == "anonymous":
        return {"aws:principaltype": ("Anonymous",), "aws:principalaccount": ("anonymous",)}
    if not principal.startswith("arn:"):
        kind, _, name = principal.partition(":")
        service: dict[str, tuple[str, ...]] = {
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (name,),
        }
        return service if kind == "service" else {}
    rest = principal.split(":")[5]
    named = {"aws:username": (rest.rpartition("/")[2],)} if rest.startswith("user/") else {}
    return {
        **named,
        "aws:principalarn": (principal,),
        "aws:principalaccount": (account_of(principal) or "",),
        "aws:principaltype": (_KINDS.get(rest.partition("/")[0], "FederatedUser"),),
        "aws:principalisawsservice": ("false",),
    }


def _of_resource(resource: str, frame: Frame) -> dict[str, tuple[str, ...]]:
    fields = resource.split(":")
    if not resource.startswith("arn:") or not frame.views:
        return {}
    places = {"aws:requestedregion": 3, "aws:resourceaccount": 4}
    return {key: (fields[at],) for key, at in places.items() if key in frame.views}


def _complete(context: dict[str, tuple[str, ...]], model: Model, principal: str) -> None:
    """Add what every request says and nobody asked about."""
    context.setdefault("aws:securetransport", ("true",))
    context.setdefault("aws:viaawsservice", ("false",))
    if "aws:sourcevpce" in context:
        context.setdefault("aws:vpcsourceip", (_INSIDE,))
    asked = {"aws:sourceip", *BEHIND} & model.keys()
    if not asked and not principal.startswith("service:"):
        context["aws:sourceip"] = (_NOWHERE,)


def polished(claim: Claim, requests: tuple[Request, ...]) -> tuple[Request, ...]:
    """Return requests with names of regions and accounts that exist, where these do as well."""
    for old, new in _REAL:
        changed = tuple(_renamed(request, old, new) for request in requests)
        try:
            if changed != requests and confirms(claim, changed):
                requests = changed
        except UncertainError:
            continue
    return requests


def _renamed(request: Request, old: str, new: str) -> Request:
    fields = request.resource.split(":", 5)
    if request.resource.startswith("arn:"):
        fields[3:5] = [new if field == old else field for field in fields[3:5]]
    context = {
        key: tuple(new if value == old and key in _PLACES else value for value in values)
        for key, values in request.context.items()
    }
    return replace(request, resource=":".join(fields), context=context)
