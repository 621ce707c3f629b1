"""The ministry table: issues that can be raised with Japan, as released figures, one rectangular CSV.

Every line carries round, period, base, method and the fictional mark, so that it can be cut out and still says what it
is. Names stand in three languages; what is in words (reasons, method) in the language of the file. See docs/csv.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from surveyapp.analysis.disclosure import ReleasedFigure, ReleasedIssueRow, ReleasedIssueTable
from surveyapp.analysis.figure_codes import compute_code, digest_table, write_code
from surveyapp.analysis.issue_returns import STAGES
from surveyapp.analysis.ministry_release import ISSUES
from surveyapp.analysis.released_rows import write_path
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.crosswalk import Correspondence, load_crosswalk
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Text
from surveyapp.questionnaire.scoring import round_half_up
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.reports.crosswalk_report import describe_aspect, name_measures, name_obstacles
from surveyapp.reports.csv_export import BOM, LINE_END, PLAIN_LINE_END, name_round_kind
from surveyapp.reports.issue_words import describe_bilateral, describe_group, describe_range, describe_stage
from surveyapp.reports.released_words import describe_audience, describe_hidden
from surveyapp.reports.safe_text import write_text_cell
from surveyapp.reports.words import Number, Words

ACTIONABLE = ("yes", "part")  # docs/method/scoring.md, "For the ministry"


@dataclass(frozen=True, slots=True)
class MinistryOptions:
    """The language of the reasons and remarks, whether headings are codes or words in it, and how the round was
    gathered, in a sentence of that language."""

    words: Words
    with_labels: bool = False
    methods: str = ""


def stream_ministry_csv(
    table: ReleasedIssueTable,
    survey_round: Round,
    questionnaire: Questionnaire,
    options: MinistryOptions,
    *,
    asks: Mapping[str, ReleasedFigure] | None = None,
    is_plain: bool = False,
) -> Iterator[bytes]:
    """The file: areas by priority index, then issues likewise, each as far as it may be shown.

    `asks` are the companies whose text to the ministry was coded with an issue, by code; None before any was coded.
    """
    grid = build_ministry_grid(table, survey_round, questionnaire, options, asks=asks)
    lines = [",".join(map(write_text_cell, grid.headings))]
    lines += [",".join(map(_write_cell, row)) for row in grid.rows]
    mark, end = ("", PLAIN_LINE_END) if is_plain else (BOM, LINE_END)
    yield (mark + "".join(line + end for line in lines)).encode()


Value = str | int | Decimal | None  # words are made safe; numbers stand as they are; None is an empty cell


@dataclass(frozen=True, slots=True)
class HiddenCells:
    """Cells of one row that are empty, and why."""

    row: str
    cells: str
    reason: str


@dataclass(frozen=True, slots=True)
class MinistryGrid:
    """The rectangle that every format of the table is written from."""

    headings: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    hidden: tuple[HiddenCells, ...]
    names: tuple[int, int]  # places of the columns with the area's and the issue's name in the language of the file


def build_ministry_grid(
    table: ReleasedIssueTable,
    survey_round: Round,
    questionnaire: Questionnaire,
    options: MinistryOptions,
    *,
    asks: Mapping[str, ReleasedFigure] | None = None,
) -> MinistryGrid:
    """Areas by priority index, then issues likewise, each as far as it may be shown."""
    columns = _list_columns(table, survey_round, questionnaire, options, asks)
    shown = [row for row in (*table.areas, *table.leaves) if row.bilateral in ACTIONABLE]
    rows = tuple(tuple(column.read(row) for column in columns) for row in shown)
    hidden = (
        HiddenCells(options.words.text(row.name), column.heading, str(reason))
        for row, cells in zip(shown, rows, strict=True)
        for column, reason in zip(columns, cells, strict=True)
        if column.code.endswith("reason") and reason is not None
    )
    headings = tuple(column.heading if options.with_labels else column.code for column in columns)
    codes = [column.code for column in columns]
    area, issue = (codes.index(f"{level}_{options.words.language}") for level in ("area", "issue"))
    return MinistryGrid(headings, rows, tuple(hidden), (area, issue))


@dataclass(frozen=True, slots=True)
class _Column:
    """`code` heads the file by code, `heading` in words; `read` is what a row says there."""

    code: str
    heading: str
    read: Callable[[ReleasedIssueRow], Value]


def _list_columns(
    table: ReleasedIssueTable,
    survey_round: Round,
    questionnaire: Questionnaire,
    options: MinistryOptions,
    asks: Mapping[str, ReleasedFigure] | None,
) -> list[_Column]:
    words = options.words
    areas = {row.code: row.name for row in table.areas}
    columns = [
        *_list_round_columns(table, survey_round, questionnaire, words),
        _Column("round_methods", words.gettext("How the round was gathered"), partial(_repeat, options.methods)),
        _Column("level", words.gettext("Level"), lambda row: "area" if row.parent is None else "issue"),
        _Column("area_code", words.gettext("Area (code)"), lambda row: row.parent or row.code),
        *_list_name_columns("area", words.gettext("Area"), lambda row: areas.get(row.parent or row.code)),
        _Column("issue_code", words.gettext("Issue (code)"), lambda row: None if row.parent is None else row.code),
        *_list_name_columns("issue", words.gettext("Issue"), lambda row: None if row.parent is None else row.name),
        _Column("bilateral", words.gettext("Bilateral"), lambda row: row.bilateral),
        _Column("bilateral_words", words.gettext("Bilateral (in words)"), lambda row: _say_bilateral(words, row)),
        *_list_measure_columns(words),
        _Column("tier", words.gettext("Tier"), lambda row: _round(row.tier.value, 0)),
        *_list_share_columns("", words.gettext("Named by"), words, lambda row: row.share, with_interval=True),
        _Column("severity_mean", words.gettext("Severity, mean 1–5"), lambda row: _round(row.severity.value, 2)),
        _Column("severity_n", words.gettext("Severity, n"), lambda row: row.severity.base),
        _Column("severity_reason", words.gettext("Severity, why hidden"), lambda row: _say(words, row.severity)),
        _Column(
            "open_percent", words.gettext("Open share, %"), lambda row: _round(_times_100(row.open_share.value), 1)
        ),
        _Column("open_n", words.gettext("Open share, n"), lambda row: row.open_share.base),
        _Column("open_reason", words.gettext("Open share, why hidden"), lambda row: _say(words, row.open_share)),
        _Column("index", words.gettext("Priority index, 0–100"), lambda row: _round(row.index.value, 1)),
        _Column("index_low", words.gettext("Index, range from"), lambda row: _round(_find_end(row.index, 0), 1)),
        _Column("index_high", words.gettext("Index, range to"), lambda row: _round(_find_end(row.index, 1), 1)),
        _Column("index_reason", words.gettext("Index, why hidden"), lambda row: _say(words, row.index)),
    ]
    for place, stage in enumerate(STAGES):
        columns += _list_share_columns(
            f"{stage}_", describe_stage(words, stage), words, partial(_find_stage, place), with_interval=False
        )
    columns.append(
        _Column("concerned_group", words.gettext("Group it can concern"), lambda row: _say_group(words, row))
    )
    columns += _list_share_columns(
        "concerned_", words.gettext("In that group"), words, _find_concerned, with_interval=False
    )
    columns += _list_ask_columns(words, asks)
    columns.append(_Column("figure_code", words.gettext("Code of the figure"), _find_code(table)))
    columns.append(_Column("method", words.gettext("Method"), lambda row: _say_method(words, row)))
    columns += _list_cost_columns(words)
    return columns


def _list_round_columns(
    table: ReleasedIssueTable, survey_round: Round, questionnaire: Questionnaire, words: Words
) -> list[_Column]:
    units = {"companies": words.gettext("companies"), "returns": words.gettext("returns")}
    facts: tuple[tuple[str, str, Value], ...] = (
        ("survey", words.gettext("Survey"), words.text(questionnaire.title)),
        ("round", words.gettext("Round (code)"), survey_round.slug),
        ("round_title", words.gettext("Round"), words.text(survey_round.title)),
        ("round_kind", words.gettext("Kind of round (code)"), survey_round.kind),
        ("round_kind_words", words.gettext("Kind of round"), name_round_kind(words, survey_round)),
        ("period_from", words.gettext("Period from"), words.day(survey_round.opens_at)),
        ("period_to", words.gettext("Period to"), words.day(survey_round.closes_at)),
        ("questionnaire_version", words.gettext("Questionnaire version"), survey_round.questionnaire_version),
        ("revision", words.gettext("Data revision"), table.origin.revision),
        ("audience", words.gettext("Released for"), describe_audience(words, table.audience)),
        ("unit", words.gettext("Unit"), units[table.origin.unit]),
        (
            "round_n",
            words.gettext("Base N of the round"),
            table.base.base if table.base.count is None else table.base.count,
        ),
        ("round_reason", words.gettext("Base, why hidden"), _say(words, table.base)),
    )
    return [_Column(code, heading, partial(_repeat, value)) for code, heading, value in facts]


def _repeat(value: Value, row: ReleasedIssueRow) -> Value:
    return value


def _list_name_columns(code: str, heading: str, find: Callable[[ReleasedIssueRow], Text | None]) -> list[_Column]:
    def read(language: Language, row: ReleasedIssueRow) -> Value:
        name = find(row)
        return None if name is None else name.in_language(language)

    return [_Column(f"{code}_{language}", f"{heading} ({language})", partial(read, language)) for language in LANGUAGES]


def _list_share_columns(
    code: str,
    heading: str,
    words: Words,
    find: Callable[[ReleasedIssueRow], ReleasedFigure | None],
    *,
    with_interval: bool,
) -> list[_Column]:
    def read(part: Callable[[ReleasedFigure], Value], row: ReleasedIssueRow) -> Value:
        figure = find(row)
        return None if figure is None else part(figure)

    parts: list[tuple[str, str, Callable[[ReleasedFigure], Value]]] = [
        ("n", words.gettext("n"), lambda figure: figure.count),
        ("base", words.gettext("base"), lambda figure: figure.base),
        ("percent", "%", lambda figure: _round(_times_100(figure.value), 1)),
    ]
    if with_interval:
        parts += [
            ("low", words.gettext("95% interval from, %"), lambda figure: _round(_times_100(_find_end(figure, 0)), 1)),
            ("high", words.gettext("95% interval to, %"), lambda figure: _round(_times_100(_find_end(figure, 1)), 1)),
        ]
    parts.append(("reason", words.gettext("why hidden"), lambda figure: _say(words, figure)))
    return [_Column(f"{code}{name}", words.pair(heading, title), partial(read, part)) for name, title, part in parts]


def _list_ask_columns(words: Words, asks: Mapping[str, ReleasedFigure] | None) -> list[_Column]:
    not_coded = words.gettext("texts to the ministry are not coded yet")

    def read_count(row: ReleasedIssueRow) -> Value:
        figure = None if asks is None else asks.get(row.code)
        return None if figure is None else figure.count

    def read_reason(row: ReleasedIssueRow) -> Value:
        if asks is None:
            return not_coded
        figure = asks.get(row.code)
        return None if figure is None else _say(words, figure)

    return [
        _Column("asks_n", words.gettext("Named in a request to the ministry: companies"), read_count),
        _Column("asks_reason", words.gettext("Named in a request: why empty"), read_reason),
    ]


def _list_cost_columns(words: Words) -> list[_Column]:
    """The extra cost of an area; they stand last because they came later, and readers of files count columns."""
    not_computed = words.gettext(
        "no sum: the questionnaire has no such question, or the table was released before there were sums"
    )

    def read_reason(row: ReleasedIssueRow) -> Value:
        if row.parent is not None:
            return None
        return not_computed if row.cost is None else _say(words, row.cost)

    return [
        _Column(
            "cost_at_least_million_krw",
            words.gettext("Extra cost, at least (million KRW)"),
            lambda row: None if row.cost is None else _round(row.cost.value, 0),
        ),
        _Column("cost_n", words.gettext("Extra cost, n"), lambda row: None if row.cost is None else row.cost.base),
        _Column("cost_reason", words.gettext("Extra cost, why hidden"), read_reason),
    ]


def _list_measure_columns(words: Words) -> list[_Column]:
    """Where the issue stands among trade measures; of an area, its issues taken together."""
    crosswalk, taxonomy = load_crosswalk(), load_taxonomy()

    def read(part: Callable[[Correspondence], Value], row: ReleasedIssueRow) -> Value:
        line = crosswalk.find(row.code, taxonomy)
        return None if line is None else part(line) or None

    parts: list[tuple[str, str, Callable[[Correspondence], Value]]] = [
        ("measures", words.gettext("Trade measure (code)"), lambda line: ";".join(line.measures)),
        ("measures_words", words.gettext("Trade measure (UNCTAD)"), partial(name_measures, words, crosswalk)),
        ("aspect", words.gettext("What hinders (code)"), lambda line: line.aspect),
        ("aspect_words", words.gettext("What hinders"), lambda line: describe_aspect(words, line.aspect)),
        ("obstacles", words.gettext("Procedural obstacle (code)"), lambda line: ";".join(line.obstacles)),
        ("obstacles_words", words.gettext("Procedural obstacle (ITC)"), partial(name_obstacles, words, crosswalk)),
    ]
    return [_Column(code, heading, partial(read, part)) for code, heading, part in parts]


def _find_stage(place: int, row: ReleasedIssueRow) -> ReleasedFigure:
    return row.by_stage[place][1]


def _find_concerned(row: ReleasedIssueRow) -> ReleasedFigure | None:
    return None if row.concerned is None else row.concerned[1]


def _find_code(table: ReleasedIssueTable) -> Callable[[ReleasedIssueRow], Value]:
    """The code of a row's share; the page of a code lists the other figures of the row with theirs."""
    digest = digest_table(table)
    return lambda row: write_code(compute_code(digest, write_path(ISSUES, row.code, "share")))


def _find_end(figure: ReleasedFigure, end: int) -> Number | None:
    return None if figure.interval is None else figure.interval[end]


def _times_100(value: Number | None) -> Number | None:
    return None if value is None else value * 100


def _round(value: Number | None, digits: int) -> Decimal | None:
    return None if value is None else round_half_up(value, digits)


def _say(words: Words, figure: ReleasedFigure) -> Value:
    return None if figure.hidden is None else describe_hidden(words, figure.hidden)


def _say_bilateral(words: Words, row: ReleasedIssueRow) -> Value:
    return describe_bilateral(words, row.bilateral)


def _say_group(words: Words, row: ReleasedIssueRow) -> Value:
    return None if row.concerned is None else describe_group(words, row.concerned[0])


def _say_method(words: Words, row: ReleasedIssueRow) -> Value:
    share = words.gettext("share of companies with a Japan interest that answered, 95% Wilson interval")
    index = words.gettext("index = 100 × share × (severity ÷ 5) × open share")
    if row.index.interval is None:
        return f"{share}; {index}"
    method = words.gettext("%(index)s; range: %(range)s", index=index, range=describe_range(words, row.range_method))
    return f"{share}; {method}"


def _write_cell(value: Value) -> str:
    if value is None:
        return ""
    return write_text_cell(value) if isinstance(value, str) else str(value)
