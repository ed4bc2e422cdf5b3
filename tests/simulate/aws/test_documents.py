"""Policy documents and the blanks in them."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from lakewarden.simulate.aws.documents import document, fill

NAMES = {"account_id": "dbx-1", "aws_account": "123456789012", "region": "us-east-1"}


def test_json_text_and_tables_come_out_as_json() -> None:
    statement = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    assert json.loads(document(json.dumps(policy), NAMES)) == policy
    assert json.loads(document(policy, NAMES)) == policy


def test_a_file_is_filled_from_the_table_and_from_what_is_known() -> None:
    table = {"document": "root-bucket", "bucket": "${bucket.b}"}
    policy = json.loads(document(table, NAMES | {"bucket.b": "real-name"}))
    allow = policy["Statement"][0]
    assert allow["Resource"] == ["arn:aws:s3:::real-name", "arn:aws:s3:::real-name/*"]
    assert allow["Condition"]["StringEquals"]["aws:PrincipalTag/DatabricksAccountId"] == "dbx-1"


def test_what_iam_replaces_itself_stays() -> None:
    assert fill("${aws:username}/${account_id}", NAMES) == "${aws:username}/dbx-1"


def test_unknown_names_and_files_are_errors() -> None:
    with pytest.raises(KeyError, match="bucket"):
        document({"document": "root-bucket"}, NAMES)
    with pytest.raises(FileNotFoundError):
        document({"document": "no-such-policy"}, NAMES)


def test_every_file_is_a_policy_of_allows_and_denies() -> None:
    folder = files("lakewarden.simulate.aws").joinpath("policies")
    texts = [file.read_text("utf-8") for file in folder.iterdir()]
    assert len(texts) > 20
    for text in texts:
        policy = json.loads(text)
        assert policy["Version"] == "2012-10-17"
        assert {statement["Effect"] for statement in policy["Statement"]} <= {"Allow", "Deny"}
