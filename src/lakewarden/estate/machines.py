"""How machines and programs sign in: secrets and federation of service principals, OAuth apps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from lakewarden.estate.fact import Fact
from lakewarden.estate.kind import Kind, Scope
from lakewarden.estate.record import Record, fact, key, record

_ADMIN: Final = "account admin"
_ACCOUNT: Final = "GET /api/2.0/accounts/{account_id}"
_PRINCIPAL: Final = f"{_ACCOUNT}/servicePrincipals/{{principal_id}}"


@dataclass(frozen=True, slots=True)
class OAuthSecret:
    """An OAuth secret, without the secret and its hash. Times are ISO 8601.

    A secret without `expire_time` never expires.
    """

    id: str
    status: str
    create_time: str
    expire_time: str = ""


@record
class PrincipalSecrets(Record):
    """The OAuth secrets of one service principal."""

    id: str = key("id")
    secrets: Fact[tuple[OAuthSecret, ...]] = fact("secrets")


@dataclass(frozen=True, slots=True)
class OidcPolicy:
    """Whose tokens are taken: of which issuer, and for which subject."""

    issuer: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Federation:
    """One federation policy: tokens of another issuer that are taken in place of a secret."""

    name: str
    oidc_policy: OidcPolicy


@record
class PrincipalFederation(Record):
    """The federation policies of one service principal."""

    id: str = key("id")
    policies: Fact[tuple[Federation, ...]] = fact("policies")


@record
class PublishedApp(Record):
    """An app of a partner that the account admits. Lifetimes are in minutes."""

    id: str = key("integration_id")
    name: Fact[str] = fact("name")
    access_minutes: Fact[int] = fact("token_access_policy.access_token_ttl_in_minutes")
    refresh_minutes: Fact[int] = fact("token_access_policy.refresh_token_ttl_in_minutes")


@record
class CustomApp(PublishedApp):
    """An app that the organisation registered itself, and where its users are sent back to."""

    redirects: Fact[tuple[str, ...]] = fact("redirect_urls")


PRINCIPAL_SECRETS: Final = Kind(
    "principal_secrets",
    PrincipalSecrets,
    Scope.ACCOUNT,
    f"{_PRINCIPAL}/credentials/secrets",
    _ADMIN,
    after=("account_service_principals",),
)
PRINCIPAL_FEDERATION: Final = Kind(
    "principal_federation",
    PrincipalFederation,
    Scope.ACCOUNT,
    f"{_PRINCIPAL}/federationPolicies",
    _ADMIN,
    after=("account_service_principals",),
)
CUSTOM_APPS: Final = Kind(
    "custom_apps",
    CustomApp,
    Scope.ACCOUNT,
    f"{_ACCOUNT}/oauth2/custom-app-integrations",
    _ADMIN,
)
PUBLISHED_APPS: Final = Kind(
    "published_apps",
    PublishedApp,
    Scope.ACCOUNT,
    f"{_ACCOUNT}/oauth2/published-app-integrations",
    _ADMIN,
)
