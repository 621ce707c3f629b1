"""Sealing of what names a company or reaches a person, and keyed digests to find it again.

AES-256-GCM (NIST SP 800-38D) with a random nonce of 96 bits for each sealing. A sealed value is

    length of the key's id (1 byte) · id of the key · nonce (12) · ciphertext and tag (16)

and everything before the ciphertext, together with the place that the value belongs to, is authenticated: a value
copied to another row, or a changed key id, cannot be opened.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16


class VaultFault(Exception):
    """A key is unusable or missing, or a sealed value was altered or moved. The message never holds what was sealed."""


class Vault:
    """The keys of one installation. The first seals, every one opens, so that keys can be replaced without a pause."""

    def __init__(self, keys: Mapping[str, bytes], lookup_key: bytes) -> None:
        """`keys`: id (1-32 ASCII characters) -> 32 bytes; `lookup_key`: 32 bytes. Raises `VaultFault`."""
        if not keys:
            raise VaultFault("there is no key to encrypt with")
        for key_id, key in keys.items():
            if not key_id.isascii() or not 1 <= len(key_id) <= 32:
                raise VaultFault("the id of a key must have 1 to 32 ASCII characters")
            if len(key) != KEY_BYTES:
                raise VaultFault(f"the key {key_id!r} must have {KEY_BYTES} bytes")
        if len(lookup_key) != KEY_BYTES:
            raise VaultFault(f"the look-up key must have {KEY_BYTES} bytes")
        self._keys = dict(keys)
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = next(iter(keys))
        self._lookup_key = lookup_key

    def seal(self, plain: bytes, *, bound_to: bytes) -> bytes:
        """Encrypt `plain` for the place `bound_to`."""
        header = _write_header(self._current)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return header + nonce + self._ciphers[self._current].encrypt(nonce, plain, header + bound_to)

    def open(self, sealed: bytes, *, bound_to: bytes) -> bytes:
        """What `seal` was given for the same place; raises `VaultFault`."""
        key_id = find_key_id(sealed)
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise VaultFault(f"the key {key_id!r} is missing")
        header = _write_header(key_id)
        nonce, ciphertext = sealed[len(header) :][:_NONCE_BYTES], sealed[len(header) + _NONCE_BYTES :]
        try:
            return cipher.decrypt(nonce, ciphertext, header + bound_to)
        except InvalidTag:
            raise VaultFault("a sealed value was altered, or belongs to another row") from None

    def derive_key(self, purpose: str, salt: bytes, *, key_id: str | None = None) -> tuple[str, bytes]:
        """A key of 32 bytes for one file and purpose (HKDF-SHA-256, RFC 5869), with the id of the key behind it.

        Raises `VaultFault` where `key_id` names a key that is not there.
        """
        key_id = self._current if key_id is None else key_id
        if key_id not in self._keys:
            raise VaultFault(f"the key {key_id!r} is missing")
        derived = HKDF(SHA256(), KEY_BYTES, salt, purpose.encode())
        return key_id, derived.derive(self._keys[key_id])

    def is_current(self, sealed: bytes) -> bool:
        """Whether `sealed` was made with the key that seals now."""
        return find_key_id(sealed) == self._current

    def lookup(self, value: str) -> bytes:
        """32 bytes that are equal for equal values and tell nothing without the key (HMAC-SHA-256)."""
        return hmac.new(self._lookup_key, value.encode(), hashlib.sha256).digest()


def find_key_id(sealed: bytes) -> str:
    """The id of the key that `sealed` was made with; raises `VaultFault` where it is no sealed value."""
    length = sealed[0] if sealed else 0
    key_id = sealed[1 : 1 + length]
    if not length or not key_id.isascii() or len(sealed) < 1 + length + _NONCE_BYTES + _TAG_BYTES:
        raise VaultFault("this is not a sealed value")
    return key_id.decode("ascii")


def _write_header(key_id: str) -> bytes:
    return bytes([len(key_id)]) + key_id.encode("ascii")
