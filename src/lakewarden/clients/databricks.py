"""One Databricks host, an account console or a workspace, through `databricks-sdk`.

The SDK does authentication of every kind, token caching, the choice of what to try again, and the
reading of error bodies. What it lacks is here: a throttle that learns from a 429, an early and
clear answer for a host that is dead or not trusted, and causes that judging understands.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import random
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from lakewarden import __version__
from lakewarden.clients.failure import CallFailedError, scrub
from lakewarden.clients.patience import Patience
from lakewarden.clients.throttle import Throttle
from lakewarden.errors import AuthenticationFailedError, ConnectionFailedError
from lakewarden.estate.fact import Cause

if TYPE_CHECKING:
    import requests
    from databricks.sdk.core import ApiClient, Config
    from databricks.sdk.errors.base import DatabricksError


_NO_TOKEN: Final = ("access_denied", "invalid_client", "invalid_grant", "unauthorized_client")
"""What OAuth says instead of a token, RFC 6749 section 5.2; the SDK raises it as a ValueError."""
_PAUSE: Final = 0.5
"""Seconds before a first new try; each further one waits twice as long as the one before."""
_LONGEST_PAUSE: Final = 10.0


class DatabricksHost:
    """Reads from one host, and writes to it. Safe to share between threads."""

    def __init__(
        self,
        host: str,
        *,
        profile: str | None = None,
        account_id: str | None = None,
        patience: Patience | None = None,
        throttle: Throttle | None = None,
    ) -> None:
        """Authenticate; nothing is read yet.

        Args:
            host: the URL.
            profile: a profile of `~/.databrickscfg` for the credentials.
            account_id: the account, for account consoles.
            patience: time-outs.
            throttle: how much of the host may be used; the documented limits unless given.

        Raises:
            ConnectionFailedError: the host is dead or not trusted.
            AuthenticationFailedError: there are no usable credentials.
        """
        self.host = host.rstrip("/")
        self.account_id = account_id or ""
        self.throttle = throttle or Throttle()
        self._patience = patience or Patience()
        probe(self.host, self._patience)
        self._config, self._api = self._connect(profile)

    def _connect(self, profile: str | None) -> tuple[Config, ApiClient]:
        from databricks.sdk.core import ApiClient, Config  # noqa: PLC0415  # costs a second

        extra: dict[str, Any] = {"profile": profile} if profile else {}
        extra["clock"] = _HandingBack()
        try:
            config = Config(
                host=self.host,
                account_id=self.account_id or None,
                http_timeout_seconds=self._patience.answer,
                retry_timeout_seconds=math.ceil(self._patience.retry),  # 0 would mean 300
                max_connection_pools=64,
                max_connections_per_pool=64,
                product="lakewarden",
                product_version=__version__,
                **extra,
            )
        except ValueError as error:
            raise AuthenticationFailedError(
                scrub(str(error).split(". Config:", maxsplit=1)[0]),
                where=self.host,
                next_step="Give --profile, or DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and "
                "DATABRICKS_CLIENT_SECRET",
            ) from None
        return config, ApiClient(config)

    @property
    def by_token(self) -> bool:
        """Return whether it signs in with a personal access token."""
        return bool(self._config.auth_type == "pat")

    @property
    def signed_in_as(self) -> str:
        """Return the application id or the user that signs in, empty where a token says it."""
        return str(self._config.client_id or self._config.username or "")

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read one answer, as decoded JSON.

        Raises:
            CallFailedError: for anything but a whole answer.
        """
        return self._do("GET", path, query, None)

    def send(
        self,
        verb: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        """Make a call that changes something; return its answer as decoded JSON.

        Raises:
            CallFailedError: it was refused, or nobody knows whether it was done.
        """
        return self._do(verb, path, query, None, body)

    def download(self, path: str, query: Mapping[str, Any]) -> bytes:
        """Read one answer as it is.

        Raises:
            CallFailedError: for anything but a whole answer.
        """

        def read() -> bytes:
            answer: Any = self._api.do("GET", path, query=dict(query), raw=True)
            with answer["contents"] as stream:
                return bytes(stream.read())

        return bytes(self._patiently("GET", path, read))

    def org_id(self) -> str:
        """Return the workspace's id: a header of `GET /api/2.0/preview/scim/v2/Me`."""
        header = "X-Databricks-Org-Id"
        answer = self._do("GET", "/api/2.0/preview/scim/v2/Me", None, [header])
        found = answer.get(header) if isinstance(answer, Mapping) else None
        if not found:
            raise CallFailedError(Cause.MISSING_FIELD, f"no {header} header in the answer")
        return str(found)

    def insist_on_credential(self) -> None:
        """Ask for something that every credential may read.

        Raises:
            AuthenticationFailedError: the credential is refused here too.
        """
        account = f"/api/2.0/accounts/{self.account_id}/scim/v2/Users"
        try:
            self.get(account if self.account_id else "/api/2.0/preview/scim/v2/Me")
        except CallFailedError as error:
            if error.cause is Cause.UNAUTHENTICATED:
                raise AuthenticationFailedError(
                    "the credential was refused",
                    where=self.host,
                    next_step="Check the token or the client secret, and whether it has expired",
                ) from None

    def _do(
        self,
        verb: str,
        path: str,
        query: Mapping[str, Any] | None,
        headers: list[str] | None,
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        call = functools.partial(
            self._api.do,
            verb,
            path,
            query=dict(query) if query else None,
            body=dict(body) if body is not None else None,
            response_headers=headers,
        )
        return self._patiently(verb, path, call)

    def _patiently(self, verb: str, path: str, call: Callable[[], Any]) -> Any:
        """Make a call until it is answered, refused for good, or patience ends.

        Patience is for the host: what the throttle makes a call wait is not counted. An answer that
        breaks off is asked for again where asking changes nothing.
        """
        since = time.monotonic()
        for tries, pause in enumerate(_pauses()):
            asked = 0.0
            with self.throttle.turn(verb, path) as turn:
                since += turn.waited
                try:
                    return call()
                except _AgainError as again:
                    failure = failure_of(again.error)
                    if (seconds := getattr(again.error, "retry_after_secs", None)) is not None:
                        asked = float(seconds)
                        turn.refused(min(asked, self._patience.retry) if asked > 1 else 0.0)
                except Exception as error:  # noqa: BLE001  # the edge: whatever the SDK raises is a failed call
                    failure = failure_of(error)
                    if verb != "GET" or not self._may_pass(failure, tries):
                        raise failure from None
            wait = max(pause, asked)
            if time.monotonic() + wait - since > self._patience.retry:
                raise failure
            time.sleep(wait)
        raise AssertionError

    def _may_pass(self, failure: CallFailedError, tries: int) -> bool:
        """Return whether a read may succeed a moment later, after so many tries."""
        cut = failure.cause is Cause.MALFORMED and not failure.code
        failed = cut or failure.cause is Cause.SERVER_ERROR
        return failure.cause is Cause.UNREACHABLE or (failed and tries < self._patience.errors)


def _pauses() -> Iterator[float]:
    """Yield the seconds before each new try, never the same for two callers."""
    for tries in itertools.count():
        longest = min(_LONGEST_PAUSE, _PAUSE * 2**tries)
        yield longest * random.uniform(0.5, 1.0)  # noqa: S311  # spreads callers, keeps no secret


class _AgainError(Exception):
    """The SDK would try a call again.

    Attributes:
        error: what the call ended with.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class _HandingBack:
    """The SDK's clock. Where the SDK would sleep before it tries again, it hands the call back.

    So the throttle learns of every 429, and one place decides how long to wait.
    """

    def time(self) -> float:
        return time.time()

    def sleep(self, _: float) -> NoReturn:
        error = sys.exception()
        raise _AgainError(error if isinstance(error, Exception) else TimeoutError()) from None


def probe(host: str, patience: Patience) -> Mapping[str, Any]:
    """Ask a host for its public configuration, `GET /.well-known/databricks-config`.

    Returns:
        The configuration, empty when the host answers without one.

    Raises:
        ConnectionFailedError: it is dead, or its certificate is not trusted.
    """
    import requests  # noqa: PLC0415  # only when there is a host to ask

    try:
        answer = requests.get(
            f"{host}/.well-known/databricks-config",
            timeout=(patience.connect, max(patience.connect, min(patience.answer, 10.0))),
        )
        found = answer.json() if answer.ok else {}
    except requests.exceptions.SSLError as error:
        raise ConnectionFailedError(
            f"its certificate is not trusted ({_innermost(error)})",
            where=host,
            next_step="Name the issuing authority in REQUESTS_CA_BUNDLE",
        ) from None
    except requests.exceptions.JSONDecodeError:
        return {}
    except requests.exceptions.RequestException as error:
        raise ConnectionFailedError(
            f"cannot be reached ({_innermost(error)})",
            where=host,
            next_step="Check the host's name, the network and any proxy",
        ) from None
    return found if isinstance(found, dict) else {}


def _innermost(error: requests.exceptions.RequestException) -> str:
    reason: Any = error
    for _ in range(5):
        inner = getattr(reason, "reason", None) or next(iter(getattr(reason, "args", ())), None)
        if not isinstance(inner, BaseException):
            break
        reason = inner
    return scrub(str(reason).rsplit(": ", maxsplit=1)[-1])


def failure_of(error: Exception) -> CallFailedError:
    """Return the failed call that an exception of the SDK stands for."""
    import requests  # noqa: PLC0415  # loaded by the SDK already
    from databricks.sdk.errors.base import DatabricksError  # noqa: PLC0415  # likewise

    if isinstance(error, DatabricksError):
        return _service_failure(error)
    if isinstance(error, requests.exceptions.JSONDecodeError | json.JSONDecodeError):
        return CallFailedError(Cause.MALFORMED, "the answer is not whole JSON")
    if isinstance(error, requests.exceptions.Timeout):
        return CallFailedError(Cause.TIMEOUT, "no answer in time")
    if isinstance(error, requests.exceptions.RequestException):
        return CallFailedError(Cause.UNREACHABLE, _innermost(error))
    refused = isinstance(error, ValueError) and str(error).startswith(_NO_TOKEN)
    cause = Cause.UNAUTHENTICATED if refused else Cause.MALFORMED
    return CallFailedError(cause, f"{type(error).__name__}: {error}")


def _service_failure(error: DatabricksError) -> CallFailedError:
    from databricks.sdk.errors import platform  # noqa: PLC0415  # loaded by the SDK already

    code = str(error.error_code or "")
    message = str(error).split(". Config:", maxsplit=1)[0]
    by_class = (
        (platform.Unauthenticated, Cause.UNAUTHENTICATED),
        (platform.PermissionDenied, Cause.FORBIDDEN),
        (platform.NotFound, Cause.NOT_FOUND),
        (platform.TooManyRequests, Cause.RATE_LIMITED),
        (platform.BadRequest, Cause.MALFORMED),
    )
    cause = next((c for kind, c in by_class if isinstance(error, kind)), Cause.SERVER_ERROR)
    if code == "FEATURE_DISABLED":
        cause = Cause.DISABLED
    return CallFailedError(cause, message, code=code, etag=_etag(error))


def _etag(error: DatabricksError) -> str:
    info = error.get_error_details().error_info
    metadata = info.metadata if info is not None else None
    return str((metadata or {}).get("etag", ""))
