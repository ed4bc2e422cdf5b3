"""`Sink`: somebody who is told of alerts, and what all of them are made with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from lakewarden.errors import UsageError
from lakewarden.watch.sinks.notice import Notice


class Sink(Protocol):
    """Somebody who is told of alerts."""

    def tell(self, notice: Notice) -> None:
        """Tell it of one alert; it has taken it when this returns.

        Raises:
            ConnectionFailedError: it cannot be told anything now.
            LakewardenError: it cannot be told this.
        """


@dataclass(frozen=True, slots=True)
class Means:
    """What a sink may use.

    Attributes:
        environment: the environment variables, where secrets are.
        out: the standard output.
        err: the standard error.
    """

    environment: Mapping[str, str]
    out: TextIO
    err: TextIO

    def secret(self, options: Mapping[str, Any], key: str) -> str:
        """Return the secret that an option names the variable of; empty without that option.

        Raises:
            UsageError: the variable is not set.
        """
        if key not in options:
            return ""
        value = self.environment.get(options[key], "").strip()
        if not value:
            raise UsageError(
                f"the environment variable {options[key]} is not set",
                next_step=f"Set it, or correct {key} of the sink in lakewarden.toml",
            )
        return value
