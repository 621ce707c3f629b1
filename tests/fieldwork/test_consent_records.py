"""What is kept of each consent: what was said, to which words, in which language, and when."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.fieldwork.answering import ReturnWithdrawn
from surveyapp.fieldwork.consent_changes import NotNarrower, narrow_one_consent
from surveyapp.fieldwork.consent_records import ConsentRecord, list_consents, write_words
from surveyapp.fieldwork.drafts import Draft
from surveyapp.fieldwork.left_files import list_left_files, list_taken_back
from surveyapp.fieldwork.staff_entry import TakenConsent, start_staff_return
from surveyapp.records.audit import write_audit
from surveyapp.records.confidential import load_confidential
from surveyapp.records.tables import consent_record, consent_text
from tests.fieldwork.fieldwork_days import CLOSES, CONSENT, NOW, WORDS, FieldworkDay
from tests.fieldwork.test_submitting import AREAS, CONTACT

NAMED = {**AREAS, **CONTACT, "attribution_level": "named", "company_name": "카나리아제약", "ft_case": "심사가 늦다"}


def list_said(day: FieldworkDay, draft: Draft) -> list[tuple[str, str]]:
    return [(one.question, one.choice) for one in load(day, draft)]


def load(day: FieldworkDay, draft: Draft) -> tuple[ConsentRecord, ...]:
    with day.database.read() as connection:
        return list_consents(connection, draft.survey_id, draft.draft_id)


def narrow(day: FieldworkDay, draft: Draft, name: str, choice: str) -> Draft:
    with day.database.write() as connection:
        return narrow_one_consent(
            connection, day.vault, draft, day.questionnaire, name, choice, language="ko", now=day.now
        )


def leave(day: FieldworkDay, kind: str, after: timedelta) -> None:
    """A file of the round leaves the desk."""
    with day.database.write() as connection:
        write_audit(
            connection,
            actor="lee@example.org",
            action="export.csv",
            at=NOW + after,
            survey_id=day.round.survey_id,
            round_id=day.round.round_id,
            details={"kind": kind, "file": f"{kind}.csv"},
        )


def test_consents_are_kept_with_the_words_that_were_shown(day: FieldworkDay) -> None:
    begun = day.start(language="ja")
    told = {one.question: one for one in load(day, begun)}
    assert {name: one.choice for name, one in told.items()} == dict(CONSENT)
    participation = told["consent_participate"]
    assert participation.language == "ja" and participation.said_at == NOW and participation.mode == "web"
    assert participation.questionnaire_version == day.questionnaire.version
    notice = day.questionnaire.by_name["privacy_note"].label.ja.partition("{{")[0]
    assert notice in participation.words, "the notice that one agrees to"
    assert WORDS.ja in participation.words and "{{" not in participation.words
    question = day.questionnaire.by_name["consent_quote"]
    assert question.hint is not None
    assert told["consent_quote"].words == "\n\n".join(
        (question.label.ja, question.hint.ja, "同意します", "同意しません")
    )
    assert all(hashlib.sha256(one.words.encode()).hexdigest() == one.digest for one in told.values())


def test_the_same_words_are_kept_once_and_other_ones_beside_them(day: FieldworkDay) -> None:
    for language in ("ko", "ko", "en"):
        day.start(language=language)
    with day.database.read() as connection:
        assert len(connection.execute(select(consent_record)).all()) == 9
        assert len(connection.execute(select(consent_text)).all()) == 6


def test_only_what_is_said_otherwise_is_kept_anew(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, "sec_consent", {**CONSENT})
    day.save(begun, "sec_profile", {"company_type": "pharma"})
    assert len(list_said(day, begun)) == 3
    day.now += timedelta(hours=1)
    day.save(begun, "sec_consent", {**CONSENT, "consent_quote": None}, language="en")
    last = load(day, begun)[-1]
    assert (last.question, last.choice, last.language, last.said_at) == ("consent_quote", "", "en", day.now)


def test_what_a_script_sends_while_somebody_types_is_no_consent(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, "sec_consent", {**CONSENT, "attribution_level": "named"}, is_typing=True)
    assert len(list_said(day, begun)) == 3


def test_consent_of_a_hidden_question_ends_with_it(day: FieldworkDay) -> None:
    found, _ = day.submit_new({**AREAS, **CONTACT, "consent_third_party": "agree"})
    day.now += timedelta(hours=1)
    narrow(day, found, "consent_contact", "disagree")
    assert list_said(day, found)[-2:] in (
        [("consent_contact", "disagree"), ("consent_third_party", "")],
        [("consent_third_party", ""), ("consent_contact", "disagree")],
    )


def test_a_withdrawal_takes_everything_back_and_keeps_that_it_was_said(day: FieldworkDay) -> None:
    found, _ = day.submit_new(NAMED)
    before = list_said(day, found)
    day.now += timedelta(days=1)
    day.withdraw(found)
    given = sorted(name for name, choice in before if choice != "disagree")
    assert sorted(list_said(day, found)[len(before) :]) == [(name, "") for name in given]
    day.now += timedelta(days=1)
    day.withdraw(found)
    assert len(list_said(day, found)) == len(before) + len(given)


def test_refusing_after_a_start_is_kept_as_a_refusal(day: FieldworkDay) -> None:
    begun = day.start()
    day.now += timedelta(hours=1)
    day.save(begun, "sec_consent", {"consent_participate": "disagree"})
    assert sorted(list_said(day, begun)[3:]) == [
        ("attribution_level", ""),
        ("consent_participate", "disagree"),
        ("consent_quote", ""),
    ]


def test_staff_entry_says_how_consent_came(day: FieldworkDay) -> None:
    with day.database.write() as connection:
        begun = start_staff_return(
            connection,
            day.vault,
            day.round,
            day.questionnaire,
            token="t" * 32,
            mode="phone",
            language="ko",
            consent=TakenConsent(NOW.date(), "이담당"),
            actor="lee@example.org",
            now=NOW,
        )
    assert [(one.question, one.choice, one.mode) for one in load(day, begun)] == [
        ("consent_participate", "agree", "phone")
    ]


def test_narrowing_takes_effect_at_once_and_needs_no_other_submission(day: FieldworkDay) -> None:
    found, submitted = day.submit_new(NAMED)
    assert "카나리아제약" in str(found.answers)
    day.now = CLOSES + timedelta(days=40)
    narrowed = narrow(day, found, "attribution_level", "anonymous")
    row = day.load_response()
    assert row.answers["attribution_level"] == "anonymous" and row.identity_link is None
    assert row.revision == submitted.revision + 1
    assert "company_name" not in narrowed.answers
    assert not narrowed.has_unsubmitted_changes
    assert row.texts == {"ft_case": "심사가 늦다"}, "the texts were given for as long as the return stands"
    assert narrow(day, found, "attribution_level", "anonymous") == narrowed
    assert day.load_response().revision == submitted.revision + 1


def test_contacts_leave_with_their_consent(day: FieldworkDay) -> None:
    found, _ = day.submit_new(NAMED)
    day.now = CLOSES + timedelta(days=40)
    narrow(day, found, "consent_contact", "disagree")
    contact_link = day.load_response().contact_link
    with day.database.read() as connection:
        kept = load_confidential(connection, day.vault, found.survey_id, [contact_link])
    assert kept[contact_link] == {"consent_contact": "disagree"}, "that contact is not wanted is itself kept"
    assert {"contact_name", "contact_email", "contact_phone"}.isdisjoint(day.find().answers)


def test_changes_that_wait_to_be_submitted_go_on_waiting(day: FieldworkDay) -> None:
    found, _ = day.submit_new(NAMED)
    day.save(found, day.questionnaire.page_of["ft_case"].name, {"ft_case": "다시 쓴 글"})
    assert narrow(day, found, "attribution_level", "aggregate").has_unsubmitted_changes
    assert day.load_response().texts == {"ft_case": "심사가 늦다"}
    assert day.load_response().answers["attribution_level"] == "aggregate"


@pytest.mark.parametrize(
    ("name", "choice"),
    [
        ("attribution_level", "named"),
        ("consent_quote", "agree"),
        ("consent_participate", "disagree"),
        ("company_type", "api"),
        ("attribution_level", "nonsense"),
    ],
)
def test_only_what_permits_less_can_be_said_here(day: FieldworkDay, name: str, choice: str) -> None:
    found, _ = day.submit_new({**AREAS, "consent_quote": "disagree"})
    with pytest.raises(NotNarrower):
        narrow(day, found, name, choice)


def test_nothing_is_narrowed_of_a_withdrawn_return(day: FieldworkDay) -> None:
    found, _ = day.submit_new(AREAS)
    day.withdraw(found)
    with pytest.raises(ReturnWithdrawn):
        narrow(day, found, "attribution_level", "aggregate")


def test_files_that_left_while_the_return_was_in_them(day: FieldworkDay) -> None:
    leave(day, "raw", timedelta(hours=-1))
    found, submitted = day.submit_new(NAMED)
    other, _ = day.submit_new(AREAS)
    leaving = ((1, "ministry"), (1, "paradata"), (2, "deidentified"), (2, "raw"), (3, "identified"), (9, "raw"))
    for hours, kind in leaving:
        leave(day, kind, timedelta(hours=hours))
    day.now = NOW + timedelta(hours=4)
    narrow(day, other, "attribution_level", "aggregate")
    day.withdraw(found)
    with day.database.read() as connection:
        left = list_left_files(connection, day.round.survey_id, 1, since=NOW, until=day.now)
        assert [(one.holds, one.name) for one in left] == [
            ("figures", "ministry.csv"),
            ("times", "paradata.csv"),
            ("unnamed", "deidentified.csv"),
            ("answers", "raw.csv"),
            ("names", "identified.csv"),
        ]
        told = list_taken_back(connection, day.round.survey_id, 1)
    assert [(one.number, one.is_withdrawn, [file.holds for file in one.files]) for one in told] == [
        (2, False, ["answers", "names"]),
        (submitted.number, True, ["answers", "names"]),
    ]


def test_words_stand_in_every_language_for_every_consent(day: FieldworkDay) -> None:
    for name in ("consent_participate", "consent_quote", "attribution_level", "consent_contact", "consent_third_party"):
        for language in ("ko", "en", "ja"):
            words = write_words(day.questionnaire, day.round, name, language)
            assert len(words) > 40 and "{{" not in words
