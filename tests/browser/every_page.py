"""Every kind of page that the product shows, and the way to each: for tests of what holds on all of them.

One server for all of them: the sample rounds, an open round, and one return in each state. What a kind needs beyond an
address (a fault, two people at one question) is done in the browser each time it is visited.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, template_rendered
from jinja2 import nodes
from sqlalchemy import select, update

from surveyapp.analysis.disclosure.suppression import forget_plans
from surveyapp.analysis.peer_band import freeze_peer_band
from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.directory.contacts import ContactFields, add_contact, opt_out
from surveyapp.fieldwork.drafts import hash_token, make_token
from surveyapp.fieldwork.rounds import (
    RoundPlan,
    change_plan,
    find_round,
    list_rounds,
    list_versions,
    prepare_round,
)
from surveyapp.questionnaire.model import Language, Questionnaire, Text
from surveyapp.records.account_changes import add_account
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import draft, response
from surveyapp.web.installation import keep_installation
from surveyapp.web.password_links import make_password_link
from tests.browser.browser_visits import carry_session
from tests.browser.mail_ground import prepare_mailings
from tests.conftest import LOOKUP_KEY, VAULT_KEYS, LiveServer, make_settings, serve_app, sign_in_as
from tests.fieldwork.directory.workbooks import write_list
from tests.respondent_visits import TITLE, Visit, answer_until, make_round
from tests.web.briefing_files import read_csv
from tests.web.desk_data import ROUND, TRIAL
from tests.web.invited_round import InvitedRound
from tests.web.job_rows import add_one_of_each

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

START = "/s/survey-2026/"
COMPANY = "한빛바이오팜 주식회사"
BASE, DESK_BASE = "base.html", "desk/desk.html"
MAIN_BUTTON = "main form .button-primary"
NEW_ACCOUNT = "new@example.com"
PREPARED = "prepared"


@dataclass
class Ground:
    """The server, and the tokens of one return in each state."""

    server: LiveServer
    database: Database
    rendered: list[str] = field(default_factory=list)  # names of templates, in the order in which they were shown
    tokens: dict[str, str] = field(default_factory=dict)
    password_path: str = ""

    def begin(self, page_name: str | None = None, attribution: str = "anonymous") -> str:
        """A return whose pages before `page_name` are answered (all of them where it is empty); its token."""
        visit = Visit(self.server.app.test_client()).open(f"{START}?lang=ko")
        visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": attribution}).press()
        return visit.token if page_name is None else answer_until(visit, page_name).token

    def read_answers(self, name: str) -> tuple[object, object]:
        """What is kept of the return of that token: choices and numbers, and free texts."""
        own = select(draft.c.answers, draft.c.texts).where(draft.c.token_hash == hash_token(self.tokens[name]))
        with self.database.read() as connection:
            answers, texts = connection.execute(own).one()
        return answers, texts

    def prepare_round(self) -> str:
        """A round in preparation whose texts are missing; its slug. Made once."""
        survey_id, now = self.server.app.extensions["surveyapp"].settings.survey_id, datetime.now(UTC)
        with self.database.write() as connection:
            if all(each.slug != PREPARED for each in list_rounds(connection, survey_id)):
                version = list_versions(connection, survey_id)[0].version
                opens, closes = now + timedelta(days=30), now + timedelta(days=60)
                plan = RoundPlan(PREPARED, "real", version, TITLE, {}, opens, closes, open_link=False)
                prepare_round(connection, survey_id, plan, actor="test", now=now)
        return PREPARED

    def change_round_title(self) -> None:
        """Somebody else saves another title for the round in preparation."""
        survey_id = self.server.app.extensions["surveyapp"].settings.survey_id
        with self.database.write() as connection:
            prepared = find_round(connection, survey_id, PREPARED)
            title = replace(prepared.title, en=f"{TITLE.en}, changed at {datetime.now(UTC):%H:%M:%S.%f}")
            plan = replace(RoundPlan.of_round(prepared), title=title)
            change_plan(connection, prepared, plan, seen=None, actor="test", now=datetime.now(UTC))

    def visit(self, path: str) -> Visit:
        """Somebody else, at another machine."""
        return Visit(self.server.app.test_client()).open(path)

    @contextmanager
    def open_browser(self, browser: Browser, *, at_desk: bool, **options: Any) -> Iterator[BrowserContext]:
        context = browser.new_context(base_url=self.server.url, locale="ko-KR", **options)
        if at_desk:
            carry_session(sign_in_as(self.server.app, "admin"), context, self.server)
        yield context
        context.close()


@contextmanager
def open_ground(folder: Path, sampled_file: Path, questionnaire: Questionnaire) -> Iterator[Ground]:
    settings = replace(
        make_settings(folder),
        smtp_host="127.0.0.1",  # never reached
        smtp_from="survey@example.com",
        rate_limit_mail="1000 per hour",
    )
    shutil.copy(sampled_file, folder / "survey.sqlite3")
    database = open_database(settings.database_url)
    survey_round = make_round(database, questionnaire)
    mailings = prepare_mailings(settings, database, questionnaire, survey_round)
    invited = InvitedRound(database, Vault(VAULT_KEYS, LOOKUP_KEY), survey_round)
    with database.write() as connection:
        add_account(connection, email=NEW_ACCOUNT, role_name="analyst", now=datetime.now(UTC))
    with serve_app(settings) as server:
        ground = Ground(server, database, tokens=mailings)
        prepare_returns(ground)
        add_one_of_each(database)
        prepare_invitations(ground, invited)
        prepare_readiness(ground, questionnaire)
        prepare_directory(ground, questionnaire.form_id)
        ground.tokens["figure"] = release_figure(ground)
        ground.password_path = make_password_link(replace(settings, base_url=server.url), NEW_ACCOUNT).removeprefix(
            server.url
        )

        def note(sender: Flask, template: Any, **further: Any) -> None:
            ground.rendered.append(str(template.name))

        with template_rendered.connected_to(note, server.app):
            yield ground
    database.close()


def prepare_returns(ground: Ground) -> None:
    tokens = ground.tokens
    tokens["begun"] = ground.begin()
    tokens["full"] = ground.begin("", "named")
    ground.visit(f"/r/{tokens['full']}/p/sec_profile").fill({"company_name": COMPANY}).press()
    tokens["done"] = ground.begin("")
    ground.visit(f"/r/{tokens['done']}/check").press()
    tokens["withdrawn"] = ground.begin()
    ground.visit(f"/r/{tokens['withdrawn']}/withdraw").press()
    tokens["old"] = ground.begin()
    tokens["new"] = ground.visit(f"/r/{tokens['old']}/replace").press().token
    colleagues = ground.visit(f"/r/{tokens['full']}/colleagues")
    colleagues.fill({"section": ["sec_challenges", "sec_voice"], "label": "품질부서"}).press()
    [area] = colleagues.find(id="made-link")
    found = re.search(r"/part/([^/]+)/", "".join(area.itertext()))
    assert found is not None
    tokens["part"] = found[1]


def prepare_invitations(ground: Ground, invited: InvitedRound) -> None:
    ground.tokens["invited"] = invited.invite_new()
    ground.tokens["invitation"] = invited.find(ground.tokens["invited"]).invitation_id
    invited.issue(invited.companies[0], channel="letter")
    revoked = invited.invite_new(Text("누리의료기기", "Nuri Devices", "ヌリ医療機器"))
    invited.revoke(invited.find(revoked))
    ground.tokens["revoked"] = revoked
    invited.add(Text("아직 초대하지 않은 제약", "Not Invited Pharma", ""), size="e50_299", main_business="pharma")
    shared = invited.invite_new(Text("함께제약", "Together Pharma", "トゥゲザー製薬"))
    invited.issue(invited.companies[-1])
    visit = ground.visit(f"/i/{shared}/?lang=ko").fill({"consent_participate": "agree"}).press()
    visit.fill({"attribution_level": "anonymous"}).press()
    ground.tokens["shared"] = shared


def release_figure(ground: Ground) -> str:
    """The figures of a sample round are given to a viewer; the code of one."""
    file = sign_in_as(ground.server.app, "viewer").get(f"{ROUND}/briefing.csv")
    return read_csv(file.data)["gmp"]["figure_code"]


def prepare_readiness(ground: Ground, questionnaire: Questionnaire) -> None:
    """A return of the later sample round that can be opened, of a company that was in the earlier one as well."""
    now, survey_id = datetime.now(UTC), questionnaire.form_id
    with ground.database.read() as connection:
        later, earlier = (each for each in list_rounds(connection, survey_id) if each.kind == "sample")
    freeze_peer_band(ground.database, survey_id, later.round_id, questionnaire, now=now)
    ground.tokens["sampled"] = make_token()
    before = select(response.c.company_id).where(
        response.c.round_id == earlier.round_id, response.c.state == "submitted"
    )
    own = select(draft.c.draft_id).where(
        draft.c.round_id == later.round_id, draft.c.state == "submitted", draft.c.company_id.in_(before)
    )
    with ground.database.write() as connection:
        draft_id = connection.scalars(own.order_by(draft.c.response_number)).first()
        replaced = update(draft).where(draft.c.draft_id == draft_id)
        connection.execute(replaced.values(token_hash=hash_token(ground.tokens["sampled"])))


def prepare_directory(ground: Ground, survey_id: str) -> None:
    """Two entries of one company, one of them with contacts, beside the fictional companies."""
    now, vault = datetime.now(UTC), Vault(VAULT_KEYS, LOOKUP_KEY)
    with ground.database.write() as connection:
        first = add_company(
            connection,
            survey_id,
            name=Text("한빛바이오팜 주식회사", "Hanbit Biopharm Co., Ltd.", "ハンビットバイオファーム"),
            is_sample=False,
            now=now,
            business_number="1168200276",
            size="e300_999",
            main_business="bio",
            membership="member",
        )
        second = add_company(connection, survey_id, name=Text("㈜한빛바이오팜", "", ""), is_sample=False, now=now)
        for fields in (
            ContactFields("김민수", "minsu.kim@hanbit.example.com", "02-1234-5678", "해외사업팀", "ko"),
            ContactFields("Lee Younghee", "lee@hanbit.example.com", language="en"),
        ):
            added = add_contact(connection, vault, survey_id, first.company_id, fields, now=now)
        opt_out(connection, vault, survey_id, "lee@hanbit.example.com", source="staff", now=now)
    ground.tokens.update(company=str(first.company_id), other=str(second.company_id), contact=added.contact_id)


@dataclass
class Scene:
    """Somebody at a browser who is led to a kind of page, in one language."""

    ground: Ground
    page: Page
    language: Language = "ko"

    def open(self, path: str) -> Scene:
        filled = path.format(**self.ground.tokens)
        self.page.goto(f"{filled}{'&' if '?' in filled else '?'}lang={self.language}")
        return self

    def press(self, selector: str = MAIN_BUTTON) -> Scene:
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        return self


Way = Callable[[Scene], object]


@dataclass(frozen=True)
class PageKind:
    """A page as a person meets it. `way` leads there; where there is none, `path` does."""

    name: str
    template: str
    path: str = ""
    way: Way | None = None
    at_desk: bool = False

    def visit(self, scene: Scene) -> None:
        """Raises AssertionError where another template is shown than the one this kind is of."""
        scene.ground.rendered.clear()
        if self.way is None:
            scene.open(self.path)
        else:
            self.way(scene)
        shown = [name for name in scene.ground.rendered if name not in FRAGMENTS]
        assert shown and shown[-1] == self.template, (self.name, scene.page.url, shown)


def leave_unanswered(scene: Scene) -> None:
    scene.open(f"/r/{scene.ground.begin()}/p/sec_profile").press()
    scene.page.locator("#error-summary").wait_for()


def begin_without_answers(scene: Scene) -> None:
    scene.open(START).press()
    scene.page.locator("#error-summary").wait_for()


def meet_at_one_question(scene: Scene) -> None:
    token = scene.ground.begin("ft_case")
    scene.open(f"/r/{token}/p/ft_case")
    scene.ground.visit(f"/r/{token}/p/ft_case").fill({"ft_case": "다른 동료가 적은 답입니다."}).press()
    scene.page.locator("#q-ft_case").fill("GMP 적합성 조사 일정이 세 번 미뤄졌습니다.")
    scene.page.locator(MAIN_BUTTON).first.click()
    scene.page.locator(".conflict").wait_for()


def tie_two_ranks(scene: Scene) -> None:
    scene.open(f"/r/{scene.ground.begin('rank_topics')}/p/rank_topics")
    for place in scene.page.locator(".rank-item select").all()[:2]:
        place.select_option("1")
    scene.press()
    scene.page.locator("#error-summary").wait_for()


def hand_on_nothing(scene: Scene) -> None:
    scene.open("/r/{full}/colleagues").press("main form .button-primary[type=submit]")
    scene.page.locator("#error-summary").wait_for()


def sign_in_wrongly(scene: Scene) -> None:
    scene.open("/desk/sign-in").press()


def choose_no_password(scene: Scene) -> None:
    scene.open(scene.ground.password_path).press()


def write_an_empty_note(scene: Scene) -> None:
    scene.open(f"{ROUND}/questions?section=sec_japan")
    scene.page.locator(".note-add summary").first.click()
    scene.press(".note-form button")


def enter_nothing(scene: Scene) -> None:
    scene.open("/desk/rounds/survey-2026/entry").press()


def print_for_nobody(scene: Scene) -> None:
    scene.open(INVITATIONS).press(".hand-out .button-primary")
    scene.page.locator("#error-summary").wait_for()


def invite_nobody(scene: Scene) -> None:
    scene.open(f"{INVITATIONS}/choose").press()
    scene.page.locator("#error-summary").wait_for()


def revoke_nothing(scene: Scene) -> None:
    scene.open(ONE_INVITATION).press(".is-guarded button")
    scene.page.locator("#error-summary").wait_for()


def show_a_link(scene: Scene) -> None:
    scene.open(ONE_INVITATION).press("main form:not(.entry-form) button[type=submit]")
    scene.page.locator("#made-link").wait_for()


def release_without_time(scene: Scene) -> None:
    app = scene.ground.server.app
    kept = app.extensions["surveyapp"]
    forget_plans()  # what other pages had the time for
    keep_installation(app, replace(kept, settings=replace(kept.settings, disclosure_seconds=0)))
    try:
        scene.open(f"{ROUND}/released").page.locator("#request-title").wait_for()
    finally:
        keep_installation(app, kept)


def write_faulty_mail(scene: Scene) -> None:
    scene.open(f"{MAIL_ROOM}/{{faulty}}")
    scene.page.locator("#subject-ko").fill("")
    scene.page.locator("#body-en").fill("Dear {{company}}, please answer by {{deadline}}.")
    scene.press(".mailing-deeds .button-primary")
    scene.page.locator("#error-summary").wait_for()


def read_in_nothing(scene: Scene) -> None:
    scene.open(f"{MAIL_ROOM}/reports").press()


def note_no_address(scene: Scene) -> None:
    scene.open(f"{MAIL_ROOM}/opt-outs").press()


def ask_for_link_without_address(scene: Scene) -> None:
    scene.open("/r/{full}/link").press("form[action*='/link/mail'] button")
    scene.page.locator("#error-summary").wait_for()


def prepare_nothing(scene: Scene) -> None:
    scene.open("/desk/rounds/new").press(".plan-form .button-primary")
    scene.page.locator("#error-summary").wait_for()


def extend_without_end(scene: Scene) -> None:
    scene.open(f"{TRIAL}/settings").press(".deed:has(#closes_at) button")
    scene.page.locator("#error-summary").wait_for()


def save_beside_somebody(scene: Scene) -> None:
    scene.open(f"/desk/rounds/{scene.ground.prepare_round()}/settings")
    scene.ground.change_round_title()
    scene.page.locator("#text_title_en").fill("Our own title")
    scene.press(".plan-form .button-primary")
    scene.page.locator("#differences").wait_for()


def ask_for_names_without_reason(scene: Scene) -> None:
    scene.open(f"{ROUND}/export?kind=identified").press(".is-guarded button")


def ask_for_access_without_reason(scene: Scene) -> None:
    scene.open("/desk/privacy")
    scene.page.locator("#q").fill("제약")
    scene.press(".privacy-search button").press(".access-form button")
    scene.page.locator("#error-summary").wait_for()


def erase_too_early(scene: Scene) -> None:
    scene.open("/desk/rounds/survey-2026/privacy")
    scene.page.locator("#texts").fill("2020-01-01")
    scene.press(".retention-form .button-primary")
    scene.page.locator("#error-summary").wait_for()


INVITATIONS = "/desk/rounds/survey-2026/invitations"
ONE_INVITATION = INVITATIONS + "/{invitation}"
MAIL_ROOM = "/desk/rounds/survey-2026/mailings"


def save_a_nameless_company(scene: Scene) -> None:
    scene.open("/desk/companies/new")
    scene.page.locator("#business_number").fill("116-82-00277")
    scene.press()


def save_a_contact_without_address(scene: Scene) -> None:
    scene.open("/desk/companies/{company}/contacts/new").press()


def export_contacts_without_reason(scene: Scene) -> None:
    scene.open("/desk/companies/export")
    scene.page.locator("[name=with_contacts]").check()
    scene.press()


def import_nothing(scene: Scene) -> None:
    scene.open("/desk/companies/import").press()


LISTED = [
    ["회사명", "영문명", "사업자등록번호", "임직원 수", "담당자", "이메일", "비고"],
    ["한빛바이오팜㈜", "Hanbit Biopharm", "116-82-00276", "420명", "박지훈", "park@hanbit.example.com", "전시회"],
    ["가람메디칼", "Garam Medical", "", "35", "최유진", "choi@garam.example.com", ""],
]


def preview_a_list(scene: Scene, *further: list[str]) -> None:
    content = write_list([*LISTED, *further], encoding="cp949")
    scene.open("/desk/companies/import")
    scene.page.locator("#file").set_input_files({"name": "회원사 명부.csv", "mimeType": "text/csv", "buffer": content})
    scene.press()


def preview_a_faulty_list(scene: Scene) -> None:
    preview_a_list(scene, ["", "", "", "", "이름 없음", "none@example.com"], ["=1+1", "", "1", "많음", "", "x", ""])


QUESTION, CHECK = "respondent/question.html", "respondent/check.html"
READINESS = "respondent/readiness.html"
COMPOSER = "desk/exporting/composer.html"
KINDS = (
    PageKind("landing", "respondent/landing.html", "/"),
    PageKind("start", "respondent/start.html", START),
    PageKind("start of the trial round", "respondent/start.html", "/s/trial/"),
    PageKind("start with faults", "respondent/start.html", way=begin_without_answers),
    PageKind("personal link", "respondent/start.html", "/i/{invited}/"),
    PageKind("revoked link", "respondent/ended.html", "/i/{revoked}/"),
    PageKind("replace one of several links", "respondent/replace.html", "/r/{shared}/replace"),
    PageKind("question list", "respondent/question_list.html", f"{START}questions"),
    PageKind("declined", "respondent/declined.html", f"{START}declined"),
    PageKind("consents", QUESTION, "/r/{full}/p/sec_consent"),
    PageKind("radios and text", QUESTION, "/r/{full}/p/sec_profile"),
    PageKind("checkboxes and number", QUESTION, "/r/{full}/p/sec_japan"),
    PageKind("levels", QUESTION, "/r/{full}/p/rd_page_regulatory"),
    PageKind("choices with remarks", QUESTION, "/r/{full}/p/grp_areas"),
    PageKind("block of one area", QUESTION, "/r/{full}/p/blk_reg"),
    PageKind("texts", QUESTION, "/r/{full}/p/ft_case"),
    PageKind("rank", QUESTION, "/r/{full}/p/rank_topics"),
    PageKind("rank with a tie", QUESTION, way=tie_two_ranks),
    PageKind("faults", QUESTION, way=leave_unanswered),
    PageKind("conflict", QUESTION, way=meet_at_one_question),
    PageKind("private link", "respondent/link.html", "/r/{full}/link"),
    PageKind("private link by mail without address", "respondent/link.html", way=ask_for_link_without_address),
    PageKind("mails to be declined", "respondent/decline.html", "/u/{decline}"),
    PageKind("colleagues", "respondent/colleagues.html", "/r/{full}/colleagues"),
    PageKind("colleagues with faults", "respondent/colleagues.html", way=hand_on_nothing),
    PageKind("part", "respondent/part.html", "/part/{part}/"),
    PageKind("page of a part", QUESTION, "/part/{part}/p/ft_case"),
    PageKind("replace the link", "respondent/replace.html", "/r/{full}/replace"),
    PageKind("link replaced", "respondent/replaced.html", "/r/{new}/replaced"),
    PageKind("check", CHECK, "/r/{full}/check"),
    PageKind("check with answers missing", CHECK, "/r/{begun}/check"),
    PageKind("receipt", "respondent/receipt.html", "/r/{done}/receipt"),
    PageKind("own readiness", READINESS, "/r/{done}/readiness"),
    PageKind("own readiness beside others", READINESS, "/r/{sampled}/readiness"),
    PageKind("what was agreed to", "respondent/consents.html", "/r/{done}/consents"),
    PageKind("withdraw", "respondent/withdraw.html", "/r/{done}/withdraw"),
    PageKind("withdrawn", "respondent/ended.html", "/r/{withdrawn}/"),
    PageKind("old link", "respondent/ended.html", "/r/{old}/"),
    PageKind("unknown link", "error.html", "/r/nobody/"),
    PageKind("not found", "error.html", "/nowhere"),
    PageKind("sign-in", "desk/sign_in.html", "/desk/sign-in"),
    PageKind("sign-in with faults", "desk/sign_in.html", way=sign_in_wrongly),
    PageKind("new password with faults", "desk/new_password.html", way=choose_no_password),
    PageKind("link spent", "desk/link_spent.html", "/desk/reset/nonsense"),
    PageKind("rounds", "desk/home.html", "/desk/", at_desk=True),
    PageKind("issues", "desk/issues.html", f"{ROUND}/issues?company_size=e50_299", at_desk=True),
    PageKind("issues of an empty round", "desk/issues.html", f"{TRIAL}/issues", at_desk=True),
    PageKind("questions", "desk/questions.html", f"{ROUND}/questions?section=sec_support", at_desk=True),
    PageKind("cross-tab", "desk/question.html", f"{ROUND}/questions/ch_areas?by=company_size", at_desk=True),
    PageKind("free texts", "desk/texts.html", f"{ROUND}/texts?area=gmp", at_desk=True),
    PageKind("progress of the field", "desk/field/progress.html", "/desk/rounds/sample-2025/progress", at_desk=True),
    PageKind("briefing", "desk/briefing/page.html", f"{ROUND}/briefing", at_desk=True),
    PageKind("briefing without figures", "desk/briefing/page.html", f"{TRIAL}/briefing", at_desk=True),
    PageKind("look up a figure", "desk/figures.html", "/desk/figures", at_desk=True),
    PageKind("no code of a figure", "desk/figures.html", "/desk/figures/K7QM", at_desk=True),
    PageKind("figure", "desk/figures.html", "/desk/figures/{figure}", at_desk=True),
    PageKind("released figures", "desk/released.html", f"{ROUND}/released", at_desk=True),
    PageKind("figures not checked in time", "desk/released.html", way=release_without_time, at_desk=True),
    PageKind(
        "disclosure", "desk/disclosure.html", f"{ROUND}/disclosure?audience=japan&by=product_categories", at_desk=True
    ),
    PageKind("export", COMPOSER, f"{ROUND}/export", at_desk=True),
    PageKind("export without names", COMPOSER, f"{ROUND}/export?kind=deidentified&format=xlsx", at_desk=True),
    PageKind("codebook", "desk/exporting/codebook.html", f"{ROUND}/codebook", at_desk=True),
    PageKind("export with faults", COMPOSER, way=ask_for_names_without_reason, at_desk=True),
    PageKind("invitations", "desk/invitations/list.html", "/desk/rounds/sample-2025/invitations", at_desk=True),
    PageKind("invitations of an open round", "desk/invitations/list.html", INVITATIONS, at_desk=True),
    PageKind("no invitations", "desk/invitations/list.html", f"{TRIAL}/invitations", at_desk=True),
    PageKind("invitations with faults", "desk/invitations/list.html", way=print_for_nobody, at_desk=True),
    PageKind("whom to invite", "desk/invitations/choose.html", f"{INVITATIONS}/choose", at_desk=True),
    PageKind("whom to invite with faults", "desk/invitations/choose.html", way=invite_nobody, at_desk=True),
    PageKind("one invitation", "desk/invitations/one.html", ONE_INVITATION, at_desk=True),
    PageKind("one invitation with faults", "desk/invitations/one.html", way=revoke_nothing, at_desk=True),
    PageKind("link shown once", "desk/invitations/one.html", way=show_a_link, at_desk=True),
    PageKind("entry", "desk/entry.html", "/desk/rounds/survey-2026/entry", at_desk=True),
    PageKind("entry with faults", "desk/entry.html", way=enter_nothing, at_desk=True),
    PageKind("mailings", "desk/mailings/mailings.html", MAIL_ROOM, at_desk=True),
    PageKind("invitation", "desk/mailings/editor.html", f"{MAIL_ROOM}/{{mailing}}", at_desk=True),
    PageKind("reminder", "desk/mailings/editor.html", f"{MAIL_ROOM}/{{reminder}}", at_desk=True),
    PageKind("mailing with faults", "desk/mailings/editor.html", way=write_faulty_mail, at_desk=True),
    PageKind("recipients", "desk/mailings/recipients.html", f"{MAIL_ROOM}/{{mailing}}/recipients", at_desk=True),
    PageKind(
        "who gets nothing",
        "desk/mailings/recipients.html",
        f"{MAIL_ROOM}/{{mailing}}/recipients?list=others",
        at_desk=True,
    ),
    PageKind("mailing being sent", "desk/mailings/progress.html", f"{MAIL_ROOM}/{{sending}}", at_desk=True),
    PageKind("log of mails", "desk/mailings/log.html", f"{MAIL_ROOM}/log", at_desk=True),
    PageKind("delivery reports", "desk/mailings/reports.html", f"{MAIL_ROOM}/reports", at_desk=True),
    PageKind("delivery reports with faults", "desk/mailings/reports.html", way=read_in_nothing, at_desk=True),
    PageKind("who wants no mail", "desk/mailings/opt_outs.html", f"{MAIL_ROOM}/opt-outs", at_desk=True),
    PageKind("who wants no mail with faults", "desk/mailings/opt_outs.html", way=note_no_address, at_desk=True),
    PageKind("new round", "desk/rounds/new.html", "/desk/rounds/new?from=sample-2026", at_desk=True),
    PageKind("new round with faults", "desk/rounds/new.html", way=prepare_nothing, at_desk=True),
    PageKind(
        "settings of an open round", "desk/rounds/settings.html", "/desk/rounds/survey-2026/settings", at_desk=True
    ),
    PageKind("settings with faults", "desk/rounds/settings.html", way=extend_without_end, at_desk=True),
    PageKind("settings that two people change", "desk/rounds/settings.html", way=save_beside_somebody, at_desk=True),
    PageKind("note", "desk/note.html", way=write_an_empty_note, at_desk=True),
    PageKind("privacy", "desk/privacy/privacy.html", "/desk/privacy", at_desk=True),
    PageKind("request for access", "desk/privacy/privacy.html", way=ask_for_access_without_reason, at_desk=True),
    PageKind("retention", "desk/privacy/round.html", "/desk/rounds/sample-2025/privacy", at_desk=True),
    PageKind("retention with faults", "desk/privacy/round.html", way=erase_too_early, at_desk=True),
    PageKind("jobs", "desk/jobs/jobs.html", "/desk/jobs", at_desk=True),
    PageKind("companies", "desk/directory/companies.html", "/desk/companies?q=ㅎㅂ", at_desk=True),
    PageKind("companies, none found", "desk/directory/companies.html", "/desk/companies?q=nobody", at_desk=True),
    PageKind("company", "desk/directory/company.html", "/desk/companies/{company}", at_desk=True),
    PageKind("company with faults", "desk/directory/company.html", way=save_a_nameless_company, at_desk=True),
    PageKind("contact", "desk/directory/contact.html", "/desk/companies/{company}/contacts/{contact}", at_desk=True),
    PageKind("contact with faults", "desk/directory/contact.html", way=save_a_contact_without_address, at_desk=True),
    PageKind("suspected doubles", "desk/directory/doubles.html", "/desk/companies/doubles", at_desk=True),
    PageKind("merge", "desk/directory/merge.html", "/desk/companies/{company}/merge/{other}", at_desk=True),
    PageKind("export of companies", "desk/directory/export.html", way=export_contacts_without_reason, at_desk=True),
    PageKind("upload", "desk/directory/upload.html", way=import_nothing, at_desk=True),
    PageKind("preview of an import", "desk/directory/preview.html", way=preview_a_list, at_desk=True),
    PageKind("preview with faults", "desk/directory/preview.html", way=preview_a_faulty_list, at_desk=True),
    PageKind("audit trail", "desk/audit.html", "/desk/audit", at_desk=True),
    PageKind("trade measures", "desk/crosswalk.html", "/desk/trade-measures", at_desk=True),
    PageKind("style guide", "desk/style.html", "/desk/style", at_desk=True),
    PageKind("not found at the desk", "error.html", "/desk/rounds/nowhere/issues", at_desk=True),
)
BY_NAME = {kind.name: kind for kind in KINDS}
FRAGMENTS = frozenset(
    {
        "desk/jobs/list.html",
        "desk/jobs/one.html",
        "desk/mailings/counted.html",
        "respondent/fragment.html",
        "respondent/saved.html",
    }
)


def list_page_templates(app: Flask) -> set[str]:
    """Templates that stand on the base of every page, without those that others stand on."""
    parents = {name: find_parent(app, name) for name in app.jinja_env.list_templates(extensions=["html"])}
    return {name for name, parent in parents.items() if parent in (BASE, DESK_BASE)} - set(parents.values())


def find_parent(app: Flask, name: str) -> str:
    assert app.jinja_env.loader is not None
    source, _file, _current = app.jinja_env.loader.get_source(app.jinja_env, name)
    extends = app.jinja_env.parse(source).find(nodes.Extends)
    return extends.template.value if extends is not None and isinstance(extends.template, nodes.Const) else ""
