"""Telling a web server something: one POST, tried again for a bounded time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from lakewarden import __version__
from lakewarden.clients.patience import Patience
from lakewarden.errors import ConnectionFailedError, LakewardenError, UsageError

if TYPE_CHECKING:
    import requests

_TRIES: Final = 4
_LONGEST_PAUSE: Final = 10.0
_TAKEN: Final = range(200, 300)
_OF_THE_MESSAGE: Final = frozenset({400, 413, 415, 422})
"""Statuses that say that the message is refused; any other says that no message gets through."""
_AGAIN: Final = (429, 500, 502, 503, 504)


def post(
    url: str, body: bytes, headers: Mapping[str, str], patience: Patience | None = None
) -> None:
    """Post a body. Redirects are not followed, and no error shows the URL's path.

    Raises:
        UsageError: it is no http or https URL.
        ConnectionFailedError: the server cannot be reached, or takes nothing.
        LakewardenError: it refuses this body.
    """
    import requests  # noqa: PLC0415  # only when there is somebody to tell

    patience = patience or Patience()
    host = _host(url)
    try:
        with requests.Session() as session:
            session.auth = _as_given
            session.mount(f"{urlsplit(url).scheme}://", _adapter())
            answer = session.post(
                url,
                data=body,
                headers={"User-Agent": f"lakewarden/{__version__}", **headers},
                timeout=(patience.connect, patience.answer),
                allow_redirects=False,
            )
    except (requests.exceptions.RequestException, ValueError) as error:  # for odd hosts
        raise _unreachable(host, error) from None
    if answer.status_code not in _TAKEN:
        _refused(host, answer.status_code)


def _as_given(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Sign in as nobody, whatever `~/.netrc` says of the host."""
    return request


def _host(url: str) -> str:
    """Return the host of a URL, which is all of it that may be shown."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in {"http", "https"} or not host:
        raise UsageError(
            "is no http or https URL", where="webhook", next_step="Correct the variable that has it"
        )
    return host


def _adapter() -> requests.adapters.HTTPAdapter:
    from requests.adapters import HTTPAdapter  # noqa: PLC0415  # only when there is somebody to tell
    from urllib3.util import Retry  # noqa: PLC0415  # likewise

    class Bounded(Retry):
        """A server that asks for an hour of patience gets seconds."""

        def get_retry_after(self, response: Any) -> float | None:
            asked = super().get_retry_after(response)
            return None if asked is None else min(asked, _LONGEST_PAUSE)

    return HTTPAdapter(
        max_retries=Bounded(
            total=_TRIES - 1,
            allowed_methods=None,
            status_forcelist=_AGAIN,
            backoff_factor=0.2,
            raise_on_status=False,
            redirect=False,
        )
    )


def _unreachable(host: str, error: Exception) -> ConnectionFailedError:
    import requests  # noqa: PLC0415  # loaded already

    if isinstance(error, requests.exceptions.SSLError):
        return ConnectionFailedError(
            "its certificate is not trusted",
            where=host,
            next_step="Name the issuing authority in REQUESTS_CA_BUNDLE",
        )
    return ConnectionFailedError(
        f"cannot be reached ({type(error).__name__})",
        where=host,
        next_step="Check the host's name, the network and any proxy",
    )


def _refused(host: str, status: int) -> None:
    kind = LakewardenError if status in _OF_THE_MESSAGE else ConnectionFailedError
    raise kind(
        f"answers with status {status}",
        where=host,
        next_step="Check that the URL is the right one and still valid",
    )
