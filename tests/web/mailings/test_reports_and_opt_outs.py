"""Delivery reports read in at the desk, and the list of those who want no mail."""

from __future__ import annotations

import re

from flask.testing import FlaskClient

from surveyapp.records.audit import list_audit
from tests.fieldwork.mail.mail_days import MailDay
from tests.fieldwork.mail.smtp_server import FailingServer
from tests.fieldwork.mail.test_delivery_reports import write_report
from tests.web.desk_data import read_page, read_words

ROOM = "/desk/rounds/survey-2026/mailings"


def read_in(client: FlaskClient, *files: tuple[str, bytes]) -> tuple[int, str]:
    head = '--outside\r\nContent-Disposition: form-data; name="files"; filename="{}"\r\n\r\n'
    parts = [head.format(name).encode() + content + b"\r\n" for name, content in files]
    body = b"".join(parts) + b"--outside--\r\n"
    posted = client.post(f"{ROOM}/reports?lang=en", data=body, content_type="multipart/form-data; boundary=outside")
    return posted.status_code, read_words(posted.get_data(as_text=True))


def test_a_report_marks_its_mail_and_other_files_change_nothing(
    manager: FlaskClient, mail: MailDay, smtp: FailingServer
) -> None:
    mail.add_company("가람제약", "gone@example.com")
    mail.run(mail.begin_mailing())
    [message] = mail.list_messages()
    report = write_report(message.message_id)
    status, words = read_in(
        manager,
        ("bounce.eml", report),
        ("bounce (1).eml", report),
        ("letter.eml", b"Subject: hello\r\n\r\nnothing"),
        ("other.eml", write_report("f" * 32)),
        ("huge.eml", b"x" * (600 * 1024)),
    )
    assert status == 200
    assert "1 mail is marked as come back." in words
    assert "bounce.eml The mail came back. It is marked." in words
    assert "bounce (1).eml Nothing new" in words
    assert "letter.eml Not read: this is no delivery report." in words
    assert "other.eml It reports on no mail of this survey." in words
    assert "huge.eml Not read: the file is too large" in words
    assert mail.count_states() == {"bounced": 1}
    log = read_words(read_page(manager, f"{ROOM}/log?state=bounced"))
    assert "Came back By a delivery report" in log and "550 5.1.1" in log
    with mail.day.database.read() as connection:
        [event] = list_audit(connection, action="mail.reports_imported")
    assert event.details == {"files": 5, "bounced": 1}


def test_no_file_and_too_many_files_are_told(manager: FlaskClient, mail: MailDay) -> None:
    status, words = read_in(manager)
    assert status == 422 and "Choose at least one file." in words
    status, words = read_in(manager, *[(f"{number}.eml", b"x") for number in range(201)])
    assert status == 422 and "Choose at most 200 files at once." in words


def test_staff_note_who_wants_no_mail_and_take_that_back(manager: FlaskClient, mail: MailDay) -> None:
    mail.add_company("가람제약", "kim@example.com")
    assert manager.post(f"{ROOM}/opt-outs", data={"email": "Kim@Example.com"}).status_code == 303
    page = read_page(manager, f"{ROOM}/opt-outs")
    assert "Noted by staff 가람제약 – 김철수" in read_words(page) and "kim@example.com" not in page
    mailing_id = mail.prepare()
    assert [line.reason for line in mail.plan(mailing_id).lines] == ["opted_out"]
    found = re.search(r'name="lookup" value="([0-9a-f]{64})"', page)
    assert found is not None
    assert manager.post(f"{ROOM}/opt-outs", data={"lookup": found[1]}).status_code == 303
    assert [line.reason for line in mail.plan(mailing_id).lines] == [""]
    assert manager.post(f"{ROOM}/opt-outs", data={"lookup": "nothing"}).status_code == 303


def test_no_address_is_refused_and_comes_back(manager: FlaskClient, mail: MailDay) -> None:
    for typed in ("kim", "kim@example.com\nBcc: all@example.com", ""):
        refused = manager.post(f"{ROOM}/opt-outs?lang=en", data={"email": typed})
        assert refused.status_code == 422
        assert "Enter one e-mail address, such as kim@example.com." in refused.get_data(as_text=True)
