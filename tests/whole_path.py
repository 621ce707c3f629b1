"""The story that the product is built for: a Korean company answers with interruptions, and the desk's figures change.

Told once, for whoever plays the company: a `Visit` of the test client or a `BrowserVisit` with or without script.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from tests.analysis.returns import PLAIN, tick
from tests.desk_pages import read_csv, read_figures
from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.respondent_visits import ANSWERS, make_round

SLUG = "survey-2026"
START = f"/s/{SLUG}/"
COMPANY = "한빛바이오팜 주식회사"
EMAIL = "haneul@example.co.kr"
FIVE_AREAS = ["reg", "dos", "gmp", "pri", "org"]
FOUR_WORST = ["reg", "dos", "gmp", "pri"]
KEPT_AREAS = ["reg", "dos", "gmp"]  # after the edit

# Areas that the twelve companies named which answered before: gmp 5, pri 3, reg 2, org 2, dos 0.
EARLIER_AREAS = (("gmp",), ("gmp",), ("gmp",), ("gmp", "org"), ("gmp", "org"), ("reg",), ("reg",), ("pri",), ("pri",))
EARLIER_RETURNS: Sequence[Mapping[str, Stored]] = (
    *(tick(*areas) for areas in EARLIER_AREAS),
    tick("pri", severity=5),
    {"ch_areas": ["none"]},
    {"ch_areas": ["none"]},
)


class Company(Protocol):
    """A person of the company at one browser."""

    @property
    def path(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def language(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def receipt(self) -> str: ...
    def open(self, url: str) -> Any: ...
    def fill(self, answers: Mapping[str, str | int | Sequence[str] | None]) -> Any: ...
    def press(self, name: str = "", value: str = "") -> Any: ...
    def bring_up(self, question: str) -> Any: ...
    def list_faults(self) -> list[str]: ...
    def list_typed(self, name: str) -> list[str]: ...


def fill_round(database: Database, vault: Vault, questionnaire: Questionnaire) -> None:
    """An open round in which twelve companies have submitted, so that figures can be seen and released."""
    opened = make_round(database, questionnaire)
    day = FieldworkDay(database, vault, questionnaire, opened, datetime.now(UTC))
    for answers in EARLIER_RETURNS:
        day.submit_new({**PLAIN, **answers})


def begin_and_leave(company: Company) -> str:
    """In Korean, from the open link into the middle of a page; the private link's path."""
    company.open(START)
    assert company.language == "ko"
    company.fill({"consent_participate": "agree"}).bring_up("attribution_level")
    assert company.list_faults() == []
    company.fill({"consent_quote": "agree", "attribution_level": "named"}).press()
    assert company.path.endswith("/p/sec_profile")
    link = company.path.removesuffix("p/sec_profile")

    # first fault: the company's name is missing
    company.fill(ANSWERS["sec_profile"]).press()
    assert (company.status, len(company.list_faults())) == (422, 1)
    company.fill({"company_name": COMPANY}).press()
    company.fill({"jp_stage": "filed"}).bring_up("jp_routes")
    company.fill({**ANSWERS["sec_japan"], "jp_year": "２０２７"}).press()
    for page_name in ("rd_page_regulatory", "rd_page_evidence", "rd_page_market", "rd_page_organisation"):
        assert company.path.endswith(page_name)
        company.fill(ANSWERS[page_name]).press()
    company.fill({"ch_areas": FIVE_AREAS}).press()

    # five areas ticked, so the four worst are asked for; second fault: all five chosen
    assert company.path.endswith("/p/grp_worst")
    company.fill({"ch_worst": FIVE_AREAS}).press()
    assert (company.status, len(company.list_faults())) == (422, 1)
    assert "최대 4개까지" in company.list_faults()[0]
    company.fill({"ch_worst": FOUR_WORST}).press()

    assert company.path.endswith("/p/blk_reg")
    company.fill({"ch_reg_leaf": ["reg-consult", "reg-review"], "ch_reg_sev": "3"}).press("leave", "link")
    assert company.path == f"{link}link"
    assert link in company.text
    return link


def resume_and_submit(company: Company, link: str) -> str:
    """In another browser, through the private link; to Japanese in mid-form, and to the receipt. Its number."""
    company.open(link)
    assert (company.path, company.language) == (f"{link}p/blk_reg", "ko")  # the return's own language
    assert company.list_typed("ch_reg_sev") == ["3"]
    company.fill({"ch_reg_delay": "9か月"}).press("switch_language", "ja")
    assert (company.language, company.list_faults()) == ("ja", [])
    assert company.list_typed("ch_reg_delay") == ["9か月"]

    # third fault: a number in words
    company.fill({"ch_reg_status": "partly"}).press()
    assert (company.status, len(company.list_faults())) == (422, 1)
    assert "数字" in company.list_faults()[0]
    company.fill({"ch_reg_delay": "９"}).press()

    company.fill({"ch_dos_leaf": ["dos-language", "dos-other"], "ch_dos_sev": "4", "ch_dos_status": "unresolved"})
    company.press()
    company.fill({"ch_gmp_leaf": ["gmp-inspection"], "ch_gmp_sev": "4", "ch_gmp_status": "unresolved"}).press()
    company.fill({"ch_pri_leaf": ["pri-listing"], "ch_pri_sev": "2", "ch_pri_status": "resolved"}).press()
    assert company.path.endswith("/p/ch_other_text")  # because "other" was ticked
    company.fill({"ch_other_text": "=共同開発会社との資料分担"}).press()
    company.fill({"top1": "gmp-inspection", "top2": "dos-language"}).press()
    company.fill({"ft_case": "제네릭 2품목의 GMP 적합성 조사에서 원본 기록을 요구받았습니다."}).press()
    company.fill({"rank_topics:gmp": "1", "rank_topics:digital": "2", "followup": "yes"}).press()
    assert company.path.endswith("/p/grp_contact")
    company.fill({"consent_contact": "agree"}).bring_up("contact_email")
    company.fill({"contact_name": "김하늘", "contact_email": EMAIL}).press()

    assert company.path == f"{link}check"
    assert company.list_faults() == []
    assert "共同開発会社との資料分担" in company.text
    company.press()
    assert company.path == f"{link}receipt"
    return company.receipt


def edit_and_submit(company: Company, link: str) -> str:
    """Back in the first browser: two areas less, and submitted again. The number of the receipt."""
    company.open(f"{link}p/grp_areas?return=check&lang=ko")
    assert company.list_typed("ch_areas") == FIVE_AREAS
    company.fill({"ch_areas": KEPT_AREAS}).press()
    assert company.path == f"{link}check"
    assert "제출하지 않은" in company.text
    company.press()
    assert company.path == f"{link}receipt"
    return company.receipt


class Desk(Protocol):
    """An analyst at the desk."""

    def read_page(self, path: str) -> str:
        """The HTML of a page of the round, in English."""

    def read_file(self, name: str) -> bytes:
        """A CSV of the round."""


@dataclass(frozen=True, slots=True)
class AreaFigures:
    """One area as the issues page, the questions page, the page of released figures and the raw file count it."""

    issues: str  # n of N
    questions: str  # count
    released: str  # share, or the mark of a hidden figure
    raw: int  # ones in its column


HIDDEN = "×"

BEFORE = {
    "reg": AreaFigures("2/12", "2", HIDDEN, 2),
    "dos": AreaFigures("0/12", "0", "0%", 0),
    "gmp": AreaFigures("5/12", "5", "42%", 5),
    "pri": AreaFigures("3/12", "3", "25%", 3),
    "org": AreaFigures("2/12", "2", HIDDEN, 2),
}
SUBMITTED = {
    "reg": AreaFigures("3/13", "3", "23%", 3),
    "dos": AreaFigures("1/13", "1", HIDDEN, 1),
    "gmp": AreaFigures("6/13", "6", "46%", 6),
    "pri": AreaFigures("4/13", "4", "31%", 4),
    "org": AreaFigures("3/13", "3", "23%", 3),
}
EDITED = {
    **SUBMITTED,
    "pri": AreaFigures("3/13", "3", "23%", 3),
    "org": AreaFigures("2/13", "2", HIDDEN, 2),
}
# n of N in the file for the ministry of that moment, or why it is hidden.
TOO_FEW = "hidden: too few companies gave this answer"
GIVEN = {"reg": "3/13", "dos": TOO_FEW, "gmp": "6/13", "pri": "3/13", "org": TOO_FEW}
AREAS = {
    "reg": "Regulatory pathway and PMDA interaction",
    "dos": "Dossier, language and electronic submission",
    "gmp": "Quality, GMP and supply consistency",
    "pri": "Pricing, reimbursement and supply policy",
    "org": "Organisation, resources and cooperation",
}


def read_area_figures(desk: Desk) -> dict[str, AreaFigures]:
    """The figures of five areas, wherever the desk shows them, and nothing but agreement about the base.

    Nothing leaves by that: staff see released figures as a viewer would be given them.
    """
    ranking = read_figures(desk.read_page("issues"))["ranking"]
    question = read_figures(desk.read_page("questions/ch_areas"))["q-ch_areas"]
    released = read_figures(desk.read_page("released"))["ranking"]
    raw = read_csv(desk.read_file("raw.csv"))
    base = str(len(raw))
    assert ranking.facts["Base"].startswith(f"{base} returns")
    assert question.facts["Base"].startswith(f"{base} answered of {base} asked")
    assert released.facts["Base"].startswith(f"{base} companies")
    return {
        code: AreaFigures(
            issues=ranking.rows[name][0],
            questions=question.rows[name][0],
            released=released.rows[name][1],
            raw=sum(row[f"ch_areas/{code}"] == "1" for row in raw),
        )
        for code, name in AREAS.items()
    }


def read_given(desk: Desk) -> dict[str, str]:
    """The same areas in the file for the ministry, which leaves by that and is remembered."""
    rows = {row["area_code"]: row for row in read_csv(desk.read_file("ministry.csv")) if row["level"] == "area"}
    return {code: rows[code]["reason"] or f"{rows[code]['n']}/{rows[code]['base']}" for code in AREAS}
