from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from surveyapp.fieldwork import submitting
from surveyapp.fieldwork.answering import ReturnIncomplete, ReturnWithdrawn, Submission, save_page, submit
from surveyapp.fieldwork.receipts import draw_receipt, read_receipt
from surveyapp.fieldwork.rounds import RoundClosed
from surveyapp.questionnaire.model import Answers
from surveyapp.questionnaire.paths import evaluate, keep_asked
from surveyapp.records.change_feed import find_latest_revision
from surveyapp.records.confidential import find_links, load_confidential
from surveyapp.records.database import open_database
from surveyapp.records.tables import draft as draft_table
from surveyapp.records.tables import response
from tests.fieldwork.fieldwork_days import CLOSES, CONSENT, NOW, FieldworkDay

PROFILE = "sec_profile"
AREAS: Answers = {"jp_stage": "prepare", "ch_areas": ["reg", "dos", "clin", "gmp", "pri"], "ft_case": "사례입니다."}
CONTACT: Answers = {
    "attribution_level": "named",
    "company_name": "한빛제약",
    "followup": "yes",
    "consent_contact": "agree",
    "contact_name": "김하나",
    "contact_email": "Kim@example.org",
    "consent_third_party": "agree",
}


def _latest(day: FieldworkDay) -> int:
    with day.database.read() as reader:
        return find_latest_revision(reader, day.round.survey_id)


def test_a_submitted_return_holds_what_counts_in_its_compartments(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS, **CONTACT})
    day.now = NOW - timedelta(minutes=30)
    begun = day.fill(day.start(complete, language="en"), complete)
    day.now = NOW
    submitted = day.submit(begun)
    row = day.load_response()
    assert submitted == Submission(1, row.receipt, 1, is_edit=False, is_repeat=False)
    assert read_receipt(submitted.receipt) == submitted.receipt
    assert (row.state, row.round_id, row.questionnaire_version) == ("submitted", 1, day.questionnaire.version)
    assert (row.started_at, row.submitted_at, row.edited_at) == (NOW - timedelta(minutes=30), NOW, None)
    assert row.language == "ko"  # of the last page that was saved
    assert row.texts["ft_case"] == "사례입니다."
    assert row.answers["ch_areas"] == AREAS["ch_areas"]
    assert row.answers["ch_leaf_n"] == str(len(evaluate(day.questionnaire, complete).values["ch_leaf_all"].split()))
    with day.database.read() as reader:
        sealed = load_confidential(reader, day.vault, day.round.survey_id, [row.identity_link, row.contact_link])
    identity, contact = sealed[row.identity_link], sealed[row.contact_link]
    assert identity == {"company_name": "한빛제약"}
    assert contact["contact_email"] == "Kim@example.org"
    together = {**row.answers, **row.texts, **identity, **contact}
    assert together == keep_asked(evaluate(day.questionnaire, complete))
    assert day.find().answers == {
        name: stored for name, stored in together.items() if day.questionnaire.by_name[name].is_asked
    }


def test_the_draft_says_that_it_was_submitted(day: FieldworkDay) -> None:
    found, submitted = day.submit_new(AREAS)
    assert (found.state, found.response_number, found.receipt) == ("submitted", 1, submitted.receipt)
    assert not found.has_unsubmitted_changes


def test_what_is_not_asked_is_dropped_from_response_and_draft(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    begun = day.fill(day.start(complete), complete)
    day.save(begun, PROFILE, {"respondent_role": "other", "respondent_role_other": "비밀 직무"})
    day.save(begun, PROFILE, {"respondent_role": "ra"})
    assert day.find().answers["respondent_role_other"] == "비밀 직무"
    day.submit(begun)
    row = day.load_response()
    assert "respondent_role_other" not in {**row.answers, **row.texts}
    assert "respondent_role_other" not in day.find().answers


def test_the_rows_of_response_and_draft_cannot_be_told_to_belong_together(day: FieldworkDay) -> None:
    day.submit_new({**AREAS, **CONTACT})
    row = day.load_response()
    with day.database.read() as reader:
        kept = reader.execute(select(draft_table)).one()
        survey_id = day.round.survey_id
        assert {kept.identity_link, kept.contact_link}.isdisjoint({row.identity_link, row.contact_link})
        by_mail = find_links(reader, day.vault, survey_id, "contact", "kim@EXAMPLE.org")
        by_name = find_links(reader, day.vault, survey_id, "identity", " 한빛제약 ")
    assert set(by_mail) == {kept.contact_link, row.contact_link}
    assert set(by_name) == {kept.identity_link, row.identity_link}


def test_an_incomplete_return_is_refused_with_every_fault_in_order(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    begun = day.fill(day.start(complete), complete)
    day.save(begun, PROFILE, {"company_type": None, "company_size": None})
    day.save(begun, "sec_japan", {"jp_routes": ["undecided", "dmah"]})
    with pytest.raises(ReturnIncomplete) as refused:
        day.submit(begun)
    assert {name: fault.code for name, fault in refused.value.faults.items()} == {
        "company_type": "required",
        "company_size": "required",
        "jp_routes": "constraint",
    }
    assert list(refused.value.faults) == ["company_type", "company_size", "jp_routes"]
    assert day.count_rows()["response"] == 0
    assert _latest(day) == 0
    assert day.find().state == "open"


# Exactly once


def test_submitting_again_after_a_lost_reply_gives_the_same_receipt(day: FieldworkDay) -> None:
    found, first = day.submit_new(AREAS)
    for _ in range(3):
        assert day.submit(found) == Submission(first.number, first.receipt, first.revision, False, True)
    day.now = CLOSES + timedelta(days=1)  # also when the round has closed meanwhile
    assert day.submit(found).receipt == first.receipt
    assert day.count_rows()["response"] == 1
    assert _latest(day) == 1


def test_threads_that_race_make_one_response(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS, **CONTACT})
    begun = day.fill(day.start(complete), complete)
    together = threading.Barrier(8)
    outcomes: list[Submission] = []
    faults: list[BaseException] = []

    def race(number: int) -> None:
        # Half of them come through a door of their own, as another process would.
        door = day.database if number % 2 else open_database(day.database_url, wait_seconds=20)
        try:
            together.wait(10)
            with door.write() as connection:
                outcomes.append(submit(connection, day.vault, begun, day.questionnaire, now=NOW))
        except BaseException as fault:
            faults.append(fault)
        finally:
            if door is not day.database:
                door.close()

    threads = [threading.Thread(target=race, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert faults == []
    assert len({(outcome.number, outcome.receipt, outcome.revision) for outcome in outcomes}) == 1
    assert sorted(outcome.is_repeat for outcome in outcomes) == [False] + [True] * 7
    assert day.count_rows() == {"draft": 1, "response": 1, "refusal": 0, "confidential": 4}
    assert _latest(day) == 1


def test_returns_submitted_at_once_get_numbers_without_gaps(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    drafts = [day.fill(day.start(complete), complete) for _ in range(12)]
    together = threading.Barrier(4)

    def send(mine: list[Any]) -> None:
        together.wait(10)
        for each in mine:
            day.submit(each)

    threads = [threading.Thread(target=send, args=(drafts[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with day.database.read() as reader:
        rows = reader.execute(select(response.c.number, response.c.revision, response.c.receipt)).all()
    assert {row.number for row in rows} == {row.revision for row in rows} == set(range(1, 13))
    assert len({row.receipt for row in rows}) == 12


def test_a_receipt_that_is_taken_is_drawn_again(day: FieldworkDay, monkeypatch: pytest.MonkeyPatch) -> None:
    _, first = day.submit_new(AREAS)
    fresh = draw_receipt()
    coming = iter([first.receipt, first.receipt, fresh])
    monkeypatch.setattr(submitting, "draw_receipt", lambda: next(coming))
    _, second = day.submit_new(AREAS)
    assert (second.number, second.revision, second.receipt) == (2, 2, fresh)


# Editing


def test_an_edit_counts_when_it_is_submitted_again(day: FieldworkDay) -> None:
    found, first = day.submit_new(AREAS)
    day.now = NOW + timedelta(days=1)
    changed = day.save(found, PROFILE, {"company_size": "e1000p"}).draft
    assert changed.has_unsubmitted_changes
    assert day.load_response().answers["company_size"] == "e1_49"
    second = day.submit(changed)
    assert second == Submission(first.number, first.receipt, 2, is_edit=True, is_repeat=False)
    row = day.load_response()
    assert row.answers["company_size"] == "e1000p"
    assert (row.submitted_at, row.edited_at, row.revision) == (NOW, day.now, 2)
    assert not day.find().has_unsubmitted_changes
    assert day.count_rows()["response"] == 1


def test_an_edit_that_was_taken_back_makes_no_new_revision(day: FieldworkDay) -> None:
    found, first = day.submit_new({**AREAS, **CONTACT})
    day.save(found, PROFILE, {"company_size": "e1000p"})
    day.save(found, PROFILE, {"company_size": "e1_49"})
    assert day.find().has_unsubmitted_changes
    assert day.submit(found) == Submission(first.number, first.receipt, 1, is_edit=True, is_repeat=True)
    assert not day.find().has_unsubmitted_changes
    assert (day.load_response().revision, day.load_response().edited_at) == (1, None)


def test_editing_what_names_the_company_replaces_it_everywhere(day: FieldworkDay) -> None:
    found, _ = day.submit_new({**AREAS, **CONTACT})
    before = day.load_response()
    day.save(found, PROFILE, {"company_name": "다른제약"})
    assert day.submit(found).revision == 2
    row = day.load_response()
    assert row.identity_link == before.identity_link
    with day.database.read() as reader:
        sealed = load_confidential(reader, day.vault, day.round.survey_id, [row.identity_link])
        assert sealed[row.identity_link] == {"company_name": "다른제약"}
        assert find_links(reader, day.vault, day.round.survey_id, "identity", "한빛제약") == ()


def test_a_changed_language_alone_is_no_edit(day: FieldworkDay) -> None:
    found, _ = day.submit_new(AREAS)
    saved = day.save(found, PROFILE, {}, language="ja")
    assert not saved.draft.has_unsubmitted_changes
    assert day.submit(saved.draft).is_repeat


def test_editing_ends_when_the_round_closes(day: FieldworkDay) -> None:
    found, _ = day.submit_new(AREAS)
    day.save(found, PROFILE, {"company_size": "e1000p"})
    day.now = CLOSES
    with pytest.raises(RoundClosed) as refused:
        day.submit(found)
    assert refused.value.round == day.round
    assert day.load_response().answers["company_size"] == "e1_49"


def test_an_unfinished_return_cannot_be_submitted_after_the_round(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    begun = day.fill(day.start(complete), complete)
    day.now = CLOSES
    with pytest.raises(RoundClosed):
        day.submit(begun)


def test_a_withdrawn_return_cannot_be_submitted(day: FieldworkDay) -> None:
    found, _ = day.submit_new(AREAS)
    day.withdraw(found)
    with pytest.raises(ReturnWithdrawn):
        day.submit(found)
    assert day.load_response().state == "withdrawn"


def test_clocks_that_differ_break_nothing(day: FieldworkDay) -> None:
    """A server whose clock is behind submits, then edits, what another began."""
    complete = day.complete({**CONSENT, **AREAS})
    begun = day.fill(day.start(complete), complete)
    day.now = NOW - timedelta(seconds=30)
    day.submit(begun)
    assert day.load_response().submitted_at == NOW
    day.save(begun, PROFILE, {"company_size": "e1000p"})
    day.submit(begun)
    assert day.load_response().edited_at == NOW


# Consent taken back after submitting, before the edited return is submitted


def _narrow(day: FieldworkDay, page: str, answers: Answers) -> dict[str, Any]:
    """Answers of the response in all compartments after a page of a submitted return was saved."""
    day.save(day.find(), page, dict(answers))
    row = day.load_response()
    with day.database.read() as reader:
        links = [link for link in (row.identity_link, row.contact_link) if link]
        sealed = load_confidential(reader, day.vault, day.round.survey_id, links)
    together = {**row.answers, **row.texts}
    for answers_of_row in sealed.values():
        together |= answers_of_row
    return together


def test_a_narrower_attribution_counts_at_once(day: FieldworkDay) -> None:
    day.submit_new({**AREAS, **CONTACT})
    held = _narrow(day, "sec_consent", {"attribution_level": "aggregate"})
    assert held["attribution_level"] == "aggregate"
    assert "company_name" not in held
    assert held["contact_name"] == "김하나"
    row = day.load_response()
    assert (row.identity_link, row.revision) == (None, 2)
    assert day.find().has_unsubmitted_changes
    assert day.submit(day.find()).is_repeat  # nothing else was changed


def test_a_wider_consent_waits_for_the_submission(day: FieldworkDay) -> None:
    day.submit_new({**AREAS, "attribution_level": "aggregate", "consent_quote": "disagree"})
    held = _narrow(day, "sec_consent", {"attribution_level": "named", "consent_quote": "agree"})
    assert (held["attribution_level"], held["consent_quote"]) == ("aggregate", "disagree")
    assert day.load_response().revision == 1


def test_quoting_that_is_no_longer_agreed_to_ends_at_once(day: FieldworkDay) -> None:
    day.submit_new(AREAS)
    assert "consent_quote" not in _narrow(day, "sec_consent", {"consent_quote": None})  # type: ignore[dict-item]
    assert day.load_response().revision == 2


def test_other_changes_beside_a_narrower_consent_wait(day: FieldworkDay) -> None:
    day.submit_new({**AREAS, **CONTACT})
    day.save(day.find(), PROFILE, {"company_size": "e1000p"})
    held = _narrow(day, "sec_consent", {"attribution_level": "anonymous"})
    assert (held["company_size"], held["attribution_level"]) == ("e1_49", "anonymous")
    day.submit(day.find())
    assert day.load_response().answers["company_size"] == "e1000p"


def test_contact_data_that_may_no_longer_be_used_are_erased_at_once(day: FieldworkDay) -> None:
    day.submit_new({**AREAS, **CONTACT})
    page = day.questionnaire.page_of["consent_contact"].name
    held = _narrow(day, page, {"consent_third_party": "disagree"})
    assert (held["consent_third_party"], held["contact_name"]) == ("disagree", "김하나")
    held = _narrow(day, page, {"consent_contact": "disagree"})
    contact = {question.name for question in day.questionnaire.questions_in("contact")}
    assert {name: stored for name, stored in held.items() if name in contact} == {"consent_contact": "disagree"}
    held = _narrow(day, day.questionnaire.page_of["followup"].name, {"followup": "no"})
    assert contact.isdisjoint(held)
    assert day.load_response().contact_link is None
    assert held["company_name"] == "한빛제약"
    day.submit(day.find())
    assert day.load_response().answers["followup"] == "no"


def test_saying_no_after_submitting_withdraws_the_response(day: FieldworkDay) -> None:
    found, submitted = day.submit_new({**AREAS, **CONTACT})
    day.save(found, "sec_consent", {"consent_participate": "disagree"})
    row = day.load_response()
    assert (row.state, row.answers, row.texts, row.receipt) == ("withdrawn", {}, {}, submitted.receipt)
    assert day.count_rows() == {"draft": 1, "response": 1, "refusal": 1, "confidential": 0}


def test_a_draft_that_another_person_holds_open_is_submitted_as_it_is_now(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    old = day.fill(day.start(complete), complete)
    with day.database.write() as connection:
        page = day.questionnaire.page_by_name[PROFILE]
        save_page(
            connection, day.vault, old, day.questionnaire, page, {"company_size": "e1000p"}, language="ko", now=NOW
        )
        submit(connection, day.vault, old, day.questionnaire, now=NOW)
    assert day.load_response().answers["company_size"] == "e1000p"


def test_a_draft_whose_row_was_purged_has_no_link(day: FieldworkDay) -> None:
    begun = day.start()
    with day.database.write() as connection:
        connection.execute(delete(draft_table))
    with pytest.raises(LookupError):
        day.submit(begun)
