"""Unity Catalog as metadata: who owns what, who may do what, where; never the data."""

from __future__ import annotations

from typing import Any, Final

from lakewarden.assets.kind import FIRST, Body, Call, Json, Kind, Listing, Paging, Reference

UNITY: Final = "/api/2.1/unity-catalog"
"""What the paths of its calls begin with."""
NO_METASTORE: Final = ("METASTORE_DOES_NOT_EXIST",)
"""What a workspace says that has none."""
_OBSERVED: Final = (
    *("metastore_id", "created_at", "created_by", "updated_at", "updated_by", "id", "full_name"),
    *("catalog_id", "schema_id", "securable_type", "securable_kind", "effective_", "browse_only"),
    *("storage_location", "provisioning_info", "credential_id", "aws_iam_role.external_id"),
    *("aws_iam_role.unity_catalog_iam_arn", "used_for_managed_storage", "catalog_type"),
)


_ARTIFACTS: Final = {
    "INIT_SCRIPT": "init scripts",
    "LIBRARY_JAR": "libraries in JARs",
    "LIBRARY_MAVEN": "libraries from Maven",
}
_LATE: Final = ("owner", "isolation_mode", "enable_predictive_optimization")
"""What the calls that make securables do not take.

Whoever makes one owns it, and every workspace sees it. So all that hangs on it is made before it
is given away, and its workspace is bound before it is isolated: the other way round, nobody there
could read it, change it or remove it.
"""
_SCHEMAS, _CATALOGS, _LOCATIONS, _CREDENTIALS = 1, 2, 3, 4
"""The stages of that: each of these may be needed by those before it."""


def _changes(*fixed: str) -> Any:
    return lambda spec, _: {name: value for name, value in spec.items() if name not in fixed}


def _securable(
    name: str, title: str, path: str, *, references: tuple[Reference, ...] = (), **more: Any
) -> Kind:
    one = f"{UNITY}/{path}/{{key}}"
    return Kind(
        name=name,
        title=title,
        listing=Listing(
            f"{UNITY}/{path}", path.replace("-", "_"), Paging.TOKEN, absent=NO_METASTORE
        ),
        id="name",
        key="name",
        one=one,
        volatile=_OBSERVED,
        references=references,
        principals=("owner",),
        late=_LATE,
        create=Call("POST", f"{UNITY}/{path}", lambda spec, _: dict(spec)),
        update=Call("PATCH", one, _changes("name")),
        delete=Call("DELETE", one),
        **more,
    )


def _grants(of: str) -> Kind:
    """Return who may do what with each securable of a kind."""
    path = f"{UNITY}/permissions/{of}/{{key}}"
    return Kind(
        name=f"{of}_grants",
        title=f"grants on {of.replace('_', ' ')}s",
        listing=Listing(path),
        parent=of,
        key_of=lambda _, name: name,
        shape=lambda raw: {
            "grants": [
                {"principal": entry["principal"], "privileges": sorted(entry["privileges"])}
                for entry in raw.get("privilege_assignments") or ()
            ]
        },
        unordered=("grants",),
        principals=("grants[].principal",),
        beside=True,
        skips=lambda raw: "" if raw.get("privilege_assignments") else "there are none",
        create=Call("PATCH", path, _granting),
        update=Call("PATCH", path, _granting),
        limits="grants are added; one that is no longer wanted is taken away by its own change",
    )


def _bindings(of: str) -> Kind:
    """Return whether each securable of a kind is bound to the workspace, and how."""
    path = f"{UNITY}/bindings/{of}/{{key}}"
    return Kind(
        name=f"{of}_binding",
        title=f"bindings of {of.replace('_', ' ')}s to the workspace",
        listing=Listing(path),
        parent=of,
        key_of=lambda _, name: name,
        keeps=("bindings",),
        here=("bindings",),
        beside=True,
        skips=lambda raw: "" if raw.get("bindings") else "there are none",
        create=Call("PATCH", path, _binding),
        update=Call("PATCH", path, _binding),
        limits="bindings to other workspaces are theirs",
    )


def _allowlist(of: str) -> Kind:
    """Return what compute that several share may load of one kind of artifact."""
    path = f"{UNITY}/artifact-allowlists/{of}"

    def put(matchers: Any) -> Call:
        return Call("PUT", path, lambda spec, _: {"artifact_matchers": matchers(spec)})

    return Kind(
        name=f"{of.lower()}_allowlist",
        title=f"allow list of {_ARTIFACTS[of]}",
        listing=Listing(path, absent=NO_METASTORE),
        fixed=(of,),
        keeps=("artifact_matchers",),
        unordered=("artifact_matchers",),
        skips=lambda raw: "" if raw.get("artifact_matchers") else "there is nothing on it",
        stage=FIRST,
        create=put(lambda spec: spec["artifact_matchers"]),
        update=put(lambda spec: spec["artifact_matchers"]),
        delete=put(lambda _: []),
        limits="of the metastore, so of all its workspaces; its admins may read and set it",
    )


def _binding(spec: Json, _: str) -> Body:
    return {"add": spec["bindings"]}


def _granting(spec: Json, _: str) -> Body:
    added = [{"principal": g["principal"], "add": g["privileges"]} for g in spec["grants"]]
    return {"changes": added}


KINDS: Final = (
    _securable(
        "storage_credential",
        "storage credentials",
        "storage-credentials",
        arns=("aws_iam_role.role_arn",),
        stage=_CREDENTIALS,
    ),
    _securable(
        "credential",
        "service credentials",
        "credentials",
        arns=("aws_iam_role.role_arn",),
        stage=_CREDENTIALS,
    ),
    _securable(
        "external_location",
        "external locations",
        "external-locations",
        references=(Reference("credential_name", "storage_credential", key=True),),
        arns=("url",),
        stage=_LOCATIONS,
    ),
    _securable(
        "catalog",
        "catalogs",
        "catalogs",
        skips=lambda raw: (
            "it is of the system"
            if raw.get("catalog_type") in {"SYSTEM_CATALOG", "INTERNAL_CATALOG"}
            else ""
        ),
        arns=("storage_root",),
        inside=("storage_root", "external_location"),
        stage=_CATALOGS,
        limits="definitions of those that the caller may see; an admin of the metastore sees all",
    ),
    Kind(
        name="schema",
        title="schemas",
        listing=Listing(f"{UNITY}/schemas", "schemas", Paging.TOKEN, {"catalog_name": "{key}"}),
        parent="catalog",
        id="full_name",
        key="full_name",
        one=f"{UNITY}/schemas/{{key}}",
        volatile=_OBSERVED,
        principals=("owner",),
        arns=("storage_root",),
        inside=("storage_root", "external_location"),
        late=_LATE,
        stage=_SCHEMAS,
        skips=lambda raw: "it is of the system" if raw.get("name") == "information_schema" else "",
        create=Call("POST", f"{UNITY}/schemas", lambda spec, _: dict(spec)),
        update=Call("PATCH", f"{UNITY}/schemas/{{key}}", _changes("name", "catalog_name")),
        delete=Call("DELETE", f"{UNITY}/schemas/{{key}}"),
    ),
    *(
        _grants(of)
        for of in ("catalog", "schema", "external_location", "storage_credential", "credential")
    ),
    *(_bindings(of) for of in ("catalog", "external_location", "storage_credential", "credential")),
    *map(_allowlist, _ARTIFACTS),
)
