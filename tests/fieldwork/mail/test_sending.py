"""Sending a mailing to a server that fails now and then: every mail is handed over once or its state says why not."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import select, update

from surveyapp.fieldwork.directory.contacts import opt_out
from surveyapp.fieldwork.invitations.inviting import revoke
from surveyapp.fieldwork.invitations.links import find_by_token, list_links
from surveyapp.fieldwork.mail.log import PAUSES, bring_forward, claim_message, leave_as_sent, send_again
from surveyapp.fieldwork.mail.mailings import stop_mailing
from surveyapp.fieldwork.mail.office import find_lease
from surveyapp.records.encryption import VaultFault
from surveyapp.records.tables import company_contact, confidential
from tests.fieldwork.fieldwork_days import CLOSES
from tests.fieldwork.mail.mail_days import BASE_URL, MANAGER, MailDay, Patience
from tests.fieldwork.mail.smtp_server import (
    LOSE,
    TAKE_AND_LOSE,
    Accepted,
    FailingServer,
    find_free_port,
    make_mail_server,
)


def read_body(accepted: Accepted) -> str:
    body = accepted.message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def read_token(accepted: Accepted) -> str:
    return read_body(accepted).split(f"{BASE_URL}/i/")[1].split("/")[0]


def test_each_contact_gets_its_mail_in_its_language_with_a_link_that_works(mail: MailDay, smtp: FailingServer) -> None:
    first = mail.add_company("가람제약", "a@example.com", "b@example.com", person="김철수")
    mail.add_company("나래바이오", "c@example.com", language="ja", person="佐藤")
    mailing_id = mail.begin_mailing()
    watcher = Patience()
    result = mail.run(mailing_id, watcher=watcher)
    assert (result.sent, result.problem) == (3, None)
    assert smtp.count() == {"a@example.com": 1, "b@example.com": 1, "c@example.com": 1}
    assert watcher.told[-1][1] == 3
    assert mail.find_mailing(mailing_id).state == "sent"
    assert {(each.state, each.reply_code, each.attempts) for each in mail.list_messages()} == {("sent", 250, 1)}
    by_address = {each.recipients[0]: each for each in smtp.accepted}
    tokens = {address: read_token(each) for address, each in by_address.items()}
    assert len(set(tokens.values())) == 3
    with mail.day.database.read() as connection:
        found = [find_by_token(connection, mail.survey_id, tokens[each]) for each in ("a@example.com", "b@example.com")]
    assert {each.company_id for each in found} == {first}
    assert by_address["c@example.com"].message["Content-Language"] == "ja"
    assert "佐藤 様" in read_body(by_address["c@example.com"])
    numbers = {each.message["Message-ID"] for each in smtp.accepted}
    assert numbers == {f"<{each.message_id}@office.example>" for each in mail.list_messages()}


def test_a_second_run_sends_nothing_again(mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "a@example.com")
    mailing_id = mail.begin_mailing()
    mail.run(mailing_id)
    mail.run(mailing_id)
    assert smtp.count() == {"a@example.com": 1}


def test_failures_of_single_mails_leave_the_others_alone(mail: MailDay, smtp: FailingServer) -> None:
    for name in ("good1", "grey", "gone", "lost", "cut", "good2", "closing", "good3"):
        mail.add_company(name, f"{name}@example.com")
    smtp.to_recipient["grey@example.com"] = ["450 4.7.1 greylisted"]
    smtp.to_recipient["gone@example.com"] = ["550 5.1.1 nobody"]
    smtp.to_message["lost@example.com"] = [TAKE_AND_LOSE]
    smtp.to_message["cut@example.com"] = [LOSE]
    smtp.to_message["closing@example.com"] = ["421 4.3.2 closing"]
    mailing_id = mail.begin_mailing()
    result = mail.run(mailing_id)
    assert (result.sent, result.deferred, result.refused, result.uncertain) == (3, 2, 1, 2)
    assert mail.count_states() == {"sent": 3, "deferred": 2, "refused": 1, "uncertain": 2}
    assert mail.find_mailing(mailing_id).state == "sending"
    again = mail.last_job
    assert again.run_after == mail.now + PAUSES[0] and again.state == "queued"
    mail.pass_time(minutes=4)
    mail.run(mailing_id)
    assert smtp.count()["grey@example.com"] == 0
    mail.pass_time(minutes=2)
    mail.run(mailing_id)
    assert mail.count_states() == {"sent": 5, "refused": 1, "uncertain": 2}
    assert mail.find_mailing(mailing_id).state == "sent"
    assert smtp.count() == {
        **{f"{name}@example.com": 1 for name in ("good1", "good2", "good3", "grey", "closing", "lost")}
    }
    assert smtp.tried["cut@example.com"] == smtp.tried["lost@example.com"] == 1


def test_a_mail_that_is_put_off_waits_longer_each_time_and_is_given_up(mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "busy@example.com")
    smtp.to_recipient["busy@example.com"] = ["451 4.3.0 busy"] * 9
    mailing_id = mail.begin_mailing()
    for pause in PAUSES:
        mail.run(mailing_id)
        [message] = mail.list_messages()
        assert (message.state, message.next_attempt_at) == ("deferred", mail.now + pause)
        mail.now += pause
    mail.run(mailing_id)
    [message] = mail.list_messages()
    assert (message.state, message.reason, message.reply_code) == ("refused", "tried_too_often", 451)
    assert mail.find_mailing(mailing_id).state == "sent"
    assert smtp.tried["busy@example.com"] == len(PAUSES) + 1


def test_each_try_has_a_new_link_and_the_one_that_arrives_works(mail: MailDay, smtp: FailingServer) -> None:
    company = mail.add_company("가", "grey@example.com")
    smtp.to_message["grey@example.com"] = ["451 4.7.1 greylisted"]
    mailing_id = mail.begin_mailing()
    mail.run(mailing_id)
    mail.pass_time(minutes=6)
    mail.run(mailing_id)
    with mail.day.database.read() as connection:
        assert find_by_token(connection, mail.survey_id, read_token(smtp.accepted[0])).company_id == company
        assert len(list_links(connection, mail.find_invitation(company))) == 2


def test_an_uncertain_mail_is_sent_again_by_decision_alone(mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "a@example.com")
    mail.add_company("나", "b@example.com")
    smtp.to_message["a@example.com"] = smtp.to_message["b@example.com"] = [LOSE]
    smtp.to_message["b@example.com"] = [TAKE_AND_LOSE]
    mailing_id = mail.begin_mailing()
    mail.run(mailing_id)
    mail.pass_time(days=3)
    mail.run(mailing_id)
    assert mail.count_states() == {"uncertain": 2}
    contacts = {message.contact_id: message for message in mail.list_messages()}
    lost, arrived = contacts[mail.find_contact_id(1)], contacts[mail.find_contact_id(2)]
    with mail.day.database.write() as connection:
        assert send_again(connection, lost, now=mail.now)
        assert leave_as_sent(connection, arrived, now=mail.now)
        assert not send_again(connection, arrived, now=mail.now)
        assert not leave_as_sent(connection, lost, now=mail.now)
    mail.resume(mailing_id)
    mail.run(mailing_id)
    assert mail.count_states() == {"sent": 2}
    assert smtp.count() == {"a@example.com": 1, "b@example.com": 1}
    assert mail.find_mailing(mailing_id).state == "sent"


def test_what_was_put_off_is_tried_at_once_where_a_person_asks_as_often_as_that_may_be(
    mail: MailDay, smtp: FailingServer
) -> None:
    mail.add_company("가", "a@example.com")
    asked = len(PAUSES) + 3
    smtp.to_recipient["a@example.com"] = ["450 4.2.1 later"] * asked
    mailing_id = mail.begin_mailing()
    mail.run(mailing_id)
    for number in range(asked):
        mail.pass_time(seconds=2)
        with mail.day.database.write() as connection:
            assert bring_forward(connection, mail.survey_id, mailing_id, now=mail.now) == 1
            assert bring_forward(connection, mail.survey_id, mailing_id, now=mail.now) == 0  # pressed twice
        mail.resume(mailing_id)
        mail.run(mailing_id)
        [message] = mail.list_messages()
        is_last = number == asked - 1
        assert (message.state, message.attempts) == ("sent" if is_last else "deferred", 1)
    assert smtp.count() == {"a@example.com": 1}
    with mail.day.database.write() as connection:
        assert bring_forward(connection, mail.survey_id, mailing_id, now=mail.now) == 0


def test_whoever_answered_or_declined_meanwhile_gets_nothing(mail: MailDay, smtp: FailingServer) -> None:
    submitted = mail.add_company("가", "a@example.com")
    mail.add_company("나", "b@example.com")
    revoked = mail.add_company("다", "c@example.com")
    mail.add_company("라", "d@example.com")
    mailing_id = mail.begin_mailing()
    mail.begin(submitted, is_submitted=True)
    with mail.day.database.write() as connection:
        opt_out(connection, mail.day.vault, mail.survey_id, "b@example.com", source="link", now=mail.now)
        revoke(connection, mail.day.round, mail.find_invitation(revoked), reason="x", now=mail.now, actor=MANAGER)
    result = mail.run(mailing_id)
    assert (result.sent, result.cancelled) == (1, 3)
    assert {message.reason for message in mail.list_messages()} == {"submitted", "opted_out", "revoked", None}
    assert smtp.count() == {"d@example.com": 1}


def test_nothing_is_sent_once_the_round_is_closed(mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "a@example.com")
    mailing_id = mail.begin_mailing()
    mail.now = CLOSES + timedelta(seconds=1)
    mail.run(mailing_id)
    assert not smtp.accepted
    assert [(each.state, each.reason) for each in mail.list_messages()] == [("cancelled", "round_closed")]


def test_a_stopped_mailing_sends_no_more(mail: MailDay, smtp: FailingServer) -> None:
    for number in range(5):
        mail.add_company(str(number), f"c{number}@example.com")
    mailing_id = mail.begin_mailing()
    with pytest.raises(InterruptedError):
        mail.run(mailing_id, watcher=Patience(stop_after=2))
    assert mail.count_states() == {"sent": 2, "queued": 3}
    with mail.day.database.write() as connection:
        assert stop_mailing(connection, mail.day.round, mailing_id, actor=MANAGER, now=mail.now) == 3
        assert stop_mailing(connection, mail.day.round, mailing_id, actor=MANAGER, now=mail.now) == 0
    mail.run(mailing_id)
    assert mail.count_states() == {"sent": 2, "cancelled": 3}
    assert mail.find_mailing(mailing_id).state == "cancelled"
    assert sum(smtp.count().values()) == 2


def test_while_the_server_is_away_everything_waits_and_nothing_counts_as_tried(mail: MailDay) -> None:
    mail.server = make_mail_server(find_free_port())
    mail.add_company("가", "a@example.com")
    mailing_id = mail.begin_mailing()
    for outages, pause in enumerate(PAUSES):
        assert mail.run(mailing_id, outages=outages).problem == "unreachable"
        job = mail.last_job
        assert job.arguments["outages"] == outages + 1 and job.run_after == mail.now + pause
        mail.now += pause
    jobs = len(mail.list_jobs())
    mail.run(mailing_id, outages=len(PAUSES))
    assert len(mail.list_jobs()) == jobs
    [message] = mail.list_messages()
    assert (message.state, message.attempts) == ("queued", 0)
    found = mail.find_mailing(mailing_id)
    assert (found.state, found.problem) == ("sending", "unreachable")


def test_once_the_server_is_back_the_problem_is_gone(mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "a@example.com")
    mailing_id = mail.begin_mailing()
    server, mail.server = mail.server, None
    assert mail.run(mailing_id).problem == "not_configured"
    mail.server = server
    mail.run(mailing_id, outages=1)
    found = mail.find_mailing(mailing_id)
    assert (found.state, found.problem) == ("sent", None)
    assert smtp.count() == {"a@example.com": 1}


def test_a_mail_whose_process_may_still_live_is_left_alone_until_its_time_is_over(
    mail: MailDay, smtp: FailingServer
) -> None:
    """What a run left behind when it was killed after taking a mail up."""
    mail.add_company("가", "a@example.com")
    mailing_id = mail.begin_mailing()
    assert mail.server is not None
    lease = find_lease(mail.server)
    [message] = mail.list_messages()
    with mail.day.database.write() as connection:
        assert claim_message(connection, mail.survey_id, message.message_id, now=mail.now, until=mail.now + lease)
        assert not claim_message(connection, mail.survey_id, message.message_id, now=mail.now, until=mail.now)
    mail.run(mailing_id)
    assert mail.count_states() == {"sending": 1}
    assert mail.last_job.run_after == mail.now + lease
    mail.now += lease
    mail.run(mailing_id)
    assert mail.count_states() == {"uncertain": 1} and not smtp.tried


def test_several_connections_share_the_mails_and_a_failing_one_stops_none(mail: MailDay, smtp: FailingServer) -> None:
    for number in range(24):
        mail.add_company(str(number), f"c{number}@example.com")
    smtp.to_message["c7@example.com"] = [TAKE_AND_LOSE]
    smtp.to_recipient["c9@example.com"] = ["550 5.1.1 nobody"]
    smtp.delay = 0.01
    assert mail.server is not None
    mail.server = replace(mail.server, connections=4)
    mailing_id = mail.begin_mailing()
    result = mail.run(mailing_id)
    assert (result.sent, result.uncertain, result.refused) == (22, 1, 1)
    assert smtp.sessions >= 4
    assert smtp.count() == {f"c{number}@example.com": 1 for number in range(24) if number != 9}
    assert mail.find_mailing(mailing_id).state == "sent"


def test_of_mails_taken_up_together_each_is_judged_for_itself(mail: MailDay, smtp: FailingServer) -> None:
    companies = [mail.add_company(str(number), f"c{number}@example.com") for number in range(18)]
    assert mail.server is not None
    mail.server = replace(mail.server, connections=3)
    smtp.delay = 0.01
    mailing_id = mail.begin_mailing()
    with mail.day.database.write() as connection:
        for company_id in companies[:4]:
            found = mail.find_invitation(company_id)
            revoke(connection, mail.day.round, found, reason="moved", now=mail.now, actor=MANAGER)
        for number in (5, 6):
            opt_out(connection, mail.day.vault, mail.survey_id, f"c{number}@example.com", source="link", now=mail.now)
    result = mail.run(mailing_id)
    assert (result.sent, result.cancelled) == (12, 6)
    wanted = [number for number in range(18) if number > 3 and number not in (5, 6)]
    assert smtp.count() == {f"c{number}@example.com": 1 for number in wanted}
    reasons = Counter(each.reason for each in mail.list_messages() if each.state == "cancelled")
    assert reasons == {"revoked": 4, "opted_out": 2}


def test_a_contact_that_cannot_be_opened_ends_the_run_and_no_other_mail_is_lost(
    mail: MailDay, smtp: FailingServer
) -> None:
    """What the connections write together is undone together; the others then write theirs alone."""
    companies = [mail.add_company(str(number), f"c{number}@example.com") for number in range(15)]
    mailing_id = mail.begin_mailing()
    broken = mail.find_contact_id(companies[7])
    of_contact = select(company_contact.c.sealed_link).where(company_contact.c.contact_id == broken)
    with mail.day.database.write() as connection:
        link = connection.scalars(of_contact).one()
        sealed = connection.scalars(select(confidential.c.ciphertext).where(confidential.c.link == link)).one()
        connection.execute(update(confidential).where(confidential.c.link == link).values(ciphertext=sealed[::-1]))
    assert mail.server is not None
    mail.server = replace(mail.server, connections=3)
    smtp.delay = 0.02
    with pytest.raises(VaultFault):
        mail.run(mailing_id)
    got = smtp.count()
    assert mail.count_states() == {"sent": len(got), "queued": 15 - len(got)} and "c7@example.com" not in got

    with mail.day.database.write() as connection:
        connection.execute(update(confidential).where(confidential.c.link == link).values(ciphertext=sealed))
    mail.run(mailing_id)
    assert smtp.count() == {f"c{number}@example.com": 1 for number in range(15)}


def test_a_run_that_is_ended_leaves_no_mail_half_done_on_any_connection(mail: MailDay, smtp: FailingServer) -> None:
    for number in range(12):
        mail.add_company(str(number), f"c{number}@example.com")
    smtp.delay = 0.05
    assert mail.server is not None
    mail.server = replace(mail.server, connections=3)
    mailing_id = mail.begin_mailing()
    with pytest.raises(InterruptedError):
        mail.run(mailing_id, watcher=Patience(stop_after=5))
    states = mail.count_states()
    assert states == {"sent": len(smtp.accepted), "queued": 12 - len(smtp.accepted)}
    mail.run(mailing_id)
    assert set(smtp.count().values()) == {1} and len(smtp.count()) == 12
