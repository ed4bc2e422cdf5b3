from __future__ import annotations

from datetime import date

import pytest

from lakewarden.errors import PolicyFileError
from lakewarden.policyfile.limits import Posture
from lakewarden.policyfile.parse import parse
from lakewarden.policyfile.policy import Attestation, Policy, Waiver

TODAY = date(2026, 3, 1)
CONTROLS = ("ip-access-lists", "sso-enforced", "tokens-expire")
WAIVER = """
[[waivers]]
control = "ip-access-lists"
subject = "3001"
reason = "migration"
owner = "sec@example.com"
expires = 2026-12-31
"""
ATTESTATION = """
[[attestations]]
control = "sso-enforced"
by = "ciso@example.com"
evidence = "wiki/123"
expires = 2026-12-31
"""


def read(text):
    return parse(text, file="lakewarden.toml", today=TODAY, controls=CONTROLS)


def mistake(text):
    """Return where a file is wrong, what is wrong, and the next step."""
    with pytest.raises(PolicyFileError) as caught:
        read(text)
    error = caught.value
    assert error.where.startswith("lakewarden.toml")
    assert error.next_step
    assert error.exit_code == 2
    assert str(error) == f"{error.where}: {error.what}. {error.next_step}"
    return (
        error.where.removeprefix("lakewarden.toml").removeprefix(": "),
        error.what,
        error.next_step,
    )


def test_an_empty_file_is_the_defaults():
    assert read("") == Policy(source="lakewarden.toml")
    assert read("").posture is Posture.STANDARD
    assert read("").loose() == ()
    assert not read("").trust_empty_answers


def test_everything_that_can_be_said():
    found = read(
        """
        posture = "high"
        [limits]
        token_days = 30
        [access]
        token_principals = ["ci"]
        deploy_principals = ["pipeline"]
        cluster_creators = ["platform"]
        break_glass = ["root@example.com"]
        admin_patterns = ["^adm-"]
        admin_groups = ["admin-accounts"]
        scim_agents = ["Example SCIM"]
        sso_methods = ["SAML"]
        git_hosts = ["https://git.example.com/"]
        [deployment]
        workspace_urls = { "3001" = "https://dbc.example.com" }
        trust_empty_answers = true
        """
        + WAIVER
        + ATTESTATION
    )
    day = date(2026, 12, 31)
    assert found == Policy(
        posture=Posture.HIGH,
        thresholds={"token_days": 30},
        token_principals=("ci",),
        deploy_principals=("pipeline",),
        cluster_creators=("platform",),
        break_glass=("root@example.com",),
        admin_patterns=("^adm-",),
        admin_groups=("admin-accounts",),
        scim_agents=("Example SCIM",),
        sso_methods=("SAML",),
        git_hosts=("https://git.example.com/",),
        waivers=(Waiver("ip-access-lists", "3001", "migration", "sec@example.com", day),),
        attestations=(Attestation("sso-enforced", "ciso@example.com", "wiki/123", day),),
        workspace_urls={"3001": "https://dbc.example.com"},
        trust_empty_answers=True,
        source="lakewarden.toml",
    )


@pytest.mark.parametrize(
    ("text", "place", "name", "meant"),
    [
        ("postur = 'high'", "", "postur", "posture"),
        ("[limit]\ntoken_days = 1", "", "limit", "limits"),
        ("[limits]\ntokens_days = 1", "limits", "tokens_days", "token_days"),
        ("[access]\nbreakglass = []", "access", "breakglass", "break_glass"),
        ("[deployment]\nworkspace_url = {}", "deployment", "workspace_url", "workspace_urls"),
        (WAIVER + "resaon = 'x'", "waivers[1]", "resaon", "reason"),
        (ATTESTATION + "evidnce = 'x'", "attestations[1]", "evidnce", "evidence"),
    ],
)
def test_a_misspelt_name_is_noticed(text, place, name, meant):
    assert mistake(text) == (place, f"unknown name {name!r}", f"Did you mean {meant}?")


def test_a_name_like_no_other_gets_the_list():
    _, _, step = mistake("[deployment]\nxyz = 1")
    assert step == "Use trust_empty_answers, workspace_urls"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("posture = 'paranoid'", "posture"),
        ("posture = 1", "posture"),
        ("posture = ['high']", "posture"),
        ("limits = 5", "limits"),
        ("access = []", "access"),
        ("deployment = 'x'", "deployment"),
        ("waivers = 'x'", "waivers"),
        ("waivers = ['x']", "waivers[1]"),
        ("[waivers]\ncontrol = 'x'", "waivers"),
        ("attestations = [1]", "attestations[1]"),
        ("[limits]\ntoken_days = '90'", "limits.token_days"),
        ("[limits]\ntoken_days = 0", "limits.token_days"),
        ("[limits]\ntoken_days = -1", "limits.token_days"),
        ("[limits]\ntoken_days = 1.5", "limits.token_days"),
        ("[limits]\ntoken_days = true", "limits.token_days"),
        ("[limits]\nevidence_days = 99999999999999", "limits.evidence_days"),
        ("[access]\nbreak_glass = 'root'", "access.break_glass"),
        ("[access]\nbreak_glass = [1]", "access.break_glass"),
        ("[access]\nbreak_glass = ['']", "access.break_glass"),
        ("[deployment]\ntrust_empty_answers = 'yes'", "deployment.trust_empty_answers"),
        ("[deployment]\ntrust_empty_answers = 1", "deployment.trust_empty_answers"),
        ("[deployment]\nworkspace_urls = []", "deployment.workspace_urls"),
        ("[deployment]\nworkspace_urls = { a = 'https://x' }", "deployment.workspace_urls"),
        ("[deployment]\nworkspace_urls = { 1 = 'x.com' }", "deployment.workspace_urls"),
        ("[deployment]\nworkspace_urls = { 1 = 1 }", "deployment.workspace_urls"),
        (WAIVER.replace("2026-12-31", "'2026-12-31'"), "waivers[1].expires"),
        (WAIVER.replace("2026-12-31", "2026-12-31T00:00:00"), "waivers[1].expires"),
        (WAIVER.replace("2026-12-31", "true"), "waivers[1].expires"),
        (WAIVER.replace('"migration"', "7"), "waivers[1].reason"),
        (WAIVER.replace('"migration"', '""'), "waivers[1].reason"),
        (WAIVER.replace('"ip-access-lists"', "[]"), "waivers[1].control"),
        (WAIVER + WAIVER.replace('"3001"', "3001"), "waivers[2].subject"),
        (ATTESTATION.replace('"ciso@example.com"', "''"), "attestations[1].by"),
    ],
)
def test_a_wrong_value_is_named_with_its_place(text, place):
    assert mistake(text)[0] == place


@pytest.mark.parametrize("name", ["control", "subject", "reason", "owner", "expires"])
def test_a_waiver_says_everything(name):
    text = "\n".join(line for line in WAIVER.splitlines() if not line.startswith(name))
    assert mistake(text) == ("waivers[1]", f"has no {name}", f"Add {name} to it")


@pytest.mark.parametrize("name", ["control", "by", "evidence", "expires"])
def test_an_attestation_says_everything(name):
    text = "\n".join(line for line in ATTESTATION.splitlines() if not line.startswith(name))
    assert mistake(text) == ("attestations[1]", f"has no {name}", f"Add {name} to it")


def test_a_waiver_counts_on_its_last_day_and_no_longer():
    assert read(WAIVER.replace("2026-12-31", "2026-03-01")).waivers[0].expires == TODAY
    place, what, step = mistake(WAIVER.replace("2026-12-31", "2026-02-28"))
    assert (place, what) == ("waivers[1].expires", "expired on 2026-02-28")
    assert "Renew" in step


def test_an_attestation_may_have_expired():
    text = ATTESTATION.replace("2026-12-31", "2020-01-01")
    assert read(text).attestations[0].expires.year == 2020


@pytest.mark.parametrize(("text", "name"), [(WAIVER, "waivers"), (ATTESTATION, "attestations")])
def test_a_control_that_does_not_exist_is_noticed(text, name):
    misspelt = text.replace("ip-access-lists", "ip-acces-list").replace("sso-enf", "sso-inf")
    place, what, step = mistake(misspelt)
    assert place == f"{name}[1].control"
    assert what.startswith("no control '")
    assert step.startswith("Did you mean ")
    assert mistake(WAIVER.replace("ip-access-lists", "zzz"))[2] == "See `lakewarden controls`"


@pytest.mark.parametrize(
    "text", ["posture = ", "[limits", "posture = 'high'\nposture = 'high'", "\ufeff", "a = 1 b = 2"]
)
def test_what_is_no_toml_says_where(text):
    place, what, _ = mistake(text)
    assert place == ""
    assert what.startswith("not valid TOML: ")
    assert "line" in what or "end of document" in what or "column" in what


def test_only_the_first_mistake_is_told():
    assert mistake("posture = 1\n[limits]\ntoken_days = 0")[0] == "posture"


@pytest.mark.parametrize(
    ("limits", "notes"),
    [
        ("token_days = 91", ("token_days = 91 (default 90)",)),
        ("token_days = 89", ()),
        ("scim_percent = 94", ("scim_percent = 94 (default 95)",)),
        ("scim_percent = 96", ()),
        ("evidence_days = 29", ("evidence_days = 29 (default 30)",)),
        ("evidence_days = 31", ()),
        ("token_notice_days = 6", ("token_notice_days = 6 (default 7)",)),
        ("token_notice_days = 8", ()),
        (
            "support_hours = 49\naccount_admins = 5",
            ("account_admins = 5 (default 4)", "support_hours = 49 (default 48)"),
        ),
    ],
)
def test_a_loosened_threshold_is_told(limits, notes):
    assert read(f"[limits]\n{limits}").loose() == notes


@pytest.mark.parametrize("patterns", ['["^adm-", "["]', '["adm("]', '["^adm(?!x)"]'])
def test_a_pattern_that_is_none_is_noticed(patterns):
    place, what, hint = mistake(f"[access]\nadmin_patterns = {patterns}")
    assert place == "access.admin_patterns"
    assert "is no regular expression" in what
    assert hint == "Correct it; ^adm- is one"


def test_regulated_workspaces_are_told_by_their_tags():
    found = read('[data]\nregulated_tags = { Data = "regulated" }')
    assert found.regulated_tags == {"Data": "regulated"}


def test_what_is_sensitive_and_who_may_share():
    policy = read(
        """
        [data]
        sensitive_tags = { Sensitivity = "high" }
        sensitive_catalogs = ["pay*"]
        sharing_principals = ["sharing-desk"]
        """
    )
    assert policy.sensitive_tags == {"Sensitivity": "high"}
    assert policy.sensitive_catalogs == ("pay*",)
    assert policy.sharing_principals == ("sharing-desk",)
    assert policy.metastore_admins == ""
    where, what, _ = mistake('[data]\nsensitive_tags = ["high"]')
    assert (where, what) == ("data.sensitive_tags", "is not a table of texts")


def test_who_answers_for_what_and_where_recipients_come_from():
    policy = read(
        """
        [data]
        metastore_admins = "data-admins"
        recipient_addresses = { partner = ["192.0.2.0/24", "2001:db8::1"] }
        secret_owners = { "hr-*" = "hr" }
        default_catalogs = { "*" = "main" }
        """
    )
    assert policy.metastore_admins == "data-admins"
    assert policy.recipient_addresses == {"partner": ("192.0.2.0/24", "2001:db8::1")}
    assert policy.secret_owners == {"hr-*": "hr"}
    assert policy.default_catalogs == {"*": "main"}


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ("metastore_admins = ['a']", "data.metastore_admins"),
        ("recipient_addresses = ['192.0.2.1']", "data.recipient_addresses"),
        ("recipient_addresses = { partner = ['office'] }", "data.recipient_addresses.partner"),
        ("recipient_addresses = { partner = '192.0.2.1' }", "data.recipient_addresses.partner"),
        ("secret_owners = { hr = ['a'] }", "data.secret_owners"),
    ],
)
def test_answers_that_make_no_sense(line, place):
    assert mistake(f"[data]\n{line}")[0] == place
