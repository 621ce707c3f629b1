"""A company at the survey over HTTP: one kept connection, the form's own fields, one page after another.

Light enough that eight of them beside the server on two cores measure the server and not themselves.
"""

from __future__ import annotations

import http.client
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from lxml import etree

from surveyapp.forms.fields import name_rank_select
from surveyapp.questionnaire.model import Question, Questionnaire, Stored
from tests.benchmarks.returns import InventedReturn

Fields = list[tuple[str, str]]
Note = Callable[[str, float], None]  # what was done ("page", "submit", …) and how many seconds it took
FORM_TYPE = "application/x-www-form-urlencoded"
MOST_PAGES = 80
NOT_SENT = frozenset({"radio", "checkbox"})


class Refused(AssertionError):
    """The server answered with something that a company with a complete return is never told."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    location: str
    body: bytes


@dataclass(frozen=True, slots=True)
class FormPage:
    """The first form of a page, as a browser would send it."""

    action: str
    fields: Fields
    shown: tuple[str, ...]  # names of the questions on the page


class Wire:
    """One connection to the server, opened anew where it was closed."""

    def __init__(self, host: str, port: int, *, timeout: float = 60) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=timeout)

    def ask(self, method: str, path: str, fields: Fields | None = None) -> Reply:
        """Raises OSError or HTTPException where no whole reply came, whatever became of the request."""
        headers = {"Accept-Encoding": "identity", "Accept-Language": "ko"}
        body = None
        if fields is not None:
            headers["Content-Type"] = FORM_TYPE
            body = urlencode(fields).encode()
        try:
            self._connection.request(method, path, body, headers)
            answer = self._connection.getresponse()
            return Reply(answer.status, answer.getheader("Location", ""), answer.read())
        except (OSError, http.client.HTTPException):
            self._connection.close()
            raise

    def close(self) -> None:
        self._connection.close()


@dataclass
class HttpCompany:
    """Fills in whole returns. `ask` sends a request and brings the reply, however often it takes."""

    ask: Callable[[str, str, Fields | None], Reply]
    questionnaire: Questionnaire
    slug: str
    note: Note = lambda what, seconds: None
    path: str = ""
    submits: int = 0  # that the server acknowledged
    pages: int = 0
    is_over: Callable[[], bool] = lambda: False
    _html: bytes = field(default=b"", repr=False)

    def give_return(self, invented: InventedReturn) -> str:
        """From the open link to the receipt; the token of the return. Blank where the time was over before."""
        self._open(f"/s/{self.slug}/?lang={invented.language}")
        for _ in range(MOST_PAGES):
            if self.is_over():
                return ""
            if self.path.endswith("/check"):
                self._submit()
                return self.path.split("/")[2]
            self._answer(invented.given)
        raise Refused(f"no end after {MOST_PAGES} pages")

    def _open(self, url: str) -> None:
        started = time.perf_counter()
        self._show(self.ask("GET", url, None), url)
        self.note("open", time.perf_counter() - started)

    def _answer(self, given: Mapping[str, Stored]) -> None:
        """One page: what is asked is answered, what that brings up too, and the next page is shown."""
        started = time.perf_counter()
        for _ in range(5):
            form = read_form(self._html)
            posted = fill_form(form, self.questionnaire, given)
            reply = self.ask("POST", form.action or self.path, posted)
            if reply.status == 303:
                self._follow(reply)
                self.pages += 1
                self.note("page", time.perf_counter() - started)
                return
            if reply.status != 200:
                raise Refused(f"{self._name_place()}: status {reply.status}: {read_faults(reply.body)}")
            self._html = reply.body
            self.note("further questions", time.perf_counter() - started)
            started = time.perf_counter()
        raise Refused(f"{self._name_place()}: no way on: {read_faults(self._html)}")

    def _submit(self) -> None:
        started = time.perf_counter()
        form = read_form(self._html)
        reply = self.ask("POST", form.action or self.path, form.fields)
        if reply.status != 303 or not reply.location.endswith("/receipt"):
            raise Refused(f"check: status {reply.status}: {read_faults(reply.body)}")
        self.submits += 1
        self._follow(reply)
        if b"receipt-number" not in self._html:
            raise Refused("the receipt shows no number")
        self.note("submit", time.perf_counter() - started)

    def _follow(self, reply: Reply) -> None:
        while reply.status == 303:
            place = reply.location
            reply = self.ask("GET", place, None)
        self._show(reply, place)

    def _show(self, reply: Reply, url: str) -> None:
        if reply.status != 200:
            raise Refused(f"{url.split('/')[1]}: status {reply.status}: {read_faults(reply.body)}")
        self.path, self._html = url.partition("?")[0], reply.body

    def _name_place(self) -> str:
        return self.path.rsplit("/", 1)[-1] or "start"


def read_form(html: bytes) -> FormPage:
    root = etree.fromstring(html, etree.HTMLParser(encoding="utf-8"))
    forms = [form for form in root.iter("form") if form.get("method") == "post"]
    if not forms:
        raise Refused("a page without a form")
    fields = list(_list_fields(forms[0]))
    shown = tuple(value.partition("@")[0] for name, value in fields if name == "shown")
    return FormPage((forms[0].get("action") or "").partition("?")[0], fields, shown)


def _list_fields(form: etree._Element) -> Iterator[tuple[str, str]]:
    for element in form.iter("input", "textarea", "select"):
        name = element.get("name")
        if name is None:
            continue
        if element.tag == "textarea":
            yield name, element.text or ""
        elif element.tag == "select":
            options = list(element.iter("option"))
            chosen = [option for option in options if option.get("selected") is not None] or options[:1]
            yield from ((name, option.get("value") or "") for option in chosen)
        elif element.get("type") not in NOT_SENT or element.get("checked") is not None:
            yield name, element.get("value") or ""


def fill_form(form: FormPage, questionnaire: Questionnaire, given: Mapping[str, Stored]) -> Fields:
    """The form with the answers given to the questions on it, as far as it has fields for them."""
    questions = [questionnaire.by_name[name] for name in form.shown]
    own = {question.name for question in questions}
    kept = [pair for pair in form.fields if pair[0].partition(":")[0] not in own]
    return kept + [pair for question in questions for pair in _write_answer(question, given.get(question.name))]


def _write_answer(question: Question, stored: Stored | None) -> Iterator[tuple[str, str]]:
    if question.kind == "rank":
        ranked = stored if isinstance(stored, list) else []
        yield from ((name_rank_select(question, choice), str(place)) for place, choice in enumerate(ranked, start=1))
    elif isinstance(stored, list):
        yield from ((question.name, choice) for choice in stored)
    elif stored is not None:
        yield question.name, str(stored)


def read_faults(html: bytes) -> str:
    """What the page says is wrong, for the message of a failed run."""
    found = re.search(rb'id="error-summary".*?</ul>|<h1.*?</h1>', html, re.DOTALL)
    return re.sub(r"<[^>]+>|\s+", " ", found.group().decode("utf-8", "replace")) if found else ""
