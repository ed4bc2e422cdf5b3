"""One Spark for all tests that need a real one; it answers over Spark Connect as well."""

from __future__ import annotations

import shutil
import socket
import warnings
from collections.abc import Iterator

import pytest

from lakewarden.clients.spark import LOCAL, PANDAS, SparkEngine

_JAVA = "spark.driver.extraJavaOptions"
_SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.host": "127.0.0.1",
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
}
"""What takes time and changes no result."""


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkEngine]:
    """An engine on Spark on this machine."""
    pytest.importorskip("pyspark", reason="needs pip install 'lakewarden[spark]'")
    if not shutil.which("java"):
        pytest.skip("needs Java 17: apt-get install default-jre-headless")
    from pyspark.sql import SparkSession  # noqa: PLC0415  # optional

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        **LOCAL,
        **_SMALL,
        _JAVA: f"{LOCAL[_JAVA]} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        "spark.connect.grpc.binding.port": str(port),
    }
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", PANDAS, FutureWarning)
        session = SparkSession.builder.master("local[1]").config(map=options).getOrCreate()
        engine = SparkEngine(session)
    yield engine
    session.stop()


def remote_of(engine: SparkEngine) -> str:
    """Where the Spark of an engine answers over Spark Connect."""
    return f"sc://127.0.0.1:{engine.session.conf.get('spark.connect.grpc.binding.port')}"
