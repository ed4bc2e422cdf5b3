"""Lines come whole into a file, whoever writes beside them and wherever somebody stopped."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from lakewarden.errors import LakewardenError
from lakewarden.store.appending import append_line

_CRAMPED = """
import resource, signal, sys
from pathlib import Path
from lakewarden.errors import LakewardenError
from lakewarden.store.appending import append_line

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
try:
    append_line(Path(sys.argv[1]), "x" * 500)
except LakewardenError:
    sys.exit(0)
sys.exit(1)
"""
"""Adds a line to a file that may not become longer than 100 bytes."""


def test_many_writers_write_whole_lines(tmp_path):
    file = tmp_path / "lines"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: append_line(file, str(n) * 5000), range(10)))
    lines = file.read_text("utf-8").splitlines()
    assert sorted(lines) == [str(n) * 5000 for n in range(10)]


def test_a_line_that_somebody_left_unfinished_is_ended(tmp_path):
    file = tmp_path / "lines"
    file.write_text('{"half')
    append_line(file, "whole")
    assert file.read_text("utf-8") == '{"half\nwhole\n'


def test_a_line_for_which_there_is_no_room_is_not_begun(tmp_path):
    file = tmp_path / "lines"
    append_line(file, "first")
    done = subprocess.run([sys.executable, "-c", _CRAMPED, file], check=False, timeout=60)
    assert done.returncode == 0
    assert file.read_text("utf-8") == "first\n"


def test_a_pipe_takes_lines_too(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    append_line(pipe, "through")
    assert os.read(reader, 100) == b"through\n"
    os.close(reader)


def test_a_place_where_nothing_can_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LakewardenError, match="cannot be written"):
        append_line(tmp_path / "file" / "lines", "x")
