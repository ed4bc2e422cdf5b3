"""Every rule says nothing that it may not, and its examples end as they say.

That an example notices whatever is changed of a rule, `make mutate-rules` shows.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest
import sqlglot

from lakewarden.policyfile.pattern import fault
from lakewarden.policyfile.watching import declared, example_values, mistake
from lakewarden.watch import library
from lakewarden.watch.bench import bench
from lakewarden.watch.compiler import compiled
from lakewarden.watch.fields import Setting
from lakewarden.watch.lint import faults
from lakewarden.watch.rule import rule_of
from lakewarden.watch.site import Site, asked_of, references
from lakewarden.watch.sql import Dialect

FIRING, QUIET = 2, 3
"""How many examples of each sort a rule has at least."""
NAMES = [f"{file.parent.name}.{file.stem}" for file in library.files(library.RULES)]
UNION = Path(__file__).with_name("union")
WANTED = {
    *(f"D{n}" for n in range(1, 113)),
    *(f"CT{n:02}" for n in range(1, 47)),
    *(f"VF{n}" for n in range(1, 11)),
}
"""What public detection content and the paper ask for, as it was numbered when it was collected."""


@pytest.mark.parametrize("name", NAMES)
def test_a_rule_is_right(name):
    for tried in bench((name,)):
        _judge(tried)


def _judge(tried):
    outcomes = list(tried.outcomes())
    assert faults(tried.rule) == []
    assert [(each.example.name, each.wrong) for each in outcomes if each.wrong] == []
    firing = sum(each.example.expected > 0 for each in outcomes)
    assert firing >= FIRING
    assert len(outcomes) - firing >= QUIET
    assert set(_muting(tried)) <= set(tried.rule.requires)


def _muting(tried):
    """Yield the site values that are empty unless somebody gives them, and mute the rule then."""
    spec = tried.rule.spec
    for name in references(dict(spec)):
        if not isinstance(example_values()[name], list):
            continue
        if name in declared() and declared()[name].default:
            continue
        muted = rule_of(tried.rule.id, {**_emptied(spec, name), "requires": []})
        if not any(outcome.found for outcome in tried.outcomes(muted)):
            yield name


def _emptied(value, name):
    if isinstance(value, Mapping):
        return {key: _emptied(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_emptied(item, name) for item in value]
    return [] if value == f"${{site.{name}}}" else value


def test_everything_that_is_asked_for_is_found_by_a_rule():
    files = [tomllib.loads(file.read_text("utf-8")) for file in UNION.glob("*.toml")]
    told = {key: entry for each in files for key, entry in each.items()}
    assert len(told) == sum(len(each) for each in files)
    assert set(told) == WANTED
    for key, entry in told.items():
        assert entry["about"]
        assert entry["rules"], key
        assert set(entry["rules"]) <= set(NAMES), key


def test_queries_of_rules_can_be_read_by_both_dialects():
    written = [rule for rule in library.rules().values() if rule.kind == "sql"]
    assert written
    for rule in written:
        for dialect, name in ((Dialect.DUCKDB, "duckdb"), (Dialect.SPARK, "databricks")):
            setting = Setting(Site(example_values()), dialect, rule.sources)
            sqlglot.parse_one(compiled(rule, setting), dialect=name)


@pytest.mark.parametrize("name", sorted(declared()))
def test_a_site_value_is_what_it_says(name):
    one = declared()[name]
    assert mistake(name, one.example) is None
    assert one.default in ([], "") or mistake(name, one.default) is None
    if one.type == "patterns":
        assert [fault(each) for each in (*one.default, *one.example) if fault(each)] == []


def test_every_site_value_is_asked_for_by_a_rule():
    asked = set().union(*(asked_of(rule.spec) for rule in library.rules().values()))
    assert {name for name, one in declared().items() if one.area != "site"} <= asked
