"""The pages that come from the controls: an index, a page for each, and a page of mappings."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from lakewarden.controls.kit.control import Control
from lakewarden.controls.kit.mapping import FRAMEWORKS
from lakewarden.controls.kit.registry import controls
from lakewarden.estate.catalog import KINDS
from lakewarden.paper.paper import paper
from lakewarden.policyfile.limits import DEFAULTS

NOTE: Final = "<!-- Made by `make docs`; edit the code that it comes from. -->"


def index() -> str:
    """Return the page that lists every control by the paper's sections."""
    return _text(_index())


def pages() -> dict[str, str]:
    """Return the page of every control, by its file's name."""
    return {f"docs/controls/{c.id}.md": _text(_page(c)) for c in controls()}


def mappings() -> str:
    """Return the page that lists, for each other catalogue, which controls share its concerns."""
    return _text(_mappings())


def _text(lines: Iterator[str]) -> str:
    return "\n".join(lines) + "\n"


def _index() -> Iterator[str]:
    every, sections = controls(), paper().sections
    yield from ("# Controls", "", NOTE, "")
    yield f"{len(every)} controls over {len(sections)} sections of the paper. Each judges one kind"
    yield "of subject; its page says why, from what, how to mend it, and shows examples."
    for section, group in groupby(every, key=lambda c: c.paper[0]):
        yield from ("", f"## {section} {sections[section].title}", "")
        yield from (
            "| control | passes when | judges | severity | postures |",
            "|---|---|---|---|---|",
        )
        for control in group:
            postures = ", ".join(p.value for p in control.postures)
            yield (
                f"| [{control.id}](controls/{control.id}.md) | {control.title} "
                f"| {control.subject.name} | {control.severity.value} | {postures} |"
            )


def _page(control: Control[Any]) -> Iterator[str]:
    sections, threats = paper().sections, paper().threats
    yield from (f"# {control.id}", "", NOTE, "", f"**{control.title}.**", "", control.why, "")
    yield from ("| | |", "|---|---|")
    yield f"| Sections | {'; '.join(f'{p} {sections[p].title}' for p in control.paper)} |"
    yield f"| Threats | {', '.join(threats[t].title.lower() for t in control.threats)} |"
    yield f"| Severity | {control.severity.value} |"
    yield f"| Postures | {', '.join(p.value for p in control.postures)} |"
    yield f"| Tier | {control.tier.value} |"
    yield f"| Judges | each {control.subject.name}, by {control.basis.value} |"
    yield from _limits(control)
    yield from _reads(control)
    fix = control.fix
    yield from ("", "## How to mend it", "", fix.summary, "")
    yield f"- **Console:** {fix.console}"
    yield f"- **API:** {fix.api}"
    yield f"- **Terraform:** {fix.terraform}"
    yield f"- **What may break:** {fix.breaks}"
    yield from ("", "## Examples", "", "| verdict | when |", "|---|---|")
    yield from (f"| {e.verdict.value} | {e.title} |" for e in control.list_examples())
    if control.maps:
        yield from ("", "## Elsewhere", "", "| catalogue | id | this control is | because it |")
        yield "|---|---|---|---|"
        yield from (f"| {m.framework} | {m.id} | {m.relation} | {m.reason} |" for m in control.maps)


def _limits(control: Control[Any]) -> Iterator[str]:
    for name in control.limits:
        values = (f"{getattr(limits, name)} ({posture})" for posture, limits in DEFAULTS.items())
        yield f"| Limit | `{name}`: {', '.join(values)} |"


def _reads(control: Control[Any]) -> Iterator[str]:
    yield from ("", "## What is read", "")
    if not control.needs:
        yield "Nothing: no API shows it, so it rests on an attestation in the policy file."
        return
    yield from ("| call | key | grant |", "|---|---|---|")
    for need in control.needs:
        kind = KINDS[need.kind]
        yield f"| `{kind.call(need.key)}` | {need.key} | {kind.grant} |"


def _mappings() -> Iterator[str]:
    yield from ("# Mappings", "", NOTE, "")
    yield "Which controls share a concern with entries of other catalogues, by id."
    yield "The reasons are ours."
    for framework in FRAMEWORKS.values():
        found = sorted(
            (m.id, c.id, m.relation.value, m.reason)
            for c in controls()
            for m in c.maps
            if m.framework == framework
        )
        yield from (
            "",
            f"## {framework}",
            "",
            "| id | control | is | because it |",
            "|---|---|---|---|",
        )
        for entry, control, relation, reason in found:
            yield f"| {entry} | [{control}](controls/{control}.md) | {relation} | {reason} |"
