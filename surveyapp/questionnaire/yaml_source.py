"""Questionnaires written in YAML: settings, scoring, choices and survey rows, read with all their faults in one go."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from surveyapp.questionnaire.faults import Finding, QuestionnaireFaults
from surveyapp.questionnaire.model import (
    DEFAULT_LANGUAGE,
    LANGUAGES,
    Choice,
    Language,
    Question,
    Questionnaire,
    ScoringScheme,
    Text,
)
from surveyapp.questionnaire.pages import build_pages
from surveyapp.questionnaire.survey_rows import (
    EMPTY_TEXT,
    ROW_KEYS,
    TEXT_KEYS,
    Cell,
    ChoiceList,
    RowSource,
    TextCell,
    build_rows,
    check_name,
    check_placeholders,
)
from surveyapp.questionnaire.yaml_nodes import (
    Node,
    Source,
    YamlFault,
    compose_document,
    is_blank,
    peek_scalar,
    read_scalar,
)

BUILTIN = "japan_export_readiness.yaml"
WEIGHTS_SUM = 100
LEVELS = frozenset({"0", "1", "2", "3", "4"})  # of a readiness item; `na` may stand beside them

_TOP_KEYS = frozenset({"settings", "score_weights", "score_dimensions", "choices", "survey"})
_SETTING_KEYS = frozenset(
    {
        "form_id",
        "version",
        "default_language",
        "languages",
        "title",
        "estimated_minutes",
        "question_count",
        "label_placeholders",
        "notes",
    }
)
_MAX_MINUTES = 600
_MAX_CHOICES = 500
_CHOICE_MARKS = frozenset("_-.")


def read_questionnaire(source: str) -> Questionnaire:
    """The questionnaire of a YAML text. Raises `QuestionnaireFaults` with every finding."""
    questionnaire, findings = _read(source)
    if questionnaire is None:
        raise QuestionnaireFaults(findings)
    return questionnaire


def check_questionnaire(source: str) -> tuple[Finding, ...]:
    """All faults of a YAML text in the order of their lines; empty where the questionnaire can be used."""
    return _read(source)[1]


@cache
def load_builtin_questionnaire() -> Questionnaire:
    """The questionnaire that comes with the package, read once per process."""
    return read_questionnaire(
        files("surveyapp.questionnaire").joinpath("definitions", BUILTIN).read_text(encoding="utf-8")
    )


def _read(source: str) -> tuple[Questionnaire | None, tuple[Finding, ...]]:
    try:
        root = compose_document(source)
    except YamlFault as fault:
        return None, (Finding(fault.line, "", fault.reason),)
    reader = _DocumentReader(source)
    questionnaire = reader.read(root)
    findings = tuple(sorted(set(reader.source.findings)))
    return (None if findings else questionnaire), findings


class _DocumentReader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.source = Source()

    def read(self, root: Node) -> Questionnaire:
        top = self.source.read_mapping(root, "", known=_TOP_KEYS)
        for key in ("settings", "choices", "survey"):
            if key not in top:
                self.source.report(1, "", f"The part {key!r} is missing.")
        settings = self.source.read_mapping(top.get("settings"), "settings", known=_SETTING_KEYS)
        placeholders = self._read_placeholders(settings.get("label_placeholders"))
        lists = self._read_lists(top.get("choices"), placeholders)
        weights = self._read_weights(top.get("score_weights"))
        items = self._read_items(top.get("score_dimensions"))
        sources = [
            row
            for index, node in enumerate(self.source.read_sequence(top.get("survey"), "survey"), 1)
            if (row := self._read_row(node, index)) is not None
        ]
        built = build_rows(sources, lists, placeholders, frozenset(weights), self.source.report)
        self._check_scoring(top, weights, items, built.rows)
        self._check_count(settings.get("question_count"), built.rows)
        pages, closing = build_pages(row for row in built.rows if row.groups)
        return Questionnaire(
            form_id=self._read_id(settings, "form_id"),
            version=self._read_version(settings),
            default_language=self._read_default_language(settings),
            title=self._read_title(settings),
            estimated_minutes=self._read_minutes(settings.get("estimated_minutes")),
            sections=built.sections,
            pages=pages,
            rows=built.rows,
            closing=closing,
            choice_lists={name: found.choices for name, found in lists.items()},
            placeholders=placeholders,
            scoring=ScoringScheme(weights, items),
            source=self.text,
            digest=hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest(),
        )

    # settings

    def _read_id(self, settings: Mapping[str, Node], key: str) -> str:
        cell = self.source.read_cell(settings.get(key), "settings", key)
        if cell is None:
            self.source.report(self._find_settings_line(settings), "settings", f"The setting {key!r} is missing.")
            return ""
        reason = check_name(cell.text)
        if reason is not None:
            self.source.report(cell.line, key, reason)
        return cell.text

    def _find_settings_line(self, settings: Mapping[str, Node]) -> int:
        return min((node.line for node in settings.values()), default=1)

    def _read_version(self, settings: Mapping[str, Node]) -> str:
        cell = self.source.read_cell(settings.get("version"), "settings", "version")
        if cell is None:
            self.source.report(self._find_settings_line(settings), "settings", "The setting 'version' is missing.")
            return ""
        if len(cell.text) > 40 or not all(char.isalnum() or char in _CHOICE_MARKS for char in cell.text):
            self.source.report(cell.line, "version", "A version has letters, digits, points and dashes, 40 at most.")
        return cell.text

    def _read_default_language(self, settings: Mapping[str, Node]) -> Language:
        node = settings.get("languages")
        given = [read_scalar(entry) or "" for entry in self.source.read_sequence(node, "languages")]
        if node is not None and sorted(given) != sorted(LANGUAGES):
            wanted = ", ".join(LANGUAGES)
            self.source.report(node.line, "languages", f"The languages must be {wanted}, each once.")
        cell = self.source.read_cell(settings.get("default_language"), "settings", "default_language")
        if cell is None:
            return DEFAULT_LANGUAGE
        found = next((language for language in LANGUAGES if language == cell.text), None)
        if found is None:
            self.source.report(cell.line, "default_language", f"The language {cell.text[:40]!r} is not known.")
        return found or DEFAULT_LANGUAGE

    def _read_title(self, settings: Mapping[str, Node]) -> Text:
        title = self.source.read_text(settings.get("title"), "title", "title")
        if title is None:
            self.source.report(self._find_settings_line(settings), "settings", "The setting 'title' is missing.")
        return title or EMPTY_TEXT

    def _read_minutes(self, node: Node | None) -> tuple[int, int]:
        entries = self.source.read_sequence(node, "estimated_minutes")
        numbers = [self.source.read_whole(entry, "estimated_minutes", "minutes", 1, _MAX_MINUTES) for entry in entries]
        if len(numbers) != 2 or numbers[0] is None or numbers[1] is None or numbers[0] > numbers[1]:
            line = node.line if node is not None else 1
            self.source.report(line, "estimated_minutes", "The estimated minutes are two numbers, the smaller first.")
            return (1, 1)
        return (numbers[0], numbers[1])

    def _read_placeholders(self, node: Node | None) -> dict[str, Text]:
        found: dict[str, Text] = {}
        for name, value in self.source.read_mapping(node, "label_placeholders").items():
            reason = check_name(name)
            if reason is not None or name != name.lower():
                self.source.report(value.line, name, reason or "A placeholder is written in small letters.")
            text = self.source.read_text(value, name, "placeholder")
            found[name] = text or EMPTY_TEXT
        return found

    def _check_count(self, node: Node | None, rows: tuple[Question, ...]) -> None:
        wanted = self.source.read_whole(node, "settings", "question_count")
        if node is None or wanted is None or self.source.findings:  # a faulty row would be blamed twice
            return
        numbers = {row.number for row in rows} | {group.number for row in rows for group in row.groups}
        numbers.discard(None)
        if len(numbers) != wanted:
            reason = f"question_count says {wanted}, but the rows have {len(numbers)} display numbers (q)."
            self.source.report(node.line, "settings", reason)

    # choices

    def _read_lists(self, node: Node | None, placeholders: Mapping[str, Text]) -> dict[str, ChoiceList]:
        found: dict[str, ChoiceList] = {}
        for name, value in self.source.read_mapping(node, "choices").items():
            reason = check_name(name)
            if reason is not None:
                self.source.report(value.line, name, reason)
            entries = self.source.read_sequence(value, name)
            if not entries:
                self.source.report(value.line, name, "The choice list has no choices.")
            if len(entries) > _MAX_CHOICES:
                self.source.report(value.line, name, f"The choice list has more than {_MAX_CHOICES} choices.")
            choices: dict[str, Choice] = {}
            for entry in entries[:_MAX_CHOICES]:
                choice = self._read_choice(entry, name, placeholders)
                if choice is None:
                    continue
                if choice.name in choices:
                    self.source.report(entry.line, name, f"The choice {choice.name!r} is given twice.")
                choices.setdefault(choice.name, choice)
            found[name] = ChoiceList(name, tuple(choices.values()))
        return found

    def _read_choice(self, node: Node, list_name: str, placeholders: Mapping[str, Text]) -> Choice | None:
        entries = self.source.read_mapping(node, list_name)
        if not entries:
            return None
        line = node.line
        cell = self.source.read_cell(entries.get("name"), list_name, "name")
        if cell is None:
            self.source.report(line, list_name, "The choice has no name.")
            return None
        where = f"{list_name}.{cell.text[:80]}"
        if len(cell.text) > 64 or not all(
            char.isascii() and (char.isalnum() or char in _CHOICE_MARKS) for char in cell.text
        ):
            reason = "A choice is named by letters, digits, '_', '-' and '.' only, 64 at most."
            self.source.report(cell.line, where, reason)
        label = self.source.read_text(entries.get("label"), where, "label")
        if label is None:
            self.source.report(line, where, "The choice has no label.")
        else:
            for reason in check_placeholders(label, placeholders, "label"):
                self.source.report(line, where, reason)
        columns: dict[str, str] = {}
        for column in sorted(entries.keys() - {"name", "label"}):
            unusable = check_name(column)
            if unusable is not None:
                self.source.report(entries[column].line, where, unusable)
                continue
            value = self.source.read_cell(entries[column], where, column)
            if value is not None:
                columns[column] = value.text
        return Choice(cell.text, label or EMPTY_TEXT, columns)

    # scoring

    def _read_weights(self, node: Node | None) -> dict[str, int]:
        weights: dict[str, int] = {}
        for dimension, value in self.source.read_mapping(node, "score_weights").items():
            reason = check_name(dimension)
            if reason is not None:
                self.source.report(value.line, "score_weights", reason)
            weight = self.source.read_whole(value, dimension, "weight", 1, WEIGHTS_SUM)
            if weight is None and is_blank(value):
                self.source.report(value.line, dimension, "The dimension has no weight.")
            weights[dimension] = weight or 0
        total = sum(weights.values())
        if node is not None and all(weights.values()) and total != WEIGHTS_SUM:
            self.source.report(node.line, "score_weights", f"The weights add up to {total}, not {WEIGHTS_SUM}.")
        return weights

    def _read_items(self, node: Node | None) -> dict[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for dimension, value in self.source.read_mapping(node, "score_dimensions").items():
            names = []
            for entry in self.source.read_sequence(value, dimension):
                cell = self.source.read_cell(entry, dimension, "item")
                if cell is None:
                    self.source.report(entry.line, dimension, "An item is the name of a question.")
                elif cell.text in names:
                    self.source.report(cell.line, dimension, f"The item {cell.text!r} is given twice.")
                else:
                    names.append(cell.text)
            found[dimension] = tuple(names)
        return found

    def _check_scoring(
        self,
        top: Mapping[str, Node],
        weights: Mapping[str, int],
        items: Mapping[str, tuple[str, ...]],
        rows: tuple[Question, ...],
    ) -> None:
        weights_line = top["score_weights"].line if "score_weights" in top else 1
        items_line = top["score_dimensions"].line if "score_dimensions" in top else weights_line
        for dimension in sorted(weights.keys() - items.keys()):
            self.source.report(weights_line, dimension, "The dimension has a weight but no items in score_dimensions.")
        for dimension in sorted(items.keys() - weights.keys()):
            self.source.report(items_line, dimension, "The dimension has items but no weight in score_weights.")
        by_name = {row.name: row for row in rows}
        for dimension, names in items.items():
            if not names:
                self.source.report(items_line, dimension, "The dimension has no items.")
            for name in names:
                self._check_item(items_line, dimension, by_name.get(name), name)
        for row in rows:
            if row.dimension is not None and row.name not in items.get(row.dimension, ()):
                reason = f"The row names dimension {row.dimension!r}, but score_dimensions does not list it there."
                self.source.report(row.line, row.name, reason)

    def _check_item(self, line: int, dimension: str, question: Question | None, name: str) -> None:
        if question is None:
            self.source.report(line, dimension, f"The item {name!r} is not the name of any question.")
        elif question.kind != "select_one":
            self.source.report(line, dimension, f"The item {name!r} must be a select_one question.")
        elif {choice.name for choice in question.choices} - {"na"} != LEVELS:
            reason = f"The item {name!r} must offer the levels 0 to 4, with 'na' or without."
            self.source.report(line, dimension, reason)
        elif question.dimension not in (None, dimension):
            reason = f"The item {name!r} names another dimension, {question.dimension!r}."
            self.source.report(line, dimension, reason)

    # survey

    def _read_row(self, node: Node, index: int) -> RowSource | None:
        name = peek_scalar(node, "name")
        entries = self.source.read_mapping(node, name or f"row {index}")
        if not entries:
            self.source.report(node.line, "", f"Row {index} of the survey is empty.")
            return None
        cells: dict[str, Cell] = {}
        texts: dict[str, TextCell] = {}
        for key, value in entries.items():
            if key not in ROW_KEYS:
                self.source.report(value.line, name, f"The key {key!r} is not known.")
            elif key in TEXT_KEYS:
                text = self.source.read_text(value, name, key)
                if text is not None:
                    texts[key] = TextCell(text, value.line)
            else:
                cell = self.source.read_cell(value, name, key)
                if cell is not None:
                    cells[key] = cell
        return RowSource(node.line, cells, texts)
