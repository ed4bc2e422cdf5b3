"""Every family of rules: what it refuses, what it lets through, and what it cannot know."""

from __future__ import annotations

import json

import pytest

from impact.conftest import NOON, change, event, people, value

DAY = 86_400_000
ACL = "/access_control_list"
OFFICE = {"list_id": "l1", "label": "office", "list_type": "ALLOW", "enabled": True}
OFFICE |= {"ip_addresses": ["203.0.113.0/24"]}
ON = {"ip_lists": [OFFICE], "workspace_conf": {"enableIpAccessLists": "true"}}
SHRINK = change(
    "ip_access_list",
    "l1",
    {"/ip_addresses": ["203.0.113.0/24"]},
    {"/ip_addresses": ["203.0.113.0/28"]},
)
BLOCK = change(
    *("ip_access_list", "label=bad", None),
    {"/label": "bad", "/list_type": "BLOCK", "/ip_addresses": ["203.0.113.4"]},
)
SWITCH = value("workspace_conf", "enableIpAccessLists", None, "true")
WITH_PRIVATE = {"/ip_addresses": ["203.0.113.0/24", "10.0.0.0/8"]}
SHRINK_PRIVATE = change("ip_access_list", "l1", WITH_PRIVATE, {"/ip_addresses": ["203.0.113.9"]})
BEHIND = {
    "workspace": {"private_access_settings_id": "pas-1"},
    "private_access": [
        {"private_access_settings_id": "pas-1", "public_access_enabled": True}
        | {"private_access_level": "ACCOUNT"}
    ],
}
OPEN, CLOSED = ({"/public_access_enabled": value} for value in (True, False))
SHUT = change("private_access_settings", "pas-1", OPEN, CLOSED, "account")
ME = "scim.whoami"
LOGIN = {"tokenId": "t1", "authenticationMethod": "API_EXT_PAT_TOKEN"}
TOKENS = "authorization/tokens"
USERS = {"group_name": "users", "permission_level": "CAN_USE"}


def setting(name, *, before, after):
    """Turn a typed setting."""
    return change("workspace_setting", name, {"/value": before}, {"/value": after})


def use(name, *who):
    """Take a list of who may use something from all users, and give it to some."""
    entries = [entry | {"permission_level": "CAN_USE"} for entry in who]
    return change("permissions", name, {ACL: [USERS]}, {ACL: entries})


def spec(**attributes):
    """The parameters of a request for a cluster."""
    made = {
        "cluster_name": "mine",
        "spark_version": "16.4.x-scala2.12",
        "node_type_id": "m6id.large",
        "num_workers": 2,
        "data_security_mode": "SINGLE_USER",
        **attributes,
    }
    return {k: v if isinstance(v, str) else json.dumps(v) for k, v in made.items()}


POLICY = {"policy_id": "p1", "name": "small"}
POLICY |= {"definition": json.dumps({"num_workers": {"type": "range", "maxValue": 9}})}
POLICIES = {"cluster_policies": [POLICY], "clusters": [], "jobs": []}
NARROW = change(
    "cluster_policy",
    "p1",
    {"/definition/num_workers": {"type": "range", "maxValue": 9}},
    {"/definition/num_workers": {"type": "range", "maxValue": 1}},
)
CLUSTER = {"cluster_id": "c1", "cluster_name": "c", "data_security_mode": "USER_ISOLATION"}
CLUSTER |= {"policy_id": "p1", "creator_user_name": "ann@example.com", "state": "RUNNING"}
JOB_SPEC = {"policy_id": "p1", "num_workers": 2, "spark_version": "16.4", "node_type_id": "m"}
WORKERS = "/settings/job_clusters/[job_cluster_key=main]/new_cluster/num_workers"
RESTRICTED = "RESTRICT_TOKENS_AND_JOB_RUN_AS"
MATCHERS = [{"artifact": "com.acme:", "match_type": "PREFIX_MATCH"}]
MAVEN = json.dumps([{"maven": {"coordinates": "org.open:tool:1"}}])

CASES = {
    "an address that no list names any more": (
        [SHRINK],
        event(ME, address="203.0.113.200"),
        ON,
        "the IP access lists of workspace 1 do not admit it",
    ),
    "an address that the list still names": ([SHRINK], event(ME, address="203.0.113.9"), ON, ""),
    "a block list outranks the allow list": (
        [BLOCK],
        event(ME, address="203.0.113.4"),
        ON,
        "the IP access lists of workspace 1 do not admit it",
    ),
    "lists that nobody switched on": (
        [SHRINK],
        event(ME, address="203.0.113.200"),
        ON | {"workspace_conf": {"enableIpAccessLists": "false"}},
        "",
    ),
    "the switch wakes the lists that are there": (
        [SWITCH],
        event(ME, address="198.51.100.1"),
        {"ip_lists": [OFFICE]},
        "the IP access lists of workspace 1 do not admit it",
    ),
    "the switch without any list lets everybody come": (
        [SWITCH],
        event(ME, address="198.51.100.1"),
        {"ip_lists": []},
        "",
    ),
    "an address that was refused before the plan as well": (
        [SHRINK],
        event(ME, address="198.51.100.1"),
        ON,
        "",
    ),
    "the platform itself comes through no door": (
        [SHRINK],
        event(ME, "System-User", address="203.0.113.200"),
        ON,
        "",
    ),
    "a private address cannot be told from a translated one": (
        [SHRINK_PRIVATE],
        event(ME, address="10.0.0.1"),
        ON,
        "perhaps: a private address, of which no list can tell",
    ),
    "a private address at a workspace behind PrivateLink came through it": (
        [SHRINK_PRIVATE],
        event(ME, address="10.0.0.1"),
        ON | BEHIND,
        "",
    ),
    "the public door is shut": (
        [SHUT],
        event(ME),
        ON | BEHIND,
        "the workspace is reached through PrivateLink alone",
    ),
    "the public door of other workspaces is": (
        [SHUT],
        event(ME),
        ON | {"private_access": BEHIND["private_access"]},
        "",
    ),
    "the account has lists of its own": (
        [
            change(
                *("ip_access_list", "a1", {"/ip_addresses": ["203.0.113.0/24"]}),
                *({"/ip_addresses": ["203.0.113.9"]}, "account"),
            )
        ],
        event("accounts.add", workspace="0"),
        {
            "account_ip_lists": [OFFICE | {"list_id": "a1"}],
            "account_settings": {"acct_ip_acl_enable": True},
        },
        "the IP access lists of the account do not admit it",
    ),
    "Unity Catalog's events are of the account and asked in a workspace": (
        [SHRINK],
        event(
            *("unityCatalog.getTable",),
            workspace="0",
            address="203.0.113.200",
            params={"workspace_id": "1"},
        ),
        ON,
        "the IP access lists of workspace 1 do not admit it",
    ),
    "tokens are switched off": (
        [value("workspace_conf", "enableTokensConfig", "true", "false")],
        event("accounts.tokenLogin", params=LOGIN),
        {},
        "personal access tokens are switched off",
    ),
    "a token of the platform for a notebook is under no rule": (
        [value("workspace_conf", "enableTokensConfig", "true", "false")],
        event("accounts.tokenLogin", params=LOGIN | {"authenticationMethod": "API_INT_PAT_TOKEN"}),
        {},
        "",
    ),
    "a token is revoked": (
        [change("token", "t1", {"/token_id": "t1"}, None)],
        event("accounts.tokenLogin", params=LOGIN),
        {"workspace_conf": {"enableTokensConfig": None}},
        "the token is revoked",
    ),
    "another token is not": (
        [change("token", "t1", {"/token_id": "t1"}, None)],
        event("accounts.tokenLogin", params=LOGIN | {"tokenId": "t2"}),
        {"workspace_conf": {"enableTokensConfig": None}},
        "",
    ),
    "the owner may no longer": (
        [use(TOKENS, {"group_name": "others"})],
        event("accounts.tokenLogin", params=LOGIN),
        {**people(), "workspace_conf": {"enableTokensConfig": None}},
        "the owner may no longer use personal access tokens",
    ),
    "the owner may by a group within a group": (
        [use(TOKENS, {"group_name": "makers"})],
        event("accounts.tokenLogin", params=LOGIN),
        {**people(), "workspace_conf": {"enableTokensConfig": None}},
        "",
    ),
    "a service principal may by its name": (
        [use(TOKENS, {"service_principal_name": "app-13"})],
        event("accounts.tokenLogin", "app-13", params=LOGIN),
        {**people(), "workspace_conf": {"enableTokensConfig": None}},
        "",
    ),
    "admins always may": (
        [use(TOKENS, {"group_name": "others"})],
        event("accounts.tokenLogin", params=LOGIN),
        {**people(admins=("ann",)), "workspace_conf": {"enableTokensConfig": None}},
        "",
    ),
    "nobody of that name is known": (
        [use(TOKENS, {"group_name": "others"})],
        event("accounts.tokenLogin", "ghost@example.com", params=LOGIN),
        {**people(), "workspace_conf": {"enableTokensConfig": None}},
        "perhaps: nobody called ghost@example.com is in the directory",
    ),
    "a new token asks for too long": (
        [value("workspace_conf", "maxTokenLifetimeDays", "365", "90")],
        event("accounts.generateDbToken", params={"tokenExpirationTime": str(NOON + 91 * DAY)}),
        {"workspace_conf": {"enableTokensConfig": None}},
        "a new token may live for 90 days at most",
    ),
    "a new token that lives as long as tokens could may have asked for nothing": (
        [value("workspace_conf", "maxTokenLifetimeDays", "365", "90")],
        event("accounts.generateDbToken", params={"tokenExpirationTime": str(NOON + 365 * DAY)}),
        {"workspace_conf": {"enableTokensConfig": None}},
        "perhaps: a new token may live for 90 days at most",
    ),
    "a token for ever will just live shorter": (
        [value("workspace_conf", "maxTokenLifetimeDays", None, "90")],
        event("accounts.generateDbToken", params={"tokenExpirationTime": "-1"}),
        {"workspace_conf": {"enableTokensConfig": None}},
        "",
    ),
    "a token for a service principal, by its id, is not the admin's own": (
        [use(TOKENS, {"group_name": "others"})],
        event("accounts.generateDbToken", params={"userId": "13", "tokenExpirationTime": "-1"}),
        {
            **people(),
            "workspace_conf": {"enableTokensConfig": None, "maxTokenLifetimeDays": None},
        },
        "",
    ),
    "parameters that make no sense": (
        [value("workspace_conf", "enforceUserIsolation", None, "true")],
        event("clusters.create", params=spec(spark_conf=[1], data_security_mode="")),
        POLICIES,
        "perhaps: what it asked for cannot be understood",
    ),
    "a parameter that the log cut off": (
        [NARROW],
        event("jobs.create", params={"job_clusters": '[{"new_cluster": {"policy_id": "p'}),
        POLICIES,
        "",
    ),
    "a principal is switched off": (
        [change("account_user", "11", {"/active": True}, {"/active": False}, "account")],
        event(ME),
        people(),
        "the principal is switched off",
    ),
    "another principal is not": (
        [change("account_user", "11", {"/active": True}, {"/active": False}, "account")],
        event(ME, "bob@example.com"),
        people(),
        "",
    ),
    "a principal is taken out of the workspace": (
        [change("workspace_assignment", "1/11", {"/permissions": ["USER"]}, None, "account")],
        event(ME),
        people(),
        "the principal has no access to workspace/1",
    ),
    "a password is no longer enough": (
        [use("authorization/passwords", {"group_name": "others"})],
        event("accounts.login"),
        people(admins=("ann",)),
        "may no longer sign in with a password",
    ),
    "single sign-on is not a password": (
        [use("authorization/passwords", {"group_name": "others"})],
        event("accounts.samlLogin"),
        people(),
        "",
    ),
    "notebooks may not be exported": (
        [value("workspace_conf", "enableExportNotebook", None, "false")],
        event("workspace.workspaceExport"),
        people(),
        "notebooks may not be exported, but by admins",
    ),
    "admins may export them": (
        [value("workspace_conf", "enableExportNotebook", None, "false")],
        event("workspace.workspaceExport"),
        people(admins=("ann",)),
        "",
    ),
    "one switch has two names": (
        [setting("enable-results-downloading", before=True, after=False)],
        event("notebook.downloadPreviewResults"),
        {},
        "results of notebooks may not be downloaded",
    ),
    "SQL results have a switch of their own": (
        [setting("sql_results_download", before=True, after=False)],
        event("databrickssql.downloadQueryResult"),
        {},
        "results of SQL queries may not be downloaded",
    ),
    "a browser uploads": (
        [value("workspace_conf", "enableDbfsFileBrowser", "true", "false")],
        event("dbfs.put", agent="Mozilla/5.0"),
        {},
        "files may not be put into DBFS by the browser",
    ),
    "a program does not": (
        [value("workspace_conf", "enableDbfsFileBrowser", "true", "false")],
        event("dbfs.put"),
        {},
        "",
    ),
    "old DBFS is gone for programs too": (
        [setting("disable_legacy_dbfs", before=None, after=True)],
        event("dbfs.put"),
        {},
        "DBFS root and mounts are switched off",
    ),
    "a query that names the Hive metastore": (
        [setting("disable_legacy_access", before=None, after=True)],
        event(
            "databrickssql.commandSubmit",
            params={"commandText": "SELECT * FROM hive_metastore.sales.orders"},
        ),
        {"workspace_settings": {"disable_legacy_dbfs": None}},
        "perhaps: a command names the Hive metastore of the workspace",
    ),
    "a command that names a path in DBFS": (
        [setting("disable_legacy_dbfs", before=None, after=True)],
        event("notebook.runCommand", params={"commandText": "open('/dbfs/mnt/raw/a.csv')"}),
        {},
        "perhaps: a command names a path in DBFS",
    ),
    "a volume is no path in DBFS": (
        [setting("disable_legacy_dbfs", before=None, after=True)],
        event("notebook.runCommand", params={"commandText": "ls dbfs:/Volumes/main/raw"}),
        {},
        "",
    ),
    "the web terminal": (
        [value("workspace_conf", "enableWebTerminal", None, "false")],
        event("webTerminal.startSession", params={"clusterId": "c1"}),
        {},
        "the web terminal is switched off",
    ),
    "a policy wants fewer workers": (
        [NARROW],
        event("clusters.create", params=spec(policy_id="p1")),
        POLICIES,
        "the cluster policy small refuses it",
    ),
    "a policy is content with fewer": (
        [NARROW],
        event("clusters.create", params=spec(policy_id="p1", num_workers=1)),
        POLICIES,
        "",
    ),
    "a cluster under another policy": (
        [NARROW],
        event("clusters.create", params=spec(policy_id="p2")),
        POLICIES,
        "",
    ),
    "a cluster that the policy refused already": (
        [NARROW],
        event("clusters.create", params=spec(policy_id="p1", num_workers=20)),
        POLICIES,
        "",
    ),
    "a job that is made": (
        [NARROW],
        event("jobs.create", params={"job_clusters": json.dumps([{"new_cluster": JOB_SPEC}])}),
        POLICIES,
        "the cluster policy small refuses it",
    ),
    "a run of a job": (
        [NARROW],
        event("clusters.create", params=spec(policy_id="p1", cluster_name="job-7-run-8-main")),
        POLICIES,
        "the cluster policy small refuses it",
    ),
    "a run of a job that the plan mends as well": (
        [
            NARROW,
            change("job", "7", {WORKERS: 2}, {WORKERS: 1}),
        ],
        event("clusters.create", params=spec(policy_id="p1", cluster_name="job-7-run-8-main")),
        POLICIES,
        "",
    ),
    "one more cluster than a user may have": (
        [change(*("cluster_policy", "p1"), *({"/max_clusters_per_user": n} for n in (None, 1)))],
        event("clusters.create", params=spec(policy_id="p1")),
        POLICIES | {"clusters": [CLUSTER]},
        "the cluster policy small lets each user have 1",
    ),
    "what the service works out is not known": (
        [
            change(
                "cluster_policy",
                "p1",
                {"/definition/dbus_per_hour": None},
                {"/definition/dbus_per_hour": {"type": "range", "maxValue": 9}},
            )
        ],
        event("clusters.create", params=spec(policy_id="p1")),
        POLICIES,
        "perhaps: the cluster policy small refuses it",
    ),
    "clusters without isolation": (
        [value("workspace_conf", "enforceUserIsolation", None, "true")],
        event("clusters.create", params=spec(data_security_mode="NONE")),
        POLICIES,
        "clusters must keep their users apart",
    ),
    "a policy gives a cluster its isolation": (
        [
            value("workspace_conf", "enforceUserIsolation", None, "true"),
            change(
                "cluster_policy",
                "p1",
                {"/definition/data_security_mode": None},
                {"/definition/data_security_mode": {"type": "fixed", "value": "SINGLE_USER"}},
            ),
        ],
        event("clusters.create", params=spec(policy_id="p1", data_security_mode="")),
        POLICIES,
        "",
    ),
    "container images": (
        [value("workspace_conf", "enableDcs", "true", "false")],
        event("clusters.create", params=spec(docker_image={"url": "x"})),
        POLICIES,
        "clusters may not be made of container images",
    ),
    "an old runtime": (
        [setting("disable_legacy_access", before=None, after=True)],
        event("clusters.create", params=spec(spark_version="12.2.x-scala2.12")),
        POLICIES | {"workspace_settings": {"disable_legacy_dbfs": None}},
        "runtimes before 13.3 LTS are switched off",
    ),
    "a machine that does not encrypt": (
        [setting("shield_csp_enablement_ws_db", before=None, after=True)],
        event("clusters.create", params=spec()),
        POLICIES
        | {
            "node_types": [
                {"node_type_id": "m6id.large", "is_encrypted_in_transit": False}
                | {"node_instance_type": {"local_disks": 1}}
            ]
        },
        "the compliance profile wants machines that encrypt their traffic",
    ),
    "a level on a cluster": (
        [
            change(
                "permissions",
                "clusters/c1",
                {ACL: [{"group_name": "makers", "permission_level": "CAN_RESTART"}]},
                {ACL: [{"group_name": "makers", "permission_level": "CAN_ATTACH_TO"}]},
            )
        ],
        event("clusters.restart", params={"cluster_id": "c1"}),
        people(),
        "CAN_RESTART on a cluster is taken away",
    ),
    "the use of a policy": (
        [use("cluster-policies/p1", {"user_name": "bob@example.com"})],
        event("clusters.create", params=spec(policy_id="p1")),
        people(),
        "CAN_USE on a cluster policy is taken away",
    ),
    "a cluster without a policy": (
        [
            change(
                "entitlements",
                "1",
                {"/entitlements/[value=allow-cluster-create]": {"value": "allow-cluster-create"}},
                {"/entitlements/[value=allow-cluster-create]": None},
            )
        ],
        event("clusters.create", params=spec()),
        people(rights=("allow-cluster-create",)),
        "the right allow-cluster-create is taken away",
    ),
    "a library from outside": (
        [
            change(
                "artifact_allowlist",
                "LIBRARY_MAVEN",
                {"/artifact_matchers": [*MATCHERS, {"artifact": "org.open:"}]},
                {"/artifact_matchers": MATCHERS},
            )
        ],
        event("clusterLibraries.installLibraries", params={"cluster_id": "c1", "libraries": MAVEN}),
        {"clusters": [CLUSTER]},
        "the allow list of the metastore does not name it",
    ),
    "a library on a cluster of one's own": (
        [
            change(
                "artifact_allowlist",
                "LIBRARY_MAVEN",
                {"/artifact_matchers": [*MATCHERS, {"artifact": "org.open:"}]},
                {"/artifact_matchers": MATCHERS},
            )
        ],
        event("clusterLibraries.installLibraries", params={"cluster_id": "c1", "libraries": MAVEN}),
        {"clusters": [CLUSTER | {"data_security_mode": "SINGLE_USER"}]},
        "",
    ),
    "a repository that is not on the list": (
        [
            value("workspace_conf", "enableProjectsAllowList", None, "true"),
            value("workspace_conf", "projectsAllowList", None, "https://git.example/acme"),
            value(
                *("workspace_conf", "projectsAllowListPermissions", None),
                "ALLOWLISTED_CLONE_COMMIT_PUSH",
            ),
        ],
        event("repos.createRepo", params={"url": "https://git.example/acme-fork/x"}),
        {},
        "the list of Git repositories does not name it",
    ),
    "a token that an admin makes for another": (
        [value("workspace_setting", "restrict_workspace_admins", None, RESTRICTED)],
        event("accounts.generateDbToken", params={"user": "app-13"}),
        people(admins=("ann",)),
        "admins may not make tokens for others",
    ),
}


@pytest.mark.parametrize(("changes", "of", "kinds", "said"), CASES.values(), ids=CASES)
def test_a_rule_decides(replay, changes, of, kinds, said):
    impact = replay(changes, [of], **kinds)
    sure = [text for _, text in impact.tally.totals]
    doubts = [f"perhaps: {text}" for _, text in impact.tally.doubts]
    assert [*sure, *doubts] == ([said] if said else [])


def test_what_the_plan_alone_does_not_say_is_not_known(replay):
    impact = replay([SHRINK], [event(ME, address="203.0.113.200")])
    assert impact.tally.refused == 0
    assert impact.tally.doubtful == 1
    assert any("give a snapshot" in line for line in impact.unknown)
