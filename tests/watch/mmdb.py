"""Writes a small database in MaxMind's format, version 2: a tree of bits, and what its ends say."""

from __future__ import annotations

import struct
from ipaddress import ip_network


class Wide(int):
    """A number of 32 bits."""


class Widest(int):
    """A number of 64 bits."""


_MARK = b"\xab\xcd\xefMaxMind.com"
_GAP = b"\0" * 16


def write(file, kind, records):
    """Write a database of IPv4 networks, none of which lies in another; return the file."""
    tree, data = [[None, None]], b""
    for text, record in records.items():
        network = ip_network(text)
        bits = f"{int(network.network_address):032b}"[: network.prefixlen]
        node = 0
        for bit in map(int, bits[:-1]):
            if tree[node][bit] is None:
                tree[node][bit] = len(tree)
                tree.append([None, None])
            node = tree[node][bit]
        tree[node][int(bits[-1])] = (len(data),)
        data += _encoded(record)
    count = len(tree)
    nodes = b"".join(struct.pack(">I", _target(end, count)) for node in tree for end in node)
    about = {
        "binary_format_major_version": 2,
        "binary_format_minor_version": 0,
        "build_epoch": Widest(1),
        "database_type": kind,
        "description": {"en": "test"},
        "ip_version": 4,
        "languages": ["en"],
        "node_count": Wide(count),
        "record_size": 32,
    }
    file.write_bytes(nodes + _GAP + data + _MARK + _encoded(about))
    return file


def _target(end, count):
    if end is None:
        return count
    return end if isinstance(end, int) else count + len(_GAP) + end[0]


_NUMBERS = {
    float: (b"\x68", ">d"),
    int: (b"\xa2", ">H"),
    Wide: (b"\xc4", ">I"),
    Widest: (b"\x08\x02", ">Q"),
}


def _encoded(value):
    if isinstance(value, bool):
        return bytes([value, 7])
    if type(value) in _NUMBERS:
        head, form = _NUMBERS[type(value)]
        return head + struct.pack(form, value)
    if isinstance(value, str):
        return bytes([(2 << 5) | len(value)]) + value.encode()
    if isinstance(value, list):
        return bytes([len(value), 4]) + b"".join(map(_encoded, value))
    pairs = b"".join(_encoded(key) + _encoded(each) for key, each in value.items())
    return bytes([(7 << 5) | len(value)]) + pairs
