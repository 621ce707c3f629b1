"""The briefing: page, PDF, workbook and CSV hold the very figures that were released, on one A4."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from surveyapp.analysis.disclosure import Hidden, ReleasedFigure, ReleasedIssueRow
from surveyapp.analysis.disclosure.figures import hide_figure
from surveyapp.analysis.ministry_release import MinistryDesk, TakenTable, list_taken_tables
from surveyapp.analysis.open_indexes import open_index
from surveyapp.fieldwork.drafts import hold_draft
from surveyapp.fieldwork.left_files import list_left_files
from surveyapp.fieldwork.rounds import find_round, list_rounds
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, write_thresholds
from surveyapp.fieldwork.withdrawing import erase_return
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language, Text
from surveyapp.questionnaire.scoring import round_half_up
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.tables import draft, response, round_table
from surveyapp.reports.briefing.figures import ISSUES_ON_PAPER, BriefingFigures, find_earlier, gather_briefing
from surveyapp.reports.ministry_table import ACTIONABLE
from surveyapp.reports.words import Words
from surveyapp.settings import Settings
from surveyapp.web.desk.briefing.making import make_briefing_file
from tests.web.briefing_files import (
    list_fonts,
    read_csv,
    read_pdf,
    read_pdf_words,
    read_tables,
    read_workbook,
    squeeze,
)
from tests.web.desk_data import EARLIER, ROUND, TRIAL, open_samples, read_page
from tests.web.desk_data import read_words as read_markup

SignIn = Callable[[str], FlaskClient]
NOW = datetime(2026, 12, 1, tzinfo=UTC)
UNITS = {"ko": "{}개사/{}개사 ({}%)", "en": "{} of {} companies ({}%)", "ja": "{}社/{}社 ({}%)"}
RETURNS = {"ko": "응답 {}건/{}건 ({}%)", "en": "{} of {} returns ({}%)", "ja": "回答{}件/{}件 ({}%)"}
SEOUL = ZoneInfo("Asia/Seoul")
SURVEY = "japan_export_readiness"


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


@pytest.fixture
def viewer(sign_in: SignIn) -> FlaskClient:
    return sign_in("viewer")


def gather(database: Database, settings: Settings, slug: str = "sample-2026", since: str = "") -> BriefingFigures:
    index = open_index(database, SURVEY, snapshots=settings.instance)
    with database.read() as connection:
        survey_round = find_round(connection, SURVEY, slug)
        earlier = find_earlier(connection, survey_round, list_rounds(connection, SURVEY), since)
        return gather_briefing(connection, index, survey_round, earlier, ministry=MinistryDesk(database, NOW))


def write(value: object, digits: int) -> str:
    return str(round_half_up(value, digits))  # type: ignore[arg-type]


def write_figure(figure: ReleasedFigure, style: str) -> str:
    """A share as the page is to write it, made from the figure alone."""
    assert figure.count is not None and figure.base is not None and figure.value is not None
    return style.format(figure.count, figure.base, write(figure.value * 100, 1))


def write_interval(figure: ReleasedFigure, factor: int, unit: str = "") -> str:
    assert figure.interval is not None
    low, high = (write(end * factor, 1) for end in figure.interval)
    return f"{low}–{high}{unit}"


def list_cells(row: ReleasedIssueRow, style: str) -> list[str]:
    """What the cells of named by, severity, open share and index of a row must hold; of a hidden one a cross each."""
    if row.share.hidden is not None:
        return ["×"] * 4
    severity, open_share, index = row.severity, row.open_share, row.index
    assert severity.value is not None and open_share.value is not None and index.value is not None
    return [
        f"{write_figure(row.share, style)}{write_interval(row.share, 100, '%')}",
        f"{write(severity.value, 2)}n={severity.base}",
        f"{write(open_share.value * 100, 1)}%n={open_share.base}",
        f"{write(index.value, 1)}{write_interval(index, 1)}",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cell_of_the_page_is_a_released_figure(
    viewer: FlaskClient, database: Database, settings: Settings, language: Language
) -> None:
    figures, style = gather(database, settings), UNITS[language]
    areas, issues = read_tables(read_page(viewer, f"{ROUND}/briefing", language=language))
    wanted = [row for row in figures.table.areas if row.bilateral in ACTIONABLE]
    assert sum(row.share.hidden is not None for row in wanted) == 1
    assert len(wanted) == 10 and [cells[0] for cells in areas] == [row.name.in_language(language) for row in wanted]
    for cells, row in zip(areas, wanted, strict=True):
        assert cells[1] == ("–" if row.tier.value is None else write(row.tier.value, 0))
        if row.share.hidden is not None:
            assert len(cells[3]) > 1, "the share says why, once"
            cells[3] = cells[3][:1]
        assert [squeeze(cell) for cell in cells[3:7]] == [squeeze(cell) for cell in list_cells(row, style)]
        assert row.cost is not None
        if row.cost.hidden is None:
            assert squeeze(cells[7]) == f"{int(row.cost.value or 0):,}n={row.cost.base}"
        else:
            assert cells[7].startswith("×")
    shown = [row for row in figures.table.leaves if row.bilateral in ACTIONABLE and row.share.count][:ISSUES_ON_PAPER]
    assert [cells[0] for cells in issues] == [row.name.in_language(language) for row in shown]
    for cells, row in zip(issues, shown, strict=True):
        named, _, _, index = list_cells(row, style)
        assert [squeeze(cell) for cell in cells[1:3]] == [squeeze(named), squeeze(index)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_is_one_tagged_a4_with_the_same_cells(
    viewer: FlaskClient, database: Database, settings: Settings, language: Language
) -> None:
    reply = viewer.get(f"{ROUND}/briefing.pdf?lang={language}")
    assert (reply.status_code, reply.mimetype) == (200, "application/pdf")
    reader = read_pdf(reply.get_data())
    assert len(reader.pages) == 1
    width, height = (round(float(side) / 72 * 25.4) for side in reader.pages[0].mediabox[2:])
    assert (width, height) == (210, 297)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and str(root["/Lang"])[:2] == language
    fonts = list_fonts(reader)
    assert fonts and all(fonts.values()), fonts
    words = read_pdf_words(reader)
    for row in gather(database, settings).areas:
        for cell in list_cells(row, UNITS[language]):
            # the number and its range stand in two lines, which other cells may part
            for part in re.split(r"(?<=[%)\d])(?=n=|\d+\.\d–)", squeeze(cell)):
                assert part in words, (row.code, part)
        assert squeeze(row.name.in_language(language)) in words, row.code


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_holds_numbers_that_are_the_figures(
    viewer: FlaskClient, database: Database, settings: Settings, language: Language
) -> None:
    reply = viewer.get(f"{ROUND}/briefing.xlsx?lang={language}")
    assert reply.status_code == 200 and "spreadsheetml" in str(reply.mimetype)
    sheets, figures = read_workbook(reply.get_data()), gather(database, settings)
    for name, rows in (("areas", figures.areas), ("issues", figures.issues)):
        assert len(sheets[name]) == len(rows) > 0
        for line, row in zip(sheets[name], rows, strict=True):
            cells = list(line.values())
            assert cells[2] == row.code
            assert cells[0 if name == "areas" else 1] == row.name.in_language(language)
            change = figures.find_change(row.code)
            assert change is not None
            wanted = [
                *list_share(row.share),
                round_number(row.severity.value, 2),
                row.severity.base,
                round_number(row.open_share.value, 1, 100),
                row.open_share.base,
                round_number(row.index.value, 1),
                *(round_number(end, 1) for end in row.index.interval or (None, None)),
                *list_share(change.before),
            ]
            assert cells[4] == round_number(row.tier.value, 0)
            found = [None if cell is None else Decimal(str(cell)) for cell in cells[5:22]]
            assert found == wanted, row.code
            assert all(isinstance(cell, (int, float)) for cell in cells[5:22] if cell is not None)
            assert cells[-2:] == ([None, None] if row.cost is None else [row.cost.value, row.cost.base]), row.code
    costs = [row.cost for row in figures.areas if row.cost is not None]
    assert len(costs) == 10 and 3 <= sum(cost.hidden is None for cost in costs) < 10
    assert all(row.cost is None for row in figures.issues)


def round_number(value: object, digits: int, factor: int = 1) -> Decimal | None:
    return None if value is None else round_half_up(value * factor, digits)  # type: ignore[operator]


def list_share(figure: ReleasedFigure | None) -> list[object]:
    if figure is None:
        return [None] * 5
    ends = figure.interval or (None, None)
    return [
        figure.count,
        figure.base,
        round_number(figure.value, 1, 100),
        *(round_number(end, 1, 100) for end in ends),
    ]


def test_the_csv_holds_the_same_figures(viewer: FlaskClient, database: Database, settings: Settings) -> None:
    lines, figures = read_csv(viewer.get(f"{ROUND}/briefing.csv?lang=en").get_data()), gather(database, settings)
    for row in (*figures.areas, *figures.issues):
        line = lines[row.code]
        names = ("n", "base", "percent", "low", "high")
        assert [line[name] for name in names] == ["" if cell is None else str(cell) for cell in list_share(row.share)]
        assert line["severity_mean"] == str(round_number(row.severity.value, 2) or "")
        assert line["open_percent"] == str(round_number(row.open_share.value, 1, 100) or "")
        assert line["index"] == str("" if row.index.value is None else round_number(row.index.value, 1))
        cost = row.cost
        assert line["cost_at_least_million_krw"] == ("" if cost is None or cost.hidden else str(cost.value))
        assert line["cost_n"] == ("" if cost is None or cost.hidden else str(cost.base))
        assert bool(line["cost_reason"]) == (cost is not None and cost.hidden is not None)


def test_what_changed_is_said_of_released_figures(viewer: FlaskClient, database: Database, settings: Settings) -> None:
    page, figures = read_page(viewer, f"{ROUND}/briefing"), gather(database, settings)
    words = read_markup(page)
    assert "Compared with “Sample round 2025 (fictional data)”:" in words
    areas, _ = read_tables(page)
    said = {"more": "More than before", "fewer": "Fewer than before", "unclear": "No clear change"}
    for cells, row in zip(areas, figures.areas, strict=True):
        change = figures.find_change(row.code)
        assert change is not None and change.before is not None
        if row.share.hidden is not None:
            assert (change.direction, cells[8]) == (None, "×")
            continue
        assert change.direction is not None
        before = write_figure(change.before, "{} of {} ({}%)")
        tail = {"recurring": ", Recurring", "new": ", New", None: ""}[change.recurrence]
        assert squeeze(cells[8]) == squeeze(f"{said[change.direction]}before: {before}{tail}")
    assert {change.direction for change in figures.earlier.changes.values()} >= {"more", "fewer"}  # type: ignore[union-attr]
    first = read_markup(read_page(viewer, f"{EARLIER}/briefing"))
    assert "There is no earlier round to compare with." in first and "Compared with “" not in first


def list_taken(database: Database, slug: str) -> tuple[TakenTable, ...]:
    with database.read() as connection:
        survey_round = find_round(connection, SURVEY, slug)
        return list_taken_tables(connection, survey_round, list_rounds(connection, SURVEY))


def withdraw_returns(database: Database, slug: str, number: int) -> None:
    with database.write() as connection:
        survey_round = find_round(connection, SURVEY, slug)
        submitted = draft.c.round_id == survey_round.round_id, draft.c.state == "submitted"
        for draft_id in connection.scalars(select(draft.c.draft_id).where(*submitted).limit(number)).all():
            row = hold_draft(connection, SURVEY, draft_id)
            erase_return(connection, row, action="return.withdrawn", now=datetime.now(UTC))


def test_what_was_given_for_a_meeting_stays_what_a_briefing_is_compared_with(
    viewer: FlaskClient, database: Database, settings: Settings
) -> None:
    assert "Compared with “" not in read_markup(read_page(viewer, f"{EARLIER}/briefing"))
    [taken] = list_taken(database, "sample-2026")
    then = gather(database, settings, since=taken.key).earlier
    assert then is not None and then.changes == gather(database, settings).earlier.changes  # type: ignore[union-attr]
    returns = len(open_index(database, SURVEY, snapshots=settings.instance).of_round(taken.survey_round.round_id))
    withdraw_returns(database, "sample-2025", 6)
    index = open_index(database, SURVEY, snapshots=settings.instance)
    assert len(index.of_round(taken.survey_round.round_id)) <= returns - 5
    still = gather(database, settings, since=taken.key).earlier
    assert still is not None and (still.table, still.changes) == (then.table, then.changes)
    day = f"{taken.released_at.astimezone(SEOUL):%Y-%m-%d}"
    said = f"Compared with “Sample round 2025 (fictional data), as given on {day}”:"
    page = read_page(viewer, f"{ROUND}/briefing?since={taken.key}")
    assert said in read_markup(page) and f'<option value="{taken.key}" selected>' in page
    assert f"briefing.xlsx?lang=en&amp;since={taken.key}" in page.replace("%3A", ":")
    pdf = viewer.get(f"{ROUND}/briefing.pdf?lang=en&since={taken.key}")
    assert squeeze(said) in squeeze(read_pdf_words(read_pdf(pdf.data)))
    methods = read_workbook(viewer.get(f"{ROUND}/briefing.xlsx?lang=en&since={taken.key}").data)["methods"]
    assert said in [row["How"] for row in methods]


def test_a_briefing_is_compared_only_with_what_was_given_of_its_kind(viewer: FlaskClient, database: Database) -> None:
    read_page(viewer, f"{ROUND}/briefing")
    newest, *older = list_taken(database, "sample-2026")
    assert newest.survey_round.slug == "sample-2026" and older, "the round before was given with it"
    assert viewer.get(f"{ROUND}/briefing?since={newest.key}").status_code == 200
    for path in (f"{EARLIER}/briefing", f"{TRIAL}/briefing", f"{EARLIER}/briefing.csv", f"{TRIAL}/briefing.pdf"):
        assert viewer.get(f"{path}?since={newest.key}").status_code == 400
    for nonsense in ("sample-2026:99", "sample-2026", "1", "x" * 5000):
        assert viewer.get(f"{ROUND}/briefing?since={nonsense}").status_code == 400


def test_where_every_figure_is_hidden_each_format_says_why(viewer: FlaskClient, database: Database) -> None:
    """The trial round has no returns."""
    words = read_markup(read_page(viewer, f"{TRIAL}/briefing"))
    assert "No figure may be shown: hidden: the group has too few companies." in words
    assert "too few for their number to be shown" in words
    for language in LANGUAGES:
        assert len(read_pdf(viewer.get(f"{TRIAL}/briefing.pdf?lang={language}").get_data()).pages) == 1
    sheets = read_workbook(viewer.get(f"{TRIAL}/briefing.xlsx?lang=en").get_data())
    assert sheets["issues"] == []
    assert len(sheets["areas"]) == 10 and {cell for row in sheets["areas"] for cell in list(row.values())[4:17]} == {
        None
    }
    assert len({row["Issue"] for row in sheets["hidden"]}) == 10
    assert {row["Why hidden"] for row in sheets["hidden"]} == {"no figure: too few values"}
    assert all(
        line["n"] == "" and line["reason"] for line in read_csv(viewer.get(f"{TRIAL}/briefing.csv").get_data()).values()
    )


def test_one_company_is_no_figure(viewer: FlaskClient, database: Database, settings: Settings) -> None:
    with database.write() as connection:
        live = response.c.round_id == 3
        connection.execute(update(response).where(live, response.c.number != 45).values(round_id=1))
    page = read_page(viewer, f"{ROUND}/briefing")
    areas, issues = read_tables(page)
    assert not areas and not issues and "No figure may be shown" in read_markup(page)
    for path in ("briefing.pdf", "briefing.xlsx", "briefing.csv"):
        assert viewer.get(f"{ROUND}/{path}").status_code == 200
    assert len(read_pdf(viewer.get(f"{ROUND}/briefing.pdf").get_data()).pages) == 1


def set_round(database: Database, slug: str, **values: object) -> None:
    with database.write() as connection:
        connection.execute(update(round_table).where(round_table.c.slug == slug).values(**values))


def test_single_hidden_cells_are_marked_with_their_reason(
    viewer: FlaskClient, database: Database, settings: Settings
) -> None:
    """A round that asks for more than the product: some cells are shown, others not."""
    strict = {**LEAST_THRESHOLDS, Audience.MINISTRY: replace(LEAST_THRESHOLDS[Audience.MINISTRY], round_count=9)}
    set_round(database, "sample-2026", thresholds=write_thresholds(strict))
    figures = gather(database, settings)
    hidden = {row.code for row in figures.areas if row.share.hidden is not None}
    assert 0 < len(hidden) < len(figures.areas)
    page = read_page(viewer, f"{ROUND}/briefing")
    areas, _ = read_tables(page)
    assert "too few named it = too few companies gave this answer" in read_markup(page)
    pdf = read_pdf(viewer.get(f"{ROUND}/briefing.pdf?lang=en").get_data())
    sheets = read_workbook(viewer.get(f"{ROUND}/briefing.xlsx?lang=en").get_data())
    lines = read_csv(viewer.get(f"{ROUND}/briefing.csv?lang=en").get_data())
    assert len(pdf.pages) == 1 and "×toofewnamedit" in read_pdf_words(pdf)
    for cells, line, row in zip(areas, sheets["areas"], figures.areas, strict=True):
        if row.code in hidden:
            assert row.share.hidden is not None
            reason = {Hidden.COUNT_TOO_SMALL: "toofewnamedit", Hidden.REST_TOO_SMALL: "toofewothers"}[row.share.hidden]
            assert cells[1] == "–" and [squeeze(cell) for cell in cells[3:8]] == [f"×{reason}", *"××××"]
            assert {*list(line.values())[4:17]} == {None}
            assert line["Change since then"] is None
            assert lines[row.code]["n"] == "" and lines[row.code]["reason"]
        else:
            assert "×" not in cells[3]
    named = {row.name.en for row in figures.areas if row.code in hidden}
    of_shares = {line["Issue"] for line in sheets["hidden"] if str(line["Which figure"]).startswith("Named by")}
    assert named == of_shares & {row.name.en for row in figures.areas}


def test_a_round_that_counts_returns_says_so(viewer: FlaskClient, database: Database, settings: Settings) -> None:
    set_round(database, "sample-2026", counts_companies=False)
    figures = gather(database, settings)
    assert figures.table.origin.unit == "returns"
    for language in LANGUAGES:
        areas, _ = read_tables(read_page(viewer, f"{ROUND}/briefing", language=language))
        for cells, row in zip(areas, figures.areas, strict=True):
            wanted = "×" if row.share.hidden is not None else write_figure(row.share, RETURNS[language])
            assert squeeze(wanted) in squeeze(cells[3])
    words = read_markup(read_page(viewer, f"{ROUND}/briefing"))
    assert "One round counts companies and the other returns, so they cannot be compared." in words
    assert "Not comparable" in words


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letters", ["가", "W", "long words "])
@pytest.mark.parametrize("length", [46, 300])
def test_the_longest_names_stay_on_one_page(
    app: Flask, database: Database, settings: Settings, language: Language, letters: str, length: int
) -> None:
    figures = gather(database, settings)
    name = Text(*[(letters * 300)[:length].strip()] * 3)
    rare = {Hidden.NOT_PROVEN}  # there is an area for each of the others, so that all but one are explained
    costs = [hide_figure(Audience.MINISTRY, reason) for reason in Hidden if reason not in rare]
    table = replace(
        figures.table,
        areas=tuple(replace(row, name=name, cost=cost) for row, cost in zip(figures.table.areas, costs, strict=True)),
        leaves=tuple(replace(row, name=name) for row in figures.table.leaves),
    )
    assert figures.earlier is not None
    longest = replace(
        figures,
        table=table,
        survey_round=replace(figures.survey_round, title=name, operator_texts={"operator": name}),
        earlier=replace(figures.earlier, title=name),
    )
    words = Words(language, load_translator(language))
    with app.test_request_context():
        reader = read_pdf(make_briefing_file("pdf", words, longest, now=NOW))
    assert len(reader.pages) == 1
    assert "…" in read_pdf_words(reader) or length < 82


def test_each_file_is_audited_and_counts_as_one_that_left(
    viewer: FlaskClient, database: Database, sign_in: SignIn
) -> None:
    for form in ("pdf", "xlsx", "csv"):
        reply = viewer.get(f"{ROUND}/briefing.{form}?lang=ja")
        name = re.search(r'filename="([^"]+)"', reply.headers["Content-Disposition"])[1]  # type: ignore[index]
        assert name.startswith("FICTIONAL_") and name.endswith(f"_ja.{form}")
        with database.read() as connection:
            latest = next(iter(list_audit(connection)))
            left = list_left_files(
                connection, SURVEY, 3, since=datetime(2020, 1, 1, tzinfo=UTC), until=datetime.now(UTC)
            )
        assert (latest.actor, latest.action) == ("viewer@example.com", "export.file")
        assert {"kind": "briefing", "format": form, "language": "ja", "file": name}.items() <= latest.details.items()
        assert (left[-1].name, left[-1].holds) == (name, "figures")
    trail = read_markup(read_page(sign_in("admin"), "/desk/audit"))
    assert "What the file holds: Briefing for the ministry; Format: PDF" in trail


def test_a_file_takes_no_filter(viewer: FlaskClient, database: Database) -> None:
    for form in ("pdf", "xlsx", "csv"):
        assert viewer.get(f"{ROUND}/briefing.{form}?company_type=bio").status_code == 400
        assert viewer.get(f"/desk/rounds/none/briefing.{form}").status_code == 404
    with database.read() as connection:
        assert not [each for each in list_audit(connection) if each.action == "export.file"]
