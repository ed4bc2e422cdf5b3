from __future__ import annotations

import pytest

from collect.stubs import DENIED, ROOT, StubHost, collected
from lakewarden.clients.failure import CallFailedError
from lakewarden.estate.fact import Cause
from lakewarden.estate.given import given, refused
from lakewarden.estate.machines import (
    CUSTOM_APPS,
    PRINCIPAL_FEDERATION,
    PRINCIPAL_SECRETS,
    PUBLISHED_APPS,
)
from lakewarden.estate.record import pack

TWO = given(account_service_principals=[{"id": "1"}, {"id": "2"}])
SECRET = {
    "id": "s",
    "secret_hash": "c0ffee",
    "status": "ACTIVE",
    "create_time": "2026-01-01T00:00:00Z",
    "expire_time": "2026-04-01T00:00:00Z",
}


def secrets_at(principal):
    return f"{ROOT}/servicePrincipals/{principal}/credentials/secrets"


def policies_at(principal):
    return f"{ROOT}/servicePrincipals/{principal}/federationPolicies"


def test_every_principal_is_asked_and_every_page_read():
    def pages(query):
        if "page_token" in query:
            return {"secrets": [{**SECRET, "id": "t"}]}
        return {"secrets": [SECRET], "next_page_token": "more"}

    host = StubHost({secrets_at(1): pages, secrets_at(2): {"secrets": []}})
    found = collected(PRINCIPAL_SECRETS, host, before=TWO)
    assert [secret.id for secret in found["1"].secrets.get()] == ["s", "t"]
    assert found["2"].secrets.get() == ()


def test_no_hash_is_kept():
    host = StubHost({secrets_at(1): {"secrets": [SECRET]}, secrets_at(2): {"secrets": []}})
    found = collected(PRINCIPAL_SECRETS, host, before=TWO)
    assert found["1"].secrets.get()[0].expire_time == "2026-04-01T00:00:00Z"
    assert "c0ffee" not in str(pack(found["1"]))


def test_a_principal_that_fails_leaves_the_others_whole():
    host = StubHost({secrets_at(1): DENIED, secrets_at(2): {"secrets": [SECRET]}})
    found = collected(PRINCIPAL_SECRETS, host, before=TWO)
    assert found["1"].secrets.gap.cause is Cause.FORBIDDEN
    assert len(found["2"].secrets.get()) == 1


@pytest.mark.parametrize("answer", [{}, {"secrets": {}}, [], {"secrets": [{"id": "s"}]}])
def test_an_answer_without_its_list_is_not_an_empty_one(answer):
    host = StubHost({secrets_at(1): answer, secrets_at(2): {"secrets": []}})
    found = collected(PRINCIPAL_SECRETS, host, before=TWO)
    assert found["1"].secrets.gap is not None


def test_an_incomplete_list_of_principals_is_passed_on():
    before = given(account_service_principals=refused())
    with pytest.raises(CallFailedError):
        collected(PRINCIPAL_SECRETS, StubHost(), before=before)


def test_federation_policies_of_a_principal():
    policy = {"name": "p", "uid": "u", "oidc_policy": {"issuer": "https://i", "subject": "main"}}
    host = StubHost({policies_at(1): {"policies": [policy]}, policies_at(2): {"policies": []}})
    found = collected(PRINCIPAL_FEDERATION, host, before=TWO)
    assert found["1"].policies.get()[0].oidc_policy.issuer == "https://i"
    assert found["2"].policies.get() == ()


def test_apps_with_and_without_lifetimes():
    own = {
        "integration_id": "a",
        "name": "own",
        "redirect_urls": ["https://own.example.com"],
        "token_access_policy": {"access_token_ttl_in_minutes": 60},
    }
    host = StubHost(
        {
            f"{ROOT}/oauth2/custom-app-integrations": {"apps": [own]},
            f"{ROOT}/oauth2/published-app-integrations": {
                "apps": [{"integration_id": "b", "name": "partner"}]
            },
        }
    )
    custom = collected(CUSTOM_APPS, host)["a"]
    assert custom.access_minutes.get() == 60
    assert custom.redirects.get() == ("https://own.example.com",)
    assert custom.refresh_minutes.gap.cause is Cause.MISSING_FIELD
    assert collected(PUBLISHED_APPS, host)["b"].access_minutes.gap is not None
