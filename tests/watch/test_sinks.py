"""What sinks say of an alert, whoever wrote into it, and that servers take it."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import subprocess
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import boto3
import pytest

from lakewarden.errors import ConnectionFailedError, LakewardenError, UsageError
from lakewarden.events.catalog import load
from lakewarden.ledger.finding import Severity
from lakewarden.policyfile.sinks import SinkTable
from lakewarden.watch.sinks import mail, ocsf, slack
from lakewarden.watch.sinks.sink import Means
from lakewarden.watch.sinks.story import story_of
from lakewarden.watch.sinks.telling import sink_of
from motos import moto_server
from watch.listeners import Post, Web, served
from watch.notices import ALERT, ODD, RULES, notice

SECRET = {"HOOK": "", "KEY": "k3y", "PASSWORD": "open sesame"}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def web():
    server = Web()
    yield server
    server.close()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate of localhost with its key, in one PEM file."""
    folder = tmp_path_factory.mktemp("certificate")
    made, key = folder / "made.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-keyout", key, "-out", made, "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost"),
        ],
        check=True,
        capture_output=True,
    )
    made.write_text(made.read_text() + key.read_text())
    return str(made)


def sink(kind, options, **environment):
    means = Means({**SECRET, **environment}, io.StringIO(), io.StringIO())
    return sink_of(SinkTable("it", kind, options=options), means), means


def test_a_story_has_all_that_somebody_needs_to_act():
    text = story_of(notice()).text
    for part in (
        "[high] Two logins of one person too far apart for the time between them: ann@example.com",
        "Alert    00aa11bb22cc33dd",
        "Rule     login.impossible_travel",
        "2025-11-27T21:00:01.000Z to 2025-11-27T21:01:00.000Z",
        "2025-11-27T21:00:01.000Z accounts.login ann@example.com from 198.51.100.7 in 1001: 200",
        "2025-11-27T21:01:00.000Z event e2",
        "and 1 more",
        "What it means: Nobody travels so fast",
        "When it means nothing: A VPN or a private relay that is switched on or off.",
        "Do: Ask the person which of the two places is theirs.",
        "Runbook: break-glass/deactivate-user",
        "lakewarden watch alerts ack 00aa11bb22cc33dd --reason",
    ):
        assert part in text


def test_a_story_says_what_is_new_of_an_alert_that_was_told_before():
    assert story_of(notice(before=Severity.LOW)).heading.startswith("[high, was low]")
    assert story_of(notice(before=Severity.HIGH)).heading.startswith("[high, more of it]")


def test_a_story_of_a_rule_that_is_gone_is_told_all_the_same():
    story = story_of(notice(replace(ALERT, rule="own.gone", unconfirmed="nobody saw it")))
    assert story.advice == (("Not certain", "nobody saw it"),)


def test_what_an_attacker_wrote_acts_on_no_terminal():
    row = {**ALERT.evidence[0], "actor": ODD}
    story = story_of(notice(replace(ALERT, entity=ODD, evidence=(row,))))
    assert "\x1b" not in story.text
    assert "\u202e" not in story.text
    assert "\\u001b[2J" in story.heading
    assert not any("\n" in line or "\r" in line for line in (story.heading, *story.events))


def test_slack_is_told_in_plain_text_and_within_its_limits():
    odd = replace(ALERT, entity=ODD, title="t" * 400, evidence=(dict(ALERT.evidence[0]),) * 60)
    said = slack.message(story_of(notice(odd)))
    assert "<" not in said["text"]
    assert len(said["blocks"]) <= 50
    assert len(said["blocks"][0]["text"]["text"]) <= 150
    assert len(said["blocks"][1]["fields"]) <= 10
    assert "mrkdwn" not in json.dumps(said)
    assert all(len(text) <= 3000 for text in texts(said["blocks"]))


def texts(part):
    if isinstance(part, dict):
        part = [value for key, value in part.items() if key != "type"]
    if isinstance(part, list):
        return [text for each in part for text in texts(each)]
    return [part] if isinstance(part, str) else []


def test_no_header_of_mail_can_be_written_by_an_attacker():
    found = mail.message(notice(replace(ALERT, entity=ODD)), "soc@example.com", ["a@example.com"])
    read = message_from_bytes(bytes(found), policy=default)
    assert set(read.keys()) == {
        *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted"),
        *("MIME-Version", "Content-Type"),
    }
    assert read["To"] == "a@example.com"
    assert "eve@example.com" in read["Subject"]
    page = read.get_body(("html",)).get_content()
    assert "<!channel>" not in page
    assert "&lt;!channel&gt; \\u001b[2J\\u202e &lt;b&gt;&amp;amp;" in page


def test_every_rule_makes_a_detection_finding():
    """The attributes are those that OCSF 1.5.0 requires of class 2004 with the profile `cloud`."""
    known = load("attack")["techniques"]
    for rule in RULES.values():
        alert = replace(ALERT, rule=rule.id, severity=rule.severity)
        found = ocsf.finding(notice(alert))
        assert found.keys() >= {
            *("activity_id", "category_uid", "class_uid", "cloud", "finding_info", "metadata"),
            *("severity_id", "time", "type_uid"),
        }
        assert (found["class_uid"], found["category_uid"], found["type_uid"]) == (2004, 2, 200401)
        assert found["severity_id"] == 2 + alert.severity.rank
        assert found["metadata"]["version"] == "1.5.0"
        assert found["cloud"]["provider"] == "AWS"
        for attack in found["finding_info"]["attacks"]:
            assert attack.get("sub_technique", attack["technique"])["uid"] in known
        assert all({"actor", "api", "data"} & row.keys() for row in found["evidences"])


def test_an_alert_that_got_worse_updates_its_finding():
    found = ocsf.finding(notice(before=Severity.LOW))
    assert (found["activity_id"], found["type_uid"]) == (2, 200402)


@pytest.mark.parametrize("form", ["lakewarden", "ocsf"])
def test_lines_are_added_to_a_file_of_ones_own(tmp_path, form):
    file = tmp_path / "new" / "alerts.jsonl"
    lines, _ = sink("jsonl", {"file": str(file), "format": form})
    lines.tell(notice())
    lines.tell(notice(replace(ALERT, entity=ODD)))
    read = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert [each.get("entity", each.get("message", "")[-len(ODD) :]) for each in read][1] == ODD
    assert file.stat().st_mode & 0o777 == 0o600


def test_lines_and_stories_go_to_their_own_streams():
    lines, means = sink("jsonl", {"file": "-"})
    lines.tell(notice())
    assert json.loads(means.out.getvalue())["id"] == ALERT.id
    terminal, means = sink("terminal", {})
    terminal.tell(notice())
    assert (means.out.getvalue(), "[high]" in means.err.getvalue()) == ("", True)


def test_a_webhook_shows_who_sent_it(web):
    hook, _ = sink("webhook", {"url_env": "HOOK", "secret_env": "KEY"}, HOOK=web.url)
    hook.tell(notice())
    ((_, path, headers, body),) = web.got
    seconds, digest = (p.partition("=")[2] for p in headers["Lakewarden-Signature"].split(","))
    made = hmac.new(b"k3y", f"{seconds}.".encode() + body, hashlib.sha256)
    assert hmac.compare_digest(digest, made.hexdigest())
    assert path == "/hook/token-4711"
    assert headers["Lakewarden-Delivery"] == "00aa11bb22cc33dd-high-3"
    assert json.loads(body)["evidence"][0]["ts"] == "2025-11-27T21:00:01.000Z"


def test_a_server_that_is_busy_is_asked_again_and_not_waited_for_long(web, monkeypatch):
    monkeypatch.setattr("lakewarden.clients.webhook._LONGEST_PAUSE", 0.05)
    web.statuses, web.headers = [429, 503], {"Retry-After": "3600"}
    hook, _ = sink("webhook", {"url": web.url})
    hook.tell(notice())
    assert [status for status, *_ in web.got] == [429, 503, 200]


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        ([400], LakewardenError),
        ([404], ConnectionFailedError),
        ([302], ConnectionFailedError),
        ([500] * 4, ConnectionFailedError),
    ],
)
def test_an_answer_that_is_no_yes_is_an_error_without_the_path(web, statuses, kind):
    web.statuses, web.headers = list(statuses), {"Retry-After": "0", "Location": "/elsewhere"}
    channel, _ = sink("slack", {"url_env": "HOOK"}, HOOK=web.url)
    with pytest.raises(LakewardenError) as raised:
        channel.tell(notice())
    assert type(raised.value) is kind
    assert "4711" not in str(raised.value)
    assert f"answers with status {statuses[-1]}" in str(raised.value)
    assert len(web.got) == len(statuses)


def test_a_redirect_that_leads_nowhere_is_no_yes(web):
    web.statuses = [302]
    hook, _ = sink("webhook", {"url": web.url})
    with pytest.raises(ConnectionFailedError, match="answers with status 302"):
        hook.tell(notice())


def test_a_server_that_is_not_there_is_an_error_without_the_path(web):
    web.close()
    channel, _ = sink("slack", {"url_env": "HOOK"}, HOOK=web.url)
    with pytest.raises(ConnectionFailedError, match="cannot be reached") as raised:
        channel.tell(notice())
    assert "4711" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("url", ["http://h:99999/x", "http://é..é/x", "http://a b/x"])
def test_a_host_that_can_be_none_is_an_error(url):
    channel, _ = sink("slack", {"url_env": "HOOK"}, HOOK=url)
    with pytest.raises(ConnectionFailedError, match="cannot be reached"):
        channel.tell(notice())


@pytest.mark.parametrize("url", ["ftp://example.com/x", "file:///etc/passwd", "https://", "x"])
def test_only_web_servers_are_told(url):
    channel, _ = sink("slack", {"url_env": "HOOK"}, HOOK=url)
    with pytest.raises(UsageError, match="is no http or https URL"):
        channel.tell(notice())


def test_a_secret_that_is_not_set_is_named_by_its_variable():
    with pytest.raises(UsageError, match="environment variable HOOK is not set"):
        sink("slack", {"url_env": "HOOK"})


def test_mail_goes_out_encrypted_and_signed_in(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with served(Post(certificate)) as server:
        box, _ = sink("mail", options(server))
        box.tell(notice())
    ((secure, recipients, data),) = server.mails
    assert (secure, len(recipients)) == (True, 2)
    assert server.signed_in == [("ann", True)]
    read = message_from_bytes(data, policy=default)
    assert read["Auto-Submitted"] == "auto-generated"
    assert "Runbook: break-glass/deactivate-user" in read.get_body(("plain",)).get_content()


def options(server):
    return {
        "host": "localhost",
        "port": server.port,
        "from": "soc@example.com",
        "to": ["a@example.com", "b@example.com"],
        "user": "ann",
        "password_env": "PASSWORD",
    }


def test_no_password_goes_to_a_server_that_is_not_trusted(certificate, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with served(Post(certificate)) as server:
        box, _ = sink("mail", options(server))
        with pytest.raises(ConnectionFailedError, match="is not trusted"):
            box.tell(notice())
    assert (server.mails, server.signed_in) == ([], [])


def test_mail_that_cannot_be_handed_over_is_an_error_without_the_password(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with served(Post(certificate, refuse=("a@", "b@"))) as server:
        box, _ = sink("mail", options(server))
        with pytest.raises(LakewardenError, match="refuses the message") as raised:
            box.tell(notice())
        assert not isinstance(raised.value, ConnectionFailedError)
        box, _ = sink("mail", options(server), PASSWORD="wrong key")
        with pytest.raises(ConnectionFailedError, match="does not let the user in") as raised:
            box.tell(notice())
    assert "wrong key" not in str(raised.value)
    with pytest.raises(ConnectionFailedError, match="takes no mail"):
        box.tell(notice())


def test_recipients_that_are_refused_are_named(certificate, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    with served(Post(certificate, refuse=("b@",))) as server:
        box, _ = sink("mail", options(server))
        with pytest.raises(LakewardenError, match=r"refuses the message for b@example\.com"):
            box.tell(notice())


@pytest.fixture(scope="module")
def aws():
    with moto_server() as address:
        yield address


@pytest.mark.parametrize("suffix", ["", ".fifo"])
def test_a_topic_gets_json_for_programs_and_what_to_filter_by(aws, monkeypatch, suffix):
    for name, value in {
        "AWS_ENDPOINT_URL": aws,
        "AWS_ACCESS_KEY_ID": "k",
        "AWS_SECRET_ACCESS_KEY": "s",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    fifo = {"FifoTopic": "true"} if suffix else {}
    sns, sqs = (boto3.client(name, region_name="eu-west-1") for name in ("sns", "sqs"))
    arn = sns.create_topic(Name=f"alerts{suffix}", Attributes=fifo)["TopicArn"]
    queue = sqs.create_queue(
        QueueName=f"alerts{suffix}", Attributes={"FifoQueue": "true"} if suffix else {}
    )["QueueUrl"]
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:eu-west-1:123456789012:alerts{suffix}",
        Attributes={"FilterPolicy": '{"severity": ["high"]}'},
    )
    topic, _ = sink("sns", {"topic": arn})
    topic.tell(notice(replace(ALERT, entity=ODD + "ä" * 200)))
    topic.tell(notice(replace(ALERT, severity=Severity.LOW)))
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    (envelope,) = [json.loads(each["Body"]) for each in got]
    assert json.loads(envelope["Message"])["id"] == ALERT.id
    assert len(envelope["Subject"]) < 100
    assert envelope["Subject"].isascii()
    assert envelope["Subject"].isprintable()


def test_a_topic_that_is_not_there_is_an_error(aws, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "k")
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws)
    topic, _ = sink("sns", {"topic": "arn:aws:sns:eu-west-1:123456789012:gone"})
    with pytest.raises(ConnectionFailedError, match="cannot be published to"):
        topic.tell(notice())
