"""A pretend AWS that all tests of this folder share, and boto3 clients of it."""

from __future__ import annotations

import multiprocessing
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from multiprocessing.connection import Connection
from typing import Any

import boto3
import pytest
from botocore.config import Config

from lakewarden.simulate.aws import AwsServer, seed, start
from simulate.aws.kit import Connect, ReadWorld, Seeded, Serve

ACCOUNT = "123456789012"


def _world(name: str) -> dict[str, Any]:
    path = files("lakewarden.simulate").joinpath("worlds", name, "aws.toml")
    return tomllib.loads(path.read_text("utf-8"))


def _without_account_in_host(request: Any, **_: Any) -> None:
    request.url = request.url.replace(f"//{ACCOUNT}.", "//")


def _serve(pipe: Connection) -> None:
    """Serve an AWS account until something is received."""
    with start() as server:
        pipe.send(server.url)
        pipe.recv()


@pytest.fixture(scope="session")
def connect() -> Iterator[Connect]:
    """Make boto3 clients: `connect(url, "s3", key="AKIA…")`, each once."""
    session = boto3.Session("AKIASCANNER", "secret", region_name="us-east-1")
    clients: dict[tuple[str, str, str], Any] = {}

    def client(url: str, service: str, key: str = "AKIASCANNER") -> Any:
        wanted = (url, service, key)
        if wanted not in clients:
            clients[wanted] = session.client(
                service,
                endpoint_url=url,
                aws_access_key_id=key,
                aws_secret_access_key="secret",
                config=Config(retries={"total_max_attempts": 1}, read_timeout=20, proxies={}),
            )
            if service == "s3control":
                events = clients[wanted].meta.events
                events.register("before-sign.s3-control", _without_account_in_host)
        return clients[wanted]

    yield client
    for made in clients.values():
        made.close()


@pytest.fixture(scope="session")
def read_world() -> ReadWorld:
    return _world


@pytest.fixture(scope="session")
def high_security(connect: Connect) -> Iterator[Seeded]:
    """Serve the world's AWS account in a process of its own: bucket names are unique in each."""
    spawn = multiprocessing.get_context("spawn")
    here, there = spawn.Pipe()
    process = spawn.Process(target=_serve, args=(there,), daemon=True)
    process.start()
    url = here.recv()
    ids = seed(url, _world("high-security"))
    yield ids, lambda service: connect(url, service)
    here.send(None)
    process.join()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers that close with the test."""
    servers: list[AwsServer] = []

    def begin(**options: Any) -> AwsServer:
        servers.append(start(**options))
        return servers[-1]

    yield begin
    for server in servers:
        server.close()
