"""What must hold of a secret beyond its pattern: checksums, structure, and that it is no filler."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lakewarden.hunt import naming

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
"""The alphabet of Bech32."""
_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
PUBLIC: Final = frozenset({"0011cc25eb4320717494d2703e8cba85743e71b500283c21c8b88147992f9059"})
"""SHA-256 of secrets that everybody knows: the key of the Azure storage emulator."""
_PUBLIC_SUBJECT: Final = "1234567890"
"""The subject of the token that everybody shows: not a login to anything."""
_LOGIN: Final = re.compile(r"[\x20-\x7e]{1,80}:[\x20-\x7e]{3,200}")
_LISTED: Final = re.compile(r",\s*[rbufRBUF]{0,2}\\?[\"']{1,3}$")
_ARGUMENT: Final = re.compile(
    r"(?:[(\[{]\s*[rbuf]?\\?[\"']-{0,2}|[\"']--)[\w.-]*\\?[\"']\]?\s*,\s*[rbufRBUF]{0,2}\\?[\"']{1,3}$"
)
"""A name that is the first argument of a call, or an option in a list of them, and its value."""
_SHORTEST_KEY: Final = 60
"""The fewest characters of a key in PEM: one of Ed25519 has 64."""
_KEY_ENTROPY: Final = 4.2
_DISCORD_IDS: Final = range(10**16, 10**20)


@dataclass(frozen=True, slots=True)
class Found:
    """What a pattern found, as checks see it.

    Attributes:
        secret: the secret.
        name: the name that it is assigned to, empty for formats.
        around: the text before and after, as far as the pattern was tried.
        start: where the secret begins in it.
    """

    secret: str
    name: str
    around: bytes
    start: int

    @property
    def line(self) -> str:
        """Return the text around, a character a byte."""
        return self.around.decode("latin-1")


def entropy(text: str) -> float:
    """Return Shannon's entropy in bits a character."""
    size = len(text)
    return -sum(n / size * math.log2(n / size) for n in Counter(text).values()) if size else 0.0


def crc32_base62(found: Found) -> bool:
    """Return whether the last six of GitHub's and npm's 36 are a CRC-32 of the others."""
    body = found.secret.partition("_")[2]
    return body[-6:] == checksum62(body[:-6])


def checksum62(body: str) -> str:
    """Return the CRC-32 of a text as six digits of base 62."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = _BASE62[digit] + digits
    return digits


def crc32_hex(found: Found) -> bool:
    """Return whether the last eight are a CRC-32 of all before, least byte first."""
    body, _, checksum = found.secret.rpartition("_")
    return zlib.crc32(body.encode()).to_bytes(4, "little").hex() == checksum


def bech32(found: Found) -> bool:
    """Return whether the checksum of BIP 173 is right."""
    human, _, data = found.secret.lower().rpartition("1")
    return remainder(human, [BECH32.index(char) for char in data]) == 1


def remainder(human: str, data: Sequence[int]) -> int:
    """Return what remains of a text in Bech32: 1 where its checksum is right."""
    values = [*(ord(c) >> 5 for c in human), 0, *(ord(c) & 31 for c in human), *data]
    found = 1
    for value in values:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATOR):
            found ^= generator if top >> bit & 1 else 0
    return found


def _decoded(text: str) -> bytes:
    """Return what a text in either alphabet of base64 stands for, empty for none."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(_decoded(text))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def jwt(found: Found) -> bool:
    """Return whether header and claims are JSON, and the header names a signature."""
    header, claims, _signature = found.secret.split(".")[:3]
    algorithm = str(_object(header).get("alg", "none")).lower()
    payload = _object(claims)
    return algorithm != "none" and bool(payload) and payload.get("sub") != _PUBLIC_SUBJECT


def grafana_json(found: Found) -> bool:
    """Return whether Grafana's older keys are JSON."""
    return bool(_object(found.secret.removeprefix("glc_")))


def discord(found: Found) -> bool:
    """Return whether the first part is the number of an account."""
    number = _decoded(found.secret.partition(".")[0])
    return number.isdigit() and int(number) in _DISCORD_IDS


def basic(found: Found) -> bool:
    """Return whether it is a user and a password that is no filler, in base64."""
    try:
        login = _decoded(found.secret).decode("ascii")
    except UnicodeDecodeError:
        return False
    if not _LOGIN.fullmatch(login):
        return False
    return naming.is_password(login.partition(":")[2], user=login.partition(":")[0])


def pem(found: Found) -> bool:
    """Return whether there is a key between the lines of a PEM file."""
    text = re.sub(r"\\[nrt]|# MAGIC|-- MAGIC|// MAGIC|[\s\"',|+#]", "", found.secret)
    text = re.sub(
        r"(?:Proc-Type|DEK-Info|Version|Comment):[^=]*?(?=MII|[A-Za-z0-9+/]{60})", "", text
    )
    body = re.sub(r"[^A-Za-z0-9+/]", "", text)
    dense = len(body) >= max(_SHORTEST_KEY, 0.9 * len(text))
    return dense and entropy(body) > _KEY_ENTROPY


def named_azure(found: Found) -> bool:
    """Return whether something of Azure is named beside it."""
    return re.search(r"(?i)accountkey|azure|windows\.net|cosmos|storage", found.line) is not None


def mixed(found: Found) -> bool:
    """Return whether there are small letters, capitals and digits."""
    return all(re.search(kind, found.secret) for kind in ("[a-z]", "[A-Z]", "[0-9]"))


def cases(found: Found) -> bool:
    """Return whether there are small letters and capitals."""
    return all(re.search(kind, found.secret) for kind in ("[a-z]", "[A-Z]"))


def digits(found: Found) -> bool:
    """Return whether there are letters and digits."""
    return all(re.search(kind, found.secret) for kind in ("[A-Za-z]", "[0-9]"))


def random(found: Found) -> bool:
    """Return whether it was drawn at random and not written by somebody."""
    return naming.is_random(found.secret)


def password(found: Found) -> bool:
    """Return whether it is a password, and neither a filler nor a variable."""
    return naming.is_password(found.secret)


def url_password(found: Found) -> bool:
    """Return whether the password of a URL is one, and not what people write in its place."""
    return naming.is_password(found.secret, user=found.name)


def assigned(found: Found) -> bool:
    """Return whether a literal under a name is a secret; behind a comma, if it is an argument."""
    before = found.line[: found.start]
    if _LISTED.search(before) and not _ARGUMENT.search(before):
        return False
    return naming.is_secret(found.name, found.secret)


def given(found: Found) -> bool:
    """Return whether a value without quotes is a secret that a command or Spark is given."""
    return naming.is_given(found.name, found.secret, found.line[: found.start])


def set_bare(found: Found) -> bool:
    """Return whether a value without quotes is a secret, in settings."""
    return naming.is_set(found.name, found.secret, found.line[: found.start])


CHECKS: Final[Mapping[str, Callable[[Found], bool]]] = {
    "crc32-base62": crc32_base62,
    "crc32-hex": crc32_hex,
    "bech32": bech32,
    "jwt": jwt,
    "grafana-json": grafana_json,
    "discord": discord,
    "basic": basic,
    "pem": pem,
    "named-azure": named_azure,
    "mixed": mixed,
    "cases": cases,
    "digits": digits,
    "random": random,
    "password": password,
    "url-password": url_password,
    "assigned": assigned,
    "given": given,
    "set": set_bare,
}
"""Every check by the name that rules call it."""
