"""Eight attacks end in the alerts that they deserve, and an ordinary day in none of them."""

from __future__ import annotations

import gzip
import json
import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from journeys import attacks
from journeys.attacks import BRUNO, FARID, INES, JONAS, MARA, OSKAR, VENDOR, ZOE
from lakewarden.events.catalog import actions, spelt
from lakewarden.simulate import start
from lakewarden.simulate.world import FOLDER

HELPER = "arn:aws:iam::123456789012:user/deploy-helper"

EXPECTED = {
    attacks.token_theft: {
        ("login.refused_by_list", BRUNO),
        ("tokens.lives_long", BRUNO),
        ("tokens.used_elsewhere", BRUNO),
        ("tokens.many_addresses", BRUNO),
    },
    attacks.mass_download: {
        ("exfiltration.downloads_burst", INES),
        ("exfiltration.downloads_burst", MARA),
    },
    attacks.list_removal: {
        ("configuration.ip_list_changed", MARA),
        ("configuration.ip_lists_off", MARA),
    },
    attacks.secret_enumeration: {
        ("exfiltration.secrets_enumerated", FARID),
        ("exfiltration.secrets_many", FARID),
    },
    attacks.mining: {
        ("compute.cluster_never_stops", ZOE),
        ("compute.cluster_oversized", ZOE),
        ("compute.cluster_with_gpus", ZOE),
        ("compute.machine_type_elsewhere", ZOE),
    },
    attacks.vendor_access: {
        ("vendor.login", VENDOR),
        ("vendor.login_without_approval", VENDOR),
    },
    attacks.log_tampering: {
        ("aws_logging.log_bucket_changed", HELPER),
        ("aws_logging.trail_stopped", HELPER),
        ("configuration.log_delivery_changed", JONAS),
        ("configuration.verbose_logs_off", MARA),
    },
    attacks.admin_chain: {
        ("privilege.account_admin_granted", JONAS),
        ("privilege.flash_admin", OSKAR),
        ("privilege.self_grant", OSKAR),
        ("privilege.uc_power_granted", OSKAR),
        ("privilege.workspace_admin_granted", OSKAR),
    },
}
"""The alerts of each attack: the rule, and who is among those that the alert is about."""

LAST_NIGHT = {
    ("compute.cluster_with_gpus", BRUNO),
    ("configuration.exfiltration_guard_off", MARA),
    ("configuration.ip_list_changed", MARA),
    ("configuration.ip_lists_off", MARA),
    ("configuration.log_delivery_changed", MARA),
    ("exfiltration.downloads_burst", MARA),
    ("login.mfa_key_deleted", MARA),
    ("login.not_sso", MARA),
    ("login.refused_by_list", BRUNO),
    ("privilege.account_admin_granted", MARA),
    ("tokens.lifetime_raised", MARA),
    ("tokens.lives_long", BRUNO),
    ("vendor.access_granted", VENDOR),
}
"""Alerts of the world that is under attack."""


@pytest.fixture(scope="module")
def logs(tmp_path_factory):
    """The logs of an ordinary day, of the same with all attacks, and of a world under attack."""
    folder = tmp_path_factory.mktemp("logs")
    # In a process of its own: the same world may be served in this one, and its buckets are there.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        pool.submit(attacks.serve, folder).result()
    under = folder / "under-attack"
    start(
        "under-attack", aws=False, audit_dir=under / "audit", cloudtrail_dir=under / "cloudtrail"
    ).close()
    return folder


@pytest.fixture(scope="module")
def told():
    """Alerts by the day that they were found in."""
    return {}


@pytest.fixture
def alerts(logs, told, run, tmp_path):
    """Find what is in the logs of a day, once."""

    def found(day):
        if day not in told:
            world = "under-attack" if day == "under-attack" else "typical"
            here = {
                "LAKEWARDEN_LAKE": str(tmp_path / "lake"),
                "LAKEWARDEN_POLICY_FILE": str(FOLDER / world / "lakewarden.toml"),
                "XDG_STATE_HOME": str(tmp_path),
            }
            for source, name in (("databricks", "audit"), ("cloudtrail", "cloudtrail")):
                read = run("watch", "ingest", logs / day / name, "--source", source, **here)
                assert read.code == 0, read.err
            said = run("watch", "detect", "--format", "json", **here)
            told[day] = said.json["alerts"]
        return told[day]

    return found


def _missed(found, expected):
    whom = {(alert["rule"], part) for alert in found for part in alert["entity"].split(" | ")}
    return sorted(expected - whom)


@pytest.mark.parametrize("attack", attacks.ATTACKS, ids=lambda attack: attack.__name__)
def test_an_attack_is_noticed(alerts, attack):
    assert _missed(alerts("attacked"), EXPECTED[attack]) == []


def test_an_ordinary_day_raises_none_of_those_alerts(alerts):
    wanted = {rule for expected in EXPECTED.values() for rule, _ in expected}
    found = {alert["rule"] for alert in alerts("quiet")}
    assert found
    assert found & wanted == set()


def test_what_happened_last_night_is_noticed(alerts):
    assert _missed(alerts("under-attack"), LAST_NIGHT) == []


def test_clusters_and_machines_are_noticed_that_have_no_twin(alerts):
    odd = [alert for alert in alerts("under-attack") if alert["rule"].startswith("twins.")]
    assert {(alert["rule"], alert["count"]) for alert in odd} == {
        ("twins.cluster_without_machines", 1),
        ("twins.machines_without_cluster", 1),
    }


def _events(logs) -> Iterator[dict]:
    for file in logs.rglob("auditlogs_*.json"):
        yield from map(json.loads, file.read_text("utf-8").splitlines())


def test_every_event_that_is_written_is_one_of_the_platform(logs):
    known, strange = actions(), set()
    for event in _events(logs):
        action = known.get((event["serviceName"], event["actionName"]))
        names = {name for param in action.params for name in spelt(param)} if action else set()
        odd = set(event["requestParams"]) - names
        if action is None or odd:
            strange.add((event["serviceName"], event["actionName"], *sorted(odd)))
    assert strange == set()


def test_no_secret_is_in_the_logs(logs):
    text = "".join(file.read_text("utf-8") for file in logs.rglob("auditlogs_*.json"))
    for file in logs.rglob("*.json.gz"):
        text += gzip.decompress(file.read_bytes()).decode()
    assert "dapi" not in text
    assert "kept here" not in text
    assert attacks.BRUNO in text
