"""Drawn folders, notebooks, files and Git folders."""

from __future__ import annotations

import base64

from lakewarden.simulate.generated.draw import Draw
from lakewarden.simulate.workspace.workspace_tree import add

_HEADERS = {"PYTHON": "#", "SQL": "--", "SCALA": "//", "R": "#"}


def _permit(draw: Draw, kind: str, path: str) -> None:
    if draw.maybe(0.3):
        table = draw.workspace.table("workspace-objects")
        draw.permit(kind, table[path]["object_id"], chance=1.0)


def folder(draw: Draw, place: int) -> None:
    """A folder in another one; some stay empty."""
    above = draw.pick("folder", 0.8) or ("/Shared" if place % 2 else "/")
    path = f"{above.rstrip('/')}/{draw.name()}"
    draw.call("POST", "/api/2.0/workspace/mkdirs", {"path": path})
    draw.keep("folder", path)
    _permit(draw, "directories", path)


def notebook(draw: Draw, _: int) -> None:
    """A notebook of a few lines."""
    language = draw.rng.choice(tuple(_HEADERS))
    source = f"{_HEADERS[language]} Databricks notebook source\n{draw.text()}"
    path = draw.path()
    body = {"path": path, "language": language, "format": "SOURCE"}
    body["content"] = base64.b64encode(source.encode()).decode()
    draw.call("POST", "/api/2.0/workspace/import", body)
    draw.keep("notebook", path)
    _permit(draw, "notebooks", path)


def file(draw: Draw, _: int) -> None:
    """A file of text or of any bytes, which may be none."""
    binary = draw.rng.randbytes(draw.rng.randint(0, 2000))
    content = binary if draw.maybe(0.3) else draw.text().encode()
    path = draw.path() + draw.rng.choice((".json", ".csv", ".py", ".sh", ".bin", ""))
    body = {"path": path, "format": "RAW", "content": base64.b64encode(content).decode()}
    draw.call("POST", "/api/2.0/workspace/import", body)
    draw.keep("file", path)
    _permit(draw, "files", path)


def library(draw: Draw, _: int) -> None:
    """A library that the tree keeps from long ago."""
    add(draw.workspace, draw.path(), "LIBRARY", created_at=0)


def repo(draw: Draw, _: int) -> None:
    """A Git folder."""
    name = draw.plain("project")
    body = {
        "path": f"/Repos/generated/{name}",
        "url": f"https://github.com/generated-example/{name}",
        "provider": "gitHub",
    }
    made = draw.call("POST", "/api/2.0/repos", body)
    branch = {"branch": draw.rng.choice(("main", "release", "v2"))}
    draw.call("PATCH", f"/api/2.0/repos/{made['id']}", branch)
    draw.permit("repos", made["id"])
