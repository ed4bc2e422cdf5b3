"""Databases of the store: a SQLite file, and a PostgreSQL server of one's own."""

from __future__ import annotations

import glob
import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def postgres():
    """Run a PostgreSQL server of one's own, on a socket in a folder."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))  # noqa: PTH207  # a pattern from the root
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    folder = Path(tempfile.mkdtemp(prefix="postgres-", dir="/tmp"))  # the server's user must get in
    data, user = folder / "data", pwd.getpwuid(os.getuid()).pw_name
    if os.getuid() == 0:  # the server refuses to run as root
        user = "postgres"
        shutil.chown(folder, user)
    as_user = ["runuser", "-u", user, "--"] if os.getuid() == 0 else []
    tool = [*as_user, f"{found[-1]}/pg_ctl", "-D", str(data), "-s", "-w"]
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    log = str(folder / "log")
    for arguments in (
        ["initdb", "-o", "-A trust -N"],
        ["-l", log, "-o", options, "start"],
    ):
        subprocess.run([*tool, *arguments], check=True, stdout=subprocess.DEVNULL, cwd="/")
    yield f"postgresql+psycopg://{user}@/postgres?host={folder}"
    subprocess.run([*tool, "-m", "immediate", "stop"], check=True, cwd="/")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    if request.param == "postgres":
        return request.getfixturevalue("postgres")
    return f"sqlite:///{tmp_path / 'new' / 'journal.db'}"
