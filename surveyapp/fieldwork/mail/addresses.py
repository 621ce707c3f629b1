"""E-mail addresses: checked before anything is sent to them, with no way to smuggle a header or a command in.

The address is what SMTP takes (RFC 5321, "Mailbox"): a dot-string before the @, a domain after it, whose letters
beyond ASCII become A-labels. Letters beyond ASCII before the @ need a server with SMTPUTF8 (RFC 6531). Quoted local
parts, address literals, comments and lists of several addresses are not taken: no contact has one, an attacker might.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Literal

MOST_ADDRESS = 254  # octets of a path, RFC 5321 4.5.3.1.3
MOST_LOCAL = 64
MOST_NAME = 120

AddressProblem = Literal["blank", "line_break", "no_at", "local", "domain", "too_long"]

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]+"
_LOCAL = re.compile(rf"{_ATEXT}(?:\.{_ATEXT})*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What has a meaning of its own in a list of addresses; a name shown beside an address can do without it.
_SPECIALS = re.compile(r'[\\"<>@,;:\[\]()=?]')


class AddressUnusable(ValueError):
    """This is no address that mail can be sent to. The message does not repeat it."""

    def __init__(self, problem: AddressProblem) -> None:
        super().__init__(f"no usable e-mail address: {problem}")
        self.problem: AddressProblem = problem


@dataclass(frozen=True, slots=True)
class MailAddress:
    """`local` as it was given, `domain` in small letters and A-labels."""

    local: str
    domain: str

    @property
    def spec(self) -> str:
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Whether only a server with SMTPUTF8 can take it."""
        return not self.local.isascii()


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """An address with the name that is shown beside it, which may be blank."""

    address: MailAddress
    name: str = ""


def check_address(text: str) -> MailAddress:
    """The address that `text` is. Raises `AddressUnusable`."""
    plain = text.strip(" ")
    if not plain:
        raise AddressUnusable("blank")
    if not plain.isprintable() and any(_is_control(character) for character in plain):
        raise AddressUnusable("line_break")
    local, separator, domain = plain.rpartition("@")
    if not separator:
        raise AddressUnusable("no_at")
    local = unicodedata.normalize("NFC", local)
    if not _LOCAL.fullmatch(local) or any(character.isspace() for character in local):
        raise AddressUnusable("local")
    address = MailAddress(local, _check_domain(domain))
    if len(local.encode()) > MOST_LOCAL or len(address.spec.encode()) > MOST_ADDRESS:
        raise AddressUnusable("too_long")
    return address


def read_sender(text: str) -> NamedAddress:
    """`Name <address>` or an address alone, as settings give it. Raises `AddressUnusable`."""
    if any(_is_control(character) for character in text):
        raise AddressUnusable("line_break")
    name, bare = parseaddr(text)
    return NamedAddress(check_address(bare or text), clean_name(name))


def clean_name(text: str) -> str:
    """A name as it may stand beside an address: one line, nothing that parts or ends a list of addresses."""
    plain = _SPECIALS.sub(" ", clean_line(text))
    return " ".join(plain.split())[:MOST_NAME].strip()


def clean_line(text: str) -> str:
    """`text` as one line of a header: whatever breaks lines or cannot be seen becomes a space."""
    if not text.isprintable():
        text = "".join(" " if _is_control(each) else each for each in text)
    return " ".join(text.split())


def _is_control(character: str) -> bool:
    """Controls, line and paragraph separators, what turns the direction of writing, and lone surrogates."""
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _check_domain(domain: str) -> str:
    labels = unicodedata.normalize("NFKC", domain).casefold().split(".")
    if len(labels) < 2:
        raise AddressUnusable("domain")
    try:
        ascii_labels = [label.encode("idna").decode("ascii") if label else "" for label in labels]
    except UnicodeError as fault:
        raise AddressUnusable("domain") from fault
    if not all(_LABEL.fullmatch(label) for label in ascii_labels) or ascii_labels[-1].isdigit():
        raise AddressUnusable("domain")
    return ".".join(ascii_labels)
