"""Every shape of credential is known by it, and nothing of a value goes any further."""

from __future__ import annotations

import random
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lakewarden.semantics.secret_shapes import (
    REFERENCE,
    SHAPES,
    WITHHELD,
    disclosed,
    shape_of,
    shapes_in_script,
    withhold,
)


def letters(count, alphabet=string.ascii_letters + string.digits):
    """Return letters that nobody ever used for a key."""
    return "".join(random.Random(count).choices(alphabet, k=count))


HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits
FAKES = {
    "a private key": "-----BEGIN RSA " + "PRIVATE KEY-----\n" + letters(20),
    "an AWS access key": "AKIA" + letters(16, UPPER),
    "a Databricks token": "dapi" + letters(32, HEX),
    "a Databricks client secret": "dose" + letters(32, HEX),
    "a GitHub token": "ghp_" + letters(36),
    "a GitLab token": "glpat-" + letters(20),
    "a Slack token": "xoxb-" + letters(24),
    "a Google API key": "AIza" + letters(35),
    "an Azure storage key": "AccountName=x;AccountKey=" + letters(86) + "==",
    "an Azure shared access signature": "https://x.example/c?sv=1&sig=" + letters(43) + "%3D",
    "a JSON web token": ".".join(["eyJ" + letters(20), "eyJ" + letters(30), letters(40)]),
    "a bearer token": "Authorization: Bearer " + letters(22) + "7",
    "an AWS secret key": "AWS_SECRET_ACCESS_KEY=" + letters(40),
    "a password in a URL": "postgresql://app:" + letters(9) + "@db.example:5432/x",
    "a password": "jdbc:mysql://db.example/x?user=app&password=" + letters(9),
}


def test_every_shape_has_a_fake():
    assert FAKES.keys() == SHAPES.keys()


@pytest.mark.parametrize("shape", FAKES)
@pytest.mark.parametrize("around", ["{}", "run --with '{}' now", "x {}"])
def test_a_credential_is_known_by_its_shape(shape, around):
    assert shape_of("spark.anything", around.format(FAKES[shape])) == shape


@pytest.mark.parametrize(
    "name",
    [
        *("fs.s3a.secret.key", "spark.hadoop.javax.jdo.option.ConnectionPassword", "DB_TOKEN"),
        *("AWS_SECRET_ACCESS_KEY", "fs.azure.account.key.acc.dfs.core.windows.net", "password"),
        *("fs.azure.sas.box.acc.blob.core.windows.net", "--api-key", "clientSecret"),
    ],
)
def test_a_literal_under_a_secret_name_is_a_secret(name):
    assert shape_of(name, "Winter-of-21!") == "a secret, by the setting's name"
    assert withhold(name, "{{secrets/warehouse/password}}") == REFERENCE
    assert withhold(name, "$PASSED_IN") == WITHHELD


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fs.s3a.aws.credentials.provider", "com.example.auth.Provider"),
        ("fs.azure.sas.token.provider.type", "com.example.auth.Provider"),
        ("spark.databricks.token.enabled", "true"),
        ("token_lifetime_days", "ninety"),
        ("PASSWORD_FILE", "secrets.txt"),
        ("password", ""),
        ("password", "{{job.parameters.password}}"),
        ("secret_scope", "warehouse"),
        ("AWS_ACCESS_KEY_ID", "none of your business"),
        ("tokenizer", "sentencepiece"),
        ("spark.sql.shuffle.partitions", "64"),
        ("url", "jdbc:mysql://db.example/x?user=app&password={{secrets/warehouse/password}}"),
        ("path", "s3://bucket/access/key"),
        ("ssl.key.password.file", "/etc/keys/password"),
        ("description", "refreshes the token: every week"),
        ("command", "run --with-token=true"),
        ("code", "token=dbutils.secrets.get('lake', 'token')"),
        ("code", "password = os.environ['PASSWORD']"),
        ("example", "password=<yours>"),
        ("header", "Authorization: Bearer $TOKEN"),
        ("header", "Authorization: Bearer {{secrets/lake/token}}"),
        ("note", "ask the bearer internationalisation"),
        ("path", "abfss://container@box.dfs.core.windows.net/x:y@z"),
    ],
)
def test_an_ordinary_value_is_no_secret(name, value):
    assert shape_of(name, value) == ""
    assert disclosed(withhold(name, value)) == ""


@pytest.mark.parametrize(
    "value",
    ['{"password": "Winter-21"}', "user=app;pwd=Winter-21", "token:Winter-21", "x --secret=W21!"],
)
def test_a_password_is_known_wherever_it_is_assigned(value):
    assert shape_of("settings", value) == "a password"


@pytest.mark.parametrize(
    "value", ["redis://:Winter-21@db.example:6379", "jdbc:oracle:thin:app/Winter-21@db.example:x"]
)
def test_a_login_is_known_without_a_name_and_in_the_manner_of_oracle(value):
    assert shape_of("url", value) == "a password in a URL"


def test_a_key_that_begins_like_a_path_is_a_secret():
    key = "/" + letters(39)
    assert shape_of("fs.s3a.secret.key", key) == "a secret, by the setting's name"
    assert shape_of("fs.s3a.secret.key", "/etc/keys/password") == ""


def test_digits_are_a_password_where_a_password_is_asked_for():
    assert shape_of("DB_PASSWORD", "20240115") == "a secret, by the setting's name"
    assert shape_of("DB_PASSWORD", "1") == shape_of("spark.token.refresh", "3600000") == ""


def test_what_is_kept_names_the_shape():
    kept = withhold("x", FAKES["an AWS access key"])
    assert disclosed(kept) == "an AWS access key"
    assert disclosed(WITHHELD) == disclosed(REFERENCE) == disclosed("true") == ""


@settings(deadline=None)
@given(st.text(max_size=30), st.text(min_size=3, max_size=60))
def test_nothing_of_a_value_is_kept(name, value):
    allowed = {WITHHELD, REFERENCE, *(f"[withheld: looks like {shape}]" for shape in SHAPES)}
    allowed.add("[withheld: looks like a secret, by the setting's name]")
    assert withhold(name, value) in allowed


def test_a_script_is_read_line_by_line():
    script = "\n".join(
        [
            "#!/bin/bash",
            f"export AWS_ACCESS_KEY_ID={FAKES['an AWS access key']}",
            "export DB_PASSWORD='Winter-of-21!'",
            "export DB_PASSWORD=$1",
            "export DB_PASSWORD=$(fetch warehouse)",
            f"curl -H 'Authorization: Bearer {FAKES['a Databricks token']}' https://x.example",
            "pip install --index-url {{secrets/packages/index}} thing",
        ]
    )
    found = shapes_in_script(script)
    assert {line: disclosed(kept) for line, kept in found.items()} == {
        "line 2": "an AWS access key",
        "line 3": "a secret, by the setting's name",
        "line 6": "a Databricks token",
    }
