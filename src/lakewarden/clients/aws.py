"""The AWS account, through boto3: clients by service and region, failures in our words."""

from __future__ import annotations

import threading
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from lakewarden import __version__
from lakewarden.clients.failure import CallFailedError
from lakewarden.clients.patience import Patience
from lakewarden.errors import ConnectionFailedError
from lakewarden.estate.fact import Cause

_CODES: Final = {
    **dict.fromkeys(
        (
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
            "UnauthorizedOperation",
            "Forbidden",
            "403",
        ),
        Cause.FORBIDDEN,
    ),
    **dict.fromkeys(
        (
            "AuthFailure",
            "ExpiredToken",
            "ExpiredTokenException",
            "InvalidAccessKeyId",
            "InvalidClientTokenId",
            "SignatureDoesNotMatch",
            "UnrecognizedClientException",
            "401",
        ),
        Cause.UNAUTHENTICATED,
    ),
    **dict.fromkeys(
        (
            "RequestLimitExceeded",
            "SlowDown",
            "Throttling",
            "ThrottlingException",
            "TooManyRequestsException",
            "429",
        ),
        Cause.RATE_LIMITED,
    ),
}
_NOT_FOUND: Final = 404
_SERVER: Final = 500
_ACCOUNT_DIGITS: Final = 12


class AwsAccount:
    """Makes boto3 clients for one set of credentials. Safe to share between threads."""

    def __init__(self, *, profile: str | None = None, patience: Patience | None = None) -> None:
        """Find credentials; nothing is read yet.

        Raises:
            ConnectionFailedError: there are none, or the profile does not exist.
        """
        import boto3  # noqa: PLC0415  # only when AWS is asked
        import botocore.exceptions  # noqa: PLC0415  # likewise

        self._patience = patience or Patience()
        self._clients: dict[tuple[str, str], Any] = {}
        self._lock = threading.Lock()
        try:
            self._session = boto3.Session(profile_name=profile)
            found = self._session.get_credentials()
        except botocore.exceptions.BotoCoreError as error:
            raise ConnectionFailedError(
                str(error), where="AWS", next_step="Name an existing profile with --aws-profile"
            ) from None
        if found is None:
            raise ConnectionFailedError(
                "no AWS credentials were found",
                where="AWS",
                next_step="Give --aws-profile, AWS_PROFILE, or AWS_ACCESS_KEY_ID and "
                "AWS_SECRET_ACCESS_KEY",
            )

    @property
    def region(self) -> str:
        """Return the region that the caller configured, empty when there is none."""
        return str(self._session.region_name or "")

    def keys(self) -> Any:
        """Return the credentials as they are now, for another library to sign with.

        Raises:
            ConnectionFailedError: there are none any more.
        """
        import botocore.exceptions  # noqa: PLC0415  # loaded by boto3 already

        try:
            return self._session.get_credentials().get_frozen_credentials()
        except botocore.exceptions.BotoCoreError as error:
            raise ConnectionFailedError(
                str(error), where="AWS", next_step="Sign in to AWS again"
            ) from None

    def client(self, service: str, region: str) -> Any:
        """Return the client of a service in a region."""
        from botocore.config import Config  # noqa: PLC0415  # only when AWS is asked

        with self._lock:
            if (service, region) not in self._clients:
                config = Config(
                    connect_timeout=self._patience.connect,
                    read_timeout=self._patience.answer,
                    retries={"mode": "standard", "total_max_attempts": 3},
                    max_pool_connections=32,
                    user_agent_extra=f"lakewarden/{__version__}",
                )
                client = self._session.client(service, region_name=region, config=config)
                if service == "s3control":
                    client.meta.events.register("before-sign.s3-control", _as_pointed)
                self._clients[service, region] = client
            return self._clients[service, region]


def _as_pointed(request: Any, **_: Any) -> None:
    """Undo the account id that boto3 puts before the host, unless the host is one of AWS.

    An endpoint of one's own has no such names.
    """
    parts = urlsplit(request.url)
    label, _dot, host = parts.netloc.partition(".")
    if label.isdigit() and len(label) == _ACCOUNT_DIGITS and ".amazonaws." not in host:
        request.url = urlunsplit(parts._replace(netloc=host))


def failure_of(error: Exception) -> CallFailedError:
    """Return the failed call that an exception of boto3 stands for."""
    from botocore import exceptions  # noqa: PLC0415  # loaded by boto3 already

    if isinstance(error, exceptions.ClientError):
        return _service_failure(error)
    if isinstance(error, exceptions.ReadTimeoutError | exceptions.ConnectTimeoutError):
        return CallFailedError(Cause.TIMEOUT, "no answer in time")
    unreachable = (
        exceptions.ConnectionError,
        exceptions.HTTPClientError,
        exceptions.ResponseStreamingError,
    )
    if isinstance(error, unreachable):
        return CallFailedError(Cause.UNREACHABLE, str(error))
    refused = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.SSOError,
    )
    if isinstance(error, refused):
        return CallFailedError(Cause.UNAUTHENTICATED, str(error))
    return CallFailedError(Cause.MALFORMED, f"{type(error).__name__}: {error}")


def _service_failure(error: Any) -> CallFailedError:
    body = error.response.get("Error", {})
    code = str(body.get("Code", ""))
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    cause = _CODES.get(code)
    if cause is None and (status == _NOT_FOUND or "NotFound" in code):
        cause = Cause.NOT_FOUND
    if cause is None:
        cause = Cause.SERVER_ERROR if status >= _SERVER else Cause.MALFORMED
    return CallFailedError(cause, f"{code}: {body.get('Message', '')}", code=code)
