"""Regenerates the pages that come from code; `--check` only says whether they are current."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from lakewarden.cli import cli
from tools import asset_pages, control_pages, event_pages, fix_pages, rule_pages

ROOT = Path(__file__).parent.parent
_SHALLOW = frozenset({"prove"})
"""Groups whose many commands take the same options, and are listed only."""


def command_pages() -> str:
    """Return the help of every command as one page."""
    pages = ["# Commands", "", control_pages.NOTE, ""]
    for name, text in _helps(cli, click.Context(cli, info_name="lakewarden")):
        pages += [f"## {name}", "", "```", text, "```", ""]
    return "\n".join(pages)


def _helps(group: click.Group, context: click.Context) -> Iterator[tuple[str, str]]:
    """Yield the commands of a group and of the groups in it: how each is called, and its help."""
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise LookupError(name)
        inner = click.Context(command, info_name=name, parent=context, max_content_width=100)
        yield inner.command_path, command.get_help(inner)
        if isinstance(command, click.Group) and name not in _SHALLOW:
            yield from _helps(command, inner)


def pages() -> dict[str, str]:
    """Return every page that comes from code, by its file's name."""
    return {
        "docs/assets.md": asset_pages.page(),
        "docs/controls.md": control_pages.index(),
        "docs/commands.md": command_pages(),
        "docs/detections.md": rule_pages.page(),
        "docs/events.md": event_pages.page(ROOT / "docs" / "events.md"),
        "docs/fixes.md": fix_pages.page(),
        "docs/mappings.md": control_pages.mappings(),
        **control_pages.pages(),
    }


def left_over(made: dict[str, str]) -> list[str]:
    """Return the pages of controls that are no more."""
    there = (ROOT / "docs" / "controls").glob("*.md")
    return sorted(name for page in there if (name := f"docs/controls/{page.name}") not in made)


def main() -> int:
    """Write the pages, or with `--check` return 1 when one is not current."""
    made = pages()
    stale = left_over(made)
    for name, text in made.items():
        file = ROOT / name
        if not file.is_file() or file.read_text("utf-8") != text:
            stale.append(name)
    if "--check" in sys.argv:
        for name in stale:
            print(f"{name} is not current; run `make docs`")
        return 1 if stale else 0
    for name in stale:
        file = ROOT / name
        if name in made:
            file.parent.mkdir(exist_ok=True)
            file.write_text(made[name], "utf-8")
        else:
            file.unlink()
        print(f"{'wrote' if name in made else 'removed'} {name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
