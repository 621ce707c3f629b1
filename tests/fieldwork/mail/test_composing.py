"""Mails as they leave, headers under attack included."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import Parser
from html.parser import HTMLParser

import html5lib
import pytest

from surveyapp.fieldwork.mail.addresses import MailAddress, NamedAddress, check_address, read_sender
from surveyapp.fieldwork.mail.composing import ComposedMail, Foot, Letter, MailUnwritable, compose, write_letter
from surveyapp.fieldwork.mail.templates import Template, load_default_templates
from surveyapp.questionnaire.model import LANGUAGES, Language
from tests.fieldwork.mail.smtp_server import SENDER

NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
LINK = "https://survey.example.org/i/abc-DEF_123/?lang=ko&x=1"
DECLINE = "https://survey.example.org/u/token?lang=ko"
VALUES = {
    "company": "(주)한빛바이오 & 아들 <b>",
    "person": "김철수",
    "link": LINK,
    "round": "2026년 조사",
    "closes": "2026년 12월 1일 09:00 (Asia/Seoul)",
    "operator": "협회",
    "contact": "02-123-4567",
}
MESSAGE_ID = "0123456789abcdef0123456789abcdef"


def make_mail(
    language: Language = "ko",
    *,
    template: Template | None = None,
    values: dict[str, str] | None = None,
    to: str = "kim@example.com",
    name: str = "김철수",
    sender: str = SENDER,
) -> ComposedMail:
    letter = write_letter(
        language,
        template or load_default_templates("invitation")[language],
        {**VALUES, **(values or {})},
        link_words="조사로 이동",
        foot=Foot(("보낸 곳: 협회",), "더 이상 받지 않기", DECLINE),
    )
    return compose(
        letter,
        message_id=MESSAGE_ID,
        sender=read_sender(sender),
        return_path=MailAddress("bounces", "office.example"),
        recipient=NamedAddress(check_address(to), name),
        now=NOW,
    )


def parse(mail: ComposedMail) -> EmailMessage:
    found = Parser(policy=policy.default).parsestr(mail.content.decode())
    assert isinstance(found, EmailMessage)
    assert not found.defects
    return found


def get_texts(message: EmailMessage) -> tuple[str, str]:
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert isinstance(plain, EmailMessage) and isinstance(html, EmailMessage)
    return str(plain.get_content()), str(html.get_content())


class Elements(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_has_text_and_html_in_one_language(language: Language) -> None:
    message = parse(make_mail(language))
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in message.iter_parts()] == ["base64", "base64"]
    assert message["Content-Language"] == language
    plain, html = get_texts(message)
    for words in (plain, html):
        assert "{{" not in words and "김철수" in words
    assert LINK in plain and DECLINE in plain
    assert f'<html lang="{language}" dir="ltr">' in html
    links = [attributes["href"] for tag, attributes in Elements(html).found if tag == "a"]
    assert links == [LINK, LINK, DECLINE]


@pytest.mark.parametrize("language", LANGUAGES)
def test_html_is_well_formed_loads_nothing_and_is_styled_inline_only(language: Language) -> None:
    _plain, html = get_texts(parse(make_mail(language)))
    html5lib.HTMLParser(strict=True).parse(html)
    tags = {tag for tag, _ in Elements(html).found}
    assert tags <= {"html", "head", "meta", "title", "body", "div", "p", "a", "br", "hr"}
    for tag, attributes in Elements(html).found:
        assert not {"src", "background", "onload", "class", "id"} & set(attributes), tag
        assert "url(" not in (attributes.get("style") or "")
    assert "<b>" not in html and "&lt;b&gt;" in html


def test_the_headers_say_what_mail_servers_ask_for() -> None:
    mail = make_mail()
    message = parse(mail)
    assert message["From"].addresses[0].addr_spec == "survey@office.example"
    assert message["From"].addresses[0].display_name == "조사 사무국"
    assert message["To"].addresses[0].display_name == "김철수"
    assert message["Subject"] == "[2026년 조사] 조사 참여를 요청드립니다"
    assert message["Message-ID"] == f"<{MESSAGE_ID}@office.example>"
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == f"<{DECLINE}>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["MIME-Version"] == "1.0"
    assert (mail.sender, mail.recipient.spec) == ("bounces@office.example", "kim@example.com")


@pytest.mark.parametrize("to", ["kim@example.com", "김철수@example.com"])
def test_where_mails_can_be_declined_stands_as_it_is_however_long(to: str) -> None:
    """Mail programs look for the address itself (RFC 2369, 8058): in encoded words they do not find it."""
    url = f"https://survey.example.org/u/{'A1-_' * 16}?lang=ko"
    letter = Letter("ko", "제목", "본문", "<p>본문</p>", url)
    recipient = NamedAddress(check_address(to))
    sender, path = read_sender(SENDER), MailAddress("bounces", "office.example")
    mail = compose(letter, message_id=MESSAGE_ID, sender=sender, return_path=path, recipient=recipient, now=NOW)
    assert f"\r\nList-Unsubscribe: <{url}>\r\n".encode() in mail.content

    letter = replace(letter, decline_url="https://조사.example:8000/u/a?lang=ko")
    mail = compose(letter, message_id=MESSAGE_ID, sender=sender, return_path=path, recipient=recipient, now=NOW)
    assert b"\r\nList-Unsubscribe: <https://xn--vf4b15l.example:8000/u/a?lang=ko>\r\n" in mail.content


@pytest.mark.parametrize(
    "url", ["https://survey.example.org/u/\r\nBcc: eve@evil.example", f"https://{'조사' * 40}.example/u/a"]
)
def test_an_address_that_would_break_its_header_is_refused(url: str) -> None:
    sender, path = read_sender(SENDER), MailAddress("bounces", "office.example")
    recipient = NamedAddress(check_address("kim@example.com"))
    letter = Letter("ko", "제목", "본문", "<p>본문</p>", url)
    with pytest.raises(MailUnwritable):
        compose(letter, message_id=MESSAGE_ID, sender=sender, return_path=path, recipient=recipient, now=NOW)


@pytest.mark.parametrize("to", ["kim@example.com", "김철수@example.com"])
def test_every_line_is_short_and_ends_in_crlf(to: str) -> None:
    mail = make_mail(to=to, values={"company": "가" * 400})
    lines = mail.content.split(b"\r\n")
    assert all(b"\n" not in line and b"\r" not in line and len(line) <= 998 for line in lines)
    head = mail.content.split(b"\r\n\r\n")[0]
    assert all(len(line.decode()) <= 78 for line in head.split(b"\r\n") if not line.startswith(b"List-")), head
    assert head.isascii() == to.isascii()


ATTACKS = [
    "x\r\nBcc: all@evil.example",
    "x\nBcc: all@evil.example",
    "x\rBcc: all@evil.example",
    "x\r\n\r\n<script>",
    "x\u2028Bcc: all@evil.example",
    "x\x85Bcc: all@evil.example",
    "x\x0bBcc: all@evil.example",
    "x\x00\x1b[2J",
    '김", <all@evil.example>, "',
    "김철수 <all@evil.example>, 이영희",
    "김철수, 이영희; undisclosed: all@evil.example;",
    "=?utf-8?b?DQpCY2M6IGFsbEBldmlsLmV4YW1wbGU=?=",
    "=?utf-8?q?=0D=0ABcc:_all@evil.example?=",
    "김" * 70 + "\r\nBcc: all@evil.example",
    "a" * 500,
    "\ud800 lone",
]
HEADERS = [
    "Date",
    "From",
    "To",
    "Subject",
    "Message-ID",
    "Auto-Submitted",
    "Content-Language",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "MIME-Version",
    "Content-Type",
]


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("to", ["kim@example.com", "김철수@example.com"])
def test_nothing_filled_in_can_add_a_header_or_a_recipient(attack: str, to: str) -> None:
    template = Template("{{company}} {{round}}", "{{person}}\n\n{{link}}")
    values = {"company": attack, "round": attack, "person": attack}
    mail = make_mail(template=template, values=values, name=attack, to=to)
    message = parse(mail)
    assert sorted(message.keys()) == sorted(HEADERS)
    assert [each.addr_spec for each in message["To"].addresses] == [check_address(to).spec]
    assert [each.addr_spec for each in message["From"].addresses] == ["survey@office.example"]
    assert message.get_content_type() == "multipart/alternative"
    plain, html = get_texts(message)
    assert "<script>" not in html and LINK in plain
    html5lib.HTMLParser(strict=True).parse(html)


def test_an_idn_domain_stands_in_a_labels_everywhere() -> None:
    mail = make_mail(to="kim@한국제약.한국", sender="사무국 <survey@협회.한국>")
    assert mail.content.split(b"\r\n\r\n")[0].isascii()
    assert mail.recipient.spec == "kim@xn--3e0b996br0bv1u.xn--3e0b707e"
    message = parse(mail)
    assert message["To"].addresses[0].domain == "xn--3e0b996br0bv1u.xn--3e0b707e"
    assert message["From"].addresses[0].domain == "xn--dw8bwi.xn--3e0b707e"


def test_words_that_look_like_markup_or_placeholders_stay_words() -> None:
    template = Template("s", "a < b & c\n{{link}} inline\n\n{{company}}")
    _plain, html = get_texts(parse(make_mail(template=template, values={"company": "{{link}}"})))
    assert "a &lt; b &amp; c<br>" in html
    assert html.count('href="https://survey.example.org/i/') == 1
    assert "{{link}}</p>" in html
