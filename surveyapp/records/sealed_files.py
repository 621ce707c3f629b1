"""Files that are encrypted from end to end and can be written and read in flat memory.

A file is

    MAGIC · header as one line of JSON · chunks of (length of 4 bytes · ciphertext and tag)

with AES-256-GCM in the STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár: Online Authenticated-Encryption and
its Nonce-Reuse Misuse-Resistance, CRYPTO 2015): the nonce counts the chunks and says which is the last one, so a file
that was cut off, put together anew or altered anywhere, its header included, cannot be opened. Each file has a key of
its own, derived from the vault's (HKDF, RFC 5869). What is inside is compressed first (zlib).
"""

from __future__ import annotations

import json
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from surveyapp.records.encryption import Vault, VaultFault

MAGIC = b"surveyapp sealed file 1\n"
CHUNK_BYTES = 256 * 1024  # of compressed content
_LONGEST_HEADER = 4096
_TAG_BYTES = 16
_LENGTH_BYTES = 4
_READ_BYTES = 1024 * 1024  # decompressed at once: what expands beyond all measure is handed on piece by piece
_SALT_BYTES = 16


class SealedFileFault(Exception):
    """The file is none of ours, incomplete or altered, or its key is missing. The message says what to do."""


class SealedWriter:
    """Takes bytes and writes them sealed; `close` writes what makes the file complete."""

    def __init__(self, file: BinaryIO, vault: Vault, purpose: str, facts: Mapping[str, str]) -> None:
        """`facts` can be read without the key, but not altered."""
        salt = secrets.token_bytes(_SALT_BYTES)
        key_id, key = vault.derive_key(purpose, salt)
        header = {**facts, "purpose": purpose, "key_id": key_id, "salt": salt.hex()}
        self._header = json.dumps(header, ensure_ascii=True, sort_keys=True).encode() + b"\n"
        self._cipher = AESGCM(key)
        self._file = file
        self._compressor = zlib.compressobj(6)
        self._pending = bytearray()
        self._count = 0
        file.write(MAGIC + self._header)

    def write(self, content: bytes) -> None:
        self._pending += self._compressor.compress(content)
        while len(self._pending) > CHUNK_BYTES:
            self._write_chunk(bytes(self._pending[:CHUNK_BYTES]), is_last=False)
            del self._pending[:CHUNK_BYTES]

    def close(self) -> None:
        self._pending += self._compressor.flush()
        while len(self._pending) > CHUNK_BYTES:
            self._write_chunk(bytes(self._pending[:CHUNK_BYTES]), is_last=False)
            del self._pending[:CHUNK_BYTES]
        self._write_chunk(bytes(self._pending), is_last=True)

    def _write_chunk(self, plain: bytes, *, is_last: bool) -> None:
        sealed = self._cipher.encrypt(_make_nonce(self._count, is_last=is_last), plain, self._header)
        self._file.write(len(sealed).to_bytes(_LENGTH_BYTES) + sealed)
        self._count += 1


@dataclass(frozen=True, slots=True)
class SealedHeader:
    """What a sealed file says of itself before it is opened. True only once its content was read to the end."""

    facts: Mapping[str, str]
    line: bytes


def read_header(file: BinaryIO) -> SealedHeader:
    """The header, with `file` then standing at the first chunk. Raises `SealedFileFault`."""
    if file.read(len(MAGIC)) != MAGIC:
        raise SealedFileFault("this is not a file that surveyapp wrote")
    line = file.readline(_LONGEST_HEADER)
    try:
        facts = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        facts = None
    if not isinstance(facts, dict) or not all(isinstance(value, str) for value in facts.values()):
        raise SealedFileFault("the head of the file is damaged: take another copy of it")
    return SealedHeader(facts, line)


def read_sealed(file: BinaryIO, header: SealedHeader, vault: Vault, purpose: str) -> Iterator[bytes]:
    """The content, piece by piece; whole only when the iteration ends without a fault. Raises `SealedFileFault`."""
    if header.facts.get("purpose") != purpose:
        raise SealedFileFault(f"the file was written for something else: {header.facts.get('purpose')}")
    try:
        salt = bytes.fromhex(header.facts["salt"])
        _, key = vault.derive_key(purpose, salt, key_id=header.facts["key_id"])
    except (KeyError, ValueError):
        raise SealedFileFault("the head of the file is damaged: take another copy of it") from None
    except VaultFault as fault:
        raise SealedFileFault(
            f"{fault}: put secrets.json of the installation that wrote the file into the instance folder"
        ) from fault
    expander = zlib.decompressobj()
    try:
        for chunk in _open_chunks(file, AESGCM(key), header.line):
            yield from _expand(expander, chunk)
    except zlib.error:
        raise SealedFileFault("the file is damaged: take another copy of it") from None
    if not expander.eof:
        raise SealedFileFault("the file is damaged: take another copy of it")


def _expand(expander: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    while chunk:
        yield expander.decompress(chunk, _READ_BYTES)
        chunk = expander.unconsumed_tail


def _open_chunks(file: BinaryIO, cipher: AESGCM, header: bytes) -> Iterator[bytes]:
    count, is_over = 0, False
    while not is_over:
        length = int.from_bytes(file.read(_LENGTH_BYTES))
        if not _TAG_BYTES <= length <= CHUNK_BYTES + _TAG_BYTES:
            raise SealedFileFault("the file is incomplete or damaged: take another copy of it")
        sealed = file.read(length)
        plain, is_over = _open_chunk(cipher, sealed, count, header)
        yield plain
        count += 1
    if file.read(1):
        raise SealedFileFault("something was added to the file: take another copy of it")


def _open_chunk(cipher: AESGCM, sealed: bytes, count: int, header: bytes) -> tuple[bytes, bool]:
    for is_last in (False, True):
        try:
            return cipher.decrypt(_make_nonce(count, is_last=is_last), sealed, header), is_last
        except InvalidTag:
            continue
    raise SealedFileFault(
        "the file cannot be opened: it was altered or cut off, or secrets.json is not that of the installation that "
        "wrote it"
    )


def _make_nonce(count: int, *, is_last: bool) -> bytes:
    return bytes(7) + count.to_bytes(4) + bytes([is_last])
