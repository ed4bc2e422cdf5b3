"""Regenerates the pages that come from code; `--check` only says whether they are current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from lakewarden.cli import cli
from lakewarden.controls.kit.registry import controls
from lakewarden.paper.paper import paper

ROOT = Path(__file__).parent.parent
_NOTE = "<!-- Made by `make docs`; edit the code that it comes from. -->"


def control_pages() -> str:
    """Return the catalogue as one page, section by section."""
    return "\n".join(_catalogue()) + "\n"


def _catalogue() -> Iterator[str]:
    yield from ("# Controls", "", _NOTE, "")
    yield "Each control judges one kind of subject and cites the section of the paper it serves."
    sections, threats = paper().sections, paper().threats
    seen = ""
    for control in controls():
        if control.paper[0] != seen:
            seen = control.paper[0]
            yield from ("", f"## {seen} {sections[seen].title}")
        postures = " and ".join(p.value for p in control.postures)
        answers = ", ".join(threats[t].title.lower() for t in control.threats)
        also = ", ".join(f"{m.framework} {m.id}" for m in control.maps)
        yield from ("", f"### {control.id}", "", f"**{control.title}.**", "", control.why, "")
        yield f"- severity {control.severity.value}; posture {postures}; tier {control.tier.value}"
        yield f"- judges each {control.subject.name}, by {control.basis.value}"
        yield f"- answers {answers}" + (f"; as {also}" if also else "")
        yield f"- fix: {control.fix.summary}"
        yield from ("", "| verdict | example |", "|---|---|")
        yield from (f"| {e.verdict.value} | {e.title} |" for e in control.list_examples())


def command_pages() -> str:
    """Return the help of every command as one page."""
    context = click.Context(cli, info_name="lakewarden", max_content_width=100)
    pages = ["# Commands", "", _NOTE, ""]
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        if command is None:
            raise LookupError(name)
        inner = click.Context(command, info_name=name, parent=context, max_content_width=100)
        pages += [f"## lakewarden {name}", "", "```", command.get_help(inner), "```", ""]
    return "\n".join(pages)


PAGES = {"docs/controls.md": control_pages, "docs/commands.md": command_pages}


def main() -> int:
    """Write the pages, or with `--check` return 1 when one is not current."""
    stale = []
    for name, make in PAGES.items():
        file, text = ROOT / name, make()
        if "--check" in sys.argv:
            if not file.is_file() or file.read_text("utf-8") != text:
                stale.append(name)
        else:
            file.write_text(text, "utf-8")
            print(f"wrote {name}")
    for name in stale:
        print(f"{name} is not current; run `make docs`")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
