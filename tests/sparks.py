"""One Spark for all tests that need a real one; it answers over Spark Connect as well."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator

import pytest
from benchmarks.small_spark import small_spark

from lakewarden.clients.spark import SparkEngine


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkEngine]:
    """An engine on Spark on this machine."""
    pytest.importorskip("pyspark", reason="needs pip install 'lakewarden[spark]'")
    if not shutil.which("java"):
        pytest.skip("needs Java 17: apt-get install default-jre-headless")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    connect = {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.port": str(port),
    }
    with small_spark(connect) as engine:
        yield engine


def remote_of(engine: SparkEngine) -> str:
    """Where the Spark of an engine answers over Spark Connect."""
    return f"sc://127.0.0.1:{engine.session.conf.get('spark.connect.grpc.binding.port')}"
