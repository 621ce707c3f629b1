"""From the rows of a survey sheet to questions: the rules of XLSForm that we keep, checked row by row in one pass.

The rows come as plain cells and texts with their line, so that the same rules serve every source (YAML, a workbook).
All faults are reported, and a faulty row is still known by name, so that one mistake does not cause ten findings.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from surveyapp.questionnaire.expression_types import Purpose
from surveyapp.questionnaire.expressions import (
    Expression,
    ExpressionScope,
    Known,
    ValueType,
    compile_expression,
)
from surveyapp.questionnaire.faults import ExpressionFaults
from surveyapp.questionnaire.model import LANGUAGES, Choice, Compartment, Group, Kind, Question, Text

MAX_ROWS = 2_000
MAX_DEPTH = 8
MAX_NAME = 64  # characters; also what SPSS can hold
MAX_DISPLAY_NUMBER = 9_999

CHOICE_KINDS = ("select_one", "select_multiple", "rank")
_VALUE_TYPES: Mapping[str, ValueType] = {
    "select_one": ValueType.CHOICE,
    "select_multiple": ValueType.SELECTION,
    "rank": ValueType.SELECTION,
    "integer": ValueType.NUMBER,
    "decimal": ValueType.NUMBER,
    "text": ValueType.TEXT,
}
_ASKED_KEYS = frozenset(
    {"label", "hint", "required", "relevant", "constraint", "constraint_message", "q", "store", "pii", "dimension"}
)
_KEYS: Mapping[str, frozenset[str]] = {
    "begin_group": frozenset({"label", "relevant", "appearance", "q", "store"}),
    "end_group": frozenset(),
    "note": frozenset({"label", "hint", "relevant"}),
    "calculate": frozenset({"label", "relevant", "calculation"}),
    "text": _ASKED_KEYS | {"appearance"},
    "integer": _ASKED_KEYS,
    "decimal": _ASKED_KEYS,
    "select_one": _ASKED_KEYS | {"choice_filter"},
    "select_multiple": _ASKED_KEYS | {"choice_filter"},
    "rank": _ASKED_KEYS | {"choice_filter"},
}
ROW_KEYS = frozenset({"type", "name"}).union(*_KEYS.values())
TEXT_KEYS = frozenset({"label", "hint", "constraint_message"})

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PLACEHOLDER = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
_TRUE_WORDS: Mapping[str, bool] = {"yes": True, "true": True, "no": False, "false": False}

Report = Callable[[int, str, str], None]
EMPTY_TEXT = Text("", "", "")


@dataclass(frozen=True, slots=True)
class Cell:
    """A plain value with the line it stands on."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class TextCell:
    """A text in all languages with the line it begins on."""

    text: Text
    line: int


@dataclass(frozen=True, slots=True)
class RowSource:
    """One row as its source gives it. `cells` and `texts` hold only what is there and not blank."""

    line: int
    cells: Mapping[str, Cell]
    texts: Mapping[str, TextCell]

    @property
    def name(self) -> str:
        cell = self.cells.get("name")
        return cell.text if cell is not None else ""

    @property
    def type(self) -> str:
        cell = self.cells.get("type")
        return (cell.text.split() or [""])[0] if cell is not None else ""


@dataclass(frozen=True, slots=True)
class ChoiceList:
    name: str
    choices: tuple[Choice, ...]

    def find_columns(self) -> Mapping[str, frozenset[str]]:
        """The values that occur in each column, `name` among them."""
        columns: dict[str, set[str]] = {"name": {choice.name for choice in self.choices}}
        for choice in self.choices:
            for column, value in choice.columns.items():
                columns.setdefault(column, set()).add(value)
        return {column: frozenset(values) for column, values in columns.items()}


@dataclass(frozen=True, slots=True)
class SurveyRows:
    sections: tuple[Group, ...]
    rows: tuple[Question, ...]


@dataclass(slots=True)
class _OpenGroup:
    group: Group
    compartment: Compartment | None
    rows: int = 0


def check_name(name: str) -> str | None:
    """Why a name cannot be used, or None. Names go into addresses, files and other programs as they are."""
    if not _NAME.fullmatch(name):
        return f"The name {name[:80]!r} must begin with a letter and hold letters, digits and underscores only."
    if len(name) > MAX_NAME:
        return f"The name {name[:80]!r} has more than {MAX_NAME} characters."
    return None


def check_placeholders(text: Text, declared: Mapping[str, Text], what: str) -> list[str]:
    """Reasons why the `{{name}}` marks of a text cannot all be filled."""
    reasons: list[str] = []
    for language in LANGUAGES:
        words = text.in_language(language)
        unknown = sorted({name for name in _PLACEHOLDER.findall(words) if name not in declared})
        reasons += [
            f"The {what} ({language}) uses {{{{{name}}}}}, which label_placeholders does not declare."
            for name in unknown
        ]
        bare = _PLACEHOLDER.sub("", words)
        if "{{" in bare or "}}" in bare:
            reasons.append(f"The {what} ({language}) holds a placeholder that is not written {{{{name}}}}.")
        if "${" in bare:
            reasons.append(f"The {what} ({language}) names an answer (${{…}}), which texts cannot show.")
    return reasons


def build_rows(
    sources: Sequence[RowSource],
    lists: Mapping[str, ChoiceList],
    placeholders: Mapping[str, Text],
    dimensions: frozenset[str],
    report: Report,
) -> SurveyRows:
    """Groups and rows in document order; every fault goes to `report`."""
    builder = _RowBuilder(lists, placeholders, dimensions, report)
    if len(sources) > MAX_ROWS:
        report(sources[MAX_ROWS].line, "", f"The survey has more than {MAX_ROWS:,} rows.")
    kept = sources[:MAX_ROWS]
    builder.later = {source.name for source in kept if source.type in _VALUE_TYPES or source.type == "calculate"}
    for source in kept:
        builder.add(source)
    builder.finish()
    return SurveyRows(tuple(builder.sections), tuple(builder.rows))


@dataclass(slots=True)
class _RowBuilder:
    lists: Mapping[str, ChoiceList]
    placeholders: Mapping[str, Text]
    dimensions: frozenset[str]
    report: Report
    sections: list[Group] = field(default_factory=list)
    rows: list[Question] = field(default_factory=list)
    later: set[str] = field(default_factory=set)
    open: list[_OpenGroup] = field(default_factory=list)
    groups: tuple[Group, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    shared: dict[tuple[str, str, str, Known | None], Expression] = field(default_factory=dict)

    def add(self, source: RowSource) -> None:
        type_, name = source.type, source.name
        if not type_:
            self.report(source.line, name, "The row has no type.")
        elif type_ not in _KEYS:
            self.report(source.cells["type"].line, name, f"The type {type_!r} is not known.")
        else:
            self._check_keys(source, type_)
        if type_ == "end_group":
            self._end_group(source)
            return
        self._declare(source)
        if type_ == "begin_group":
            self._begin_group(source)
            return
        if not self.open:
            self.report(source.line, name, "The row stands outside every section (begin_group … end_group).")
        for opened in self.open:
            opened.rows += 1
        if type_ in _KEYS:
            self._add_question(source, cast("Kind", type_))
        elif name:
            self.known[name] = Known(ValueType.ANY)
        self.later.discard(name)

    def finish(self) -> None:
        for opened in self.open:
            self.report(opened.group.line, opened.group.name, "The group opened here is never closed.")
        if not any(row.is_asked for row in self.rows):
            self.report(1, "", "The survey asks no question.")

    def _declare(self, source: RowSource) -> None:
        name = source.name
        if not name:
            self.report(source.line, "", "The row has no name.")
            return
        line = source.cells["name"].line
        reason = check_name(name)
        if reason is not None:
            self.report(line, name, reason)
        if name in self.lines:
            self.report(line, name, f"The name is used twice, first on line {self.lines[name]}.")
        self.lines.setdefault(name, line)

    def _check_keys(self, source: RowSource, type_: str) -> None:
        lines = {key: cell.line for key, cell in source.cells.items()}
        lines |= {key: cell.line for key, cell in source.texts.items()}
        for key, line in lines.items():
            if key not in _KEYS[type_] and key not in ("type", "name"):
                self.report(line, source.name, f"The key {key!r} has no meaning for {type_}.")
        words = source.cells["type"].text.split()
        wanted = 2 if type_ in CHOICE_KINDS else 1
        if len(words) > wanted:
            self.report(source.cells["type"].line, source.name, f"The type has too many words: {' '.join(words)!r}.")

    # groups

    def _begin_group(self, source: RowSource) -> None:
        if len(self.open) >= MAX_DEPTH:
            self.report(source.line, source.name, f"Groups are nested more than {MAX_DEPTH} deep.")
        appearance = self._read_word(source, "appearance", ("field-list",))
        group = Group(
            name=source.name,
            label=self._read_label(source, needed=True),
            relevant=self._compile(source, "relevant"),
            field_list=appearance == "field-list",
            parents=self.groups,
            number=self._read_number(source),
            line=source.line,
        )
        if not self.open:
            self.sections.append(group)
        self.open.append(_OpenGroup(group, self._read_compartment(source)))
        self.groups = (*self.groups, group)

    def _end_group(self, source: RowSource) -> None:
        if not self.open:
            self.report(source.line, source.name, "This end_group closes nothing: no group is open.")
            return
        names = [opened.group.name for opened in self.open]
        innermost = self.open[-1].group
        if source.name and source.name != innermost.name:
            if source.name not in names:
                self.report(
                    source.line,
                    source.name,
                    f"This end_group names a group that is not open; open is {innermost.name!r} "
                    f"(line {innermost.line}).",
                )
                return
            while self.open[-1].group.name != source.name:
                left = self.open[-1].group
                self.report(left.line, left.name, f"The group is not closed before {source.name!r} ends.")
                self._close()
        self._close()

    def _close(self) -> None:
        opened = self.open.pop()
        self.groups = self.groups[:-1]
        if opened.rows == 0:
            self.report(opened.group.line, opened.group.name, "The group holds no rows.")

    # questions

    def _add_question(self, source: RowSource, kind: Kind) -> None:
        name = source.name
        choices = self._find_list(source) if kind in CHOICE_KINDS else None
        names = frozenset(choice.name for choice in choices.choices) if choices is not None else None
        own = Known(_VALUE_TYPES[kind], names, is_private=kind == "text") if kind in _VALUE_TYPES else None
        relevant = self._compile(source, "relevant")
        choice_filter = self._compile(source, "choice_filter", choices=choices)
        calculation = self._compile(source, "calculation")
        constraint = self._compile(source, "constraint", own=own)
        if kind == "calculate" and "calculation" not in source.cells:
            self.report(source.line, name, "A calculate needs a calculation.")
        if "constraint_message" in source.texts and "constraint" not in source.cells:
            line = source.texts["constraint_message"].line
            self.report(line, name, "There is a constraint_message but no constraint.")
        if kind == "calculate":
            own = self._find_calculated(calculation)
        self._read_yes_no(source, "pii")
        label = self._read_label(source, needed=kind != "calculate")
        self.rows.append(
            Question(
                name=name,
                kind=kind,
                label=label,
                groups=self.groups,
                hint=self._read_text(source, "hint"),
                required=self._read_yes_no(source, "required"),
                relevant=relevant,
                constraint=constraint,
                constraint_message=self._read_text(source, "constraint_message"),
                choices=choices.choices if choices is not None else (),
                list_name=choices.name if choices is not None else None,
                choice_filter=choice_filter,
                calculation=calculation,
                multiline=self._read_word(source, "appearance", ("multiline",)) == "multiline",
                compartment=self._find_compartment(source, kind),
                dimension=self._read_word(source, "dimension", tuple(sorted(self.dimensions))),
                number=self._read_number(source),
                line=source.line,
            )
        )
        if own is not None and name:
            self.known.setdefault(name, own)

    def _find_calculated(self, calculation: Expression | None) -> Known:
        if calculation is None:
            return Known(ValueType.ANY)
        type_ = {ValueType.BOOLEAN: ValueType.TEXT, ValueType.BLANK: ValueType.TEXT}.get(
            calculation.result, calculation.result
        )
        is_private = any(self.known[read].is_private for read in calculation.names if read in self.known)
        return Known(type_, is_private=is_private)

    def _find_list(self, source: RowSource) -> ChoiceList | None:
        cell = source.cells["type"]
        words = cell.text.split()
        if len(words) < 2:
            self.report(cell.line, source.name, f"The type {words[0]} needs a choice list ({words[0]} list_name).")
            return None
        found = self.lists.get(words[1])
        if found is None:
            self.report(cell.line, source.name, f"The choice list {words[1]!r} does not exist.")
        return found

    def _find_compartment(self, source: RowSource, kind: Kind) -> Compartment:
        own = self._read_compartment(source)
        inherited = next((opened.compartment for opened in reversed(self.open) if opened.compartment), None)
        return own or inherited or ("texts" if kind == "text" else "answers")

    def _read_compartment(self, source: RowSource) -> Compartment | None:
        word = self._read_word(source, "store", ("identity", "contact"))
        return cast("Compartment", word) if word in get_args(Compartment) else None

    # single values

    def _read_label(self, source: RowSource, *, needed: bool) -> Text:
        text = self._read_text(source, "label")
        if text is None and needed:
            self.report(source.line, source.name, "The row has no label.")
        return text or EMPTY_TEXT

    def _read_text(self, source: RowSource, key: Literal["label", "hint", "constraint_message"]) -> Text | None:
        cell = source.texts.get(key)
        if cell is None:
            return None
        for reason in check_placeholders(cell.text, self.placeholders, key):
            self.report(cell.line, source.name, reason)
        return cell.text

    def _read_word(self, source: RowSource, key: str, allowed: tuple[str, ...]) -> str | None:
        cell = source.cells.get(key)
        if cell is None or (source.type in _KEYS and key not in _KEYS[source.type]):
            return None
        if cell.text not in allowed:
            known = ", ".join(allowed) or "nothing"
            self.report(cell.line, source.name, f"The {key} {cell.text[:80]!r} is not known (known: {known}).")
            return None
        return cell.text

    def _read_yes_no(self, source: RowSource, key: str) -> bool:
        cell = source.cells.get(key)
        if cell is None:
            return False
        value = _TRUE_WORDS.get(cell.text.lower())
        if value is None:
            self.report(cell.line, source.name, f"The value of {key!r} must be yes or no, not {cell.text[:80]!r}.")
        return bool(value)

    def _read_number(self, source: RowSource) -> int | None:
        cell = source.cells.get("q")
        if cell is None:
            return None
        is_whole = cell.text.isascii() and cell.text.isdigit() and len(cell.text) <= len(str(MAX_DISPLAY_NUMBER))
        if not is_whole or int(cell.text) < 1:
            reason = f"The display number q must be a whole number from 1 to {MAX_DISPLAY_NUMBER}."
            self.report(cell.line, source.name, reason)
            return None
        return int(cell.text)

    def _compile(
        self, source: RowSource, key: Purpose, *, own: Known | None = None, choices: ChoiceList | None = None
    ) -> Expression | None:
        cell = source.cells.get(key)
        if cell is None or key not in _KEYS[source.type]:
            return None
        if key == "choice_filter" and choices is None:
            return None
        scope = ExpressionScope(
            purpose=key,
            names=self.known,
            later=frozenset(self.later),
            own=own if key == "constraint" else None,
            columns=choices.find_columns() if choices is not None and key == "choice_filter" else None,
        )
        try:
            compiled = compile_expression(cell.text, scope)
        except ExpressionFaults as faults:
            for fault in faults.faults:
                where = f"In {key}, character {fault.position + 1}: {fault.reason}"
                self.report(cell.line, source.name, where)
            return None
        list_name = choices.name if choices is not None else ""
        return self.shared.setdefault((cell.text, key, list_name, scope.own), compiled)
