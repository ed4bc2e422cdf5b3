"""The house itself: who may import whom, what `--help` loads, how long things grow."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"


@pytest.fixture
def copy(tmp_path):
    """A copy of the house to build into."""
    shutil.copytree(SOURCE, tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def inspected(house):
    """Run import-linter over a house; return its exit code and what it says, in one line."""
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-cache"],
        cwd=house,
        env={"PYTHONPATH": str(house / "src"), "PATH": "/usr/bin:/bin", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def build(house, file, text):
    path = house / "src" / "lakewarden" / file
    path.parent.mkdir(exist_ok=True)
    path.write_text((path.read_text("utf-8") if path.exists() else "") + text, "utf-8")


def test_the_house_stands(copy):
    code, said = inspected(copy)
    assert code == 0, said
    assert "0 broken" in said


def test_a_room_that_nobody_assigned_to_a_floor_is_named(copy):
    build(copy, "attic/__init__.py", '"""A new room."""\n')
    code, said = inspected(copy)
    assert code == 1
    assert "attic" in said


@pytest.mark.parametrize(
    ("file", "imported", "contract"),
    [
        ("controls/kit/judge.py", "boto3", "Judging touches no network, disk or process"),
        ("controls/kit/judge.py", "pathlib", "Judging touches no network, disk or process"),
        ("simulate/state.py", "lakewarden.ledger.run", "The simulator shares nothing"),
        ("collect/lists.py", "lakewarden.simulate", "Only one file of the command line"),
        ("collect/lists.py", "boto3", "Clients are the only door to the network"),
        ("estate/fact.py", "lakewarden.store.blobs", "A room imports lower floors only"),
        ("store/blobs.py", "lakewarden.clients.aws", "A room imports lower floors only"),
    ],
)
def test_a_forbidden_import_is_named(copy, file, imported, contract):
    build(copy, file, f"\nimport {imported}\n")
    code, said = inspected(copy)
    assert code == 1
    assert re.search(rf"{contract}[^.]* BROKEN", said), said
    room = "lakewarden." + file.removesuffix(".py").replace("/", ".")
    assert f"{room} -> {imported}" in said


def test_help_loads_nothing_heavy():
    heavy = ("databricks", "boto3", "botocore", "duckdb", "pandas", "rich", "jinja2", "requests")
    script = (
        "import sys; sys.argv = ['lakewarden', '--help']\n"
        "from lakewarden.cli import main\n"
        "try: main()\n"
        f"finally: print('LOADED', *sorted(set(sys.modules) & set({heavy!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "Usage: lakewarden" in done.stdout
    assert done.stdout.splitlines()[-1] == "LOADED"


def functions(tree):
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def span(function):
    start = min([function.lineno, *(d.lineno for d in function.decorator_list)])
    return function.end_lineno - start + 1


def length(function):
    """Count a function's own lines: the functions inside it, as routes are, are counted apart."""
    inner = [n for n in functions(function) if n is not function]
    return function.end_lineno - function.lineno + 1 - sum(span(n) for n in inner)


@pytest.fixture(scope="module")
def parsed():
    """The modules by name, each with its text and its tree."""
    texts = {
        str(file.relative_to(SOURCE)): file.read_text("utf-8") for file in SOURCE.rglob("*.py")
    }
    assert texts
    return {name: (text, ast.parse(text)) for name, text in texts.items()}


def test_modules_are_small_and_finished(parsed):
    assert [n for n, (text, _) in parsed.items() if len(text.splitlines()) >= 400] == []
    long = [
        f"{name}: {function.name}"
        for name, (_, tree) in parsed.items()
        for function in functions(tree)
        if length(function) >= 50
    ]
    assert long == []
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
    assert [name for name, (text, _) in parsed.items() if unfinished.search(text)] == []


def test_modules_do_not_print(parsed):
    calls = [
        (name, n.func)
        for name, (_, tree) in parsed.items()
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
    ]
    assert [n for n, f in calls if isinstance(f, ast.Name) and f.id == "print"] == []


def test_modules_say_what_they_are(parsed):
    assert [name for name, (_, tree) in parsed.items() if not ast.get_docstring(tree)] == []
