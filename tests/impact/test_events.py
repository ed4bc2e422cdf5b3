"""Events in both their forms, and with the oddities that real logs have."""

from __future__ import annotations

import json

import pytest

from lakewarden.impact.event import parse

DELIVERED = {
    "timestamp": 1_767_261_600_000,
    "workspaceId": "1",
    "sourceIPAddress": "203.0.113.7",
    "userAgent": "Mozilla/5.0",
    "userIdentity": {"email": "a@example.com"},
    "serviceName": "clusters",
    "actionName": "create",
    "requestId": "r",
    "requestParams": {"num_workers": "2", "note": None},
    "response": {"statusCode": 200},
    "accountId": "acc",
}
EXPORTED = {
    "event_time": "2026-01-01T10:00:00Z",
    "workspace_id": 1,
    "source_ip_address": "203.0.113.7",
    "user_agent": "Mozilla/5.0",
    "user_identity": '{"email": "a@example.com"}',
    "service_name": "clusters",
    "action_name": "create",
    "request_id": "r",
    "request_params": '{"num_workers": "2"}',
    "response": '{"status_code": "200"}',
    "account_id": "acc",
}


def test_both_forms_are_one_event():
    one, other = parse(json.dumps(DELIVERED)), parse(json.dumps(EXPORTED))
    for name in one.__slots__:
        assert getattr(one, name) == getattr(other, name), name
    assert one.scope == "workspace/1"
    assert one.by_browser
    assert not one.refused


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("198.51.100.4:443", "198.51.100.4"),
        ("2001:db8::1", "2001:db8::1"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("0.0.0.0", ""),
        ("127.0.0.1", ""),
        ("", ""),
        ("nowhere", ""),
    ],
)
def test_an_address_is_what_it_is_without_its_port(written, address):
    assert parse(json.dumps(DELIVERED | {"sourceIPAddress": written})).address == address


@pytest.mark.parametrize(
    ("response", "refused"),
    [({"statusCode": 403}, True), ({"statusCode": 1}, False), (None, False), ({}, False)],
)
def test_what_was_refused_says_so(response, refused):
    assert parse(json.dumps(DELIVERED | {"response": response})).refused is refused


def test_an_event_of_the_account_has_its_scope():
    assert parse(json.dumps(DELIVERED | {"workspaceId": "0"})).scope == "account"
