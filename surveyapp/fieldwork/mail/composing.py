"""A mail as it leaves: headers, text and HTML, from words that were filled in for one person.

Nothing in it is loaded from elsewhere and nothing reports that it was opened: no picture, no style sheet, no tracking
pixel, no link through a counter. Styles stand in the elements, because mail programs drop the others. Both parts are
Base64, so that no server on the way has to change a letter of them.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.utils import format_datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from surveyapp.fieldwork.mail.addresses import MailAddress, NamedAddress, clean_line, clean_name
from surveyapp.fieldwork.mail.templates import LINK, Template, fill
from surveyapp.questionnaire.model import Language

_ALONE = re.compile(r"\{\{\s*link\s*\}\}")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n+")

_BODY = "margin:0;padding:24px 12px;background-color:#f7f8f5;color:#18211f"
_SHEET = "max-width:600px;margin:0 auto;padding:28px 24px;background-color:#ffffff;border:1px solid #d8ddd8"
_WRAPPING: Mapping[Language, str] = {"ko": ";word-break:keep-all", "en": "", "ja": ""}  # Korean breaks between words
_FONT = "font-family:'Apple SD Gothic Neo','Malgun Gothic','Hiragino Sans','Yu Gothic',Arial,sans-serif"
_WORDS = f"{_FONT};font-size:16px;line-height:1.65;margin:0 0 16px;overflow-wrap:anywhere"
_BUTTON = (
    f"{_FONT};display:inline-block;padding:12px 22px;background-color:#0d5c5a;color:#ffffff;"
    "font-size:16px;font-weight:bold;text-decoration:none;border-radius:6px"
)
_ADDRESS = f"{_FONT};font-size:13px;line-height:1.5;margin:0 0 16px;word-break:break-all;color:#44504d"
_FOOT = f"{_FONT};font-size:13px;line-height:1.6;margin:0 0 8px;color:#44504d"
_ANCHOR = "color:#0d5c5a"


class _RememberingPolicy(policy.EmailPolicy):
    """Parses and folds once what is the same in many mails: headers are most of the work of writing one."""

    def header_store_parse(self, name: str, value: Any) -> tuple[str, Any]:
        key = ("parsed", self.utf8, name, str(value))
        if name not in _ALIKE:
            return super().header_store_parse(name, value)
        if key not in _remembered:
            _remember(key, super().header_store_parse(name, value))
        parsed: tuple[str, Any] = _remembered[key]
        return parsed

    def fold_binary(self, name: str, value: Any) -> bytes:
        key = ("folded", self.utf8, name, str(value))
        if name not in _ALIKE:
            return super().fold_binary(name, value)
        if key not in _remembered:
            _remember(key, super().fold_binary(name, value))
        folded: bytes = _remembered[key]
        return folded


def _remember(key: tuple[str, bool, str, str], value: Any) -> None:
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[key] = value


# Not the headers that are of one mail alone.
_ALIKE = frozenset(
    {
        "Date",  # for a second
        "From",
        "Subject",  # unless it names the company
    }
)
_MOST_REMEMBERED = 512
_remembered: dict[tuple[str, bool, str, str], Any] = {}
_SMTP = _RememberingPolicy(linesep="\r\n")  # as email.policy.SMTP
_SMTPUTF8 = _SMTP.clone(utf8=True)
_BOUNDARY = b"=_text_and_html"  # no line of Base64 can hold it
_ALTERNATIVE = b'Content-Type: multipart/alternative; boundary="%s"\r\n' % _BOUNDARY
_ONE_CLICK = b"List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
_LONGEST_LINE = 998  # characters without its end (RFC 5322, 2.1.1)


class MailUnwritable(ValueError):
    """The mail cannot be written with what was filled in."""


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands below the words: sentences, and where mails can be declined."""

    sentences: tuple[str, ...]
    decline: str = ""  # words of the link
    decline_url: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """The words of one mail to one person, filled in."""

    language: Language
    subject: str
    text: str
    html: str
    decline_url: str = ""


@dataclass(frozen=True, slots=True)
class ComposedMail:
    """What is handed to the server: the envelope and the message."""

    message_id: str  # of the log, also the envelope's id in delivery reports
    sender: str
    recipient: MailAddress
    content: bytes


def write_letter(
    language: Language, template: Template, values: Mapping[str, str], *, link_words: str, foot: Foot
) -> Letter:
    """Fill in `template`. `link_words` stand on the button that the link becomes in HTML."""
    lines = {name: clean_line(value) for name, value in values.items()}
    subject = _disarm(clean_line(fill(template.subject, {**lines, LINK: ""})))
    body = _even_lines(template.body)
    return Letter(
        language=language,
        subject=subject,
        text=_write_text(fill(body, lines), foot),
        html=_write_html(language, subject, body, lines, link_words, foot),
        decline_url=foot.decline_url,
    )


def compose(
    letter: Letter,
    *,
    message_id: str,
    sender: NamedAddress,
    return_path: MailAddress,
    recipient: NamedAddress,
    now: datetime,
) -> ComposedMail:
    """The message with its headers. Raises `MailUnwritable` where something filled in would have become a header."""
    is_utf8 = recipient.address.needs_utf8 or sender.address.needs_utf8
    rules = _SMTPUTF8 if is_utf8 else _SMTP
    lines = [
        _write_header(rules, "Date", format_datetime(now.astimezone(UTC))),
        _write_header(rules, "From", _write_address(sender)),
        _write_header(rules, "To", _write_address(recipient)),
        _write_header(rules, "Subject", letter.subject),
        _write_token("Message-ID", f"<{message_id}@{sender.address.domain}>"),
        b"Auto-Submitted: auto-generated\r\n",  # RFC 3834: absence notices are not sent in reply
    ]
    names = ["Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted"]
    if letter.decline_url:
        # Programs look for the address as it is: the library would make encoded words of a long one.
        lines += [_write_token("List-Unsubscribe", f"<{_make_ascii(letter.decline_url)}>"), _ONE_CLICK]
        names += ["List-Unsubscribe", "List-Unsubscribe-Post"]
    lines += [b"MIME-Version: 1.0\r\n", _ALTERNATIVE, f"Content-Language: {letter.language}\r\n".encode("ascii")]
    names += ["MIME-Version", "Content-Type", "Content-Language"]
    parts = _write_part(b"plain", letter.text) + _write_part(b"html", letter.html)
    content = b"".join(lines) + b"\r\n" + parts + b"--" + _BOUNDARY + b"--\r\n"
    _check_head(content, names)
    return ComposedMail(message_id, return_path.spec, recipient.address, content)


def _write_header(rules: policy.EmailPolicy, name: str, value: Any) -> bytes:
    """A header as the library folds and encodes it."""
    return rules.fold_binary(*rules.header_store_parse(name, value))


def _make_ascii(url: str) -> str:
    """`url` with its host as it is looked up, where that has other letters. Raises `MailUnwritable`."""
    if url.isascii():
        return url
    try:
        parts = urlsplit(url)
        return parts._replace(netloc=parts.netloc.encode("idna").decode("ascii")).geturl()
    except ValueError as fault:
        raise MailUnwritable("an address cannot be written") from fault


def _write_token(name: str, value: str) -> bytes:
    """A header whose value is one word of ASCII, in one line: it cannot be folded. Raises `MailUnwritable`."""
    if not value.isascii() or not value.isprintable() or len(name) + len(value) > _LONGEST_LINE - 2:
        raise MailUnwritable(f"{name} cannot be written")
    return f"{name}: {value}\r\n".encode("ascii")


def _write_part(subtype: bytes, text: str) -> bytes:
    body = b"\r\n".join(text.encode("utf-8").splitlines()) + b"\r\n"
    head = b'Content-Type: text/%s; charset="utf-8"\r\nContent-Transfer-Encoding: base64\r\nMIME-Version: 1.0\r\n'
    encoded = base64.encodebytes(body).replace(b"\n", b"\r\n")
    return b"--" + _BOUNDARY + b"\r\n" + head % subtype + b"\r\n" + encoded + b"\r\n"


def _disarm(subject: str) -> str:
    """An encoded word (RFC 2047) that somebody filled in would be decoded into the header, line breaks included."""
    return subject.replace("=?", "= ?")


def _check_head(content: bytes, names: list[str]) -> None:
    """The second lock: whatever the library made of the values, the headers are those that were set, each once."""
    head = content.partition(b"\r\n\r\n")[0]
    lines = [line for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]
    if [line.partition(b":")[0].decode("ascii", "replace") for line in lines] != names:
        raise MailUnwritable("a header would break")


def _write_address(named: NamedAddress) -> Address:
    return Address(clean_name(named.name), named.address.local, named.address.domain)


def _even_lines(text: str) -> str:
    """Lines end alike, and the lines that hold blanks alone are empty."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _write_text(body: str, foot: Foot) -> str:
    lines = [body, "", "-- ", *foot.sentences]
    if foot.decline_url:
        lines += [f"{foot.decline}:", foot.decline_url]
    return "\n".join(lines) + "\n"


def _write_html(
    language: Language, subject: str, body: str, lines: Mapping[str, str], link_words: str, foot: Foot
) -> str:
    values = {name: escape(value) for name, value in lines.items()}
    url = values.get(LINK, "")
    values[LINK] = f'<a href="{url}" style="{_ANCHOR}">{url}</a>'
    paragraphs = "\n".join(
        _write_button(lines.get(LINK, ""), link_words)
        if _ALONE.fullmatch(paragraph.strip())
        else f'<p style="{_WORDS}">{_write_lines(paragraph, values)}</p>'
        for paragraph in _PARAGRAPHS.split(body)
    )
    below = "\n".join(f'<p style="{_FOOT}">{escape(sentence)}</p>' for sentence in foot.sentences)
    if foot.decline_url:
        anchor = f'<a href="{escape(foot.decline_url)}" style="{_ANCHOR}">{escape(foot.decline)}</a>'
        below += f'\n<p style="{_FOOT}">{anchor}</p>'
    return (
        f'<!doctype html>\n<html lang="{language}" dir="ltr">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<title>{escape(subject)}</title>\n</head>\n<body style="{_BODY}">\n'
        f'<div lang="{language}" dir="ltr" style="{_SHEET}{_WRAPPING[language]}">\n{paragraphs}\n'
        f'<hr style="border:0;border-top:1px solid #d8ddd8;margin:24px 0 16px">\n{below}\n</div>\n</body>\n</html>\n'
    )


def _write_lines(paragraph: str, values: Mapping[str, str]) -> str:
    """A paragraph with its line breaks. `values` are written for HTML: a link is a link, the others are plain words."""
    return "<br>\n".join(fill(line, values) for line in escape(paragraph, quote=False).split("\n"))


def _write_button(url: str, words: str) -> str:
    """The link as a button, and below it as it is, for those who copy it."""
    address = escape(url)
    return (
        f'<p style="{_WORDS}"><a href="{address}" style="{_BUTTON}">{escape(words)}</a></p>\n'
        f'<p style="{_ADDRESS}"><a href="{address}" style="{_ANCHOR}">{address}</a></p>'
    )
