"""Whatever the writer can emit for Databricks, the provider knows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lakewarden.terraform.write.kinds import ROWS, TERRAFORM_KINDS
from terraform.provider import arguments_of, block, looked_up

_ROWS = sorted(
    {
        (row.resource, row.words): row
        for rows in ROWS.values()
        for row in rows.rows
        if row.resource.startswith("databricks_")
    }.items(),
    key=lambda entry: entry[0],
)
NAMES = [resource for (resource, _), _ in _ROWS]
DATABRICKS = [row for _, row in _ROWS]


def wrong(shape, known, place):
    for argument in shape:
        found = looked_up(known, argument.name)
        where = f"{place}.{argument.name}"
        if found is None:
            yield f"{where} is no argument"
            continue
        if bool(found.inner) != bool(argument.inner):
            yield f"{where} is a block, or is none"
        elif argument.inner:
            if found.many != argument.many:
                yield f"{where} may be there once, or several times"
            yield from wrong(argument.inner, block(found.inner), where)
        if found.required and not argument.required:
            yield f"{where} is required"


def lacking(shape, known, place):
    said = {id(looked_up(known, argument.name)) for argument in shape}
    for name, argument in known.items():
        if argument.required and id(argument) not in said:
            yield f"{place}.{name} is required"
    for argument in shape:
        found = looked_up(known, argument.name)
        if argument.inner and found is not None and found.inner:
            yield from lacking(argument.inner, block(found.inner), f"{place}.{argument.name}")


@pytest.mark.parametrize("row", DATABRICKS, ids=NAMES)
def test_every_argument_is_the_providers(row):
    known = arguments_of(row.resource)
    assert not list(wrong(row.shape, known, row.resource))
    assert not list(lacking(row.shape, known, row.resource))


@pytest.mark.parametrize("row", DATABRICKS, ids=NAMES)
def test_what_is_left_as_it_is_are_arguments_too(row):
    known = arguments_of(row.resource)
    assert not [name for name in row.also.split() if looked_up(known, name) is None]


def test_a_wrong_name_is_noticed():
    known = arguments_of("databricks_ip_access_list")
    assert looked_up(known, "addresses") is None
    assert known["label"].required
    assert not known["enabled"].required


def test_every_kind_that_a_plan_can_change_is_written_or_says_why_not():
    assert not sorted(set() - set(ROWS))
    assert set(ROWS) > TERRAFORM_KINDS


def test_every_resource_that_is_written_is_documented():
    page = (Path(__file__).parents[2] / "docs" / "terraform.md").read_text("utf-8")
    named = set(re.findall(r"`(\w+)`", page.partition("### Resources that are written")[2]))
    families = {f"s3_bucket{name}" for name in named if name.startswith("_")}
    for rows in ROWS.values():
        for row in rows.rows:
            assert row.resource.partition("_")[2] in named | families, row.resource
