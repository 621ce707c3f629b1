"""The respondent's pages one by one: what each keeps, refuses and says."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from surveyapp.fieldwork.answering import find_draft
from surveyapp.fieldwork.rounds import Round, change_dates
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import confidential, draft, refusal, response
from surveyapp.web.installation import keep_installation
from tests.respondent_visits import ANSWERS, Visit, answer_until, make_round

pytestmark = pytest.mark.usefixtures("round_")


@pytest.fixture
def round_(database: Database, questionnaire: Questionnaire) -> Round:
    return make_round(database, questionnaire)


@pytest.fixture
def visit(client: FlaskClient) -> Visit:
    return Visit(client).open("/s/survey-2026/?lang=ko")


@pytest.fixture
def begun(visit: Visit) -> Visit:
    """On the first page after consent."""
    return visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()


def count(database: Database, table: Any, **columns: Any) -> int:
    query = select(func.count()).select_from(table)
    for name, value in columns.items():
        query = query.where(table.c[name] == value)
    with database.read() as connection:
        return int(connection.scalar(query) or 0)


def read_answers(database: Database, vault: Vault, visit: Visit) -> dict[str, Stored]:
    with database.read() as connection:
        return dict(find_draft(connection, vault, "japan_export_readiness", visit.token).answers)


# before there is a return


def test_landing_offers_rounds_that_are_open_to_all(
    database: Database, questionnaire: Questionnaire, client: FlaskClient
) -> None:
    make_round(database, questionnaire, slug="closed", closes_in=timedelta(hours=-1))
    make_round(database, questionnaire, slug="invited", open_link=False)
    visit = Visit(client).open("/")
    links = [link.get("href") for link in visit.find(class_="button")]
    assert links == ["/s/survey-2026/"]


def test_start_page_shows_the_notice_as_terms(visit: Visit) -> None:
    assert visit.status == 200
    assert "보유·이용 기간조사 종료 후 3년" in visit.text
    assert visit.list_shown() == ["consent_participate"]
    assert "{{" not in visit.text


def test_nothing_is_stored_before_consent_is_complete(visit: Visit, database: Database) -> None:
    visit.press()
    assert (visit.status, len(visit.list_faults())) == (422, 1)
    visit.fill({"consent_participate": "agree"}).press()
    assert (visit.status, visit.list_faults()) == (200, [])
    visit.press()
    assert (visit.status, len(visit.list_faults())) == (422, 1)  # attribution_level is needed
    assert count(database, draft) == 0
    visit.fill({"attribution_level": "aggregate"}).press()
    assert visit.path.endswith("/p/sec_profile")
    assert count(database, draft) == 1


def test_refusal_is_counted_once_and_nothing_else(visit: Visit, database: Database) -> None:
    visit.fill({"consent_participate": "disagree"})
    values, action = list(visit.values), visit.action
    visit.press()
    assert visit.path == "/s/survey-2026/declined"
    assert "동의하지 않으셨으므로 설문을 종료합니다" in visit.text
    visit.values, visit.action = values, action
    visit.press()
    assert count(database, refusal) == 1
    assert count(database, draft) == 0


def test_start_posted_twice_is_the_same_return(visit: Visit, database: Database) -> None:
    visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "named"})
    values, action = list(visit.values), visit.action
    first = visit.press().path
    visit.values, visit.action = values, action
    assert visit.press().path == first
    assert count(database, draft) == 1


def test_start_with_a_wrong_ticket_comes_back_with_what_was_typed(visit: Visit, database: Database) -> None:
    visit.fill({"consent_participate": "agree"}).press().fill(
        {"attribution_level": "named", "ticket": "forged"}
    ).press()
    assert visit.status == 400
    assert ("attribution_level", "named") in visit.values
    visit.press()  # with the new ticket of the page that came back
    assert visit.path.endswith("/p/sec_profile")
    assert count(database, draft) == 1


@pytest.mark.parametrize(
    ("slug", "opens_in", "closes_in", "open_link", "status"),
    [
        ("closed", timedelta(days=-2), timedelta(days=-1), True, 403),
        ("later", timedelta(days=1), timedelta(days=2), True, 403),
        ("invited", timedelta(days=-1), timedelta(days=1), False, 403),
    ],
)
def test_round_that_cannot_be_started_says_why(
    database: Database,
    questionnaire: Questionnaire,
    client: FlaskClient,
    slug: str,
    opens_in: timedelta,
    closes_in: timedelta,
    open_link: bool,
    status: int,
) -> None:
    make_round(database, questionnaire, slug=slug, opens_in=opens_in, closes_in=closes_in, open_link=open_link)
    assert client.get(f"/s/{slug}/").status_code == status
    assert client.post(f"/s/{slug}/", data={"consent_participate": "agree"}).status_code == status
    assert count(database, draft) == 0


def test_unknown_addresses_are_404(client: FlaskClient, begun: Visit) -> None:
    assert client.get("/s/no-such-round/").status_code == 404
    assert client.get("/r/no-such-link/").status_code == 404
    assert client.post("/r/no-such-link/p/sec_profile").status_code == 404
    assert client.get(f"/r/{begun.token}/p/no-such-page").status_code == 404
    assert client.post(f"/r/{begun.token}/p/no-such-page").status_code == 404


# a page and its faults


def test_further_questions_come_without_an_error_and_take_the_focus(visit: Visit) -> None:
    visit.fill({"consent_participate": "agree"}).press()
    assert visit.status == 200
    assert visit.list_faults() == []
    assert visit.list_shown() == ["consent_participate", "consent_quote", "attribution_level"]
    focused = [element for element in visit.root.iter() if element.get("autofocus") is not None]
    assert [element.get("name") for element in focused] == ["consent_quote"]
    assert visit.find(class_="notice")


def test_missing_answers_are_named_on_top_and_at_their_fields(begun: Visit, database: Database, vault: Vault) -> None:
    begun.fill({"company_size": "e1_49"}).press()
    assert begun.status == 422
    assert len(begun.list_faults()) == 4
    assert "주된 사업 분야" in begun.list_faults()[0]
    summary = begun.find(id="error-summary")[0]
    targets = [(link.get("href") or "").removeprefix("#") for link in summary.iter("a")]
    for target, name in zip(
        targets, ["company_type", "product_categories", "respondent_role", "export_experience"], strict=True
    ):
        control = begun.find(id=target)[0]
        assert control.get("name") == name
        assert control.get("aria-invalid") == "true"
        group = begun.find(id=f"q-{name}-group")[0]
        assert f"q-{name}-error" in (group.get("aria-describedby") or "").split()
    assert ("company_size", "e1_49") in begun.values
    assert "company_size" not in read_answers(database, vault, begun)
    title = begun.root.findtext("head/title")
    assert title is not None
    assert title.startswith(("Error:", "오류"))


def test_limit_is_told_before_and_after(begun: Visit) -> None:
    answer_until(begun, "sec_japan").fill({"jp_stage": "filed"}).press()
    assert "최대 3개까지 고르고" in begun.text  # before anything is wrong
    begun.fill({"jp_products": ["generic"], "jp_routes": ["dmah", "licence", "api_mf", "ecom"], "pmda_contact": "none"})
    begun.press()
    assert begun.status == 422
    assert len(begun.list_faults()) == 1
    assert '최대 3개까지 고르고 "미정"은 단독으로' in begun.list_faults()[0]
    assert [value for name, value in begun.values if name == "jp_routes"] == ["dmah", "licence", "api_mf", "ecom"]


@pytest.mark.parametrize("forged", [{"company_type": "no-such"}, {"product_categories": ["generic", "x\x00"]}])
def test_choice_that_does_not_exist_is_refused(begun: Visit, database: Database, vault: Vault, forged: Any) -> None:
    begun.fill({**ANSWERS["sec_profile"], **forged}).press()
    assert begun.status == 422
    assert len(begun.list_faults()) == 1
    assert read_answers(database, vault, begun) == {"consent_participate": "agree", "attribution_level": "anonymous"}


@pytest.mark.parametrize("typed", ["가" * 2001, "보이지 않는\x00글자", "\x1b[31m빨강", "\ud7ff\uffff"])
def test_text_that_cannot_be_kept_is_refused_and_stays_on_the_page(begun: Visit, typed: str) -> None:
    answer_until(begun, "ft_case").fill({"ft_case": typed}).press()
    assert begun.status == 422
    assert len(begun.list_faults()) == 1
    if len(typed) > 2000:
        assert ("ft_case", typed) in [(name, value.lstrip("\n")) for name, value in begun.values]


def test_decomposed_korean_and_full_width_digits_are_kept_as_meant(
    begun: Visit, database: Database, vault: Vault
) -> None:
    answer_until(begun, "sec_japan").fill({"jp_stage": "filed"}).press()
    begun.fill(
        {"jp_products": ["generic"], "jp_routes": ["dmah"], "pmda_contact": "none", "jp_year": "２０２７"}
    ).press()
    answer_until(begun, "ft_case").fill({"ft_case": unicodedata.normalize("NFD", "한글")}).press()
    kept = read_answers(database, vault, begun)
    assert (kept["jp_year"], kept["ft_case"]) == (2027, "한글")


def test_page_out_of_order_leads_to_the_first_incomplete_one(begun: Visit) -> None:
    begun.open(f"/r/{begun.token}/p/grp_areas")
    assert begun.path.endswith("/p/sec_profile")
    assert begun.find(class_="notice")
    posted = begun.client.post(f"/r/{begun.token}/p/ft_case", data={"csrf_token": dict(begun.values)["csrf_token"]})
    assert posted.status_code == 303
    assert "/p/sec_profile" in posted.headers["Location"]


def test_wrong_proof_brings_the_page_back_with_everything_typed(begun: Visit, database: Database, vault: Vault) -> None:
    begun.fill({**ANSWERS["sec_profile"], "csrf_token": "wrong"}).press()
    assert begun.status == 400
    assert ("company_type", "pharma") in begun.values
    assert "company_type" not in read_answers(database, vault, begun)
    begun.press()
    assert begun.path.endswith("/p/sec_japan")


def test_optional_single_choice_can_be_taken_back_without_script(
    begun: Visit, database: Database, vault: Vault
) -> None:
    answer_until(begun, "grp_areas").fill({"ch_areas": ["reg"]}).press()
    begun.fill({**ANSWERS["blk_reg"], "ch_reg_cost": "c2"}).press()
    assert read_answers(database, vault, begun)["ch_reg_cost"] == "c2"
    begun.open(f"/r/{begun.token}/p/blk_reg").fill({"ch_reg_cost": ""}).press()
    assert "ch_reg_cost" not in read_answers(database, vault, begun)


def test_ranking_may_be_partial_and_ties_are_refused(begun: Visit, database: Database, vault: Vault) -> None:
    answer_until(begun, "rank_topics")
    begun.fill({"rank_topics:gmp": 1, "rank_topics:rwd": 1, "followup": "no"}).press()
    assert begun.status == 422
    assert len(begun.list_faults()) == 1
    assert [link.get("href") for link in begun.find(id="error-summary")[0].iter("a")] == ["#q-rank_topics-3"]
    begun.fill({"rank_topics:rwd": 3}).press()
    assert read_answers(database, vault, begun)["rank_topics"] == ["gmp", "rwd"]


# leaving, languages, other people


def test_leaving_keeps_what_is_valid_and_shows_the_private_link(begun: Visit, database: Database, vault: Vault) -> None:
    begun.fill({"company_type": "bio"}).leave()
    assert begun.path.endswith("/link")
    assert f"http://localhost/r/{begun.token}/" in begun.text
    assert read_answers(database, vault, begun)["company_type"] == "bio"
    begun.open(f"/r/{begun.token}/")
    assert begun.path.endswith("/p/sec_profile")
    assert ("company_type", "bio") in begun.values


@pytest.mark.parametrize(
    ("base_url", "address"),
    [("https://survey.example.org", "https://survey.example.org/r/"), ("http://127.0.0.1:8000", "http://localhost/r/")],
)
def test_private_link_names_the_public_address_or_the_host_that_was_asked_for(
    begun: Visit, app: Flask, base_url: str, address: str
) -> None:
    installation = app.extensions["surveyapp"]
    keep_installation(app, replace(installation, settings=replace(installation.settings, base_url=base_url)))
    assert address in begun.leave().text


def test_leaving_loses_nothing_that_was_typed_without_asking(begun: Visit, database: Database, vault: Vault) -> None:
    answer_until(begun, "grp_areas").fill({"ch_areas": ["reg"]}).press()
    begun.fill({"ch_reg_sev": "3", "ch_reg_delay": "아홉 달"}).leave()
    assert begun.status == 422
    assert len(begun.list_faults()) == 1  # what is merely unanswered is no fault of somebody who leaves
    assert ("ch_reg_delay", "아홉 달") in begun.values
    assert read_answers(database, vault, begun)["ch_reg_sev"] == "3"
    begun.press("leave_anyway", "link")
    assert begun.path.endswith("/link")
    assert "ch_reg_delay" not in read_answers(database, vault, begun)


def test_going_back_keeps_what_was_typed(begun: Visit, database: Database, vault: Vault) -> None:
    answer_until(begun, "sec_japan").fill({"jp_stage": "interest"})
    target = next(button for button in begun.find(class_="back-link") if button.get("form") == "answer-form")
    begun.press("leave", target.get("value") or "")
    assert begun.path.endswith("/p/sec_profile")
    assert read_answers(database, vault, begun)["jp_stage"] == "interest"


def test_language_switch_keeps_what_was_typed_and_accuses_nobody(begun: Visit) -> None:
    begun.fill({"company_type": "bio", "product_categories": ["api", "ivd"]}).switch_language("ja")
    assert (begun.status, begun.language, begun.list_faults()) == (200, "ja", [])
    assert "主な事業分野" in begun.text
    assert [value for name, value in begun.values if name == "product_categories"] == ["api", "ivd"]
    begun.open(f"/r/{begun.token}/p/sec_profile")
    assert begun.language == "ja"


def test_language_of_a_return_follows_it_to_a_browser_without_cookies(begun: Visit, app: Flask) -> None:
    begun.switch_language("ja")
    elsewhere = Visit(app.test_client(use_cookies=False)).open(f"/r/{begun.token}/", headers={"Accept-Language": "en"})
    assert elsewhere.language == "ja"


def test_start_page_keeps_its_language_without_cookies(app: Flask) -> None:
    visit = Visit(app.test_client(use_cookies=False)).open("/s/survey-2026/?lang=en")
    visit.fill({"consent_participate": "agree"}).press()
    assert visit.language == "en"
    visit.switch_language("ja").fill({"attribution_level": "named"}).press()
    assert visit.language == "ja"


def test_somebody_elses_answers_are_not_overwritten_unseen(
    begun: Visit, app: Flask, database: Database, vault: Vault
) -> None:
    other = Visit(app.test_client()).open(f"/r/{begun.token}/p/sec_profile?lang=ko")
    begun.fill({**ANSWERS["sec_profile"], "company_size": "e1000p"}).press()
    other.fill({**ANSWERS["sec_profile"], "company_size": "e1_49"}).press()
    assert other.status == 409
    assert len(other.list_faults()) == 1
    (box,) = other.find(class_="conflict")
    assert [option.get("value", "").partition("@")[0] for option in box.iter("input")] == ["mine", "theirs"]
    assert "1,000명 이상" in other.text
    assert read_answers(database, vault, begun)["company_size"] == "e1000p"
    other.press()
    assert other.status == 409, "nothing was chosen"
    other.choose_between("company_size", "mine").press()
    assert other.status == 200
    assert read_answers(database, vault, begun)["company_size"] == "e1_49"


def test_a_page_with_faults_asks_about_conflicts_at_once(
    begun: Visit, app: Flask, database: Database, vault: Vault
) -> None:
    other = Visit(app.test_client()).open(f"/r/{begun.token}/p/sec_profile?lang=ko")
    begun.fill({**ANSWERS["sec_profile"], "company_size": "e1000p"}).press()
    other.fill({"company_size": "e1_49"}).press()
    assert other.status == 422
    assert len(other.find(class_="conflict")) == 1
    assert "1,000명 이상" in other.text
    assert read_answers(database, vault, begun)["company_size"] == "e1000p"
    other.choose_between("company_size", "theirs").press()
    assert other.status == 200, "what one left blank the other has filled in"
    assert read_answers(database, vault, begun)["company_type"] == ANSWERS["sec_profile"]["company_type"]


def test_the_other_persons_answer_can_be_taken_over(begun: Visit, app: Flask, database: Database, vault: Vault) -> None:
    other = Visit(app.test_client()).open(f"/r/{begun.token}/p/sec_profile?lang=ko")
    begun.fill({**ANSWERS["sec_profile"], "company_size": "e1000p"}).press()
    other.fill({**ANSWERS["sec_profile"], "company_size": "e1_49", "company_type": "ivd"}).leave()
    assert other.status == 409
    assert read_answers(database, vault, begun)["company_type"] == ANSWERS["sec_profile"]["company_type"]
    for name in ("company_size", "company_type"):
        other.choose_between(name, "theirs")
    other.leave()
    assert other.path.endswith("/link")
    assert read_answers(database, vault, begun)["company_size"] == "e1000p"


def test_people_on_one_page_keep_each_what_they_changed(
    begun: Visit, app: Flask, database: Database, vault: Vault
) -> None:
    begun.fill(ANSWERS["sec_profile"]).press().open(f"/r/{begun.token}/p/sec_profile")
    other = Visit(app.test_client()).open(f"/r/{begun.token}/p/sec_profile?lang=ko")
    begun.fill({"company_size": "e1000p"}).press()
    other.fill({"company_type": "ivd"}).press()
    assert other.status == 200 and not other.path.endswith("/p/sec_profile")
    answers = read_answers(database, vault, begun)
    assert (answers["company_size"], answers["company_type"]) == ("e1000p", "ivd")


def test_refusing_later_erases_everything(begun: Visit, database: Database) -> None:
    token = begun.token
    answer_until(begun, "ft_case")
    begun.open(f"/r/{token}/p/sec_consent")
    assert begun.find(id="q-consent_participate-warning")
    begun.fill({"consent_participate": "disagree"}).press()
    assert begun.path == "/s/survey-2026/declined"
    begun.open(f"/r/{token}/")
    assert begun.status == 410
    assert count(database, refusal) == 1


# checking, submitting, editing, withdrawing


def test_check_names_what_is_missing_and_submits_nothing(begun: Visit, database: Database) -> None:
    answer_until(begun, "grp_areas").open(f"/r/{begun.token}/check")
    assert begun.status == 200
    assert len(begun.list_faults()) == 2  # areas and follow-up
    begun.press()
    assert begun.status == 422
    assert count(database, response) == 0


def test_change_link_returns_to_the_check(begun: Visit) -> None:
    answer_until(begun, "")
    assert begun.path.endswith("/check")
    assert begun.find(class_="blank")
    begun.open(f"/r/{begun.token}/p/sec_profile?return=check").fill({"company_size": "e1000p"}).press()
    assert begun.path.endswith("/check")
    assert "1,000명 이상" in begun.text


def test_change_that_asks_for_more_leads_there_first(begun: Visit) -> None:
    answer_until(begun, "")
    begun.open(f"/r/{begun.token}/p/grp_areas?return=check").fill({"ch_areas": ["reg", "dev"]}).press()
    assert begun.path.endswith("/p/blk_dev")
    begun.fill({"ch_dev_leaf": ["dev-class"], "ch_dev_sev": "2", "ch_dev_status": "resolved"}).press()
    assert begun.path.endswith("/p/grp_top3")
    begun.fill({"top1": "dev-class"}).press()
    assert begun.path.endswith("/check")


def test_choice_that_no_longer_fits_is_cleared_and_told(begun: Visit, database: Database, vault: Vault) -> None:
    answer_until(begun, "rd_page_regulatory")
    begun.open(f"/r/{begun.token}/p/sec_profile").fill({"product_categories": ["biologic", "api"]}).press()
    assert begun.path.endswith("/p/sec_japan")
    assert "제네릭의약품" in " ".join("".join(each.itertext()) for each in begun.find(class_="notice"))
    assert "jp_products" not in read_answers(database, vault, begun)


def test_submitting_twice_is_one_response(begun: Visit, database: Database) -> None:
    answer_until(begun, "")
    values, action = list(begun.values), begun.action
    begun.press()
    assert begun.path.endswith("/receipt")
    number = "".join(begun.find(class_="receipt-number")[0].itertext())
    assert "(Asia/Seoul)" in begun.text
    begun.values, begun.action = values, action
    begun.press()
    assert "".join(begun.find(class_="receipt-number")[0].itertext()) == number
    assert count(database, response) == 1


def test_edit_counts_only_when_submitted_again(begun: Visit, database: Database) -> None:
    answer_until(begun, "").press()
    number = "".join(begun.find(class_="receipt-number")[0].itertext())
    begun.open(f"/r/{begun.token}/p/sec_profile?return=check").fill({"company_size": "e1000p"}).press()
    assert begun.find(class_="notice-warning")
    begun.open(f"/r/{begun.token}/receipt")
    assert begun.find(class_="notice-warning")
    assert "50~299명" in begun.text  # a copy of what was submitted, not of what was changed since
    assert "1,000명 이상" not in begun.text
    begun.open(f"/r/{begun.token}/")
    assert begun.path.endswith("/check")
    begun.press()
    assert "".join(begun.find(class_="receipt-number")[0].itertext()) == number
    assert not begun.find(class_="notice-warning")
    with database.read() as connection:
        rows = connection.execute(select(response.c.answers, response.c.edited_at)).all()
    assert len(rows) == 1
    assert rows[0].answers["company_size"] == "e1000p"
    assert rows[0].edited_at is not None


def test_withdrawing_erases_and_says_so(begun: Visit, database: Database) -> None:
    answer_until(begun, "").press()
    begun.open(f"/r/{begun.token}/withdraw")
    assert count(database, response, state="submitted") == 1
    token = begun.token
    begun.press()
    assert begun.status == 410
    assert count(database, response, state="submitted") == 0
    for path in ("", "p/sec_profile", "check", "receipt", "link", "withdraw"):
        begun.open(f"/r/{token}/{path}")
        assert begun.status == 410
        assert begun.path == f"/r/{token}/"
    with database.read() as connection:
        assert connection.scalar(select(draft.c.answers)) == {}
    assert count(database, confidential) == 0


def test_wrong_proof_neither_submits_nor_withdraws(begun: Visit, database: Database) -> None:
    answer_until(begun, "").fill({"csrf_token": "wrong"}).press()
    assert begun.status == 400
    assert count(database, response) == 0
    begun.open(f"/r/{begun.token}/withdraw").fill({"csrf_token": ""}).press()
    assert begun.status == 400
    assert count(database, draft, state="open") == 1


# after the round


def close(database: Database, round_: Round) -> None:
    now = datetime.now(UTC)
    with database.write() as connection:
        change_dates(connection, round_, opens_at=round_.opens_at, closes_at=now, actor="test", now=now)


def test_page_posted_after_the_end_is_not_saved_but_not_lost(
    begun: Visit, database: Database, vault: Vault, round_: Round
) -> None:
    answer_until(begun, "ft_case")
    close(database, round_)
    begun.fill({"ft_case": "마지막 문장"}).press()
    assert begun.status == 403
    assert ("ft_case", "마지막 문장") in [(name, value.strip()) for name, value in begun.values]
    assert "ft_case" not in read_answers(database, vault, begun)
    begun.open(f"/r/{begun.token}/p/ft_case")
    assert (begun.status, begun.path) == (403, f"/r/{begun.token}/")


def test_receipt_stays_and_withdrawal_is_possible_after_the_end(
    begun: Visit, database: Database, round_: Round
) -> None:
    answer_until(begun, "").press()
    token = begun.token
    close(database, round_)
    begun.open(f"/r/{token}/")
    assert (begun.status, begun.path) == (200, f"/r/{token}/receipt")
    assert not [link for link in begun.root.iter("a") if "/check" in (link.get("href") or "")]
    assert begun.open(f"/r/{token}/check").path == f"/r/{token}/receipt"
    begun.open(f"/r/{token}/withdraw").press()
    assert begun.status == 410
    assert count(database, response, state="withdrawn") == 1


def test_submitting_after_the_end_changes_nothing(begun: Visit, database: Database, round_: Round) -> None:
    answer_until(begun, "")
    close(database, round_)
    begun.press()
    assert begun.status == 403
    assert count(database, response) == 0


# on every page


@pytest.mark.parametrize("kind", ["trial", "sample"])
def test_band_of_trial_and_sample_rounds_is_on_every_page(
    database: Database, questionnaire: Questionnaire, client: FlaskClient, kind: Any
) -> None:
    make_round(database, questionnaire, slug=kind, kind=kind)
    visit = Visit(client).open(f"/s/{kind}/?lang=ko")
    assert visit.find(class_="round-banner")
    visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()
    token = visit.token
    assert visit.find(class_="round-banner")
    answer_until(visit, "")
    for path in ("p/sec_profile", "check", "link", "withdraw"):
        assert visit.open(f"/r/{token}/{path}").find(class_="round-banner")
    visit.open(f"/r/{token}/check").press()
    assert visit.find(class_="round-banner")
    assert Visit(client).open(f"/s/{kind}/declined").find(class_="round-banner")


def test_a_page_asks_the_database_as_often_for_a_full_return_as_for_a_new_one(
    begun: Visit, app: Flask, count_queries: Callable[[], Any]
) -> None:
    def measure(visit: Visit) -> dict[str, int]:
        found = {}
        for path in ("p/sec_profile", "link", "p/sec_consent"):
            with count_queries() as statements:
                visit.open(f"/r/{visit.token}/{path}")
            found[path] = statements.count
        with count_queries() as statements:
            visit.open(f"/r/{visit.token}/p/sec_profile").fill(
                {**ANSWERS["sec_profile"], "company_size": "e1_49"}
            ).press()
        return {**found, "post": statements.count}

    visit = Visit(app.test_client()).open("/s/survey-2026/?lang=ko")
    visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()
    new = measure(visit)
    full = measure(answer_until(begun, "").open(f"/r/{begun.token}/p/sec_profile"))
    assert full == new
    assert max(new.values()) <= 12
