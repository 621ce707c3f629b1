"""E-mail addresses of the directory: what is taken for one, and when two are the same."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 254  # of an address (RFC 5321, 4.5.3.1.3, less the angle brackets)
_MOST_LOCAL = 64
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")  # RFC 5322, dot-atom
_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:xn--[a-z0-9-]{1,59}|[a-z]{2,63})")


def read_address(typed: str) -> str | None:
    """The address that somebody typed, its domain in ASCII; None where mail cannot be sent to it.

    The part before the @ keeps its case. It must be ASCII, because few servers take others (RFC 6531), and must need no
    quotes.
    """
    local, at, domain = unicodedata.normalize("NFKC", typed).strip().rpartition("@")
    if not at or len(local) > _MOST_LOCAL or not _LOCAL.fullmatch(local):
        return None
    try:
        ascii_domain = domain.lower() if domain.isascii() else domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return None
    if not _DOMAIN.fullmatch(ascii_domain) or len(local) + len(ascii_domain) >= MOST_CHARACTERS:
        return None
    return f"{local}@{ascii_domain}"


def normalise_address(address: str) -> str:
    """`address` as it is looked up: no server that anybody uses tells addresses apart by their case."""
    return (read_address(address) or unicodedata.normalize("NFKC", address).strip()).casefold()
