"""What may be read differs: an account alone, a workspace alone, AWS alone, a limited caller."""

from __future__ import annotations


def _by_control(result):
    found = {}
    for finding in result.json["findings"]:
        found.setdefault(finding["control"], set()).add(finding["verdict"])
    return found


def _no_pass_from(result, prefix):
    for finding in result.json["findings"]:
        if finding["verdict"] == "PASS":
            assert not any(e["source"].startswith(prefix) for e in finding["evidence"])


def test_a_workspace_alone(run, world):
    result = run(
        "assess",
        "--format",
        "json",
        "--no-aws",
        world=world("high-security"),
        LAKEWARDEN_ACCOUNT_HOST=None,
        DATABRICKS_ACCOUNT_ID=None,
    )
    verdicts = _by_control(result)
    assert result.code == 4
    assert "PASS" in verdicts["console-notebook-export"]
    assert verdicts["audit-log-delivery"] == {"UNKNOWN"}
    _no_pass_from(result, ("GET /api/2.0/accounts/", "s3:", "iam:"))


def test_an_account_alone(run, world):
    served = world("high-security")
    dead = "3001=http://127.0.0.1:9,3002=http://127.0.0.1:9"
    result = run(
        "assess",
        "--format",
        "json",
        "--no-aws",
        "--posture",
        "high",
        world=served,
        LAKEWARDEN_WORKSPACE_URLS=dead,
        DATABRICKS_HOST=None,
    )
    verdicts = _by_control(result)
    assert result.code == 4
    assert verdicts["private-link-front-end"] == {"PASS"}
    assert verdicts["console-notebook-export"] == {"UNKNOWN"}


def test_aws_alone_says_what_is_missing(run, world):
    served = world("high-security")
    aws = {k: v for k, v in served.environment.items() if k.startswith("AWS_")}
    result = run("assess", "--format", "json", **aws)
    assert result.code == 4
    passed = {f["control"] for f in result.json["findings"] if f["verdict"] == "PASS"}
    assert passed <= {"cloudtrail-enabled"}


def test_without_aws_nothing_of_aws_passes(run, world):
    result = run(
        "assess", "--format", "json", "--no-aws", "--posture", "high", world=world("high-security")
    )
    assert result.code == 4
    _no_pass_from(result, ("s3:", "iam:", "kms:", "ec2:", "cloudtrail:"))


def test_doctor_finds_everything_open(run, world):
    result = run("doctor", "--posture", "high", world=world("high-security"))
    assert result.code == 0, result.out
    assert "closed" not in result.out
    assert '"s3:GetBucketPolicy"' in result.out
    assert "account admin" in result.out


def test_doctor_names_the_missing_grant_and_its_controls(run, world):
    served = world("high-security")
    served.simulation.order(["GET /api/2.0/token-management/tokens=403"])
    try:
        result = run("doctor", world=served)
    finally:
        served.simulation.order([])
    assert result.code == 4
    assert "workspace admin" in result.out
    assert "tokens-expire" in result.out


def test_doctor_sees_what_is_refused_for_single_objects(run, world):
    served = world("high-security")
    served.simulation.order(["AWS s3:GetBucketPolicy=403"])
    try:
        result = run("doctor", "--control", "root-bucket-policy", "--format", "json", world=served)
        collected = run("collect", "--control", "root-bucket-policy", "--out", "s", world=served)
    finally:
        served.simulation.order([])
    assert (result.code, collected.code) == (4, 4)
    assert "partial: aws bucket_policy: " in collected.out
    states = {g["name"]: (g["state"], g["controls"]) for g in result.json["grants"]}
    assert states["s3:GetBucketPolicy"] == ("refused", ["root-bucket-policy"])
    assert states["account admin"][0] == "granted"


def test_the_least_policy_names_what_the_deployment_has(run, world):
    served = world("high-security")
    chosen = ("--control", "root-bucket-policy", "--control", "cloudtrail-enabled")
    least = run("doctor", *chosen, "--format", "json", world=served).json["aws_policy"]
    by_action = {a: s["Resource"] for s in least["Statement"] for a in s["Action"]}
    assert "arn:aws:s3:::hs-research-root" in by_action["s3:GetBucketPolicy"]
    assert by_action["cloudtrail:DescribeTrails"] == ["*"]
    assert "iam:GetRole" not in by_action
