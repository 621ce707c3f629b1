"""What the directory knows of a company and its contacts, as columns of a file: their names and headings.

Headings are no messages of the interface: a file may be in any of the three languages whatever the page's language is,
and a heading of each is recognised. Further headings are those that lists of Korean and Japanese offices have.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from surveyapp.questionnaire.model import Text

Membership = Literal["member", "associate", "none", "unknown"]
CompanyColumn = Literal[
    "company_id", "name_ko", "name_en", "name_ja", "business_number", "size", "main_business", "membership"
]
ContactColumn = Literal[
    "contact_name", "contact_department", "contact_email", "contact_phone", "contact_language", "contact_no_mail"
]
Column = CompanyColumn | ContactColumn

HEADINGS: Mapping[Column, Text] = {
    "company_id": Text("기업 번호", "Company ID", "企業番号"),
    "name_ko": Text("기업명(한국어)", "Name (Korean)", "企業名（韓国語）"),
    "name_en": Text("기업명(영어)", "Name (English)", "企業名（英語）"),
    "name_ja": Text("기업명(일본어)", "Name (Japanese)", "企業名（日本語）"),
    "business_number": Text("사업자등록번호", "Business number", "事業者登録番号"),
    "size": Text("임직원 수", "Number of employees", "従業員数"),
    "main_business": Text("주된 사업 분야", "Main line of business", "主な事業分野"),
    "membership": Text("회원 구분", "Membership", "会員区分"),
    "contact_name": Text("담당자 성명", "Contact name", "担当者氏名"),
    "contact_department": Text("담당자 부서", "Contact department", "担当者部署"),
    "contact_email": Text("담당자 이메일", "Contact e-mail", "担当者メール"),
    "contact_phone": Text("담당자 전화", "Contact telephone", "担当者電話"),
    "contact_language": Text("담당자 언어", "Contact language", "担当者の言語"),
    "contact_no_mail": Text("수신 거부", "Wants no mail", "メール不要"),
}
COLUMNS: tuple[Column, ...] = tuple(HEADINGS)
NAME_COLUMNS: tuple[CompanyColumn, ...] = ("name_ko", "name_en", "name_ja")
CONTACT_COLUMNS: tuple[ContactColumn, ...] = (
    "contact_name",
    "contact_department",
    "contact_email",
    "contact_phone",
    "contact_language",
    "contact_no_mail",
)
MOST_CHARACTERS: Mapping[Column, int] = {
    "name_ko": 200,
    "name_en": 200,
    "name_ja": 200,
    "contact_name": 100,
    "contact_department": 100,
    "contact_phone": 40,
    "contact_email": 254,
}

MEMBERSHIPS: tuple[Membership, ...] = ("member", "associate", "none", "unknown")
MEMBERSHIP_LABELS: Mapping[Membership, Text] = {
    "member": Text("회원사", "Member", "会員"),
    "associate": Text("준회원사", "Associate member", "準会員"),
    "none": Text("비회원사", "Not a member", "非会員"),
    "unknown": Text("미확인", "Not known", "不明"),
}
