"""Fills in the examples of rules: nothing that looks like a secret lies in the files themselves.

`dapi<hex:32>` becomes `dapi` and 32 hexadecimal digits; the same ones in each run.
"""

from __future__ import annotations

import base64
import json
import re
import string
import zlib
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from lakewarden.hunt.checks import BECH32, checksum62, remainder

_PART: Final = re.compile(r"<([a-z0-9-]+|HEX)(?::(\d+))?>")
_ALPHABETS: Final[Mapping[str, str]] = {
    "hex": "0123456789abcdef",
    "HEX": "0123456789ABCDEF",
    "digit": string.digits,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase + string.digits,
    "alpha": string.ascii_letters,
    "alnum": string.ascii_letters + string.digits,
    "base36": string.ascii_lowercase + string.digits,
    "base32": string.ascii_uppercase + "234567",
    "azdo": string.ascii_lowercase + "234567",
    "bech32": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "b64": string.ascii_letters + string.digits + "+/",
    "b64url": string.ascii_letters + string.digits + "-_",
}
_NUMBERS: Final[Mapping[str, int]] = {"azdo": 52}


def filled(template: str, seed: str) -> str:
    """Return a template with its parts filled in; `seed` says with what."""
    random = Random(f"{seed} {template}")  # noqa: S311  # illustrations, and no keys
    return _PART.sub(lambda part: _filled(part, random), template)


def _filled(part: re.Match[str], random: Random) -> str:
    name, size = part[1], int(part[2] or 0)
    if name in _ALPHABETS and (size or name in _NUMBERS):
        return drawn(random, _ALPHABETS[name], size or _NUMBERS[name])
    if name in _MAKERS:
        return _MAKERS[name](random, size)
    return part[0]


def drawn(random: Random, alphabet: str, size: int) -> str:
    """Return letters of an alphabet; letters and digits are among them wherever there are both."""
    while True:
        text = "".join(random.choices(alphabet, k=size))
        kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
        wanted = [k for k in kinds if set(k) & set(alphabet)]
        edges = text[0] + text[-1]
        if (size < 10 or all(set(k) & set(text) for k in wanted)) and not set(edges) & set("-_/+"):  # noqa: PLR2004  # too few to have each
            return text


def crc62(random: Random, size: int) -> str:
    """Return letters and digits with the checksum of GitHub and npm behind them."""
    body = drawn(random, _ALPHABETS["alnum"], size)
    return body + checksum62(body)


def grafana(random: Random, _size: int) -> str:
    """Return a token of Grafana with its checksum."""
    body = f"glsa_{drawn(random, _ALPHABETS['alnum'], 32)}"
    return f"{body}_{zlib.crc32(body.encode()).to_bytes(4, 'little').hex()}"


def age(random: Random, _size: int) -> str:
    """Return what looks like a secret key of age, with its checksum."""
    human, data = "age-secret-key-", [random.randrange(32) for _ in range(52)]
    left = remainder(human, [*data, *[0] * 6]) ^ 1
    checksum = [left >> 5 * (5 - place) & 31 for place in range(6)]
    return f"{human}1{''.join(BECH32[value] for value in data + checksum)}".upper()


def jwt(random: Random, _size: int) -> str:
    """Return a signed token."""
    header = {"alg": "HS256", "typ": "JWT"}
    claims = {
        "sub": drawn(random, _ALPHABETS["alnum"], 12),
        "exp": random.randrange(10**9, 2 * 10**9),
    }
    return f"{_url(header)}.{_url(claims)}.{drawn(random, _ALPHABETS['b64url'], 43)}"


def password(random: Random, _size: int) -> str:
    """Return a password as people choose them."""
    word = "".join(random.choices(string.ascii_lowercase, k=6)).capitalize()
    return f"{word}{random.choice('!#*+~')}{random.randrange(100, 9999)}{random.choice('xyzqw')}"


def _uuid(random: Random, _size: int) -> str:
    text = "".join(random.choices(_ALPHABETS["hex"], k=32))
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _aws(random: Random, _size: int) -> str:
    return drawn(random, _ALPHABETS["b64"], 40)


def _basic(random: Random, _size: int) -> str:
    return base64.b64encode(f"svc-etl:{password(random, 0)}".encode()).decode()


def _discord(random: Random, _size: int) -> str:
    number = (
        base64.b64encode(str(random.randrange(10**17, 9 * 10**17)).encode()).decode().rstrip("=")
    )
    tail = drawn(random, _ALPHABETS["b64url"], 6), drawn(random, _ALPHABETS["b64url"], 27)
    return ".".join((f"{number}", *tail))


def _pem(random: Random, size: int, glue: str = "\n") -> str:
    lines = [drawn(random, _ALPHABETS["b64"], 64) for _ in range(size or 8)]
    return glue.join(lines)


def _grafana_cloud(random: Random, _size: int) -> str:
    return "glc_" + _plain(
        {"o": "123", "n": "etl", "k": drawn(random, _ALPHABETS["alnum"], 24), "m": {"r": "eu"}}
    )


def _grafana_legacy(random: Random, _size: int) -> str:
    return _plain({"k": drawn(random, _ALPHABETS["alnum"], 32), "n": "etl", "id": 1})


def _url(value: object) -> str:
    return _plain(value).rstrip("=").replace("+", "-").replace("/", "_")


def _plain(value: object) -> str:
    return base64.b64encode(json.dumps(value, separators=(",", ":")).encode()).decode()


_MAKERS: Final[Mapping[str, Callable[[Random, int], str]]] = {
    "crc62": crc62,
    "grafana": grafana,
    "grafana-cloud": _grafana_cloud,
    "grafana-legacy": _grafana_legacy,
    "age": age,
    "jwt": jwt,
    "pass": password,
    "uuid": _uuid,
    "awssecret": _aws,
    "basic": _basic,
    "discord": _discord,
    "pem": _pem,
    "pem1": lambda random, size: _pem(random, size, "\\n"),
    "ssh": lambda random, size: _pem(random, size, "\n# MAGIC "),
}
