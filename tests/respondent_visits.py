"""A person at the survey, without a browser: reads a page's form as a browser would, types, and presses a button."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from surveyapp.fieldwork.answering import find_draft, save_page
from surveyapp.fieldwork.rounds import (
    Round,
    RoundKind,
    find_round_by_id,
    load_questionnaire_of,
    open_round,
    register_questionnaire,
)
from surveyapp.questionnaire.model import Questionnaire, Stored, Text
from surveyapp.records.database import Database

OPERATOR_TEXTS: Mapping[str, Text] = {
    "operator": Text("한국제약바이오협회", "KPBMA", "韓国製薬バイオ協会（KPBMA）"),
    "privacy_contact": Text(
        "국제협력팀 02-000-0000", "International team, +82-2-000-0000", "国際協力チーム（+82-2-000-0000）"
    ),
    "retention_text": Text("조사 종료 후 3년", "3 years after the survey closes", "調査終了後3年"),
    "retention_contact": Text("후속 연락 종료 시까지, 최장 1년", "until follow-up ends, at most 1 year", "最長1年"),
}
# What a company answers, page by page; a page that is not here is left as it stands.
ANSWERS: Mapping[str, Mapping[str, str | int | Sequence[str] | None]] = {
    "sec_profile": {
        "company_type": "pharma",
        "company_size": "e50_299",
        "product_categories": ["generic", "api"],
        "respondent_role": "ra",
        "export_experience": "y3_10",
    },
    "sec_japan": {
        "jp_stage": "filed",
        "jp_products": ["generic"],
        "jp_routes": ["dmah"],
        "pmda_contact": "formal",
    },
    "rd_page_regulatory": {"rd_reg_path": "3", "rd_reg_dialog": "2", "rd_qual_system": "2", "rd_qual_change": "1"},
    "rd_page_evidence": {"rd_clin": "na", "rd_dos_content": "2", "rd_dos_lang": "1"},
    "rd_page_market": {"rd_part": "3", "rd_price": "1", "rd_comm": "2"},
    "rd_page_organisation": {"rd_org": "2", "rd_digi": "na"},
    "grp_areas": {"ch_areas": ["reg"]},
    "blk_reg": {"ch_reg_leaf": ["reg-consult"], "ch_reg_sev": "3", "ch_reg_status": "partly"},
    "rank_topics": {"followup": "no"},
}
TITLE = Text("2026년 조사", "Survey of 2026", "2026年調査")
FORM = "answer-form"


def make_round(
    database: Database,
    questionnaire: Questionnaire,
    *,
    slug: str = "survey-2026",
    kind: RoundKind = "real",
    opens_in: timedelta = timedelta(days=-1),
    closes_in: timedelta = timedelta(days=30),
    open_link: bool = True,
) -> Round:
    """A round of the questionnaire, open now unless said otherwise."""
    now = datetime.now(UTC)
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, now)
        return open_round(
            connection,
            questionnaire,
            slug=slug,
            kind=kind,
            title=TITLE,
            operator_texts=OPERATOR_TEXTS,
            opens_at=now + opens_in,
            closes_at=now + closes_in,
            open_link=open_link,
            counts_companies=False,
            now=now,
        )


@dataclass
class Visit:
    """One person with one browser. `page` is what the last step showed; redirects are followed as a browser does."""

    client: FlaskClient
    url: str = ""
    response: TestResponse | None = None
    root: Any = None
    values: list[tuple[str, str]] = field(default_factory=list)
    action: str = ""

    def open(self, url: str, **options: Any) -> Visit:
        self._take(self.client.get(url, follow_redirects=True, **options))
        return self

    def press(self, name: str = "", value: str = "") -> Visit:
        """Send the form by the button `name=value`, or by the main one."""
        posted = [*self.values, (name, value)] if name else self.values
        self._take(self.client.post(self.action, data=MultiDict(posted), follow_redirects=True))
        return self

    def switch_language(self, language: str) -> Visit:
        return self.press("switch_language", language)

    def leave(self) -> Visit:
        return self.press("leave", "link")

    def fill(self, answers: Mapping[str, str | int | Sequence[str] | None]) -> Visit:
        """Type over what the form holds; a sequence ticks several boxes, None or () unticks them."""
        for name, value in answers.items():
            values = [] if value is None else [str(value)] if isinstance(value, str | int) else list(value)
            self.values = [pair for pair in self.values if pair[0] != name] + [(name, each) for each in values]
        return self

    def choose_between(self, question: str, side: str) -> Visit:
        """Say which of two answers holds: "mine" or "theirs"."""
        name = f"settle:{question}"
        offered = [each.get("value") or "" for each in self.find(name=name)]
        return self.fill({name: next(value for value in offered if value.startswith(f"{side}@"))})

    @property
    def token(self) -> str:
        """Of the return that is open."""
        return self.path.split("/")[2]

    @property
    def status(self) -> int:
        assert self.response is not None
        return self.response.status_code

    @property
    def html(self) -> str:
        assert self.response is not None
        return self.response.get_data(as_text=True)

    @property
    def text(self) -> str:
        """All words of the page's content."""
        return _read_text(next(self.root.iter("main")))

    @property
    def language(self) -> str:
        return str(self.root.get("lang"))

    @property
    def path(self) -> str:
        return self.url.partition("?")[0]

    def find(self, **attributes: str) -> list[Element]:
        """Elements that have all these attributes; `class_` finds one class among several."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [element for element in self.root.iter() if isinstance(element.tag, str) and _matches(element, wanted)]

    def list_faults(self) -> list[str]:
        """Lines of the error summary."""
        return [_read_text(line) for box in self.find(id="error-summary") for line in box.iter("li")]

    def list_typed(self, name: str) -> list[str]:
        """What the form would send under this name."""
        return [value for each, value in self.values if each == name]

    @property
    def receipt(self) -> str:
        """The number on the receipt."""
        return _read_text(self.find(class_="receipt-number")[0])

    def bring_up(self, question: str) -> Visit:
        """See the further question that an answer just given leads to."""
        self.press()
        assert question in self.list_shown()
        return self

    def list_shown(self) -> list[str]:
        """Names of the questions on the page."""
        return [value.partition("@")[0] for name, value in self.values if name == "shown"]

    def _take(self, response: TestResponse) -> None:
        self.response = response
        self.url = response.request.full_path.rstrip("?") if response.request.query_string else response.request.path
        self.root = html5lib.parse(response.get_data(as_text=True), namespaceHTMLElements=False)
        self.values, self.action = [], ""
        forms = [form for form in self.root.iter("form") if form.get("method") == "post"]
        if forms:
            self.action = forms[0].get("action") or self.url
            self.values = list(_read_fields(forms[0]))


def _matches(element: Element, wanted: Mapping[str, str]) -> bool:
    return all(
        value in (element.get(name) or "").split() if name == "class" else element.get(name) == value
        for name, value in wanted.items()
    )


def _read_text(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _read_fields(form: Element) -> Iterator[tuple[str, str]]:
    """What a browser would send of the form as it stands, without a button."""
    for element in form.iter():
        name = element.get("name")
        if name is None or element.tag == "button":
            continue
        if element.tag == "textarea":
            yield name, "".join(element.itertext())
        elif element.tag == "select":
            options = list(element.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            yield from ((name, option.get("value") or "") for option in chosen)
        elif element.get("type") not in ("radio", "checkbox") or element.get("checked") is not None:
            yield name, element.get("value") or ""


def answer_until(visit: Visit, page_name: str) -> Visit:
    """Keep the answers of every page before `page_name` (of all pages where it is empty), and open it or the check."""
    installation = visit.client.application.extensions["surveyapp"]
    now = datetime.now(UTC)
    with installation.database.write() as connection:
        draft = find_draft(connection, installation.vault, installation.settings.survey_id, visit.token)
        questionnaire = load_questionnaire_of(connection, find_round_by_id(connection, draft.survey_id, draft.round_id))
        for page in questionnaire.pages:
            if page.name == page_name:
                break
            answers = {name: _as_stored(value) for name, value in ANSWERS.get(page.name, {}).items()}
            saved = save_page(
                connection,
                installation.vault,
                draft,
                questionnaire,
                page,
                answers,
                language=draft.language,
                now=now,
            )
            draft = saved.draft
    return visit.open(f"/r/{visit.token}/p/{page_name}" if page_name else f"/r/{visit.token}/check")


def _as_stored(value: str | int | Sequence[str] | None) -> Stored | None:
    return value if value is None or isinstance(value, str | int) else list(value)
