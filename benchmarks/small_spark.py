"""A Spark for many small queries: it leaves out what takes time and changes no result."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Final

from lakewarden.clients.spark import LOCAL, PANDAS, SparkEngine

_JAVA: Final = "spark.driver.extraJavaOptions"
_SMALL: Final = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.driver.host": "127.0.0.1",
    _JAVA: f"{LOCAL[_JAVA]} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
}


@contextmanager
def small_spark(more: Mapping[str, str] = MappingProxyType({})) -> Iterator[SparkEngine]:
    """Open an engine on one core of this machine, for the length of a block.

    Args:
        more: further settings of Spark.
    """
    from pyspark.sql import SparkSession  # noqa: PLC0415  # optional

    options = {**LOCAL, **_SMALL, **more}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", PANDAS, FutureWarning)
        session = SparkSession.builder.master("local[1]").config(map=options).getOrCreate()
        engine = SparkEngine(session)
    yield engine
    session.stop()
