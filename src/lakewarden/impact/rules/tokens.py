"""Personal access tokens: switched off, revoked, taken from their owner, asked for too long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lakewarden.estate.access import AUTHORIZATION, WORKSPACE_CONF
from lakewarden.impact import people
from lakewarden.impact.event import Event
from lakewarden.impact.holders import holds, owner_of
from lakewarden.impact.rule import Family, Reason
from lakewarden.impact.state import State
from lakewarden.plan.change import Change

ORDER: Final = 2
_KEYS: Final = frozenset({"enableTokensConfig", "maxTokenLifetimeDays"})
_LOGIN: Final = ("accounts", "tokenLogin")
_CREATE: Final = ("accounts", "generateDbToken")
_INTERNAL: Final = "API_INT_PAT_TOKEN"
"""A token that the platform made for a notebook or a job, under none of these rules."""
_DAY_MS: Final = 86_400_000
_SLACK_MS: Final = 60_000
"""The time of an event and that of the token it made may differ by as much."""


def _judges(change: Change) -> bool:
    target = change.target
    if target.kind == "token":
        return change.after is None
    if target.kind == "permissions":
        return target.key == "authorization/tokens"
    return target.kind == "workspace_conf" and target.key in _KEYS


def _rule(event: Event, state: State) -> Iterator[Reason]:
    if (event.service, event.action) == _LOGIN:
        yield from _login(event, state)
    else:
        yield from _creation(event, state)


def _login(event: Event, state: State) -> Iterator[Reason]:
    if event.param("authenticationMethod", "authentication_method") == _INTERNAL:
        return
    token = event.param("tokenId", "token_id")
    change = state.changed("token", event.scope).get(token)
    if change is not None and state.at(change) is None:
        yield Reason("the token is revoked", token)
    yield from _usable(event, state, token)


def _creation(event: Event, state: State) -> Iterator[Reason]:
    if owner_of(event, state).lower() != event.who.lower():
        if state.is_off(event.scope, "enableTokensConfig"):
            yield Reason("personal access tokens are switched off")
    else:
        yield from _usable(event, state, "")
    yield from _lifetime(event, state)


def _usable(event: Event, state: State, token: str) -> Iterator[Reason]:
    if state.is_off(event.scope, "enableTokensConfig"):
        yield Reason("personal access tokens are switched off", token)
    elif state.changed("permissions", event.scope).get("authorization/tokens") and not holds(
        event.who, ("authorization", "tokens", "CAN_USE"), event.scope, state
    ):
        yield Reason("the owner may no longer use personal access tokens", token)


def _lifetime(event: Event, state: State) -> Iterator[Reason]:
    """A token that is asked to live longer than may be; one without a wish just lives shorter."""
    expiry, most = event.param("tokenExpirationTime"), state.conf(event.scope, _LIMIT)
    if not expiry.isdecimal() or not (most or "").isdecimal() or most == "0":
        return
    lifetime = int(expiry) - event.at
    if lifetime <= int(most or 0) * _DAY_MS + _SLACK_MS:
        return
    asked = event.param("lifetime_seconds")
    text = f"a new token may live for {most} days at most"
    days = f"{lifetime / _DAY_MS:.0f} days"
    yield Reason(text, detail=days, sure=bool(asked) or not _may_be_default(lifetime, event, state))


def _may_be_default(lifetime: int, event: Event, state: State) -> bool:
    """Return whether a lifetime may be what whoever asks for none was given."""
    change = state.changed("workspace_conf", event.scope).get(_LIMIT)
    limits = {str((change.before or {}).get("/value"))} if change else set()
    return any(
        abs(lifetime - int(days) * _DAY_MS) <= _SLACK_MS for days in limits if days.isdecimal()
    )


_LIMIT: Final = "maxTokenLifetimeDays"


def _hides(change: Change) -> str:
    if change.target.key == _LIMIT:
        return "a token that was asked for without a lifetime only lives shorter than before"
    return ""


_NEEDS: Final = (
    *people.NEEDS,
    AUTHORIZATION.need("tokens"),
    *(WORKSPACE_CONF.need(key) for key in sorted(_KEYS)),
)
FAMILIES: Final = (Family("tokens", _judges, _rule, frozenset({_LOGIN, _CREATE}), _NEEDS, _hides),)
