"""Mail, handed to a server by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Final

from lakewarden.clients.patience import Patience
from lakewarden.errors import ConnectionFailedError, LakewardenError

_PORTS: Final = {"starttls": 587, "tls": 465, "none": 25}


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that takes mail.

    Attributes:
        host: its name.
        port: its port; 0 for that of the way it is talked to.
        tls: `starttls`, `tls` from the first byte, or `none`.
        user: who signs in; empty for nobody.
        password: of the user.
        patience: how long to wait for an answer.
    """

    host: str
    port: int = 0
    tls: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    patience: Patience = field(default_factory=Patience)

    def send(self, message: EmailMessage) -> None:
        """Hand a message over.

        Raises:
            ConnectionFailedError: the server cannot be reached, is not trusted, or lets nobody in.
            LakewardenError: it refuses this message, or does so for some of its recipients.
        """
        try:
            with self._connected() as server:
                if self.tls == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user:
                    server.login(self.user, self.password)
                refused = server.send_message(message)
        except (smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused) as error:
            raise self._failed(LakewardenError, error, "refuses the message") from None
        except ssl.SSLError as error:
            raise self._failed(ConnectionFailedError, error, "is not trusted") from None
        except smtplib.SMTPAuthenticationError as error:
            raise self._failed(ConnectionFailedError, error, "does not let the user in") from None
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            raise self._failed(ConnectionFailedError, error, "takes no mail") from None
        if refused:
            raise LakewardenError(
                f"refuses the message for {', '.join(sorted(refused))}",
                where=self._where,
                next_step="Correct `to` of the sink; the others are sent it again",
            )

    @property
    def _where(self) -> str:
        return f"{self.host}:{self.port or _PORTS[self.tls]}"

    def _connected(self) -> smtplib.SMTP:
        port = self.port or _PORTS[self.tls]
        wait = self.patience.answer
        if self.tls == "tls":
            trust = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, port, timeout=wait, context=trust)
        return smtplib.SMTP(self.host, port, timeout=wait)

    def _failed(self, kind: type[LakewardenError], error: Exception, what: str) -> LakewardenError:
        """Return the error; what the server says is left out, as it may repeat what it was told."""
        return kind(
            f"{what} ({type(error).__name__})",
            where=self._where,
            next_step="Check host, port, tls and user of the sink, and who may send from there",
        )
