from __future__ import annotations

import ipaddress
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from clients.conftest import QUICK
from clients.loopback import ME, TOKEN, Loopback, Reply, error
from lakewarden.clients.databricks import DatabricksHost
from lakewarden.clients.failure import CallFailedError
from lakewarden.errors import AuthenticationFailedError, ConnectionFailedError
from lakewarden.estate.fact import Cause

PATH = "/api/2.0/ip-access-lists"
HTML = Reply(200, "<!doctype html><title>Sign in</title>", {"Content-Type": "text/html"})
BODY = {"ip_access_lists": [{"list_id": "a"}, {"list_id": "b"}]}


@pytest.fixture
def failed(server, connect):
    """Ask a path that answers as told; return the failure and how long it took."""

    def ask(*replies):
        server.answer(PATH, *replies)
        host = connect()
        start = time.monotonic()
        with pytest.raises(CallFailedError) as caught:
            host.get(PATH)
        return caught.value, time.monotonic() - start

    return ask


def test_an_answer_arrives_with_its_parameters(server, connect):
    server.answer(PATH, Reply(body=BODY))
    host = connect()
    assert host.get(PATH, {"page_size": 100}) == BODY
    assert host.get(PATH) == BODY
    assert server.asked[PATH] == 2


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (error(401, "UNAUTHENTICATED"), Cause.UNAUTHENTICATED),
        (error(403, "PERMISSION_DENIED"), Cause.FORBIDDEN),
        (error(404, "RESOURCE_DOES_NOT_EXIST"), Cause.NOT_FOUND),
        (error(404, "FEATURE_DISABLED"), Cause.DISABLED),
        (error(400, "FEATURE_DISABLED"), Cause.DISABLED),
        (error(400, "BAD_REQUEST"), Cause.MALFORMED),
        (error(500, "INTERNAL_ERROR"), Cause.SERVER_ERROR),
        (error(501, "NOT_IMPLEMENTED"), Cause.SERVER_ERROR),
        (Reply(502, "<html>Bad gateway</html>"), Cause.SERVER_ERROR),
        (Reply(403, "<html>blocked</html>", {"Content-Type": "text/html"}), Cause.FORBIDDEN),
        (Reply(500, ""), Cause.SERVER_ERROR),
        (HTML, Cause.MALFORMED),
        (Reply(200, '{"ip_access_lists": [{"list_id": "a"'), Cause.MALFORMED),
        (Reply(200, '"text"'), Cause.MALFORMED),
    ],
    ids=lambda value: f"{value.status}" if isinstance(value, Reply) else None,
)
def test_an_answer_that_is_none_has_its_cause_at_once(failed, server, reply, cause):
    failure, seconds = failed(reply)
    assert failure.cause is cause
    assert seconds < 2
    assert server.asked[PATH] == 1


@pytest.mark.parametrize(
    ("reply", "cause"),
    [
        (error(429, "REQUEST_LIMIT_EXCEEDED", Retry_After="1"), Cause.RATE_LIMITED),
        (error(429, "REQUEST_LIMIT_EXCEEDED", Retry_After="3600"), Cause.RATE_LIMITED),
        (error(503, "TEMPORARILY_UNAVAILABLE"), Cause.SERVER_ERROR),
        (Reply(hang=True), Cause.TIMEOUT),
        (Reply(body=BODY, cut=9), Cause.UNREACHABLE),
    ],
    ids=["429 for ever", "429 for an hour", "503 for ever", "hang", "cut"],
)
def test_patience_ends(failed, reply, cause):
    failure, seconds = failed(reply)
    assert failure.cause is cause
    assert seconds < 2 * QUICK.retry + QUICK.answer + 1


def test_a_host_that_recovers_is_waited_for(server, connect):
    busy = error(503, "TEMPORARILY_UNAVAILABLE", Retry_After="0")
    server.answer(PATH, busy, Reply(body=BODY))
    assert connect().get(PATH) == BODY
    assert server.asked[PATH] == 2


def test_a_read_that_the_host_failed_at_is_tried_again_where_that_is_asked_for(server):
    broken, cut = error(500, "INTERNAL_ERROR"), Reply(200, '{"ip_access_lists": [{"list_id": "a"')
    server.answer(PATH, broken, cut, Reply(body=BODY))
    patience = replace(QUICK, errors=2, retry=10)
    host = DatabricksHost(server.url, patience=patience)
    assert host.get(PATH) == BODY
    server.answer(PATH, broken)
    with pytest.raises(CallFailedError):
        host.send("POST", PATH)
    assert server.asked[PATH] == 4


def test_the_code_and_the_message_of_the_service_are_kept(failed):
    failure, _ = failed(error(400, "BAD_REQUEST", 'Invalid keys: ["enableX"]'))
    assert failure.code == "BAD_REQUEST"
    assert 'Invalid keys: ["enableX"]' in failure.detail


def test_never_set_comes_with_an_etag(failed):
    details = {
        "@type": "type.googleapis.com/google.rpc.ErrorInfo",
        "reason": "SETTING_NOT_FOUND",
        "domain": "settings",
        "metadata": {"etag": "BcMyW9=="},
    }
    body = {"error_code": "NOT_FOUND", "message": "never set", "details": [details]}
    failure, _ = failed(Reply(404, body))
    assert (failure.cause, failure.etag) == (Cause.NOT_FOUND, "BcMyW9==")
    failure, _ = failed(error(404, "NOT_FOUND"))
    assert (failure.cause, failure.etag) == (Cause.NOT_FOUND, "")


def test_a_private_link_redirect_is_a_refusal(failed, server):
    server.answer("/login.html", HTML)
    target = "/login.html?error=private-link-validation-error:2"
    failure, _ = failed(Reply(302, "", {"Location": target}))
    assert failure.cause is Cause.FORBIDDEN
    assert "PrivateLink" in failure.detail


def test_no_secret_is_in_any_text(failed):
    failure, _ = failed(error(403, "PERMISSION_DENIED", f"token {TOKEN} or Bearer x.y.z"))
    for text in (str(failure), repr(failure), failure.detail):
        assert TOKEN not in text
        assert "x.y.z" not in text
    assert failure.__cause__ is None
    assert failure.__suppress_context__


def test_the_workspace_id_is_in_a_header(server, connect):
    server.answer(ME, Reply(body={"id": "1"}, headers={"X-Databricks-Org-Id": "3001"}))
    assert connect().org_id() == "3001"


def test_a_workspace_that_does_not_say_its_id_is_not_guessed(server, connect):
    server.answer(ME, Reply(body={"id": "1"}))
    with pytest.raises(CallFailedError) as caught:
        connect().org_id()
    assert caught.value.cause is Cause.MISSING_FIELD


def test_a_dead_port_fails_in_seconds():
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        start = time.monotonic()
        with pytest.raises(ConnectionFailedError, match=r"cannot be reached.*network") as caught:
            DatabricksHost(f"http://127.0.0.1:{held.getsockname()[1]}", patience=QUICK)
    assert time.monotonic() - start < 3
    assert caught.value.exit_code == 1


def test_a_host_that_never_answers_fails_in_seconds(server, connect):
    server.answer("/.well-known/databricks-config", Reply(hang=True))
    start = time.monotonic()
    with pytest.raises(ConnectionFailedError, match="cannot be reached"):
        connect()
    assert time.monotonic() - start < 3


@pytest.mark.parametrize("url", ["", "http://", "not a url", "http://no such host/"])
def test_what_is_no_address_cannot_be_reached(url):
    with pytest.raises(ConnectionFailedError, match="cannot be reached"):
        DatabricksHost(url, patience=QUICK)


def strange(server, page):
    for path in ("/.well-known/databricks-config", PATH):
        server.answer(path, page)


@pytest.mark.parametrize("page", [HTML, Reply(500, "oops"), Reply(418, "tea")])
def test_a_host_that_is_not_databricks_gives_no_facts(server, connect, page):
    strange(server, page)
    host = connect()
    with pytest.raises(CallFailedError) as caught:
        host.get(PATH)
    assert caught.value.cause in {Cause.MALFORMED, Cause.SERVER_ERROR}


@pytest.mark.parametrize("page", [Reply(200, "[]"), Reply(200, ""), Reply(200, "null")])
def test_a_host_that_says_nothing_has_no_workspace(server, connect, page):
    strange(server, page)
    server.answer(ME, page)
    host = connect()
    assert not host.get(PATH)
    with pytest.raises(CallFailedError) as caught:
        host.org_id()
    assert caught.value.cause is Cause.MISSING_FIELD


def test_no_credentials_are_an_error_with_a_next_step(connect, monkeypatch):
    monkeypatch.delenv("DATABRICKS_TOKEN")
    with pytest.raises(AuthenticationFailedError, match="DATABRICKS_CLIENT_ID"):
        connect()


def test_two_kinds_of_credentials_are_refused_without_quoting_them(connect, monkeypatch):
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "8f3c")
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "dose0123456789abcdef")
    with pytest.raises(AuthenticationFailedError) as caught:
        connect()
    assert TOKEN not in str(caught.value)
    assert "dose" not in str(caught.value)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(here, critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = tmp_path_factory.mktemp("tls") / "host.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return str(file)


@pytest.fixture
def untrusted(certificate):
    host = Loopback(certificate)
    yield host
    host.close()


def test_a_certificate_nobody_trusts_names_the_remedy(untrusted):
    with pytest.raises(ConnectionFailedError, match=r"not trusted.*REQUESTS_CA_BUNDLE"):
        DatabricksHost(untrusted.url, patience=QUICK)


def test_the_remedy_works(untrusted, certificate, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", certificate)
    untrusted.answer(PATH, Reply(body=BODY))
    assert DatabricksHost(untrusted.url, patience=QUICK).get(PATH) == BODY


@pytest.fixture
def machine(server, monkeypatch):
    """A service principal whose secret the host does not like."""
    monkeypatch.delenv("DATABRICKS_TOKEN")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "8f3c")
    monkeypatch.setenv("DATABRICKS_CLIENT_SECRET", "dose0123456789abcdef")
    token = f"{server.url}/oidc/v1/token"
    known = {"oidc_endpoint": f"{server.url}/oidc", "workspace_id": "3001"}
    server.answer("/.well-known/databricks-config", Reply(body=known))
    server.answer(
        "/oidc/.well-known/oauth-authorization-server",
        Reply(body={"authorization_endpoint": token, "token_endpoint": token}),
    )
    server.answer(
        "/oidc/v1/token",
        Reply(
            401, {"error": "invalid_client", "error_description": "Client authentication failed"}
        ),
    )


@pytest.mark.usefixtures("machine")
def test_a_secret_that_is_refused_is_unauthenticated(failed):
    failure, _ = failed(Reply(body=BODY))
    assert failure.cause is Cause.UNAUTHENTICATED
    assert "dose" not in str(failure)


EXPORT = "/api/2.0/workspace/export"


def test_a_429_slows_its_family_down(server, connect):
    busy = error(429, "REQUEST_LIMIT_EXCEEDED", Retry_After="0")
    server.answer(EXPORT, busy, Reply(body=BODY))
    host = connect()
    assert host.get(EXPORT) == BODY
    assert host.throttle.rate("GET", EXPORT).allowed < 50
    assert host.throttle.rate("GET", PATH).allowed == 30


def test_the_time_that_a_host_names_is_waited_for(server):
    busy = error(429, "REQUEST_LIMIT_EXCEEDED", Retry_After="2")
    server.answer(EXPORT, busy, Reply(body=BODY))
    host = DatabricksHost(server.url, patience=replace(QUICK, retry=5))
    start = time.monotonic()
    assert host.get(EXPORT) == BODY
    assert time.monotonic() - start >= 2
    assert server.asked[EXPORT] == 2


def test_a_connection_that_breaks_is_not_taken_for_too_many_requests(server, connect):
    server.answer(EXPORT, Reply(body=BODY, cut=9), Reply(body=BODY))
    host = connect()
    assert host.get(EXPORT) == BODY
    assert host.throttle.rate("GET", EXPORT).allowed == 60
