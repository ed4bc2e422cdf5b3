"""A token without scopes may do all that its owner may, on every API. A dashboard's token then
exports notebooks and reads secrets as well. Scopes cut a stolen token down to the one thing that it
was made for; but one that may authenticate can make itself a new token with any scope.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from lakewarden.controls.kit.condition import (
    Condition,
    Judgement,
    NotApplicable,
    all_of,
    holds,
    observe,
    unknown,
    violated,
)
from lakewarden.controls.kit.control import (
    HIGH,
    Context,
    Control,
    Example,
    exempt,
    fails,
    passes,
    unclear,
)
from lakewarden.controls.kit.fix import Fix
from lakewarden.controls.kit.mapping import Relation, also
from lakewarden.controls.kit.subjects import TOKEN
from lakewarden.controls.kit.token_wishes import scope_wish
from lakewarden.controls.kit.tokens import (
    SWITCH,
    SWITCH_NEED,
    example_estate,
    example_token,
    while_usable,
)
from lakewarden.estate.access import TOKENS, WORKSPACE_SETTINGS_V2, Token
from lakewarden.estate.fact import Fact
from lakewarden.estate.given import Items, refused
from lakewarden.estate.snapshot import MemorySnapshot
from lakewarden.ledger.finding import Evidence, Severity
from lakewarden.plan.wish import Step, Wish

_FEATURE: Final = "scoped_pat"
_BROAD: Final = frozenset({"all-apis", "authentication"})
"""Scopes that admit everything, at once or by way of a new token."""

CONTROL = Control(
    id="tokens-scoped",
    title="The token may call no more than the APIs that it is for",
    paper=("P09",),
    severity=Severity.LOW,
    postures=HIGH,
    subject=TOKEN,
    needs=(TOKENS.need(), SWITCH_NEED, WORKSPACE_SETTINGS_V2.need(_FEATURE)),
    fix=Fix(
        "Give the token the scopes of the APIs that it is used for; where nobody knows them, make "
        "a new one with automatic scoping and watch what it needs.",
        console="Settings, Developer, Access tokens: the scopes are chosen when a token is made.",
        api='PATCH /api/2.0/token-management/tokens/{token_id} {"token": {"scopes": ["sql"]}, '
        '"update_mask": "scopes"}',
        terraform="No resource sets scopes of a token yet; use the API, or OAuth federation.",
        breaks="Calls of APIs that were left out are refused to whatever uses the token.",
        no_terraform="No resource sets the scopes of a token.",
    ),
    maps=(
        *also(
            "cuts a token down to the APIs that it is for",
            Relation.SUBSET,
            nist="AC-3 AC-6",
            cis_databricks="2.1.6",
            soc2="CC6.1 CC6.3",
            pci="7.2.2 7.2.5",
            hipaa="164.308(a)(4)(i) 164.312(a)(1)",
            iso="A.5.15 A.8.3",
            ccm="IAM-05 IAM-16",
            dasf="DASF-33",
        ),
        *also(
            "keeps a stolen token from doing all that its owner may, or making another",
            attack="T1098.001 T1550.001",
        ),
    ),
)


@CONTROL.check
def check(token: Token, at: Context) -> Judgement:
    """It has scopes, and none of them opens everything."""
    return while_usable(token, at, lambda: _narrow(token, at))


@CONTROL.mends
def mend(token: Token, at: Context) -> Iterable[Wish | Step]:
    """The scopes that were named beside those that open everything are what it was made for."""
    narrow = [scope for scope in token.scopes.get() or () if scope not in _BROAD]
    if narrow:
        yield scope_wish(token, at, narrow)
        return
    yield Step(
        "Ask its owner which APIs the token calls, and have them make a new one with just those "
        "scopes: Settings, Developer, Access tokens",
        f"`lakewarden assess --control {CONTROL.id}` passes",
    )


def _narrow(token: Token, at: Context) -> Judgement:
    feature = at.estate.value(WORKSPACE_SETTINGS_V2, _FEATURE, at.here)
    if feature.gap is None and feature.get() is False:
        evidence = Evidence(feature.source, feature.field, value=False, expected="true")
        return NotApplicable("tokens have no scopes in this workspace", (evidence,))
    scopes = token.scopes.get()
    bound = _bound(feature)
    if scopes is None:
        made = "it was made without scopes, so every API is open to it"
        return violated(made, *bound.evidence) if bound.met else bound
    expected = f"scopes, and neither {' nor '.join(sorted(_BROAD))} among them"
    evidence = Evidence(token.scopes.source, token.scopes.field, list(scopes), expected)
    if not scopes:
        return violated("it has no scopes, so every API is open to it", evidence)
    broad = sorted(_BROAD.intersection(scopes))
    wide = f"its scope {', '.join(broad)} opens everything"
    return all_of(observe(not broad, evidence, otherwise=wide), bound)


def _bound(feature: Fact[Any]) -> Condition:
    """Require that scopes are known to bind: a workspace without the feature may ignore them."""
    expected = "true, for scopes to bind"
    if feature.gap is not None:
        return unknown(feature.gap, field=_FEATURE, expected=expected)
    if feature.get() is True:
        return holds(Evidence(feature.source, feature.field, value=True, expected=expected))
    gap = WORKSPACE_SETTINGS_V2.unset(_FEATURE, "it may be that tokens have no scopes here")
    return unknown(gap, field=_FEATURE, expected=expected)


def _estate(scopes: list[str] | None, feature: Items | None = None) -> MemorySnapshot:
    token = example_token() if scopes is None else example_token(scopes=scopes)
    return example_estate([token], workspace_settings_v2=feature or {_FEATURE: True})


@CONTROL.examples
def examples() -> Iterable[Example]:
    """Show narrow, broad and roundabout scopes, and what is not known."""
    yield passes("one scope", _estate(["sql"]))
    yield fails("made without any", _estate(None))
    yield fails("an empty list", _estate([]))
    yield fails("all APIs among others", _estate(["sql", "all-apis"]))
    yield fails("it may make itself another", _estate(["authentication"]))
    yield unclear("nobody knows whether it could have any", _estate(None, {_FEATURE: None}))
    yield unclear("settings may not be read", _estate(None, refused()))
    yield unclear("nobody knows whether its scopes bind", _estate(["sql"], refused()))
    yield fails("too broad, whether or not they bind", _estate(["all-apis"], refused()))
    broad = [example_token(scopes=["all-apis"])]
    yield unclear("it may be that tokens are off", example_estate(broad, refused()))
    yield unclear("tokens may not be listed", example_estate(refused()))
    yield exempt("the workspace knows no scopes", _estate(None, {_FEATURE: False}))
    yield exempt("tokens are off", example_estate(broad, {SWITCH: "false"}))
    yield exempt("there are no tokens", example_estate([]))
