from __future__ import annotations

import io
import json

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from lakewarden.estate.estate import Estate
from lakewarden.estate.given import given, refused
from lakewarden.ledger.run import TOKENS_SCHEMA
from lakewarden.report.inventory import NEVER, Inventory
from lakewarden.report.inventory_format import schema, write_json, write_table

TOKEN = {
    "token_id": "t1",
    "comment": "upload",
    "creation_time": "1764547200000",
    "expiry_time": 1769731200000,
    "created_by_username": "ann@example.com",
    "owner_id": 7,
    "last_used_day": 1767139200000,
    "scopes": ["sql"],
}
SECRET = {
    "id": "s1",
    "secret_hash": "c0ffee",
    "status": "ACTIVE",
    "create_time": "2025-12-01T00:00:00Z",
}


def inventory(**changes):
    kinds = {
        "tokens": [TOKEN],
        "account_users": [{"id": "7", "userName": "ann@example.com"}],
        "account_service_principals": [
            {"id": "8", "displayName": "etl", "applicationId": "app-8"},
        ],
        "principal_secrets": [{"id": "8", "secrets": [SECRET]}],
    }
    return Inventory(Estate(given(**{**kinds, **changes})))


def drained(found):
    return list(found.tokens()), list(found.secrets()), found.unread


def test_a_token_in_full():
    [row], _, unread = drained(inventory())
    assert (row.workspace, row.workspace_id, row.id) == ("example", "1", "t1")
    assert (row.comment, row.creator, row.owner) == ("upload", "ann@example.com", "ann@example.com")
    assert (row.created, row.age_days) == ("2025-12-01T00:00:00+00:00", 31)
    assert (row.expires, row.last_used) == ("2026-01-30T00:00:00+00:00", "2025-12-31")
    assert row.scopes == ("sql",)
    assert unread == ()


def test_a_secret_in_full():
    _, [row], _ = drained(inventory())
    assert (row.principal, row.principal_id, row.application_id) == ("etl", "8", "app-8")
    assert (row.id, row.created, row.age_days) == ("s1", "2025-12-01T00:00:00+00:00", 31)
    assert (row.expires, row.status) == (NEVER, "ACTIVE")


def test_a_token_that_a_machine_owns_goes_by_its_name():
    [row], _, _ = drained(inventory(tokens=[{**TOKEN, "owner_id": 8}]))
    assert row.owner == "etl"


def test_what_has_no_end_was_never_used_and_may_call_everything():
    plain = {k: v for k, v in TOKEN.items() if k not in {"last_used_day", "scopes"}}
    [row], _, unread = drained(inventory(tokens=[{**plain, "expiry_time": -1}]))
    assert (row.expires, row.last_used, row.scopes) == (NEVER, None, None)
    assert unread == ()


def test_a_field_that_is_missing_is_none_and_named():
    [row], _, unread = drained(inventory(tokens=[{"token_id": "t1", "comment": "upload"}]))
    assert (row.owner, row.created, row.age_days, row.expires) == (None, None, None, None)
    assert all("token t1 of workspace 1" in line for line in unread)
    assert {field for field in ("owner_id", "creation_time", "expiry_time") if field in str(unread)}


@pytest.mark.parametrize(
    "kind", ["tokens", "account_users", "account_service_principals", "principal_secrets"]
)
def test_a_list_that_was_refused_is_named(kind):
    *_, unread = drained(inventory(**{kind: refused()}))
    assert any("forbidden" in line for line in unread)


def test_an_owner_without_a_name_goes_by_its_id():
    [row], _, _ = drained(inventory(account_users=refused()))
    assert row.owner == "7"


def written(write, found):
    stream = io.StringIO()
    write(found, stream)
    return stream.getvalue()


@pytest.mark.parametrize("changes", [{}, {"tokens": []}, {"tokens": refused()}])
def test_the_json_meets_the_schema(changes):
    Draft202012Validator.check_schema(schema())
    document = json.loads(written(write_json, inventory(**changes)))
    validator = Draft202012Validator(schema(), format_checker=FormatChecker())
    assert [error.message for error in validator.iter_errors(document)] == []
    assert document["schema"] == TOKENS_SCHEMA
    assert bool(document["unread"]) is bool(changes.get("tokens"))


@pytest.mark.parametrize("write", [write_json, write_table])
def test_no_hash_of_a_secret_is_written(write):
    assert "c0ffee" not in written(write, inventory())


def test_the_table_says_it_for_people():
    said = written(write_table, inventory(principal_secrets=refused()))
    assert "Personal access tokens: 1" in said
    assert "2026-01-30" in said
    assert "OAuth secrets: 0" in said
    assert "Not read: service principal 8: " in said


def test_a_comment_cannot_act_on_the_terminal():
    hostile = {**TOKEN, "comment": "\x1b[2Jgone"}
    assert "\x1b" not in written(write_table, inventory(tokens=[hostile]))
