"""A Korean company's whole return, from the open link to an edit after submitting, without script."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.tables import confidential, response
from tests.respondent_visits import ANSWERS, Visit, make_round

FIVE_AREAS = ["reg", "dos", "gmp", "pri", "org"]
FOUR_WORST = ["reg", "dos", "gmp", "pri"]


def test_company_answers_in_two_browsers_and_two_languages(
    app: Flask, database: Database, questionnaire: Questionnaire
) -> None:
    make_round(database, questionnaire)
    first = Visit(app.test_client()).open("/s/survey-2026/", headers={"Accept-Language": "ko-KR,ko;q=0.9"})
    assert first.language == "ko"

    # consent, which asks for more once it is given
    first.fill({"consent_participate": "agree"}).press()
    assert first.list_faults() == []
    first.fill({"consent_quote": "agree", "attribution_level": "named"}).press()
    assert first.path.endswith("/p/sec_profile")
    token = first.token

    # first fault: the company's name is missing
    first.fill(ANSWERS["sec_profile"]).press()
    assert (first.status, len(first.list_faults())) == (422, 1)
    first.fill({"company_name": "한빛바이오팜 주식회사"}).press()
    first.fill({"jp_stage": "filed"}).press()
    assert first.list_shown() == ["jp_stage", "jp_products", "jp_routes", "jp_year", "pmda_contact"]
    first.fill({**ANSWERS["sec_japan"], "jp_year": "２０２７"}).press()
    for page_name in ("rd_page_regulatory", "rd_page_evidence", "rd_page_market", "rd_page_organisation"):
        assert first.path.endswith(page_name)
        first.fill(ANSWERS[page_name]).press()
    assert first.path.endswith("/p/grp_areas")
    first.fill({"ch_areas": FIVE_AREAS}).press()

    # five areas ticked, so the four worst are asked for; second fault: all five chosen
    assert first.path.endswith("/p/grp_worst")
    first.fill({"ch_worst": FIVE_AREAS}).press()
    assert (first.status, len(first.list_faults())) == (422, 1)
    assert "최대 4개까지" in first.list_faults()[0]
    first.fill({"ch_worst": FOUR_WORST}).press()
    assert first.path.endswith("/p/blk_reg")

    # leaves in the middle of a page
    first.fill({"ch_reg_leaf": ["reg-consult", "reg-review"], "ch_reg_sev": "3"}).leave()
    assert first.path == f"/r/{token}/link"
    assert f"/r/{token}/" in first.text

    # goes on elsewhere, in Japanese
    second = Visit(app.test_client()).open(f"/r/{token}/", headers={"Accept-Language": "ja"})
    assert (second.path, second.language) == (f"/r/{token}/p/blk_reg", "ko")  # the return's own language
    assert ("ch_reg_sev", "3") in second.values
    second.fill({"ch_reg_delay": "9か月"}).switch_language("ja")
    assert (second.language, second.list_faults()) == ("ja", [])
    assert ("ch_reg_delay", "9か月") in second.values

    # third fault: a number in words
    second.fill({"ch_reg_status": "partly"}).press()
    assert (second.status, len(second.list_faults())) == (422, 1)
    second.fill({"ch_reg_delay": "９"}).press()

    second.fill(
        {"ch_dos_leaf": ["dos-language", "dos-other"], "ch_dos_sev": "4", "ch_dos_status": "unresolved"}
    ).press()
    second.fill({"ch_gmp_leaf": ["gmp-inspection"], "ch_gmp_sev": "4", "ch_gmp_status": "unresolved"}).press()
    second.fill({"ch_pri_leaf": ["pri-listing"], "ch_pri_sev": "2", "ch_pri_status": "resolved"}).press()
    assert second.path.endswith("/p/ch_other_text")  # because "other" was ticked
    second.fill({"ch_other_text": "共同開発会社との資料分担"}).press()
    second.fill({"top1": "gmp-inspection", "top2": "dos-language"}).press()
    assert second.path.endswith("/p/ft_case")
    second.fill({"ft_case": "제네릭 2품목의 GMP 적합성 조사에서 원본 기록을 소급하여 요구받았습니다."}).press()
    second.fill({"rank_topics:gmp": 1, "rank_topics:digital": 2, "followup": "yes"}).press()
    assert second.path.endswith("/p/grp_contact")
    second.fill({"consent_contact": "agree"}).press()
    second.fill({"contact_name": "김하늘", "contact_email": "haneul@example.co.kr"}).press()

    # checks, submits
    assert second.path == f"/r/{token}/check"
    assert second.list_faults() == []
    assert "共同開発会社との資料分担" in second.text
    second.press()
    assert second.path == f"/r/{token}/receipt"
    receipt = "".join(second.find(class_="receipt-number")[0].itertext())
    with database.read() as connection:
        row = connection.execute(select(response)).one()
        assert connection.execute(select(confidential)).all()
    assert (row.receipt, row.language, row.state) == (receipt, "ja", "submitted")
    assert row.answers["ch_areas"] == FIVE_AREAS
    assert row.answers["ch_worst"] == FOUR_WORST
    assert row.answers["ch_reg_delay"] == 9
    assert row.answers["rank_topics"] == ["gmp", "digital"]
    assert row.texts["ch_other_text"] == "共同開発会社との資料分担"
    assert "한빛" not in str(row.answers) + str(row.texts)
    assert "haneul" not in str(row.answers) + str(row.texts)

    # edits, in the first browser, which is still in Korean: drops the area of prices and submits again
    first.open(f"/r/{token}/check")
    first.open(f"/r/{token}/p/grp_areas?return=check&lang=ko").fill({"ch_areas": ["reg", "dos", "gmp"]}).press()
    assert first.path == f"/r/{token}/check"
    assert first.find(class_="notice-warning")
    first.press()
    assert "".join(first.find(class_="receipt-number")[0].itertext()) == receipt
    with database.read() as connection:
        edited = connection.execute(select(response)).one()
    assert edited.revision > row.revision
    assert edited.answers["ch_areas"] == ["reg", "dos", "gmp"]
    assert "ch_worst" not in edited.answers
    assert "ch_pri_sev" not in edited.answers
