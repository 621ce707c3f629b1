"""Who gets a mailing and who does not, each with the reason."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from surveyapp.fieldwork.directory.contacts import ContactFields, change_contact, opt_out, remove_contact
from surveyapp.fieldwork.drafts import load_draft
from surveyapp.fieldwork.invitations.inviting import revoke
from surveyapp.fieldwork.mail.mailings import (
    MailingBegun,
    NobodyToSend,
    RecipientsChanged,
    TemplatesFaulty,
    change_mailing,
    discard_mailing,
)
from surveyapp.fieldwork.mail.templates import Template, load_default_templates
from surveyapp.fieldwork.rounds import RoundClosed
from surveyapp.records.tables import confidential, mail_message, response
from tests.fieldwork.fieldwork_days import CLOSES
from tests.fieldwork.mail.mail_days import MANAGER, MailDay
from tests.fieldwork.mail.smtp_server import FailingServer


def list_reasons(mail: MailDay, mailing_id: str) -> dict[tuple[str, str], str]:
    """By company and address."""
    return {
        (line.company.ko, line.contact.email if line.contact is not None else ""): line.reason
        for line in mail.plan(mailing_id).lines
    }


def test_everybody_is_listed_once_with_the_reason(mail: MailDay) -> None:
    mail.add_company("가", "a@example.com", "a2@example.com", "A@Example.com")
    mail.add_company("나")
    mail.add_company("다", "")
    mail.begin(mail.add_company("라", "d@example.com"), is_submitted=True)
    mail.refuse(mail.add_company("마", "e@example.com"))
    gone = mail.add_company("바", "f@example.com")
    mail.add_company("사", "g@example.com")
    mail.add_company("아", "h@example.com", is_invited=False)
    mail.begin(mail.add_company("자", "i@example.com"))
    with mail.day.database.write() as connection:
        opt_out(connection, mail.day.vault, mail.survey_id, "G@example.com", source="staff", now=mail.now)
        revoke(connection, mail.day.round, mail.find_invitation(gone), reason="x", now=mail.now, actor=MANAGER)
    assert list_reasons(mail, mail.prepare()) == {
        ("가", "a@example.com"): "",
        ("가", "a2@example.com"): "",
        ("가", "A@Example.com"): "same_address",
        ("나", ""): "no_contact",
        ("다", ""): "no_address",
        ("라", ""): "submitted",
        ("마", ""): "refused",
        ("바", ""): "revoked",
        ("사", "g@example.com"): "opted_out",
        ("자", "i@example.com"): "",
    }


def test_a_withdrawn_return_and_one_that_staff_entered_are_left_alone(mail: MailDay) -> None:
    withdrawn = mail.add_company("가", "a@example.com")
    mail.begin(withdrawn)
    draft = mail.find_invitation(withdrawn).draft_id
    assert draft is not None
    with mail.day.database.read() as connection:
        begun = load_draft(connection, mail.day.vault, mail.survey_id, draft)
    mail.day.withdraw(begun)
    other = mail.add_company("나", "b@example.com")
    mail.day.submit_new({})
    with mail.day.database.write() as connection:
        connection.execute(update(response).values(company_id=other))
    assert list_reasons(mail, mail.prepare("reminder")) == {("가", ""): "withdrawn", ("나", ""): "submitted"}


def test_an_address_that_mail_cannot_go_to_is_named(mail: MailDay) -> None:
    mail.add_company("가", "kim@example.com\nBcc: all@example.com")
    mail.add_company("나", "kim lee@example.com")
    assert set(list_reasons(mail, mail.prepare()).values()) == {"address_unusable"}
    with pytest.raises(NobodyToSend):
        mail.start(mail.prepare())


def test_an_invitation_goes_to_each_contact_once_and_a_reminder_not_right_after(
    mail: MailDay, smtp: FailingServer
) -> None:
    mail.add_company("가", "a@example.com")
    first = mail.begin_mailing()
    second = mail.prepare()
    assert list_reasons(mail, second) == {("가", "a@example.com"): "has_invitation"}
    mail.run(first)
    reminder = mail.prepare("reminder")
    mail.pass_time(hours=19)
    assert list_reasons(mail, reminder) == {("가", "a@example.com"): "recently_mailed"}
    mail.pass_time(hours=2)
    assert list_reasons(mail, reminder) == {("가", "a@example.com"): ""}
    assert list_reasons(mail, second) == {("가", "a@example.com"): "has_invitation"}


def test_an_address_that_bounced_waits_for_somebody_to_mend_it(mail: MailDay, smtp: FailingServer) -> None:
    company = mail.add_company("가", "gone@example.com")
    smtp.to_recipient["gone@example.com"] = ["550 5.1.1 nobody"]
    mail.run(mail.begin_mailing())
    mail.pass_time(days=2)
    reminder = mail.prepare("reminder")
    assert list_reasons(mail, reminder) == {("가", "gone@example.com"): "bounced"}
    with mail.day.database.write() as connection:
        change_contact(
            connection,
            mail.day.vault,
            mail.survey_id,
            company,
            mail.find_contact_id(company),
            ContactFields("김", "new@example.com"),
            now=mail.now,
        )
    assert list_reasons(mail, reminder) == {("가", "new@example.com"): ""}


def test_a_reminder_goes_to_the_companies_that_were_chosen(mail: MailDay) -> None:
    mail.add_company("가", "a@example.com")
    mail.begin(mail.add_company("나", "b@example.com"))
    mailing_id = mail.prepare("reminder")
    with mail.day.database.write() as connection:
        change_mailing(connection, mail.day.round, mailing_id, load_default_templates("reminder"), ["begun"])
    assert list_reasons(mail, mailing_id) == {("가", ""): "not_selected", ("나", "b@example.com"): ""}


def test_what_would_be_sent_must_be_what_was_shown(mail: MailDay) -> None:
    company = mail.add_company("가", "a@example.com")
    mail.add_company("나", "b@example.com")
    mailing_id = mail.prepare()
    shown = mail.plan(mailing_id).digest
    mail.begin(company, is_submitted=True)
    with pytest.raises(RecipientsChanged):
        mail.start(mailing_id, shown)
    assert not mail.list_messages() and not mail.list_jobs()
    assert mail.start(mailing_id) == 1
    [job] = mail.list_jobs()
    assert (job.kind, job.arguments["mailing_id"]) == ("mail.send_mailing", mailing_id)


def test_a_mailing_is_begun_once_and_not_changed_afterwards(mail: MailDay) -> None:
    mail.add_company("가", "a@example.com")
    mailing_id = mail.begin_mailing()
    with pytest.raises(MailingBegun):
        mail.start(mailing_id)
    templates = load_default_templates("invitation")
    with mail.day.database.write() as connection:
        with pytest.raises(MailingBegun):
            change_mailing(connection, mail.day.round, mailing_id, templates, [])
        with pytest.raises(MailingBegun):
            discard_mailing(connection, mail.day.round, mailing_id)
    assert len(mail.list_messages()) == len(mail.list_jobs()) == 1


def test_faulty_words_and_a_closed_round_send_nothing(mail: MailDay) -> None:
    mail.add_company("가", "a@example.com")
    mailing_id = mail.prepare()
    words = {**load_default_templates("invitation"), "ja": Template("", "")}
    with mail.day.database.write() as connection:
        change_mailing(connection, mail.day.round, mailing_id, words, [])
    with pytest.raises(TemplatesFaulty) as faulty:
        mail.start(mailing_id)
    assert {fault.language for fault in faulty.value.faults} == {"ja"}
    mail.now = CLOSES + timedelta(minutes=1)
    with pytest.raises(RoundClosed):
        mail.start(mail.prepare())
    assert not mail.list_messages()


def test_the_words_of_the_last_mailing_are_kept_for_the_next(mail: MailDay) -> None:
    mailing_id = mail.prepare()
    words = {**load_default_templates("invitation"), "en": Template("Hello", "{{link}}")}
    with mail.day.database.write() as connection:
        change_mailing(connection, mail.day.round, mailing_id, words, [])
    assert mail.find_mailing(mail.prepare()).templates["en"] == Template("Hello", "{{link}}")
    assert mail.find_mailing(mail.prepare("reminder")).templates == load_default_templates("reminder")


def test_the_log_holds_no_address_and_no_name(mail: MailDay, smtp: FailingServer) -> None:
    company = mail.add_company("가", "canary@example.com", person="카나리아")
    mail.run(mail.begin_mailing())
    with mail.day.database.write() as connection:
        remove_contact(connection, mail.day.vault, mail.survey_id, company, mail.find_contact_id(company), now=mail.now)
    mail.day.checkpoint()
    stored = mail.day.read_stored()
    token = smtp.accepted[0].message.get_body(("plain",)).get_content().split("/i/")[1].split("/")[0]  # type: ignore[union-attr]
    assert len(token) == 32
    for canary in (b"canary@", "카나리아".encode(), token.encode()):
        assert canary not in stored
    with mail.day.database.read() as connection:
        assert connection.execute(mail_message.select()).all() and not connection.execute(confidential.select()).all()
