"""Values of secrets as their vendors make them, and the words and code around them."""

from __future__ import annotations

import base64
import json
import string
import uuid
import zlib
from collections.abc import Mapping
from random import Random
from typing import Any, Final

HEX: Final = "0123456789abcdef"
DIGITS: Final = string.digits
LOWER: Final = string.ascii_lowercase
UPPER: Final = string.ascii_uppercase
ALNUM: Final = string.ascii_letters + string.digits
B64: Final = ALNUM + "+/"
URL: Final = ALNUM + "-_"
BASE32: Final = UPPER + "234567"
_BASE62: Final = DIGITS + UPPER + LOWER
_CHARSET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_NOUNS: Final = (
    *("order", "customer", "invoice", "shipment", "ledger", "sensor", "forecast"),
    *("payment", "product", "session", "event", "device", "claim", "policy"),
    *("account", "campaign", "basket", "store", "supplier", "contract", "trade"),
    *("position", "risk", "margin", "churn", "segment", "cohort", "feature", "label"),
    *("score", "batch", "stream", "bronze", "silver", "gold", "landing", "raw"),
    *("curated",),
)
_VERBS: Final = (
    *("load", "merge", "write", "read", "join", "clean", "score", "refresh"),
    *("publish", "compute", "filter", "rank"),
)
_PASSWORD_WORDS: Final = (
    *("Winter", "Summer", "Autumn", "Harbor", "Falcon", "Orange", "Copper", "Meadow"),
    *("Thunder", "Bridge", "Dragon", "Silver", "Matrix", "Rocket", "Castle"),
    *("Monkey", "Welcome", "Munich", "Lisbon", "Oslo", "Coffee", "Guitar"),
)
_CODE: Final = (
    'df_{a} = spark.read.table("{b}.{c}").where(F.col("{a}_id").isNotNull())',
    '{a}_count = df_{a}.groupBy("{b}_id").agg(F.sum("{c}").alias("{c}_total"))',
    'df_{a}.write.format("delta").mode("append").saveAsTable("{b}.{c}_{a}")',
    "for {a} in {b}_list:\n    {c}.append({a})",
    'def {d}_{a}(df, {b}=None):\n    return df.join({b}, on="{c}_id", how="left")',
    'display(spark.sql("SELECT {a}_id, count(*) FROM {b}.{c} GROUP BY 1"))',
    'spark.conf.set("spark.sql.shuffle.partitions", "{n}")',
    'dbutils.widgets.text("{a}_date", "2026-01-{m}")',
    'assert {a}_count > {n}, "too few {b}s"',
    "# {d} the {a}s of {b} before {c}s are joined",
    'logger.info("%s {a}s {d}ed in %.1f s", {b}_count, elapsed)',
    '{a}_schema = StructType([StructField("{b}", StringType()), StructField("{c}", LongType())])',
    "from pyspark.sql import functions as F",
    'MERGE_KEYS = ["{a}_id", "{b}_id", "{c}_ts"]',
    'window = Window.partitionBy("{a}_id").orderBy(F.col("{b}_ts").desc())',
    'path = f"/Volumes/main/{a}/{b}/{{run_date}}/{c}.parquet"',
)


class Maker:
    """Draws values, names and code."""

    def __init__(self, random: Random) -> None:
        """Take what is drawn from."""
        self.random = random

    def of(self, alphabet: str, size: int) -> str:
        """Return letters of an alphabet."""
        return "".join(self.random.choices(alphabet, k=size))

    def pick(self, *options: str) -> str:
        """Return one of several."""
        return self.random.choice(options)

    def noun(self) -> str:
        """Return a word for a thing."""
        return self.random.choice(_NOUNS)

    def identifier(self) -> str:
        """Return a name of a variable."""
        return f"{self.noun()}_{self.noun()}"

    def words(self, count: int) -> str:
        """Return some words."""
        return " ".join(self.noun() for _ in range(count))

    def number(self) -> str:
        """Return a number."""
        return str(self.random.randrange(1, 100_000))

    def code(self) -> list[str]:
        """Return lines of a notebook that have nothing to hide."""
        found = []
        for _ in range(self.random.randrange(2, 7)):
            text = self.random.choice(_CODE)
            names = {name: self.noun() for name in "abc"}
            verb, n, m = (
                self.random.choice(_VERBS),
                self.number(),
                self.of("12", 1) + self.of(DIGITS, 1),
            )
            found += text.format(**names, d=verb, n=n, m=m).split("\n")
        return found

    # values

    def hex(self, size: int) -> str:
        """Return hexadecimal digits."""
        return self.of(HEX, size)

    def uuid(self) -> str:
        """Return a random UUID."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def password(self) -> str:
        """Return a password as people choose or generate them."""
        way = self.random.randrange(5)
        word = self.random.choice(_PASSWORD_WORDS)
        if way == 0:
            return f"{word}{self.of(DIGITS, 4)}{self.pick('!', '#', '*')}"
        if way == 1:
            return (
                word.replace("o", "0").replace("a", "@").replace("e", "3")
                + self.of(DIGITS, 3)
                + self.pick("!", "#")
            )
        if way == 2:  # noqa: PLR2004  # one of the ways
            return f"{word}-{self.random.choice(_PASSWORD_WORDS)}-{self.of(DIGITS, 2)}"
        alphabet = ALNUM + ("!#*^_-+=" if way == 3 else "")  # noqa: PLR2004  # likewise
        return (
            self.random.choice(LOWER)
            + self.of(alphabet, self.random.randrange(11, 20))
            + self.of(DIGITS, 2)
        )

    def crc62(self, prefix: str) -> str:
        """Return a token whose last six characters are a CRC-32 in base 62."""
        body = self.of(ALNUM, 30)
        value, text = zlib.crc32(body.encode()), ""
        for _ in range(6):
            value, digit = divmod(value, 62)
            text = _BASE62[digit] + text
        return f"{prefix}_{body}{text}"

    def grafana(self) -> str:
        """Return a token of Grafana, with the CRC-32 of all before in little-endian order."""
        body = f"glsa_{self.of(ALNUM, 32)}"
        return f"{body}_{zlib.crc32(body.encode()).to_bytes(4, 'little').hex()}"

    def aws_secret(self) -> str:
        """Return forty characters of base64, never of one case alone."""
        return base64.b64encode(self.random.randbytes(30)).decode()

    def b64(self, size: int) -> str:
        """Return so many random bytes in base64."""
        return base64.b64encode(self.random.randbytes(size)).decode()

    def url64(self, size: int) -> str:
        """Return so many random bytes in base64 for URLs, without padding."""
        return base64.urlsafe_b64encode(self.random.randbytes(size)).decode().rstrip("=")

    def jwt(self, claims: Mapping[str, Any] | None = None) -> str:
        """Return a signed token."""
        claims = claims or {
            "iss": f"https://{self.noun()}.corp.net",
            "sub": self.uuid(),
            "exp": 1_900_000_000,
        }
        head = {"alg": self.pick("RS256", "HS256"), "typ": "JWT"}
        parts = [json.dumps(part, separators=(",", ":")).encode() for part in (head, claims)]
        texts = [base64.urlsafe_b64encode(part).decode().rstrip("=") for part in parts]
        return ".".join((*texts, self.url64(32)))

    def pem(self, kind: str, size: int = 1190) -> str:
        """Return a PEM block of random bytes that begins as DER does."""
        body = base64.b64encode(
            b"\x30\x82\x04\xa2\x02\x01\x00" + self.random.randbytes(size)
        ).decode()
        lines = [body[i : i + 64] for i in range(0, len(body), 64)]
        return "\n".join((f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"))

    def age(self) -> str:
        """Return a secret key of age: Bech32 of 32 bytes."""
        bits = int.from_bytes(self.random.randbytes(32)) << 4
        data = [bits >> (5 * n) & 31 for n in range(51, -1, -1)]
        human = "age-secret-key-"
        full = [ord(c) >> 5 for c in human] + [0] + [ord(c) & 31 for c in human] + data
        check = _polymod([*full, 0, 0, 0, 0, 0, 0]) ^ 1
        tail = [check >> 5 * (5 - n) & 31 for n in range(6)]
        return f"{human}1{''.join(_CHARSET[d] for d in data + tail)}".upper()

    def basic(self) -> str:
        """Return a user and a password in base64."""
        return base64.b64encode(f"svc_{self.noun()}:{self.password()}".encode()).decode()

    def discord(self) -> str:
        """Return a token of a bot: its number, a time, a signature."""
        number = base64.b64encode(str(self.random.randrange(10**17, 10**18)).encode()).decode()
        return f"{number.rstrip('=')}.{self.of(URL, 6)}.{self.of(URL, 27)}"


def _polymod(values: list[int]) -> int:
    found = 1
    for value in values:
        top = found >> 25
        found = (found & 0x1FFFFFF) << 5 ^ value
        for bit, part in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            found ^= part if top >> bit & 1 else 0
    return found
