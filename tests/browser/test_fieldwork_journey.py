"""A round from the first list of companies to its end, in real browsers: an officer's and those of the companies.

The server and the worker are processes of their own, mails go to a real mail server that fails now and then. What each
page says is waited for, and what the database and the mail server hold is compared with what was done.
"""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select, update

from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.retention import ZONE, RetentionKind
from surveyapp.fieldwork.rounds import find_round, register_questionnaire
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.records.account_changes import add_account
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database, open_database
from surveyapp.records.tables import (
    company_contact,
    confidential,
    draft,
    mail_message,
    metadata,
    refusal,
    response,
    round_table,
)
from surveyapp.records.tables.columns import UtcTime
from surveyapp.settings import Settings, create_secrets, load_settings
from surveyapp.web import create_app
from surveyapp.web.password_links import make_password_link
from tests.browser.browser_visits import BrowserVisit
from tests.browser.real_server import RealServer, run_server, run_worker
from tests.fieldwork.directory.workbooks import write_list
from tests.fieldwork.mail.smtp_server import RETURN_PATH, SENDER, TAKE_AND_LOSE, FailingServer, run_smtp_server
from tests.respondent_visits import ANSWERS, OPERATOR_TEXTS, TITLE, Visit, answer_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SURVEY, SLUG = "japan_export_readiness", "survey-2026"
FIELD = f"/desk/rounds/{SLUG}"
COMPANIES = 300
EVERYBODY = {f"c{number}@example.com" for number in range(COMPANIES)}
WHOLE, TAKEN_BACK, BEGUN, REFUSED = (f"c{number}@example.com" for number in range(1, 5))
LATE = "c5@example.com"
PUT_OFF, BOUNCED, UNCERTAIN = "c7@example.com", "c8@example.com", "c9@example.com"
OFFICER, PASSWORD = "officer@example.org", "correct horse battery staple"
CANARY = "카나리아-canary"
CASE = f"GMP 적합성 조사 일정이 세 번 미뤄졌습니다. {CANARY}-case"
PATIENCE_MS = 60_000


@dataclass
class Office:
    """The association: its server, its letter box, and the database as somebody sees it who looks from outside."""

    server: RealServer
    settings: Settings
    database: Database
    smtp: FailingServer
    seen: int = field(default=0)

    def collect(self) -> dict[str, EmailMessage]:
        """What arrived since the last time, by recipient: no more than one mail each."""
        arrived, self.seen = self.smtp.accepted[self.seen :], len(self.smtp.accepted)
        counted = Counter(recipient for each in arrived for recipient in each.recipients)
        assert set(counted.values()) <= {1}, counted.most_common(3)
        return {each.recipients[0]: each.message for each in arrived}

    def count(self, table: Any, **values: Any) -> int:
        wanted = [table.c[name] == value for name, value in values.items()]
        with self.database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(table).where(*wanted)) or 0)

    def count_states(self) -> Counter[str]:
        with self.database.read() as connection:
            return Counter(each.state for each in list_invitations(connection, find_round(connection, SURVEY, SLUG)))

    def list_erased(self) -> dict[str, int]:
        """How much of each kind of data the purge says that it erased."""
        erased: Counter[str] = Counter()
        with self.database.read() as connection:
            for event in list_audit(connection, action="retention.purged"):
                erased[str(event.details["data"])] += int(str(event.details["erased"]))
        return dict(erased)

    def let_days_pass(self, days: int) -> None:
        """What was entered, sent and opened is so much longer ago; the processes' clocks cannot be set."""
        with self.database.write() as connection:
            for table in (company_contact, mail_message, round_table):
                names = [column.name for column in table.columns if isinstance(column.type, UtcTime)]
                for row in connection.execute(select(table)).mappings().all():
                    earlier = {name: row[name] - timedelta(days=days) for name in names if row[name] is not None}
                    same = [column == row[column.name] for column in table.primary_key]
                    connection.execute(update(table).where(*same).values(**earlier))

    def find_traces(self) -> set[str]:
        """Where a canary stands in clear: columns, and files of the folder but for the mails' own copies."""
        found = set()
        with self.database.read() as connection:
            for table in metadata.sorted_tables:
                for row in connection.execute(select(table)).mappings():
                    found |= {f"{table.name}.{name}" for name, value in row.items() if CANARY in str(value)}
        with self.database.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        needle = CANARY.encode()
        files = (path for path in self.server.folder.rglob("*") if path.is_file())
        return found | {path.name for path in files if needle in path.read_bytes()}


@pytest.fixture
def office(tmp_path: Path, migrated_file: Path, questionnaire: Questionnaire) -> Iterator[Office]:
    create_secrets(tmp_path)
    shutil.copy(migrated_file, tmp_path / "survey.sqlite3")
    now = datetime.now(UTC)
    with run_smtp_server() as smtp:
        own = {
            "SURVEYAPP_SMTP_HOST": "127.0.0.1",
            "SURVEYAPP_SMTP_PORT": str(smtp.port),
            "SURVEYAPP_SMTP_SECURITY": "none",
            "SURVEYAPP_SMTP_FROM": SENDER,
            "SURVEYAPP_SMTP_RETURN_PATH": RETURN_PATH,
        }
        with run_server(tmp_path, own) as server, run_worker(server):
            settings = load_settings({"SURVEYAPP_BASE_URL": server.url}, tmp_path)
            database = open_database(settings.database_url)
            with database.write() as connection:
                register_questionnaire(connection, questionnaire, now)
                add_account(connection, email=OFFICER, role_name="admin", now=now)
            yield Office(server, settings, database, smtp)
            database.close()
    for log in ("server.log", "worker.log"):
        assert "Traceback" not in (tmp_path / log).read_text(), log


@contextmanager
def open_person(browser: Browser, office: Office, **options: Any) -> Iterator[BrowserVisit]:
    """Somebody with a browser of their own, whose complaints fail the test."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    complaints: list[str] = []
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.on("response", lambda reply: complaints.append(f"{reply.status} {reply.url}") if reply.status >= 500 else None)
    yield BrowserVisit(page, office.server.url)
    context.close()
    assert not complaints


def press(page: Page, selector: str) -> None:
    with page.expect_navigation():
        page.locator(selector).first.click()


def sign_in(office: Office, officer: BrowserVisit) -> None:
    """As a new member of staff does: a password is chosen through the link of an administrator, and used."""
    page = officer.page
    page.goto(make_password_link(office.settings, OFFICER))
    page.locator("#password").fill(PASSWORD)
    page.locator("#password_confirm").fill(PASSWORD)
    press(page, "main form button[type=submit]")
    officer.open("/desk/?lang=en")
    if page.locator("#email").count():
        page.locator("#email").fill(OFFICER)
        page.locator("#password").fill(PASSWORD)
        press(page, "main form button[type=submit]")
        officer.open("/desk/?lang=en")
    page.get_by_role("heading", level=1).wait_for()


def import_list(page: Page, url: str) -> None:
    heading = ["회사명", "영문명", "담당자", "이메일", "비고"]
    rows = [
        [f"한빛제약{n:03}", f"Hanbit {n:03}", f"담당자 {CANARY[:4]} {n}", f"c{n}@example.com", "a\nb"]
        for n in range(COMPANIES)
    ]
    content = write_list([heading, *rows], encoding="cp949")
    page.goto(f"{url}/desk/companies/import")
    page.locator("#file").set_input_files({"name": "명부.csv", "mimeType": "text/csv", "buffer": content})
    press(page, "main form button[type=submit]")
    expect(page.locator(".count-row")).to_contain_text(str(COMPANIES), timeout=PATIENCE_MS)
    press(page, ".preview-steps .button-primary")
    page.get_by_text(f"New: {COMPANIES}. Changed: 0. Unchanged: 0.").wait_for()


def prepare_and_open_round(page: Page, url: str) -> None:
    """Without its privacy contact it cannot open, and the page says so; then it is filled in."""
    page.goto(f"{url}/desk/rounds/new")
    for name, text in {"title": TITLE, **OPERATOR_TEXTS}.items():
        for language in LANGUAGES:
            words = "" if name == "privacy_contact" else text.in_language(language)
            page.locator(f"#text_{name}_{language}").fill(words)
    opens = datetime.now(ZONE)
    page.locator("#slug").fill(SLUG)
    page.locator("#opens_at").fill(f"{opens + timedelta(days=1):%Y-%m-%dT09:00}")
    page.locator("#closes_at").fill(f"{opens + timedelta(days=14):%Y-%m-%dT18:00}")
    page.locator("input[name=kind][value=real]").check()
    page.locator("input[name=open_link][value=invited]").check()
    press(page, ".plan-form .button-primary")
    assert page.locator("#state .inset-warning li").count() and not page.locator(".deed-form").count()
    for language in LANGUAGES:
        page.locator(f"#text_privacy_contact_{language}").fill(OPERATOR_TEXTS["privacy_contact"].in_language(language))
    press(page, ".plan-form .button-primary")
    press(page, "section[aria-labelledby=deed-open] button[type=submit]")
    page.get_by_text("The round is open.").first.wait_for()


def invite_all(page: Page, url: str) -> None:
    page.goto(f"{url}{FIELD}/invitations/choose")
    press(page, "button[name=scope][value=all]")
    page.get_by_text(f"{COMPANIES} companies were invited.").wait_for()


def send_mailing(page: Page, url: str, kind: str) -> str:
    """Write it, look at the dry run, press the button; what the dry run said. Its page is open afterwards."""
    page.goto(f"{url}{FIELD}/mailings")
    press(page, f"button[name=kind][value={kind}]")
    press(page, "button[name=deed][value=next]")
    told = page.locator(".mailing-send").inner_text()
    press(page, ".mailing-send .button-primary")
    return told


def wait_until_settled(page: Page, number: int, of: int) -> None:
    """The page follows the worker by itself."""
    expect(page.locator("#progress-words")).to_have_text(
        f"{number} of {of} mails have their outcome.", timeout=PATIENCE_MS
    )


def read_link(message: EmailMessage, url: str) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(rf"{re.escape(url)}(/i/[\w-]{{32}}/)", body.get_content())
    assert found is not None
    return found[1]


def begin(person: BrowserVisit, link: str) -> None:
    """To the first page of questions, which asks for the company's name."""
    person.open(f"{link}?lang=ko").fill({"consent_participate": "agree"}).bring_up("attribution_level")
    person.fill({"consent_quote": "agree", "attribution_level": "named"}).press()
    assert person.path.endswith("/p/sec_profile")


def answer_on(person: BrowserVisit, until: str) -> None:
    """Page by page to the one of this name, or to the check."""
    while not person.path.endswith(until):
        name = person.path.rpartition("/p/")[2]
        person.fill(ANSWERS.get(name, {})).press()
        assert person.status == 200, (name, person.list_faults())


def test_a_round_from_its_list_to_its_purge(office: Office, browser: Browser) -> None:
    smtp, url = office.smtp, office.server.url
    smtp.to_recipient = {PUT_OFF: ["450 4.2.1 later"], BOUNCED: ["550 5.1.1 nobody"]}
    smtp.to_message = {UNCERTAIN: [TAKE_AND_LOSE]}
    with open_person(browser, office, locale="en-US") as officer:
        desk = officer.page
        sign_in(office, officer)
        import_list(desk, url)
        prepare_and_open_round(desk, url)
        invite_all(desk, url)
        told = send_mailing(desk, url, "invitation")
        assert f"{COMPANIES} mails would be sent to {COMPANIES} companies." in told
        wait_until_settled(desk, COMPANIES - 1, COMPANIES)
        invited = office.collect()
        assert invited.keys() == EVERYBODY - {PUT_OFF, BOUNCED}
        press(desk, "form[action$=resume] button")
        wait_until_settled(desk, COMPANIES, COMPANIES)
        assert office.collect().keys() == {PUT_OFF}
        assert smtp.tried[BOUNCED] == smtp.tried[UNCERTAIN] == 1 and smtp.tried[PUT_OFF] == 2
        kept = {state: office.count(mail_message, state=state) for state in ("sent", "uncertain", "refused")}
        assert kept == {"sent": COMPANIES - 2, "uncertain": 1, "refused": 1}

        answer_half_be_cut_off_and_submit(office, browser, read_link(invited[WHOLE], url))
        withdrawal = submit_without_browser(office, read_link(invited[TAKEN_BACK], url))
        with open_person(browser, office, locale="ko-KR") as company:
            begin(company, read_link(invited[BEGUN], url))
            company.fill(ANSWERS["sec_profile"]).fill({"company_name": f"{CANARY}-begun"}).press()
        with open_person(browser, office, locale="ko-KR") as company:
            company.open(read_link(invited[REFUSED], url)).fill({"consent_participate": "disagree"}).press()
        assert office.count_states() == {"submitted": 2, "begun": 1, "refused": 1, "invited": COMPANIES - 4}
        assert office.count(response) == 2 and office.count(refusal) == 1

        office.let_days_pass(2)
        told = send_mailing(desk, url, "reminder")
        assert f"{COMPANIES - 4} mails would be sent to {COMPANIES - 4} companies." in told
        wait_until_settled(desk, COMPANIES - 4, COMPANIES - 4)
        assert office.collect().keys() == EVERYBODY - {WHOLE, TAKEN_BACK, REFUSED, BOUNCED}

        with open_person(browser, office, locale="ko-KR") as company:
            company.open(withdrawal)
            press(company.page, "main form button[type=submit]")
        assert office.count_states()["withdrawn"] == 1
        with office.database.read() as connection:
            gone = connection.execute(select(response).where(response.c.state == "withdrawn")).one()
        assert gone.answers == gone.texts == {} and office.count(response, state="submitted") == 1

        desk.goto(f"{url}{FIELD}/settings")
        press(desk, "section[aria-labelledby=deed-close] button[type=submit]")
        desk.get_by_text("The round is closed.").first.wait_for()
        with open_person(browser, office, locale="en-US") as company:
            company.open(f"{read_link(invited[LATE], url)}?lang=en")
            assert company.status != 200 and "closed" in company.text
        assert {"draft.answers", "response.texts"} & office.find_traces()
        told = purge(office, desk, url)
    assert office.find_traces() == set()
    erased = office.list_erased()
    assert f"would erase {sum(erased.values()) + 1:,} entries" in told  # the name in the draft, which went with it
    links_and_mails = erased.pop("mail")
    assert erased == {"directory": COMPANIES, "drafts": 1, "identity": 1, "texts": 1}
    assert links_and_mails >= 2 * (len(smtp.accepted) + 1)  # and the one that was refused
    assert office.count(mail_message) == office.count(mail_message, contact_id=None) == 2 * COMPANIES - 4
    assert office.count(confidential) == office.count(draft, state="open") == 0
    assert smtp.count().keys() == EVERYBODY - {BOUNCED}


def answer_half_be_cut_off_and_submit(office: Office, browser: Browser, link: str) -> None:
    """The server is killed while somebody types; what the page said was saved is there at another machine."""
    with open_person(browser, office, locale="ko-KR", viewport={"width": 390, "height": 844}) as person:
        begin(person, link)
        person.fill({"company_name": f"{CANARY}-name"})
        answer_on(person, "/p/ft_case")
        with person.page.expect_response(lambda reply: reply.request.method == "POST"):
            person.page.locator("#q-ft_case").fill(CASE)
        expect(person.page.locator("[data-save-line]")).to_have_attribute("data-state", "saved", timeout=PATIENCE_MS)
        office.server.kill()
    office.server.start()
    with open_person(browser, office, locale="ko-KR") as person:
        person.open(link)
        assert person.path.endswith("/p/rank_topics")  # where it goes on
        person.open(person.path.replace("rank_topics", "ft_case"))
        assert person.list_typed("ft_case") == [CASE]
        person.press()
        answer_on(person, "/check")
        person.press()
        assert person.receipt
    with office.database.read() as connection:
        stored = connection.execute(select(response.c.answers, response.c.texts, response.c.company_id)).one()
    assert stored.texts["ft_case"] == CASE and stored.answers["company_type"] == "pharma"
    assert stored.company_id is not None


def submit_without_browser(office: Office, link: str) -> str:
    """Another company, whose way is not what is looked at here; the path of the page that withdraws."""
    app = create_app(office.settings)
    visit = Visit(app.test_client()).open(f"{link}?lang=ko").fill({"consent_participate": "agree"}).press()
    visit.fill({"attribution_level": "anonymous"}).press()
    answer_until(visit, "").press()
    app.extensions["surveyapp"].database.close()
    return f"/r/{visit.token}/withdraw"


def purge(office: Office, desk: Page, url: str) -> str:
    """The dates are set at the desk, and when they are over, what they are about is erased. What the dry run said."""
    office.let_days_pass(9)
    yesterday = f"{datetime.now(ZONE) - timedelta(days=1):%Y-%m-%d}"
    desk.goto(f"{url}{FIELD}/privacy")
    for kind in get_args(RetentionKind):
        desk.locator(f"#{kind}").fill(yesterday)
    press(desk, ".retention-form button[type=submit]")
    told = desk.locator("section[aria-labelledby=dry-title]").inner_text()
    press(desk, ".card form .button-danger")
    desk.goto(f"{url}/desk/jobs")
    desk.locator("#jobs-ended li", has_text="retention.purge").get_by_text("Done", exact=True).wait_for()
    return told
