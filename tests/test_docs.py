"""The documentation says what the code does."""

from __future__ import annotations

import re

from tools.docs import ROOT, left_over, pages

from lakewarden.cli import _COMMANDS
from lakewarden.policyfile.watching import declared
from lakewarden.watch.spec import COMMON, KINDS, NEEDS, THREATS


def test_pages_made_from_code_are_current_and_none_outlives_its_control():
    made = pages()
    there = {name: (ROOT / name).read_text("utf-8") for name in made}
    assert [name for name in made if there[name] != made[name]] == [], "run `make docs`"
    assert not left_over(made)


def test_links_lead_somewhere():
    links = [
        (page.name, target, page.parent / target)
        for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8"))
    ]
    assert links
    assert [(name, target) for name, target, place in links if not place.exists()] == []


def test_what_a_rule_may_say_is_documented():
    page = (ROOT / "docs" / "rules.md").read_text("utf-8")
    kinds = {name for keys in KINDS.values() for name in keys.required | keys.optional}
    types = {one.type for one in declared().values()}
    words = NEEDS | THREATS | KINDS.keys() | types | kinds | COMMON.required | COMMON.optional
    assert [word for word in sorted(words) if f"`{word}`" not in page] == []


def test_the_readme_names_every_command_and_target():
    readme = (ROOT / "README.md").read_text("utf-8")
    for command in _COMMANDS:
        assert f"lakewarden {command}" in readme, command
    targets = re.findall(r"^(\w+): ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    for target in set(targets) & {
        "demo",
        "test",
        "lint",
        "sweep",
        "mutate",
        "bench",
        "docs",
        "conformance",
    }:
        assert f"make {target}" in readme, target


def test_the_tree_in_the_architecture_is_the_tree():
    drawn = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    rooms = [
        p.name for p in (ROOT / "src" / "lakewarden").iterdir() if (p / "__init__.py").exists()
    ]
    assert rooms
    for room in rooms:
        assert f"{room}/" in drawn, room


def test_ci_runs_what_the_readme_names():
    readme = (ROOT / "README.md").read_text("utf-8")
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    lines = re.findall(r"^(?:step make|beside) (.+)", script, re.MULTILINE)
    targets = [target for line in lines for target in line.split()]
    assert "test" in targets
    for target in targets:
        assert f"make {target}" in readme, target
