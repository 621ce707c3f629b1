from __future__ import annotations

import pytest

from surveyapp.fieldwork.mail.addresses import AddressUnusable, check_address, clean_line, clean_name, read_sender


@pytest.mark.parametrize(
    ("typed", "spec"),
    [
        ("kim@example.com", "kim@example.com"),
        (" Kim.Chul-soo+survey@EXAMPLE.com ", "Kim.Chul-soo+survey@example.com"),
        ("kim@한국제약.한국", "kim@xn--3e0b996br0bv1u.xn--3e0b707e"),
        ("kim@会社.example.jp", "kim@xn--6oq404h.example.jp"),
        ("kim@ｅｘａｍｐｌｅ．com", "kim@example.com"),
        ("김철수@example.com", "김철수@example.com"),
    ],
)
def test_addresses_are_taken_with_their_domain_in_a_labels(typed: str, spec: str) -> None:
    address = check_address(typed)
    assert address.spec == spec
    assert address.needs_utf8 == (not spec.isascii())


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("", "blank"),
        ("  ", "blank"),
        ("kim@example.com\nBcc: all@example.com", "line_break"),
        ("kim@example.com\r\nRCPT TO:<all@example.com>", "line_break"),
        ("kim@example.com\x00", "line_break"),
        ("kim@example.com\u2028", "line_break"),
        ("kim\u202e@example.com", "line_break"),
        ("kim\ud800@example.com", "line_break"),
        ("example.com", "no_at"),
        ("@example.com", "local"),
        ("kim lee@example.com", "local"),
        ("kim\u3000lee@example.com", "local"),
        (".kim@example.com", "local"),
        ("kim..lee@example.com", "local"),
        ('"kim lee"@example.com', "local"),
        ("kim@a.example,lee@b.example", "local"),
        ("<kim@example.com>", "local"),
        ("kim@example.com>", "domain"),
        ("kim@example.com SIZE=1", "domain"),
        ("kim@localhost", "domain"),
        ("kim@[127.0.0.1]", "domain"),
        ("kim@127.0.0.1", "domain"),
        ("kim@-bad.example", "domain"),
        ("kim@example..com", "domain"),
        ("kim@example.com.", "domain"),
        (f"kim@{'a' * 64}.example", "domain"),
        (f"{'k' * 65}@example.com", "too_long"),
        (f"{'김' * 22}@example.com", "too_long"),
        (f"kim@{'.'.join(['a' * 60] * 5)}", "too_long"),
    ],
)
def test_what_mail_cannot_be_sent_to_is_refused(typed: str, problem: str) -> None:
    with pytest.raises(AddressUnusable) as refused:
        check_address(typed)
    assert refused.value.problem == problem
    assert typed.strip() == "" or typed not in str(refused.value)


def test_a_sender_is_a_name_and_an_address() -> None:
    sender = read_sender("한국제약바이오협회 <Survey@협회.한국>")
    assert (sender.name, sender.address.spec) == ("한국제약바이오협회", "Survey@xn--dw8bwi.xn--3e0b707e")
    assert read_sender("survey@example.org").name == ""
    with pytest.raises(AddressUnusable):
        read_sender("Office <survey@example.org>\nBcc: x@example.org")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("김철수", "김철수"),
        ("Kim\r\nBcc: all@example.com", "Kim Bcc all example.com"),
        ('Kim "CS", Lee <lee@example.com>', "Kim CS Lee lee example.com"),
        ("Kim\u2028Lee\u202e", "Kim Lee"),
        ("=?utf-8?q?a=0Ab?=", "utf-8 q a 0Ab"),
        ("가" * 300, "가" * 120),
    ],
)
def test_a_name_beside_an_address_is_one_harmless_line(name: str, shown: str) -> None:
    assert clean_name(name) == shown


def test_a_line_of_a_header_has_no_breaks() -> None:
    assert clean_line("제목\r\n X: y\x0b\x85\u2029z") == "제목 X: y z"
