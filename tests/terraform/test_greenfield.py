from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from lakewarden.cli.terraform import command
from lakewarden.controls.kit.registry import controls
from lakewarden.errors import UsageError
from lakewarden.policyfile.parse import parse
from lakewarden.proofs.facts.accounts import platform, serverless
from lakewarden.proofs.facts.regions import region
from lakewarden.proofs.policies import buckets, endpoints, keys, trust
from lakewarden.proofs.policies.build import merged, policy, tls_only
from lakewarden.proofs.policies.cross_account import Place
from lakewarden.proofs.policies.fence import WaysIn, fenced, immutable
from lakewarden.proofs.policies.guard import proved
from lakewarden.terraform.greenfield.write import GreenfieldOptions, rendered, write_greenfield
from terraform.hcl import META, resources
from terraform.plans import example, judged
from terraform.provider import arguments_of, block, looked_up

OPTIONS = GreenfieldOptions("acme", "us-east-1")
FILES = dict(rendered(OPTIONS))
VALUES = {
    "aws_account": "111122223333",
    "account_id": "01234567-89ab-cdef-0123-456789abcdef",
    "bucket": "acme-bucket",
    "cross_account_role": "arn:aws:iam::111122223333:role/acme-cross-account",
    "data_bucket": "acme-data",
    "endpoint": "vpce-0a",
    "external_id": "3a3a3a3a-0000-4000-8000-00000000c0de",
    "guardian": "arn:aws:iam::111122223333:role/acme-break-glass",
    "keepers": json.dumps(["arn:aws:iam::111122223333:role/terraform"]),
    "readers": json.dumps(["arn:aws:iam::111122223333:role/siem"]),
    "key": "arn:aws:kms:us-east-1:111122223333:key/1",
    "log_delivery_role": "arn:aws:iam::111122223333:role/acme-log-delivery",
    "name": "acme",
    "role": "acme-unity-catalog",
    "root_bucket": "acme-root",
    "security_group": "sg-0a",
    "trail": "acme",
    "unity_catalog_role": "arn:aws:iam::111122223333:role/acme-unity-catalog",
    "vpc": "vpc-0a",
    "writer": "arn:aws:iam::111122223333:role/acme-log-delivery",
}
KEEPERS = json.loads(VALUES["keepers"])
VENDOR = platform("aws")
VIRGINIA = region("us-east-1")
OWN, TENANT, BUCKET = VALUES["aws_account"], VALUES["account_id"], VALUES["bucket"]


def filled(path):
    """Return a template as Terraform would fill it."""
    text = FILES[f"modules/{path}.json"]
    return json.loads(re.sub(r"\$\{(\w+)\}", lambda m: VALUES[m[1]], text))


@pytest.mark.parametrize(
    ("path", "document"),
    [
        (
            "identity/policies/cross-account",
            proved(Place(OWN, "us-east-1", "vpc-0a"), "sg-0a", VENDOR.images),
        ),
        ("identity/policies/trust-cross-account", trust.cross_account(VENDOR, TENANT)),
        ("identity/policies/trust-log-delivery", trust.log_delivery(VENDOR, TENANT)),
        (
            "identity/policies/trust-storage-credential",
            trust.storage_credential(VENDOR, VALUES["external_id"], VALUES["unity_catalog_role"]),
        ),
        (
            "identity/policies/storage-credential",
            buckets.storage_credential(BUCKET, VALUES["unity_catalog_role"], VALUES["key"]),
        ),
        (
            "keys/policies/key-managed-services",
            keys.hardened_managed_services(VENDOR, TENANT, KEEPERS),
        ),
        (
            "keys/policies/key-workspace-storage",
            keys.hardened_workspace_storage(
                VENDOR, TENANT, KEEPERS, VALUES["cross_account_role"], "us-east-1"
            ),
        ),
        (
            "network/policies/endpoint-s3",
            endpoints.s3(VENDOR, VIRGINIA, ["acme-root"], ["acme-data"], OWN),
        ),
        ("network/policies/endpoint-sts", endpoints.hardened_sts(VENDOR, OWN)),
        ("network/policies/endpoint-kinesis", endpoints.kinesis(VENDOR, "us-east-1")),
        (
            "storage/policies/root-bucket",
            merged(buckets.root_bucket(VENDOR, BUCKET, TENANT), policy(tls_only(BUCKET))),
        ),
        (
            "storage/policies/data-bucket",
            fenced(
                BUCKET,
                WaysIn(
                    endpoints=("vpce-0a",),
                    organisation_paths=(serverless().organisation_path,),
                    exempt=(VALUES["guardian"],),
                ),
            ),
        ),
        (
            "logging/policies/audit-bucket",
            merged(
                buckets.log_bucket(BUCKET, VALUES["writer"]),
                immutable(BUCKET, [VALUES["writer"]], [VALUES["guardian"]]),
            ),
        ),
    ],
)
def test_a_template_becomes_the_policy_that_is_proved(path, document):
    wanted = json.loads(json.dumps(document))
    found = filled(path)
    for statement in (*wanted["Statement"], *found["Statement"]):
        if isinstance(statement.get("Principal"), dict):
            listed = statement["Principal"].get("AWS")
            statement["Principal"]["AWS"] = [listed] if isinstance(listed, str) else listed
    assert found == wanted


def test_every_template_is_filled_by_its_module_and_none_is_left_over():
    for module in ("network", "identity", "keys", "storage", "logging"):
        text = "".join(t for p, t in FILES.items() if re.match(rf"modules/{module}/\w+\.tf", p))
        named = {
            match
            for name in re.findall(r'templatefile\("\$\{path\.module\}/policies/([^"]+)"', text)
            for match in (
                [name.replace("${each.key}", use) for use in ("sts", "kinesis")]
                if "each.key" in name
                else [name]
            )
        }
        kept = {p.rpartition("/")[2] for p in FILES if p.startswith(f"modules/{module}/policies/")}
        assert named == kept
        for name in kept:
            for hole in re.findall(r"\$\{(\w+)\}", FILES[f"modules/{module}/policies/{name}"]):
                assert re.search(rf"\b{hole}\s+=", text), f"{module} does not fill {hole}"


@pytest.mark.skipif(shutil.which("terraform") is None, reason="there is no terraform here")
def test_every_file_is_formatted(tmp_path):
    write_greenfield(tmp_path / "out", OPTIONS)
    program = str(shutil.which("terraform"))
    own = {"PATH": os.environ["PATH"]}
    done = subprocess.run(
        [program, "fmt", "-check", "-recursive"],
        cwd=tmp_path / "out",
        env=own,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, b"")


def wrong(body, known, place):
    for name, inner in body.inner.items():
        argument = looked_up(known, name)
        if argument is None:
            yield f"{place}.{name}"
        elif argument.inner:
            yield from wrong(inner, block(argument.inner), f"{place}.{name}")
    for name, argument in known.items():
        written = {id(looked_up(known, own)) for own in body.inner}
        if argument.required and id(argument) not in written:
            yield f"{place} lacks {name}"


WRITTEN = [
    (path, kind, name, body)
    for path, text in FILES.items()
    if path.endswith(".tf")
    for sort, kind, name, body in resources(text)
    if sort == "resource" and kind.startswith("databricks_")
]


@pytest.mark.parametrize(
    ("path", "kind", "name", "body"), WRITTEN, ids=[f"{k}.{n}" for _, k, n, _ in WRITTEN]
)
def test_every_argument_of_the_databricks_half_is_the_providers(path, kind, name, body):
    for meta in META:
        body.inner.pop(meta, None)
    assert not list(wrong(body, arguments_of(kind), f"{path}: {kind}.{name}"))


def test_a_wrong_argument_is_noticed():
    text = 'resource "databricks_budget" "b" {\n  alert_configurations {\n    perod = "M"\n  }\n}\n'
    [(_, kind, _, body)] = resources(text)
    assert any("perod" in found for found in wrong(body, arguments_of(kind), kind))


def policy_of(data):
    text = data["planned_values"]["outputs"]["policy_file"]["value"]
    known = {control.id for control in controls()}
    return parse(text, file="lakewarden.toml", today=date(2026, 1, 1), controls=known)


def test_the_plan_of_the_modules_fails_nothing():
    data = example("greenfield")
    found = judged(data, policy_of(data))
    assert not {key for key, finding in found.items() if finding.verdict.value == "FAIL"}
    passed = {control for (control, _), finding in found.items() if finding.verdict.value == "PASS"}
    assert passed > {
        "cmk-managed-services",
        "cross-account-role-trust",
        "legacy-dbfs-disabled",
        "log-immutable",
        "root-bucket-policy",
        "serverless-egress-restricted",
        "token-use-restricted",
        "user-isolation-enforced",
    }


def test_the_published_plan_is_of_these_modules():
    planned = example("greenfield")["configuration"]["root_module"]["module_calls"]
    for module, call in planned.items():
        text = "\n".join(t for p, t in FILES.items() if re.match(rf"modules/{module}/\w+\.tf", p))
        written = {f"{kind}.{name}" for sort, kind, name, _ in resources(text) if sort != "data"}
        entries = call["module"].get("resources", [])
        told = {f"{r['type']}.{r['name']}" for r in entries if r["mode"] == "managed"}
        assert told == written, f"make the plan anew: {module} changed"


@pytest.mark.parametrize("name", ["eu-north-1", "us-gov-west-1", "mars-1"])
def test_a_region_of_which_too_little_is_known_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match="too little is known"):
        write_greenfield(tmp_path / "out", GreenfieldOptions("acme", name))
    assert not (tmp_path / "out").exists()


def test_what_sources_contradict_each_other_on_is_asked_for():
    text = dict(rendered(GreenfieldOptions("acme", "ap-southeast-3")))["region.tf"]
    assert "default" not in text
    assert "vpce-svc-" in text
    assert "default" in FILES["region.tf"]


def run(*arguments):
    return CliRunner().invoke(command, ["--greenfield", *arguments])


def test_the_command_writes_the_modules_and_overwrites_nothing(tmp_path):
    out = tmp_path / "out"
    asked = ("--out", str(out), "--name", "acme", "--region", "eu-central-1")
    done = run(*asked)
    assert done.exit_code == 0, done.output
    assert f"{len(FILES)} files" in done.output
    assert 'name = "acme"' in (out / "name.auto.tfvars").read_text("utf-8")
    assert "frankfurt" in (out / "modules/network/policies/endpoint-s3.json").read_text("utf-8")
    again = run(*asked)
    assert isinstance(again.exception, UsageError)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--name", "acme"], "in which region"),
        (["--region", "eu-central-1"], "no name"),
        (["--region", "eu-central-1", "--name", "Acme_1"], "'Acme_1'"),
        (["--region", "eu-central-1", "--name", "acme", "--snapshot", "s"], "no snapshot"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path, arguments, said):
    done = run("--out", str(tmp_path / "out"), *arguments)
    assert isinstance(done.exception, UsageError)
    assert said in str(done.exception)
    assert not Path(tmp_path / "out").exists()
