# SPDX-License-Identifier: Apache-2.0
"""The container of models and lexica, written and read as the comment of src/store/store.h defines it (version 1.0)."""

import os
import struct
import tempfile

MAGIC = b"\x89TRG\r\n\x1a\n"
MAJOR, MINOR = 1, 0
ACOUSTIC, LEXICON, G2P = 1, 2, 3  # enum store_kind
OPTIONAL = 1  # enum store_flag
ALIGN = 64
MAX_SECTIONS = 64

_HEADER = struct.Struct("<8sHHIQII28x")  # and the CRC of these 60 bytes
_ENTRY = struct.Struct("<16sQQII24x")


def _crc_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


_CRC = _crc_table()


def crc32c(data):
    """CRC-32C (Castagnoli) of bytes: 0xE3069283 for b"123456789"."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def _padding(n):
    return b"\0" * (-n % ALIGN)


def pack(kind, sections):
    """The bytes of a container. sections: a list of (name, bytes) or (name, bytes, flags), in the order of the file."""
    if not 1 <= len(sections) <= MAX_SECTIONS:
        raise ValueError(f"{len(sections)} sections; a container holds 1 to {MAX_SECTIONS}")
    if len({section[0] for section in sections}) != len(sections):
        raise ValueError("two sections have the same name")
    offset = ALIGN + _ENTRY.size * len(sections)
    table, body = b"", b""
    for name, data, *flags in sections:
        encoded = name.encode("ascii")
        if not 1 <= len(encoded) <= 15 or not all(33 <= c < 127 for c in encoded):
            raise ValueError(f"{name!r}: a section's name has 1 to 15 printable characters")
        data = bytes(data)
        table += _ENTRY.pack(encoded, offset + len(body), len(data), crc32c(data), flags[0] if flags else 0)
        body += data + _padding(len(data))
    header = _HEADER.pack(MAGIC, MAJOR, MINOR, kind, offset + len(body), len(sections), crc32c(table))
    return header + struct.pack("<I", crc32c(header)) + table + body


def write(path, kind, sections):
    """Write a container beside path and rename it over path: a reader has the old file mapped or the new one, never a mixture."""
    data = pack(kind, sections)
    handle, beside = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(path)), prefix=".store-")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.chmod(beside, 0o644)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise


def read(path):
    """(kind, {name: bytes}) of a container; ValueError where a check of the layout fails."""
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < ALIGN or data[:8] != MAGIC:
        raise ValueError(f"{path}: not a tragus container")
    _, major, _, kind, size, n_sections, table_crc = _HEADER.unpack_from(data)
    table = data[ALIGN : ALIGN + _ENTRY.size * n_sections]
    if major != MAJOR or size != len(data):
        raise ValueError(f"{path}: version {major} and {size} bytes in the header, {MAJOR} and {len(data)} expected")
    if crc32c(data[:60]) != struct.unpack_from("<I", data, 60)[0] or crc32c(table) != table_crc:
        raise ValueError(f"{path}: damaged header or table")
    sections = {}
    for name, offset, length, crc, _ in _ENTRY.iter_unpack(table):
        name = name.rstrip(b"\0").decode("ascii")
        sections[name] = data[offset : offset + length]
        if len(sections[name]) != length or crc32c(sections[name]) != crc:
            raise ValueError(f"{path}: damaged section {name}")
    return kind, sections
