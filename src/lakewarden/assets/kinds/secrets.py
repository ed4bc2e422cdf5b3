"""Secret scopes, the secrets in them and who may use them (`/api/2.0/secrets`)."""

from __future__ import annotations

from typing import Final

from lakewarden.assets.kind import Call, Content, Json, Kind, Listing


def _inside(name: str) -> Listing:
    path = {"secrets": "/api/2.0/secrets/list", "items": "/api/2.0/secrets/acls/list"}[name]
    return Listing(path, name, query={"scope": "{key}"})


def _scope(key: str) -> str:
    return key.partition("/")[0]


def _of(raw: Json, scope: str, name: str) -> str:
    return f"{scope}/{raw[name]}"


KINDS: Final = (
    Kind(
        name="secret_scope",
        title="secret scopes",
        listing=Listing("/api/2.0/secrets/scopes/list", "scopes"),
        key="name",
        create=Call(
            "POST", "/api/2.0/secrets/scopes/create", lambda spec, _: {"scope": spec["name"]}
        ),
        delete=Call(
            "POST", "/api/2.0/secrets/scopes/delete", lambda spec, _: {"scope": spec["name"]}
        ),
        skips=lambda raw: (
            "" if raw.get("backend_type", "DATABRICKS") == "DATABRICKS" else "it is kept elsewhere"
        ),
        limits="whoever makes a scope may manage it: a grant that was not there is taken back",
    ),
    Kind(
        name="secret",
        title="secrets",
        listing=_inside("secrets"),
        parent="secret_scope",
        key_of=lambda raw, scope: _of(raw, scope, "key"),
        keeps=("key",),
        content=Content("secret"),
        stamp=("last_updated_timestamp",),
        beside=True,
        create=Call(
            "POST",
            "/api/2.0/secrets/put",
            lambda spec, key: {"scope": _scope(key), "key": spec["key"]},
        ),
        update=Call(
            "POST",
            "/api/2.0/secrets/put",
            lambda spec, key: {"scope": _scope(key), "key": spec["key"]},
        ),
        delete=Call(
            "POST",
            "/api/2.0/secrets/delete",
            lambda spec, key: {"scope": _scope(key), "key": spec["key"]},
        ),
        by_hand="put the value in; backups have values only when they were asked for",
        limits="values are read on request alone, and are kept encrypted",
    ),
    Kind(
        name="secret_acl",
        title="grants on secret scopes",
        listing=_inside("items"),
        parent="secret_scope",
        key_of=lambda raw, scope: _of(raw, scope, "principal"),
        principals=("principal",),
        beside=True,
        create=Call(
            "POST", "/api/2.0/secrets/acls/put", lambda spec, key: {"scope": _scope(key), **spec}
        ),
        update=Call(
            "POST", "/api/2.0/secrets/acls/put", lambda spec, key: {"scope": _scope(key), **spec}
        ),
        delete=Call(
            "POST",
            "/api/2.0/secrets/acls/delete",
            lambda spec, key: {"scope": _scope(key), "principal": spec["principal"]},
        ),
    ),
)
