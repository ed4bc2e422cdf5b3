"""The page that says what a backup has of a workspace, and what it has not."""

from __future__ import annotations

from collections.abc import Iterator

from lakewarden.assets.kind import Kind, Listing
from lakewarden.assets.registry import kinds
from tools.control_pages import NOTE

_INTRODUCTION = """\
A backup has what a workspace is made of, kind by kind. Each kind is one row of a table in the
code (`lakewarden.assets`), which [backing up](backup.md), comparing, [restoring](restore.md) and
this page read alike. They are listed in the order in which they are made.

An asset has a *key*, the same in every workspace: a path or a name. The second job of one name is
called `name#2`, by the time it was made. Its definition is kept without what differs from
workspace to workspace by itself (ids, times, creators, states), and with the keys of the assets
that it refers to in the place of their ids. Of an ACL the direct entries are kept, since
inherited ones follow from the folder.
"""
_NEVER = """
Never in a backup: table data, Hive metastores, personal access tokens, Git credentials, runs of
jobs and of experiments, revisions of notebooks, libraries in the tree, legacy alerts and
dashboards, apps, Genie spaces, vector search, and anything of the account beside its groups in the
workspace. Of Unity Catalog: tables, volumes, functions, models, connections, shares, clean rooms,
which workspaces a catalog is bound to, and grants on the metastore and on service credentials.
"""


def page() -> str:
    """Return the page."""
    return "\n".join([NOTE, "", "# What a backup has", "", _INTRODUCTION, *_table(), "", *_left()])


def _table() -> Iterator[str]:
    yield "| kind | what | read by | refers to | ACL |"
    yield "|---|---|---|---|---|"
    for kind in kinds().values():
        named = ", ".join(f"`{name}`" for name in sorted(_named(kind)))
        acl = f"`{kind.acl}`" if kind.acl else ""
        yield f"| `{kind.name}` | {kind.title} | {_calls(kind)} | {named} | {acl} |"


def _named(kind: Kind) -> set[str]:
    return {reference.kind for reference in kind.references} | ({kind.parent} - {""})


def _calls(kind: Kind) -> str:
    found = []
    if kind.tree:
        found.append("`GET /api/2.0/workspace/list`")
    if kind.content and kind.content.source == "export":
        found.append("`GET /api/2.0/workspace/export`")
    if isinstance(kind.listing, Listing):
        found.append(f"`{kind.listing.verb} {kind.listing.path}`")
    if kind.detail:
        found.append(f"`GET {kind.detail}`")
    return ", ".join(found) or "its ACL"


def _left() -> Iterator[str]:
    yield "## What it has not, and what a person must do"
    yield ""
    yield "| kind | limits | after restoring |"
    yield "|---|---|---|"
    for kind in kinds().values():
        limits = "; ".join(text for text in (kind.limits, kind.permanent) if text)
        if limits or kind.by_hand:
            yield f"| `{kind.name}` | {limits} | {kind.by_hand} |"
    yield _NEVER
