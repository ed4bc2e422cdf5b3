"""`[[sinks]]` of the policy file: what stands there is read, and every mistake is one error."""

from __future__ import annotations

from datetime import date

import pytest

from lakewarden.errors import PolicyFileError
from lakewarden.policyfile.parse import parse
from lakewarden.policyfile.sinks import SinkTable


def read(text):
    return parse(text, file="lakewarden.toml", today=date(2026, 11, 27), controls=[])


def test_every_type_is_read():
    policy = read("""
        [[sinks]]
        name = "soc"
        type = "slack"
        severity = "high"
        rules = ["login.*", "aws_*"]
        url_env = "SLACK_URL"

        [[sinks]]
        name = "siem"
        type = "webhook"
        url = "https://siem.example.com/in"
        secret_env = "SIEM_KEY"
        format = "ocsf"
        grown = true

        [[sinks]]
        name = "file"
        type = "jsonl"
        file = "/var/log/lakewarden.jsonl"

        [[sinks]]
        name = "topic"
        type = "sns"
        topic = "arn:aws:sns:eu-west-1:123456789012:alerts"

        [[sinks]]
        name = "mail"
        type = "mail"
        host = "mail.example.com"
        from = "lakewarden@example.com"
        to = ["soc@example.com"]
        user = "lakewarden"
        password_env = "MAIL_PASSWORD"

        [[sinks]]
        name = "here"
        type = "terminal"
    """)
    assert [sink.type for sink in policy.sinks] == [
        *("slack", "webhook", "jsonl", "sns", "mail", "terminal")
    ]
    assert policy.sinks[0] == SinkTable(
        "soc", "slack", "high", ("login.*", "aws_*"), options={"url_env": "SLACK_URL"}
    )
    assert policy.sinks[1].grown
    assert policy.sinks[5] == SinkTable("here", "terminal")
    assert read("").sinks == ()


MAIL = 'name = "m"\ntype = "mail"\nhost = "h"\nfrom = "a@b.c"\nto = ["a@b.c"]\n'
HOOK = 'name = "w"\ntype = "webhook"\n'


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('type = "pager"', "sinks[1].type: 'pager' is no type of sink. Use terminal, jsonl"),
        ("type = [1]", "sinks[1].type: [1] is no type of sink"),
        ('type = "terminal"', "sinks[1]: has no name"),
        ('name = "a b"\ntype = "terminal"', "sinks[1].name: 'a b' is no name"),
        ('name = "s"\ntype = "slack"', "sinks[1]: has no url_env"),
        ('name = "s"\ntype = "slack"\nurl = "x"', "unknown name 'url' for a sink of type slack"),
        (
            'name = "s"\ntype = "slack"\nurl_env = "A"\nseverty = "low"',
            "Did you mean severity?",
        ),
        (HOOK, "sinks[1]: says not once where it is"),
        (HOOK + 'url = "https://a"\nurl_env = "B"', "sinks[1]: says not once where it is"),
        (HOOK + 'url = "ftp://a/b"', "sinks[1].url: is not what belongs here"),
        (HOOK + 'url_env = "A"\nformat = "cef"', "sinks[1].format: 'cef' is none of them"),
        (HOOK + 'url_env = "A"\nrules = "x"', "sinks[1].rules: is no list of patterns"),
        (HOOK + 'url_env = "A"\ngrown = 1', "sinks[1].grown: 1 is not true or false"),
        (HOOK + 'url_env = "A"\nseverity = "bad"', "sinks[1].severity: 'bad' is none of them"),
        ('name = "t"\ntype = "sns"\ntopic = "alerts"', "sinks[1].topic: 'alerts' is no ARN"),
        ('name = "f"\ntype = "jsonl"\nfile = ["a"]', "sinks[1].file: ['a'] is no text"),
        (MAIL.replace('["a@b.c"]', '["a"]'), "sinks[1].to: 'a' is no address of mail"),
        (MAIL.replace('["a@b.c"]', "[]"), "sinks[1].to: is no list of address of mails"),
        (MAIL.replace('"a@b.c"\n', '"a@b.c\\nBcc: x"\n', 1), "sinks[1].from: "),
        (MAIL + "port = 70000", "sinks[1].port: 70000 is no port"),
        (MAIL + 'password_env = "P"', "sinks[1]: has a password and no user"),
        (
            MAIL + 'user = "u"\npassword_env = "P"\ntls = "none"',
            "sinks[1].tls: would send a password in the clear",
        ),
    ],
)
def test_a_mistake_names_its_place(table, said):
    with pytest.raises(PolicyFileError) as raised:
        read(f"[[sinks]]\n{table}")
    assert said in str(raised.value)
    assert str(raised.value).startswith("lakewarden.toml: sinks[1]")


@pytest.mark.parametrize(
    "line",
    [
        'url_env = "https://hooks.slack.com/services/T0/B0/4711"',
        'url = "https://ann:4711@example.com/"',
        'url = "https://example.com/?token=4711"',
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(line):
    with pytest.raises(PolicyFileError, match="is not what belongs here") as raised:
        read(f"[[sinks]]\n{HOOK}{line}")
    assert "4711" not in str(raised.value)


def test_two_sinks_cannot_have_one_name():
    table = '[[sinks]]\nname = "a"\ntype = "terminal"\n'
    with pytest.raises(PolicyFileError, match=r"sinks\[2\].name: 'a' is there twice"):
        read(table * 2)


@pytest.mark.parametrize("text", ["sinks = 1", "[sinks]\na = 1", "sinks = [1]"])
def test_what_is_no_list_of_tables_is_a_mistake(text):
    with pytest.raises(PolicyFileError, match=r"Write each as \[\[sinks\]\]"):
        read(text)
