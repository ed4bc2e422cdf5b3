from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lakewarden.simulate import Simulation, start, world
from lakewarden.simulate.world import SeedError

HEAD = """
title = "T"
summary = "S"
tier = "ENTERPRISE"
account_id = "00000000-0000-4000-8000-000000000000"
client_address = "203.0.113.10"
owner = "owner@t.example"
scanner = { display_name = "t-scanner" }
workspaces = [{ workspace_id = 1, workspace_name = "t-one", created = "-3d" }]
"""

Open = Callable[[str], Simulation]


@pytest.fixture
def open_world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Start a world made of the head above and some text."""
    monkeypatch.setattr(world, "FOLDER", tmp_path)

    def of(text: str) -> Simulation:
        (tmp_path / "t").mkdir()
        (tmp_path / "t" / "account.toml").write_text(HEAD + text)
        return start("t", aws=False)

    return of


def test_references_and_relative_times_are_replaced(open_world: Open) -> None:
    with open_world(
        """
        [[networks]]
        network_name = "n"
        vpc_id = "${aws.vpc.n}"
        subnet_ids = ["${aws.subnet.n-a}", "${aws.subnet.n-b}"]

        [[credentials]]
        credentials_name = "c"
        aws_credentials = { sts_role = { role_arn = "${aws.role.c}" } }

        [1.conf]
        customerApprovedWSLoginExpirationTime = "iso:-1d"
        """
    ) as simulation:
        account = simulation.account
        (network,) = account.table("networks").values()
        assert network["vpc_id"].startswith("vpc-")
        assert len(set(network["subnet_ids"])) == 2
        (credentials,) = account.table("credentials").values()
        arn = credentials["aws_credentials"]["sts_role"]["role_arn"]
        assert arn == "arn:aws:iam::123456789012:role/c"
        until = account.workspaces[1].conf["customerApprovedWSLoginExpirationTime"]
        assert until.endswith("Z")
        age = network["creation_time"] - account.workspaces[1].deployment["creation_time"]
        assert age == 3 * 86_400_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[spaceships]]\nname = 'x'", "nothing makes entries of kind 'spaceships'"),
        ("[1.conf]\nenableMagic = 'true'", "Invalid keys"),
        ("[[groups]]\ndisplayName = '${user.nobody}'", "nothing is called"),
        ("[[entitlements]]\nprincipal = 'x'\nvalues = []", "belongs under a workspace's id"),
        (
            "[[1.tokens]]\nowner = 'nobody@t.example'\ncomment = 'x'\ncreated = '-1d'",
            "there is no principal 'nobody@t.example'",
        ),
        (
            (
                "[[actions]]\nat = '-1h'\nby = 'owner@t.example'\nfrom = '203.0.113.1'\n"
                "workspace = 1\ncall = 'GET /api/2.0/token/list'"
            ),
            "not assigned to workspace 1",
        ),
        (
            (
                "[[actions]]\nat = '-1h'\nby = 'x'\nfrom = '203.0.113.1'\nworkspace = 1\n"
                "event = 'genie.databricksAccess'\n"
                "[1.conf]\ncustomerApprovedWSLoginExpirationTime = ''"
            ),
            "does not admit the vendor's staff",
        ),
    ],
)
def test_a_world_that_is_wrong_does_not_start(open_world: Open, text: str, message: str) -> None:
    with pytest.raises(SeedError) as caught:
        open_world(text)
    assert message in str(caught.value)


def test_tokens_and_apps_as_a_world_declares_them(open_world: Open) -> None:
    with open_world(
        """
        [[custom_app_integrations]]
        name = "app"
        redirect_urls = ["https://app.t.example/callback"]

        [[1.assignments]]
        principal = "owner@t.example"
        permissions = ["ADMIN"]

        [[1.tokens]]
        owner = "owner@t.example"
        comment = "scoped"
        scopes = ["sql"]
        created = "-2d"
        lifetime_days = 90
        last_used = "-1d"

        [[1.tokens]]
        owner = "owner@t.example"
        comment = "open"
        created = "-2d"
        """
    ) as simulation:
        account = simulation.account
        (app,) = account.table("custom-app-integrations").values()
        assert simulation.references["custom_app.app"] == app["integration_id"]
        scoped, plain = account.workspaces[1].table("tokens").values()
        assert scoped["scopes"] == ["sql"]
        assert scoped["last_used_day"] - scoped["creation_time"] == 86_400_000
        assert "scopes" not in plain
        assert plain["expiry_time"] == -1


def test_private_endpoints_are_as_far_as_the_world_says(open_world: Open) -> None:
    with open_world(
        """
[[network_connectivity_configs]]
name = "t-serverless"
region = "us-east-1"
rules = [
  { endpoint_service = "vpce-svc-1", connection_state = "ESTABLISHED" },
  { endpoint_service = "vpce-svc-2" },
]
"""
    ) as served:
        (config,) = served.account.table("network-connectivity-configs")
        rules = served.account.table(f"private-endpoint-rules/{config}").values()
        assert [(rule["endpoint_service"], rule["connection_state"]) for rule in rules] == [
            ("vpce-svc-1", "ESTABLISHED"),
            ("vpce-svc-2", "PENDING"),
        ]
