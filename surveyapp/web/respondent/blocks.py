"""Questions as the templates show them: every text, id and boolean worked out, nothing left to decide in markup."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from surveyapp.forms.fields import AnswerField, name_rank_select
from surveyapp.forms.page_form import SETTLED_FIELD, VERSION_SEPARATOR, PageForm
from surveyapp.questionnaire.model import Choice, Language, Page, Question, Text
from surveyapp.web.frame import SummaryFault
from surveyapp.web.locale import say as _
from surveyapp.web.locale import show_number
from surveyapp.web.respondent.notice_text import NoticePart, Term, split_notice, split_terms, split_topic
from surveyapp.web.shown_text import hold_together

Marks = Literal["none", "unstorable", "all"]  # which faults a page shows: also what is merely unanswered, or not
Widget = Literal["radios", "checkboxes", "number", "text", "textarea", "rank", "note"]

NOT_APPLICABLE = "na"  # stands apart from the sentences it does not belong to
_LEVEL = re.compile(r"^(\d{1,2}) - (.+)$", re.DOTALL)
_COUNT_ALONE = re.compile(r"^\s*count-selected\(\.\)\s*<=\s*(\d+)\s*$")
_SAYS_OPTIONAL = re.compile(r"\(선택\)|\(optional\)|（任意）", re.IGNORECASE)
_PLACEHOLDER = "{{"
_UNSHOWABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    + "".join(chr(plane * 0x10000 + last) for plane in range(1, 17) for last in (0xFFFE, 0xFFFF))
    + "]"
)

# What a browser may fill in from its owner's own data.
AUTOCOMPLETE: Mapping[str, tuple[str, str, str]] = {  # name -> autocomplete, type, inputmode
    "company_name": ("organization", "text", ""),
    "contact_name": ("name", "text", ""),
    "contact_email": ("email", "email", "email"),
    "contact_phone": ("tel", "tel", "tel"),
}


class Option(NamedTuple):
    """One choice of a group, or one item of a ranking (then with the name of its own select).

    A tuple, because a page makes and compares dozens of them.
    """

    id: str
    value: str
    label: str
    is_chosen: bool
    level: str = ""  # "3" of an anchored sentence "3 - …"
    name: str = ""
    position: str = ""
    has_fault: bool = False
    has_focus: bool = False


class Position(NamedTuple):
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two answers to one question, given by two people at the same time, in words; the version is the stored one's."""

    mine: str
    theirs: str
    name: str  # of the field that says which one holds
    mine_value: str
    theirs_value: str


@dataclass(frozen=True, slots=True)
class QuestionBlock:
    """One question or note of a page."""

    name: str
    id: str
    widget: Widget
    label: str
    is_note: bool = False
    number: str = ""
    topic: str = ""
    terms: tuple[Term, ...] = ()
    hint: str = ""
    limit: str = ""
    warning: str = ""
    error: str = ""
    first_id: str = ""  # where a line of the error summary leads
    described_by: str = ""
    is_required: bool = False
    is_marked_optional: bool = False
    is_follow_up: bool = False
    refreshes: bool = False  # other questions of the page depend on this one
    shown: str = ""  # name and version of the stored answer, sent along with what is answered
    is_replaced: bool = False  # shows what the person did not put there: the script takes the block over as it is
    conflict: Conflict | None = None
    offered: str = ""  # names of the choices that stand here, where that can change
    has_focus: bool = False
    options: tuple[Option, ...] = ()
    apart: tuple[Option, ...] = ()
    is_levelled: bool = False
    positions: tuple[Position, ...] = ()
    value: str = ""
    max_length: int | None = None
    input_type: str = "text"
    input_mode: str = ""
    autocomplete: str = "off"
    is_address: bool = False
    is_sheet: bool = False
    parts: tuple[NoticePart, ...] = ()

    @property
    def is_common(self) -> bool:
        """Whether other returns may show the very same: nothing in it was typed."""
        return not self.value and self.conflict is None


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What all blocks of one page share."""

    form: PageForm
    operator_texts: Mapping[str, Text]
    focus: str = ""  # the question that takes the focus when the page opens
    warnings: Mapping[str, str] = field(default_factory=dict)  # what follows from an answer, by question
    marks: Marks = "none"
    conflicts: Mapping[str, Conflict] = field(default_factory=dict)

    @property
    def language(self) -> Language:
        return self.form.language

    def find_message(self, name: str) -> str:
        """What is said at a question, as far as faults are marked at all."""
        if name in self.conflicts:
            said: str = _("Two different answers were given. Choose which one holds.")
            return said
        if self.marks == "none" or (self.marks == "unstorable" and name not in self.form.unstorable):
            return ""
        return self.form.messages.get(name, "")

    def words(self, text: Text | None) -> str:
        return self.fill(text.in_language(self.language)) if text is not None else ""

    def fill(self, words: str) -> str:
        """`{{name}}` replaced by the operator's words. Done after a notice was split: their slashes are their own."""
        if _PLACEHOLDER in words:
            for name, text in self.operator_texts.items():
                words = words.replace("{{" + name + "}}", text.in_language(self.language))
        return hold_together(words)


def build_blocks(context: BlockContext) -> tuple[QuestionBlock, ...]:
    """The notes and questions that the page shows now, in document order."""
    form = context.form
    asked_of = _find_names_asked_of(form.page)
    names = frozenset(question.name for question in form.page.questions)
    return tuple(
        build_question(context, form.answer_fields[item.name], names, refreshes=item.name in asked_of)
        if item.is_asked
        else build_note(context, item)
        for item in form.standing.shown(form.page)
    )


def list_faults(blocks: tuple[QuestionBlock, ...]) -> tuple[SummaryFault, ...]:
    """Lines of the error summary, each leading to the first control of its question."""
    return tuple(
        SummaryFault(block.error, f"#{block.first_id}", _name_shortly(block), block.name)
        for block in blocks
        if block.error
    )


def build_note(context: BlockContext, note: Question) -> QuestionBlock:
    notice = split_notice(note.label.in_language(context.language))
    parts = tuple(
        NoticePart(context.fill(part.text), tuple(Term(term.label, context.fill(term.text)) for term in part.terms))
        for part in notice.parts
    )
    return QuestionBlock(
        name=note.name,
        id=f"q-{note.name}",
        widget="note",
        label=context.fill(notice.title),
        is_note=True,
        is_sheet=bool(notice.title),
        parts=parts,
    )


def build_question(
    context: BlockContext, bound: AnswerField, page_names: frozenset[str], *, refreshes: bool
) -> QuestionBlock:
    question = bound.question
    id = f"q-{question.name}"
    topic, rest = split_topic(question.label.in_language(context.language))
    head, terms = split_terms(rest)
    label, hint = context.fill(head), context.words(question.hint)
    error = context.find_message(question.name)
    limit = find_limit(context, question, f"{label} {hint}")
    conflict = context.conflicts.get(question.name)
    if error and conflict is None and context.form.faults[question.name].code == "constraint":
        limit = ""  # the error says the same
    warning = context.warnings.get(question.name, "")
    has_focus = context.focus == question.name
    options, apart, is_levelled = _build_options(context, bound, id, has_focus=has_focus and not error)
    autocomplete, input_type, input_mode = AUTOCOMPLETE.get(question.name, ("off", "text", ""))
    if question.kind in ("integer", "decimal"):
        input_mode = "numeric" if question.kind == "integer" else "decimal"
    described = [
        f"{id}-{part}"
        for part, words in (("terms", terms), ("hint", hint), ("limit", limit), ("warning", warning), ("error", error))
        if words
    ]
    if question.multiline and question.max_length is not None:
        described.append(f"{id}-count")
    return QuestionBlock(
        name=question.name,
        id=id,
        widget=find_widget(question),
        label=label,
        number=str(question.number) if question.number is not None else "",
        topic=context.fill(topic),
        terms=tuple(Term(term.label, context.fill(term.text)) for term in terms),
        hint=hint,
        limit=limit,
        warning=warning,
        error=error,
        first_id=f"{id}-mine" if conflict is not None else _find_first_id(id, options, apart),
        described_by=" ".join(described),
        is_required=question.required,
        is_marked_optional=not question.required and not _SAYS_OPTIONAL.search(f"{label} {hint}"),
        is_follow_up=question.relevant is not None and not question.relevant.names.isdisjoint(page_names),
        refreshes=refreshes,
        shown=f"{question.name}{VERSION_SEPARATOR}{context.form.versions[question.name]}",
        is_replaced=conflict is not None or question.name in context.form.left,
        conflict=conflict,
        offered=" ".join(option.value for option in options) if question.choice_filter is not None else "",
        has_focus=has_focus and not error,
        options=options,
        apart=apart,
        is_levelled=is_levelled,
        positions=_build_positions(context, question),
        value=show_typed(bound.typed[0]) if bound.typed and not question.choices else "",
        max_length=question.max_length,
        input_type=input_type,
        input_mode=input_mode,
        autocomplete=autocomplete,
        is_address=input_type in ("email", "tel"),
    )


def build_conflict(name: str, mine: str, theirs: str, version: str) -> Conflict:
    """`mine` and `theirs` in words, `version` that of the stored answer."""
    return Conflict(
        mine=mine,
        theirs=theirs,
        name=SETTLED_FIELD + name,
        mine_value=f"mine{VERSION_SEPARATOR}{version}",
        theirs_value=f"theirs{VERSION_SEPARATOR}{version}",
    )


def show_typed(typed: str) -> str:
    """What was typed, with a visible mark for each character that neither a page nor an answer may hold."""
    return _UNSHOWABLE.sub("\ufffd", typed)


def find_widget(question: Question) -> Widget:
    match question.kind:
        case "select_one":
            return "radios"
        case "select_multiple":
            return "checkboxes"
        case "integer" | "decimal":
            return "number"
        case "rank":
            return "rank"
        case "text":
            return "textarea" if question.multiline else "text"
        case _:
            return "note"


def find_limit(context: BlockContext, question: Question, said: str) -> str:
    """The rule of an answer, told before it bites: the questionnaire's own sentence, unless `said` has its number."""
    if question.constraint is None:
        return ""
    if question.kind == "text":
        return _find_text_limit(context, question)
    counted = _COUNT_ALONE.match(question.constraint.source)
    if counted is not None and counted[1] in said:
        return ""
    return context.words(question.constraint_message)


def _find_text_limit(context: BlockContext, question: Question) -> str:
    if question.max_length is None:
        return context.words(question.constraint_message)
    if question.compartment != "texts":  # names and addresses: nobody comes near the limit
        return ""
    limit: str = _("At most %(limit)s characters", limit=show_number(question.max_length))
    return limit


def _build_options(
    context: BlockContext, bound: AnswerField, id: str, *, has_focus: bool
) -> tuple[tuple[Option, ...], tuple[Option, ...], bool]:
    """Options in their order, those that stand apart, and whether the first ones are levels."""
    question = bound.question
    if not question.choices:
        return (), (), False
    if question.kind == "rank":
        return _build_rank_options(context, bound, id, has_focus=has_focus), (), False
    offered = context.form.standing.offered(question)
    labels = [context.words(choice.label) for choice in offered]
    levels = [_LEVEL.match(label) for label in labels]
    is_levelled = bool(offered) and all(
        level is not None or choice.name == NOT_APPLICABLE for choice, level in zip(offered, levels, strict=True)
    )
    options: list[Option] = []
    apart: list[Option] = []
    for place, (choice, label, level) in enumerate(zip(offered, labels, levels, strict=True), start=1):
        shown_level, words = (level[1], level[2]) if is_levelled and level is not None else ("", label)
        option = Option(
            id=f"{id}-{place}",
            value=choice.name,
            label=words,
            is_chosen=choice.name in bound.typed,
            level=shown_level,
            has_focus=has_focus and place == 1,
        )
        (apart if is_levelled and level is None else options).append(option)
    if question.kind == "select_one" and not question.required:
        apart.append(Option(id=f"{id}-none", value="", label=_("No answer"), is_chosen=bound.typed == ("",)))
    return tuple(options), tuple(apart), is_levelled


def _build_rank_options(context: BlockContext, bound: AnswerField, id: str, *, has_focus: bool) -> tuple[Option, ...]:
    positions = dict(pair.rsplit("=", 1) for pair in bound.typed)
    fault = bound.fault
    tied = str(fault.params.get("position", "")) if fault is not None and fault.code == "rank_tie" else None
    return tuple(
        Option(
            id=f"{id}-{place}",
            value=choice.name,
            label=context.words(choice.label),
            is_chosen=choice.name in positions,
            name=name_rank_select(bound.question, choice.name),
            position=positions.get(choice.name, ""),
            has_fault=tied is not None and positions.get(choice.name) == tied,
            has_focus=has_focus and place == 1,
        )
        for place, choice in enumerate(bound.question.choices, start=1)
    )


def _build_positions(context: BlockContext, question: Question) -> tuple[Position, ...]:
    if question.kind != "rank":
        return ()
    return tuple(
        Position(str(position), _("Rank %(position)s", position=position))
        for position in range(1, len(question.choices) + 1)
    )


def _find_first_id(id: str, options: tuple[Option, ...], apart: tuple[Option, ...]) -> str:
    if not options and not apart:
        return id
    return next((option.id for option in options if option.has_fault), (options or apart)[0].id)


def _find_names_asked_of(page: Page) -> frozenset[str]:
    """Names that decide whether something on this page is asked or offered."""
    names: set[str] = set()
    for item in page.items:
        for expression in (item.relevant, item.choice_filter, item.calculation):
            if expression is not None:
                names |= expression.names
    return frozenset(names)


def _name_shortly(block: QuestionBlock) -> str:
    return f"{block.number}. {block.label}" if block.number else block.label


def find_choice_words(question: Question, names: tuple[str, ...], language: Language) -> tuple[str, ...]:
    """Labels of choices in the order given."""
    found: list[Choice | None] = [question.find_choice(name) for name in names]
    return tuple(choice.label.in_language(language) for choice in found if choice is not None)
