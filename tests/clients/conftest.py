from __future__ import annotations

import os

import pytest

from clients.loopback import TOKEN, Loopback
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.patience import Patience

QUICK = Patience(connect=0.5, answer=0.5, retry=1.2)


@pytest.fixture(autouse=True)
def credentials(monkeypatch, tmp_path):
    """A token for Databricks, none for AWS, and nothing of whoever runs the tests."""
    for name in list(os.environ):
        if name.startswith(("DATABRICKS_", "AWS_", "REQUESTS_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "databrickscfg"))
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def server():
    host = Loopback()
    yield host
    host.close()


@pytest.fixture
def connect(server):
    return lambda **options: DatabricksHost(server.url, patience=QUICK, **options)
