"""What the tests of this folder share: the shapes of their fixtures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lakewarden.simulate.aws import AwsServer

Connect = Callable[..., Any]
"""`connect(url, service, key="AKIA…")` returns a boto3 client."""

Serve = Callable[..., AwsServer]
"""`serve(**options)` starts a server that closes with the test."""

ReadWorld = Callable[[str], dict[str, Any]]
"""`read_world(name)` returns a world's AWS half."""

Seeded = tuple[dict[str, str], Callable[[str], Any]]
"""The ids of a seeded world, and boto3 clients of it by service."""
