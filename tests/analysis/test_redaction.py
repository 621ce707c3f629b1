"""What names a company or reaches a person is taken out of a text; all else stays as it was typed."""

from __future__ import annotations

import pytest

from surveyapp.analysis.redaction import MARK, Redactor

REDACTOR = Redactor(["주식회사 한빛바이오", "Hanbit Bio Co., Ltd.", "株式会社ハンビット", "AB", "㈜", "Ace Pharma"])


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("한빛바이오는 준비했습니다.", f"{MARK}는 준비했습니다."),
        ("㈜한빛 바이오가", f"㈜{MARK}가".replace("㈜", "(주)")),
        ("HANBIT-BIO filed twice", f"{MARK} filed twice"),
        ("hanbit bio's team", f"{MARK}'s team"),
        ("ハンビット社と", f"{MARK}社と"),
        ("ﾊﾝﾋﾞｯﾄ社と", f"{MARK}社と"),
        ("Acephar is another", "Acephar is another"),
        ("ACE PHARMA, our rival", f"{MARK}, our rival"),
        ("AB testing", "AB testing"),
        ("mail kim.min+a@hanbit.co.kr now", f"mail {MARK} now"),
        ("see https://hanbit.example/a?b=c and www.x.kr", f"see {MARK} and {MARK}"),
        ("on hanbit.co.kr", f"on {MARK}"),
        ("call 02-123-4567 or +82 10-1234-5678 or 010 1234 5678", f"call {MARK} or {MARK} or {MARK}"),
        ("call 01012345678", f"call {MARK}"),
        ("number 123-45-67890", f"number {MARK}"),
        ("It cost 1,234,567 won and took 8 months, in 2025-11-02.", None),
        ("GMP 3.2.P.5, ICH Q5A(R2), 21 CFR 211", None),
        ("１２３ full width stays １２３", None),
        ("", None),
        ("😀 \u202eabc", None),
    ],
)
def test_what_is_taken_out(text: str, redacted: str | None) -> None:
    assert REDACTOR.redact(text) == (text if redacted is None else redacted)


def test_the_company_s_own_name_is_taken_out_though_the_directory_lacks_it() -> None:
    assert Redactor(()).redact("우리 새봄제약은", ["(주)새봄제약"]) == f"우리 {MARK}은"


def test_a_name_is_no_pattern() -> None:
    assert Redactor(["A.*B+"]).redact("anything at all") == "anything at all"
