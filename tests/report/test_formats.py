from __future__ import annotations

import io
import subprocess
import sys

import pytest

from lakewarden.report.formats import FORMATS
from report.sample import sample


def test_the_names_that_the_command_line_offers():
    assert sorted(FORMATS) == ["html", "json", "table"]


@pytest.mark.parametrize(("name", "start"), [("html", "<!doctype"), ("json", "{"), ("table", "A")])
def test_each_format_writes_to_a_stream(name, start):
    stream = io.StringIO()
    FORMATS[name](sample(), stream)
    assert stream.getvalue().lstrip().startswith(start)


def test_choosing_a_format_loads_nothing_heavy():
    code = "import sys, lakewarden.report.formats; print({'rich', 'jinja2'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
