"""Who would carry a plan out, from SCIM, the SDK, AWS and the delivered logs."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collect.served import account
from collect.stubs import DENIED, StubHost
from lakewarden.clients.aws import AwsAccount
from lakewarden.collect.caller import parse_addresses, read_caller
from lakewarden.collect.doors import Reach
from lakewarden.errors import ConnectionFailedError, UsageError

ME = "/api/2.0/preview/scim/v2/Me"
ANN = {"userName": "ann@example.com", "displayName": "Ann", "groups": [{"display": "staff"}]}
GONE = ConnectionFailedError("is gone")
SESSION = {
    "AWS_ACCESS_KEY_ID": "AccessKeyId",
    "AWS_SECRET_ACCESS_KEY": "SecretAccessKey",
    "AWS_SESSION_TOKEN": "SessionToken",
}
TRUST = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}


class Host(StubHost):
    by_token = False
    signed_in_as = "app-7"


@dataclass(frozen=True, slots=True)
class Stub(Reach):
    """Opens stubs; a host may be an exception."""

    hosts: Any = field(default_factory=dict)
    cloud: Any = None

    def workspace(self, url: str) -> Any:
        return self.open(url)

    def account(self) -> Any:
        return self.open("account")

    def aws(self) -> Any:
        return AwsAccount() if self.cloud is None else self.open("aws")

    def open(self, name: str) -> Any:
        found = self.hosts[name]
        if isinstance(found, Exception):
            raise found
        return found


def caller(hosts: Any, addresses: Any = (), **more: Any) -> Any:
    urls = {str(number): url for number, url in enumerate(hosts) if url != "account"}
    return read_caller(Stub(hosts=hosts, **{"use_aws": False, **more}), urls, addresses)


def test_the_first_workspace_that_answers_says_who_it_is():
    groups = [{"display": name} for name in ("admins", "users", "staff", "ops")]
    answers = {ME: {**ANN, "groups": groups}}
    hosts = {"a": GONE, "b": Host({ME: DENIED}), "c": Host(answers), "d": GONE}
    found = caller(hosts)
    assert (found.user, found.display) == ("ann@example.com", "Ann")
    assert found.groups == ("ops", "staff")
    assert not found.by_token
    assert found.addresses == ()
    assert found.aws_arn == ""


def test_a_token_is_told_from_other_ways_to_sign_in():
    host = Host({ME: ANN})
    host.by_token = True
    assert caller({"a": host}).by_token


def test_the_credential_says_it_where_no_host_does():
    assert caller({"a": Host({ME: DENIED})}).user == "app-7"
    assert caller({"a": GONE}).user == ""
    ids = {"account_host": "https://a", "account_id": "1"}
    robot = Host({"/api/2.0/accounts/1/scim/v2/Me": {"applicationId": "app-9"}})
    assert caller({"account": robot}, **ids).user == "app-9"


def test_addresses_are_taken_as_they_are_given():
    given = ["198.51.100.7, 203.0.113.0/24", "2001:db8::1", "198.51.100.7"]
    assert parse_addresses(given) == ("198.51.100.7", "203.0.113.0/24", "2001:db8::1")
    with pytest.raises(UsageError, match="'home' is not an address"):
        caller({}, ["home"])


def event(hours: float, address: str, user: str = "ANN@example.com") -> str:
    moment = datetime.now(UTC) - timedelta(hours=hours)
    who = {"email": user}
    record = {"timestamp": int(moment.timestamp() * 1000), "userIdentity": who}
    return json.dumps({**record, "sourceIPAddress": address})


def test_recorded_calls_of_the_last_day_show_where_the_caller_is(tmp_path):
    lines = [
        event(50, "192.0.2.1"),
        event(60, "192.0.2.2"),
        event(80, "192.0.2.3"),
        event(1, "192.0.2.4", "bob@example.com"),
        event(49, "not an address"),
        "ann@example.com {",
    ]
    (tmp_path / "a.json").write_text("\n".join(lines), "utf-8")
    host = {"a": Host({ME: ANN})}
    assert caller(host, events=tmp_path).addresses == ("192.0.2.1", "192.0.2.2")
    assert caller(host, events=tmp_path, event_days=2).addresses == ()
    assert caller(host, ["192.0.2.9"], events=tmp_path).addresses == ("192.0.2.9",)
    assert caller({"a": GONE}, events=tmp_path).addresses == ()


def test_days_are_read_back_no_further_than_the_caller_was_seen(tmp_path):
    days = {"2026-01-03": 1, "2026-01-02": 2, "2026-01-01": 3}
    for workspace, (day, last) in enumerate(days.items()):
        folder = tmp_path / f"workspaceId={workspace}" / f"date={day}"
        folder.mkdir(parents=True)
        (folder / "a.json").write_text(event(last, f"192.0.2.{last}"), "utf-8")
    host = {"a": Host({ME: ANN})}
    assert caller(host, events=tmp_path).addresses == ("192.0.2.1", "192.0.2.2")


def test_a_session_is_told_by_its_role_with_the_path_of_that(monkeypatch):
    with account() as aws:
        iam, sts = aws.client("iam", "us-east-1"), aws.client("sts", "us-east-1")
        trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        made = iam.create_role(RoleName="ops", Path="/team/", AssumeRolePolicyDocument=trust)
        session = sts.assume_role(RoleArn=made["Role"]["Arn"], RoleSessionName="ann")
        assert caller({}, use_aws=True).aws_arn == "arn:aws:iam::123456789012:user/moto"
        for variable, name in SESSION.items():
            monkeypatch.setenv(variable, session["Credentials"][name])
        assert caller({}, use_aws=True).aws_arn == "arn:aws:iam::123456789012:role/team/ops"
        iam.delete_role(RoleName="ops")
        kept = caller({}, use_aws=True).aws_arn
        assert kept == "arn:aws:sts::123456789012:assumed-role/ops/ann"


def test_without_aws_nobody_is_known_there():
    hosts = {"aws": GONE}
    assert caller(hosts, use_aws=True, cloud="shut").aws_arn == ""
