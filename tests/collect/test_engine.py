from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from collect.stubs import DENIED, ROOT, StubHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.collect import doors, engine
from lakewarden.collect.doors import Reach
from lakewarden.collect.engine import Collector
from lakewarden.errors import (
    AuthenticationFailedError,
    ConnectionFailedError,
    SnapshotError,
    UsageError,
)
from lakewarden.estate.access import ACCOUNT_IP_LISTS, IP_LISTS, JOB_PERMISSIONS, TOKENS
from lakewarden.estate.access import WORKSPACE_CONF as CONF
from lakewarden.estate.account import NETWORKS, WORKSPACE_NETWORK, WORKSPACES
from lakewarden.estate.activity import LOGINS
from lakewarden.estate.aws import BUCKET_VERSIONING
from lakewarden.estate.catalog import KINDS, closure
from lakewarden.estate.compute import JOBS
from lakewarden.estate.fact import Cause
from lakewarden.estate.kind import Status
from lakewarden.estate.snapshot import Meta
from lakewarden.store.snapshots import DiskSnapshot, SnapshotWriter

META = Meta("2026-03-01T08:00:00+00:00")
CONSOLE = "https://accounts.invalid"
LISTS = "/api/2.0/ip-access-lists"
SECRETS = "/api/2.0/token-management/tokens"


def workspace(identity, **fields):
    return {
        "workspace_id": identity,
        "workspace_name": f"w{identity}",
        "deployment_name": f"dbc-{identity}",
        "aws_region": "eu-west-1",
        "pricing_tier": "ENTERPRISE",
        "workspace_status": "RUNNING",
        **fields,
    }


def url(identity):
    return f"https://dbc-{identity}.cloud.databricks.com"


@pytest.fixture
def hosts(monkeypatch):
    """The hosts that answer, by URL; all others are dead."""
    known = {
        CONSOLE: StubHost({f"{ROOT}/workspaces": [workspace(1), workspace(2)]}),
        url(1): StubHost(),
        url(2): StubHost(),
    }

    def connect(address, **_):
        if address not in known:
            raise ConnectionFailedError("cannot be reached", where=address, next_step="Check it")
        return known[address]

    monkeypatch.setattr(doors, "DatabricksHost", connect)
    return known


@pytest.fixture
def collect(hosts, tmp_path):
    def run(*needs, folder="snapshot", without=(), **reach):
        given = {"account_host": CONSOLE, "account_id": "x", "use_aws": False, **reach}
        with SnapshotWriter(tmp_path / folder, META) as writer:

            def wanted(workspace):
                return set() if workspace and workspace.id in without else closure(set(needs))

            Collector(Reach(**given), wanted, writer).run()
        return DiskSnapshot.open(tmp_path / folder)

    return run


def status(found, kind, scope):
    return found.collection(kind, scope).header.status


def test_a_kind_waits_for_what_it_comes_after():
    names = ["job_permissions", "ip_lists", "jobs", "tokens"]
    assert engine._ordered(names) == ["ip_lists", "jobs", "tokens", "job_permissions"]
    ordered = engine._ordered(list(KINDS))
    for name, kind in KINDS.items():
        assert all(ordered.index(before) < ordered.index(name) for before in kind.after)


def test_the_account_comes_first_and_names_the_workspaces(collect, hosts):
    hosts[url(1)].answers[LISTS] = {"ip_access_lists": []}
    hosts[url(2)].answers[LISTS] = {"ip_access_lists": []}
    found = collect(IP_LISTS.need())
    assert [w.id for w in found.collection(WORKSPACES, "account").each()] == [1, 2]
    assert {status(found, IP_LISTS, f"workspace/{n}") for n in (1, 2)} == {Status.COMPLETE}


def test_what_is_asked_an_object_comes_after_the_objects(collect, hosts):
    hosts[url(1)].answers = {
        JOBS.source.removeprefix("GET "): {"jobs": [{"job_id": 7}, {"job_id": 8}]},
        "/api/2.0/permissions/jobs/7": {"access_control_list": []},
        "/api/2.0/permissions/jobs/8": DENIED,
    }
    found = collect(JOB_PERMISSIONS.need(), WORKSPACE_NETWORK.need())
    seven, eight = found.collection(JOB_PERMISSIONS, "workspace/1").each()
    assert seven.acl.get() == ()
    assert eight.acl.gap.cause is Cause.FORBIDDEN
    assert hosts[url(1)].paths[0] == JOBS.source.removeprefix("GET ")
    assert hosts[CONSOLE].paths[0] == f"{ROOT}/workspaces"


def test_a_need_brings_its_key(collect, hosts):
    hosts[url(1)].answers["/api/2.0/workspace-conf"] = {"b": "true"}
    found = collect(CONF.need("b"), CONF.need("a"))
    assert hosts[url(1)].asked == [("/api/2.0/workspace-conf", {"keys": "a,b"})]
    entries = {e.name: e.value.get() for e in found.collection(CONF, "workspace/1").each()}
    assert entries == {"a": None, "b": "true"}


def test_one_kind_that_fails_does_not_stop_the_others(collect, hosts):
    hosts[url(1)].answers = {LISTS: DENIED, SECRETS: {"token_infos": []}}
    found = collect(IP_LISTS.need(), TOKENS.need())
    assert status(found, IP_LISTS, "workspace/1") is Status.FORBIDDEN
    assert status(found, TOKENS, "workspace/1") is Status.COMPLETE
    assert found.collection(IP_LISTS, "workspace/1").gap.grant == IP_LISTS.grant


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), RecursionError(), KeyError("secret")])
def test_what_nobody_foresaw_is_a_gap(collect, hosts, error):
    hosts[url(1)].answers = {LISTS: error, SECRETS: {"token_infos": []}}
    found = collect(IP_LISTS.need(), TOKENS.need())
    gap = found.collection(IP_LISTS, "workspace/1").gap
    assert gap.cause is Cause.MALFORMED
    assert gap.detail == f"{type(error).__name__} while reading the answer"
    assert status(found, TOKENS, "workspace/1") is Status.COMPLETE


def test_a_list_that_breaks_off_is_partial(collect, hosts):
    row = {"token_id": "a", "created_by_username": "u", "creation_time": 1, "expiry_time": 2}
    hosts[url(1)].answers[SECRETS] = {"token_infos": [row, {"comment": "nameless"}]}
    found = collect(TOKENS.need()).collection(TOKENS, "workspace/1")
    assert found.header.status is Status.PARTIAL
    assert [token.id for token in found.seen()] == ["a"]


def test_a_workspace_that_is_dead_is_a_shut_door(collect, hosts):
    del hosts[url(2)]
    hosts[url(1)].answers[LISTS] = {"ip_access_lists": []}
    found = collect(IP_LISTS.need())
    assert set(found.meta.doors) == {"workspace/2"}
    assert found.meta.doors["workspace/2"].cause is Cause.UNREACHABLE
    assert url(2) in found.collection(IP_LISTS, "workspace/2").gap.detail


def test_a_workspace_that_does_not_run_is_not_called(collect, hosts):
    hosts[CONSOLE].answers[f"{ROOT}/workspaces"] = [workspace(1, workspace_status="FAILED")]
    found = collect(IP_LISTS.need())
    assert found.meta.doors["workspace/1"].detail == "the workspace is FAILED"
    assert hosts[url(1)].asked == []


def test_a_workspace_without_an_address_is_not_read_at_that_of_another(collect, hosts):
    lost = workspace(2)
    del lost["deployment_name"]
    hosts[CONSOLE].answers[f"{ROOT}/workspaces"] = [workspace(1), lost]
    hosts[url(1)].answers[LISTS] = {"ip_access_lists": []}
    found = collect(IP_LISTS.need(), workspace_host=url(1))
    assert status(found, IP_LISTS, "workspace/1") is Status.COMPLETE
    assert found.meta.doors["workspace/2"].cause is Cause.MISSING_FIELD
    assert hosts[url(1)].paths == [LISTS]


def test_a_given_address_comes_first(collect, hosts):
    hosts["https://custom.invalid"] = StubHost({LISTS: {"ip_access_lists": []}})
    urls = {"2": "https://custom.invalid"}
    assert status(collect(IP_LISTS.need(), workspace_urls=urls), IP_LISTS, "workspace/2") is (
        Status.COMPLETE
    )
    assert hosts[url(2)].asked == []


def test_a_workspace_of_which_nothing_is_wanted_is_not_opened(collect, hosts):
    hosts[url(2)].answers[LISTS] = {"ip_access_lists": []}
    collect(IP_LISTS.need(), without=(1,))
    assert (hosts[url(1)].asked, hosts[url(2)].paths) == ([], [LISTS])


def test_a_workspace_can_be_read_without_its_account(collect, hosts):
    hosts[url(1)] = StubHost({LISTS: {"ip_access_lists": []}}, org="3001")
    found = collect(
        IP_LISTS.need(), NETWORKS.need(), account_host="", account_id="", workspace_host=url(1)
    )
    assert status(found, IP_LISTS, "workspace/3001") is Status.COMPLETE
    assert found.collection(NETWORKS, "account").gap.cause is Cause.NOT_READ
    (lone,) = found.collection(WORKSPACES, "account").each()
    assert lone.tier.gap.cause is Cause.NOT_READ


def test_an_account_that_cannot_be_read_leaves_room_for_other_workspaces(collect, hosts):
    hosts[CONSOLE].answers[f"{ROOT}/workspaces"] = DENIED
    hosts[url(1)].answers[LISTS] = {"ip_access_lists": []}
    found = collect(IP_LISTS.need(), workspace_host=url(1))
    assert found.collection(WORKSPACES, "account").gap.cause is Cause.FORBIDDEN
    assert status(found, IP_LISTS, "workspace/3001") is Status.COMPLETE


@pytest.mark.parametrize("org", ["", "not a number"])
def test_a_host_that_is_no_workspace_is_not_guessed(collect, hosts, org):
    hosts[CONSOLE].answers = {
        f"{ROOT}/workspaces": DENIED,
        f"{ROOT}/ip-access-lists": {"ip_access_lists": []},
    }
    hosts[url(1)].org = org
    found = collect(IP_LISTS.need(), ACCOUNT_IP_LISTS.need(), workspace_host=url(1))
    assert found.meta.doors["workspace"].cause is Cause.MALFORMED


def test_what_was_left_out_says_so(collect):
    found = collect(BUCKET_VERSIONING.need(), LOGINS.need())
    assert "--no-aws" in found.collection(BUCKET_VERSIONING, "aws").gap.detail
    assert "--events" in found.collection(LOGINS, "events").gap.detail


def test_a_folder_of_logs_that_is_not_there_stops_the_run(collect, tmp_path):
    with pytest.raises(UsageError, match="not a folder"):
        collect(LOGINS.need(), events=tmp_path / "nowhere")


def test_nothing_read_at_all_is_an_error(collect, hosts):
    hosts.clear()
    with pytest.raises(ConnectionFailedError, match="cannot be reached") as caught:
        collect(IP_LISTS.need())
    assert caught.value.where == CONSOLE


def test_a_credential_refused_at_the_door_is_told_apart():
    gap = doors.shut(AuthenticationFailedError("refused", where="h", next_step="n"), "account")
    assert (gap.cause, gap.detail, gap.grant) == (Cause.UNAUTHENTICATED, "h: refused", "n")


def test_a_disk_that_is_full_stops_the_run(collect, hosts, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    with pytest.raises(SnapshotError, match="No space left"):
        collect(IP_LISTS.need())


def test_two_runs_of_the_same_deployment_are_equal(collect, hosts, tmp_path):
    for number in (1, 2):
        lists = [{"list_id": f"{n:03}", "label": "x"} for n in range(200)]
        hosts[url(number)].answers[LISTS] = {"ip_access_lists": lists[:: 3 - 2 * number]}
    collect(IP_LISTS.need(), folder="one")
    for host in (hosts[url(1)], hosts[url(2)]):
        host.answers[LISTS]["ip_access_lists"].reverse()
    collect(IP_LISTS.need(), folder="two")
    manifests = [(tmp_path / name / "manifest.json").read_bytes() for name in ("one", "two")]
    assert manifests[0] == manifests[1]


@pytest.fixture
def pooled(tmp_path):
    with SnapshotWriter(tmp_path / "pool", META) as writer, ThreadPoolExecutor(32) as pool:
        collector = Collector(Reach(), lambda _: set(), writer)
        collector._calls = pool
        yield collector


def test_fanning_out_keeps_order_and_runs_a_bounded_way_ahead(pooled):
    taken = 0

    def items():
        nonlocal taken
        for number in range(1_000):
            taken += 1
            yield number

    ahead = []
    for number, result in enumerate(pooled._fan_out(lambda n: n * n, items())):
        assert result == number * number
        ahead.append(taken - number)
    assert len(ahead) == 1_000
    assert max(ahead) == 2 * engine._OBJECTS


def test_fanning_out_works_side_by_side(pooled):
    barrier = threading.Barrier(8, timeout=10)
    assert sorted(pooled._fan_out(lambda n: barrier.wait() * 0 + n, range(8))) == list(range(8))


def test_a_failure_of_one_object_comes_out_where_it_belongs(pooled):
    def one(number):
        if number == 5:
            raise CallFailedError(Cause.TIMEOUT, "late")
        return number

    results = pooled._fan_out(one, range(10))
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(CallFailedError, match="late"):
        next(results)
