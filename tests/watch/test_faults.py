"""Faults that were found in published detections: what each of them missed, a rule of ours finds.

Each is a line of a fault, our rule, how many alerts it ends in, and what happened.
"""

from __future__ import annotations

import json

import pytest

from lakewarden.policyfile.watching import example_values
from lakewarden.store.lake.engine import opened
from lakewarden.watch import examples, library
from lakewarden.watch.lint import faults
from lakewarden.watch.rule import rule_of
from lakewarden.watch.trying import Trial

ANN, BOB = "ann@example.com", "bob@example.com"
MACHINE = "5f1e7a10-0000-4000-8000-0000000000aa"


def at(time, do, who=ANN, **more):
    return {"at": time, "do": do, "who": who, **more}


MISSED = [
    (
        "grouped by action, so that listing scopes and reading secrets never met",
        ("exfiltration.secrets_enumerated", 1),
        [
            at("09:00", "secrets.listScopes", times=5),
            at("09:10", "secrets.getSecret", times=100, params={"scope": "s", "key": "k"}),
        ],
    ),
    (
        "grouped by address, and then asked for several addresses",
        ("login.session_addresses", 1),
        [
            at("09:00", "workspace.workspaceExport", session="s1", ip="8.8.8.8"),
            at("09:05", "workspace.workspaceExport", session="s1", ip="9.9.9.9"),
        ],
    ),
    (
        "waits for modifyUserRole and addUserToAdminGroup, which nobody records",
        ("privilege.workspace_admin_granted", 1),
        [at("09:00", "accounts.setAdmin", params={"targetUserName": BOB})],
    ),
    (
        "reads the keys of group additions in one spelling only: the other one",
        ("privilege.admin_group_joined", 1),
        [
            at(
                "09:00",
                "accounts.addPrincipalToGroup",
                params={"targetGroupName": "account-admins", "targetUserName": BOB},
            )
        ],
    ),
    (
        "reads the keys of group additions in one spelling only: this one",
        ("privilege.admin_group_joined", 1),
        [
            at(
                "09:00",
                "accounts.addPrincipalToGroup",
                params={"target_group_name": "account-admins", "target_user_name": BOB},
            )
        ],
    ),
    (
        "drops new tokens whose life is not above zero, which never end",
        ("tokens.created", 1),
        [at("09:00", "accounts.generateDbToken", params={"tokenExpirationTime": "-1"})],
    ),
    *(
        (
            f"takes the end {end} for no long life",
            ("tokens.lives_long", 1),
            [at("09:00", "accounts.generateDbToken", params={"tokenHash": "h", **end})],
        )
        for end in ({"tokenExpirationTime": "-1"}, {"tokenExpirationTime": ""}, {})
    ),
    (
        "counts from one full hour to the next: three before it and three after it",
        ("login.failed_burst", 1),
        [
            at("08:57", "accounts.login", times=3, every="1m", status=401),
            at("09:00", "accounts.login", times=3, every="1m", status=401),
        ],
    ),
    (
        "alerts on a column that its query does not return",
        ("code.infected_file", 1),
        [
            at(
                "09:00",
                "clamAVScanService-dataplane.clamAVScanAction",
                None,
                params={"instanceId": "i-0a"},
                result="/tmp/a: Win.Test.EICAR_HDB-1 FOUND",
            )
        ],
    ),
    (
        "cuts a port off every address, and most of one of IPv6",
        ("login.session_addresses", 1),
        [
            at("09:00", "accounts.login", session="s1", ip="2001:4860:4860::8888"),
            at("09:05", "accounts.login", session="s1", ip="[2001:4860:4860::8844]:443"),
        ],
    ),
    (
        "drops everybody whose name is a UUID, which all service principals are",
        ("exfiltration.catalog_denied", 1),
        [at("09:00", "unityCatalog.getTable", MACHINE, times=26, status=403)],
    ),
    (
        "waits for services of Delta Sharing that do not exist",
        ("exfiltration.sharing_refused", 1),
        [
            at(
                "09:00",
                "unityCatalog.deltaSharingQueryTable",
                None,
                params={"recipient_name": "partner", "is_ip_access_denied": "true"},
            )
        ],
    ),
    (
        "waits for grant, setPermissions and assignRole, which nobody records",
        ("privilege.uc_power_granted", 1),
        [
            at(
                "09:00",
                "unityCatalog.updatePermissions",
                params={
                    "securable_type": "CATALOG",
                    "securable_full_name": "sales",
                    "changes": json.dumps([{"principal": BOB, "add": ["ALL_PRIVILEGES"]}]),
                },
            )
        ],
    ),
    (
        "knows groups of admins by a part of their names: takes others for them",
        ("privilege.admin_group_joined", 0),
        [
            at("09:00", "accounts.addPrincipalToGroup", params={"targetGroupName": name})
            for name in ("grassroots", "homeowners", "administrative-assistants")
        ],
    ),
    (
        "deploys `at most` as `less than`: an end at zero is one",
        ("tokens.lives_long", 1),
        [at("09:00", "accounts.generateDbToken", params={"tokenExpirationTime": "0"})],
    ),
    (
        "loses rows without a value, which meet neither a condition nor its opposite",
        ("login.not_sso", 1),
        [at("09:00", "accounts.login", params={"user": ANN})],
    ),
]


@pytest.fixture(scope="module")
def rules():
    return library.rules()


@pytest.mark.parametrize(("fault", "ours", "told"), MISSED, ids=[each[0][:40] for each in MISSED])
def test_what_others_missed_is_found(rules, tmp_path, fault, ours, told):
    name, alerts = ours
    file = tmp_path / "example.jsonl"
    file.write_text(json.dumps({"name": fault, "alerts": alerts, "events": told}), "utf-8")
    shown = examples.read(file, rules[name].sources)
    with opened(threads=1) as engine:
        (outcome,) = Trial(engine, rules[name], shown, example_values()).outcomes(rules[name])
    assert outcome.wrong == ""


@pytest.mark.parametrize(
    "action",
    [
        "accounts.modifyUserRole",
        "accounts.addUserToAdminGroup",
        "accounts.updateAccountSettings",
        "workspace.updateWorkspaceSettings",
        "unityCatalog.grant",
        "unityCatalog.setPermissions",
        "deltaSharingAccess.deltaSharingQueryTable",
    ],
)
def test_an_action_that_somebody_invented_is_refused(rules, action):
    spec = {**rules["tokens.created"].spec, "select": {"made": {"do": action}}, "condition": "made"}
    spec.pop("worse", None)
    (fault, *_) = faults(rule_of("a.b", spec))
    assert fault == f"do: {action!r} is no action that databricks records"
