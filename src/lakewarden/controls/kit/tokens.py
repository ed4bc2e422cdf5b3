"""What several controls ask first: does a personal access token still open anything?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from lakewarden.controls.kit.condition import Judgement, NotApplicable, unknown
from lakewarden.controls.kit.control import Context
from lakewarden.estate.access import WORKSPACE_CONF, Token
from lakewarden.estate.given import Items, given
from lakewarden.estate.kind import Need
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence
from lakewarden.semantics.tokens import end_of, is_over, shown

SWITCH: Final = "enableTokensConfig"
SWITCH_NEED: Final[Need] = WORKSPACE_CONF.need(SWITCH)
DAY: Final = 86_400
DAY_MS: Final = 86_400_000
_TAKEN: Final = datetime(2026, 1, 1, tzinfo=UTC)


def while_usable(token: Token, at: Context, judge: Callable[[], Judgement]) -> Judgement:
    """Judge a token that can be used: one that has not ended, where tokens are not switched off.

    Tokens outlive the switch and come back with it, so they count as soon as it is not known.

    Raises:
        UnreadError: the token's end is not known.
    """
    switch = at.estate.conf(at.here, SWITCH)
    if switch.gap is None and switch.get() == "false":
        evidence = Evidence(switch.source, switch.field, switch.get(), '"true" or never set')
        return NotApplicable("tokens are switched off in this workspace", (evidence,))
    if is_over(token, at.now):
        end = end_of(token)
        evidence = Evidence(token.expiry.source, token.expiry.field, str(end), "in the future")
        return NotApplicable(f"the token ended on {end:%Y-%m-%d}", (evidence,))
    judgement = judge()
    if isinstance(judgement, NotApplicable) or judgement.met is not False or switch.gap is None:
        return judgement
    return unknown(switch.gap, field=SWITCH, expected="tokens are on")


def days_between(earlier: datetime, later: datetime) -> float:
    """Return how many days lie between two moments."""
    return (later - earlier).total_seconds() / DAY


def said(moment: datetime | None) -> str:
    """Return a moment for evidence, `never` for none."""
    return "never" if moment is None else shown(moment)


def example_token(
    age: float = 10, *, left: float | None = 50, used: float | None = 1, **fields: Any
) -> Mapping[str, Any]:
    """Return a token as the API answers it, for the examples of controls; all is in days.

    Args:
        age: how old it is.
        left: how long it has still to live, None for ever.
        used: how long ago it was used, None where the answer does not say.
        fields: more fields, or others.
    """
    now = int(_TAKEN.timestamp() * 1000)
    token: dict[str, Any] = {
        "token_id": "t1",
        "comment": "upload",
        "creation_time": now - int(age * DAY_MS),
        "expiry_time": -1 if left is None else now + int(left * DAY_MS),
        "created_by_username": "ann@example.com",
        "owner_id": 7,
    }
    if used is not None:
        token["last_used_day"] = now - int(used * DAY_MS)
    return {**token, **fields}


def example_estate(tokens: Items, switch: Items | None = None, **kinds: Any) -> MemorySnapshot:
    """Return an estate with tokens, in a workspace where they are on unless `switch` says more."""
    return given(
        tokens=tokens, workspace_conf={SWITCH: "true"} if switch is None else switch, **kinds
    )
