"""Workspaces of which something else is asked."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakewarden.errors import PolicyFileError
from lakewarden.policyfile.limits import AT_LEAST, DEFAULTS, Limits, Posture, looser
from lakewarden.policyfile.parse import parse
from lakewarden.policyfile.policy import Choice, Policy
from lakewarden.policyfile.scope import Place, Scope

CONTROLS = ("ip-access-lists", "sso-enforced", "tokens-expire")
SENSITIVE = Scope("sensitive", tags={"Sensitivity": "high"}, posture=Posture.HIGH)
LABELLED = Place("1", "research", {"Sensitivity": "high"})
OTHER = Place("2", "play", {"Sensitivity": "low"})
BARE = Place("3", "new", {})
UNREAD = Place("4", "", None)


def read(text):
    return parse(text, file="f.toml", today=date(2026, 3, 1), controls=CONTROLS)


@pytest.mark.parametrize("name", ["1", "research"])
def test_a_workspace_is_covered_by_id_and_by_name(name):
    scope = Scope("one", workspaces=frozenset({name}))
    assert scope.covers(LABELLED)
    assert not scope.covers(OTHER)


def test_all_tags_of_a_scope_must_be_there():
    both = Scope("both", tags={"Sensitivity": "high", "Stage": "prod"}, posture=Posture.STANDARD)
    assert not both.covers(LABELLED)
    assert both.covers(Place("1", "", {"Sensitivity": "high", "Stage": "prod", "Team": "x"}))


@pytest.mark.parametrize("place", [BARE, UNREAD])
def test_nobody_escapes_a_stricter_scope_by_leaving_the_label_off(place):
    assert SENSITIVE.covers(place)
    assert not SENSITIVE.covers(OTHER)


@pytest.mark.parametrize(
    "softer",
    [
        Scope("play", tags={"Sensitivity": "low"}, posture=Posture.STANDARD),
        Scope("play", tags={"Sensitivity": "low"}, thresholds={"token_days": 365}),
        Scope("play", tags={"Sensitivity": "low"}, exclude=frozenset({"tokens-expire"})),
    ],
)
@pytest.mark.parametrize("place", [BARE, UNREAD])
def test_a_softer_scope_covers_only_what_is_certainly_meant(softer, place):
    assert not softer.covers(place)
    assert softer.covers(OTHER)


def test_scopes_add_up_in_their_order():
    policy = Policy(
        thresholds={"token_days": 80, "account_admins": 3},
        scopes=(
            SENSITIVE,
            Scope("tighter", frozenset({"1"}), thresholds={"token_days": 30}),
            Scope("spared", frozenset({"1"}), exclude=frozenset({"tokens-expire"})),
        ),
        exclude=Choice(frozenset({"sso-enforced"})),
    )
    here = policy.at(LABELLED)
    assert here.posture is Posture.HIGH
    assert (here.limits.token_days, here.limits.account_admins) == (30, 3)
    assert here.exclude.controls == {"sso-enforced", "tokens-expire"}
    assert policy.at(OTHER) is policy


def test_a_posture_brings_its_own_limits():
    assert Policy().at(LABELLED).limits == DEFAULTS[Posture.STANDARD]
    assert Policy(scopes=(SENSITIVE,)).at(LABELLED).limits == DEFAULTS[Posture.HIGH]


def test_high_asks_for_nothing_less_than_standard():
    high, standard = DEFAULTS[Posture.HIGH], DEFAULTS[Posture.STANDARD]
    for name in Limits.__slots__:
        assert not looser(name, getattr(high, name), getattr(standard, name)), name
    assert set(Limits.__slots__) >= AT_LEAST


@given(named=st.booleans(), excluded=st.booleans(), high=st.booleans(), others=st.booleans())
def test_what_is_asked(named, excluded, high, others):
    include = ({"mine"} if named else set()) | ({"other"} if others else set())
    policy = Policy(
        posture=Posture.HIGH if high else Posture.STANDARD,
        include=Choice(frozenset(include)),
        exclude=Choice(frozenset({"mine"} if excluded else ())),
    )
    wanted = named or (high and not others)
    assert policy.asks("mine", [Posture.HIGH]) == (wanted and not excluded)


@pytest.mark.parametrize(
    ("include", "exclude", "left_out"),
    [
        ([], [], False),
        (["1"], [], False),
        (["research"], [], False),
        (["2"], [], True),
        ([], ["1"], True),
        ([], ["research"], True),
        (["1"], ["research"], True),
    ],
)
def test_workspaces_are_left_out_by_id_or_name(include, exclude, left_out):
    policy = Policy(
        include=Choice(workspaces=frozenset(include)), exclude=Choice(workspaces=frozenset(exclude))
    )
    assert policy.leaves_out("1", "research") is left_out


def test_a_loosened_limit_of_a_scope_is_told_with_its_scope():
    scope = Scope("play", frozenset({"2"}), thresholds={"token_days": 365})
    assert Policy(scopes=(scope,)).loose() == ("token_days = 365 (default 90) in scope play",)


def test_a_posture_for_everything_overrides_the_scopes():
    policy = Policy(scopes=(SENSITIVE,)).everywhere(Posture.STANDARD)
    assert policy.at(LABELLED).posture is Posture.STANDARD


def test_a_file_may_scope_include_and_exclude():
    found = read(
        """
        [[scopes]]
        name = "sensitive"
        workspaces = ["1", "research"]
        tags = { Sensitivity = "high" }
        posture = "high"
        limits = { token_days = 30 }
        exclude = ["tokens-expire"]
        [include]
        workspaces = ["1"]
        [exclude]
        controls = ["sso-enforced"]
        """
    )
    assert found.scopes == (
        Scope(
            "sensitive",
            frozenset({"1", "research"}),
            {"Sensitivity": "high"},
            Posture.HIGH,
            {"token_days": 30},
            frozenset({"tokens-expire"}),
        ),
    )
    assert found.include == Choice(workspaces=frozenset({"1"}))
    assert found.exclude == Choice(controls=frozenset({"sso-enforced"}))


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("scopes = 1", "scopes", "is not a list of tables"),
        ("[[scopes]]\nworkspaces = ['1']", "scopes[1]", "has no name"),
        ("[[scopes]]\nname = 'x'", "scopes[1]", "covers no workspace"),
        ("[[scopes]]\nname = 'x'\ntags = { a = 1 }", "scopes[1].tags", "is not a table of texts"),
        (
            "[[scopes]]\nname = 'x'\nworkspaces = ['1']\nposture = 'low'",
            "scopes[1].posture",
            "'low' is no posture",
        ),
        (
            "[[scopes]]\nname = 'x'\nworkspaces = ['1']\nlimits = { token_days = 0 }",
            "scopes[1].limits.token_days",
            "0 is no whole number",
        ),
        (
            "[[scopes]]\nname = 'x'\nworkspaces = ['1']\nexclude = ['token-expire']",
            "scopes[1].exclude",
            "no control 'token-expire'",
        ),
        ("[exclude]\ncontrols = ['nothing']", "exclude.controls", "no control 'nothing'"),
        ("[include]\nworkspaces = '1'", "include.workspaces", "is not a list of names"),
        ("[exclude]\nworkspace = ['1']", "exclude", "unknown name 'workspace'"),
    ],
)
def test_a_mistake_is_named_with_its_place(text, place, what):
    with pytest.raises(PolicyFileError) as caught:
        read(text)
    assert caught.value.where == f"f.toml: {place}"
    assert caught.value.what == what
    assert caught.value.next_step
