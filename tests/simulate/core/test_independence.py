from __future__ import annotations

import ast
from pathlib import Path

import pytest

import lakewarden.simulate

FOLDER = Path(lakewarden.simulate.__file__).parent
MODULES = sorted(FOLDER.rglob("*.py"))


def _imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(FOLDER)))
def test_nothing_of_the_product_is_imported(path: Path) -> None:
    ours = {name for name in _imported(path) if name.split(".")[0] == "lakewarden"}
    assert all(name.startswith("lakewarden.simulate") for name in ours)
