"""Which returns a page looks at: the round in the path, narrowed by the filters in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.masks import FILTER_KINDS, FilterUnknown, Mask, build_mask
from surveyapp.analysis.released_tables import Counted
from surveyapp.fieldwork.rounds import Round, find_round, list_rounds, list_rounds_before, load_questionnaire_of
from surveyapp.questionnaire.model import Question, Questionnaire
from surveyapp.reports.cards import Fact, Source
from surveyapp.reports.question_report import title_question
from surveyapp.web.desk.current_index import open_current_index
from surveyapp.web.desk.pages import Chip, Emptiness, Field, FilterBar, FilterGroup, FilterOption, OptionGroup
from surveyapp.web.desk.surroundings import find_words, name_round
from surveyapp.web.frame import Link
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import PARAMETER

# Names in the address that are no filters. A question of such a name could not filter; the built-in one has none.
OWN_PARAMETERS = frozenset({PARAMETER, "add", "after", "area", "before", "by", "issue", "question", "section"})

# The questions that staff ask first; any other choice question can be added.
MAIN_FILTERS = ("company_type", "company_size", "product_categories", "jp_stage", "jp_routes")


FEW_RETURNS = 10  # below this many, a share of one more company is ten points or more


@dataclass(frozen=True, slots=True)
class Selection:
    """A round with its questionnaire, the index, and the returns that pass the filters."""

    round: Round
    rounds: tuple[Round, ...]
    questionnaire: Questionnaire
    index: AnswerIndex
    mask: Mask
    filters: Mapping[str, tuple[str, ...]]
    earlier: Round | None
    earlier_questionnaire: Questionnaire | None

    @property
    def counted(self) -> Counted:
        return Counted(self.round, self.questionnaire, self.index, self.mask)

    @property
    def source(self) -> Source:
        words = find_words()
        titles = {one.round_id: name_round(one, words) for one in self.rounds}
        return Source(words, self.questionnaire, titles)


def load_selection(slug: str, *, with_filters: bool = True) -> Selection:
    """The selection that the request's address names. Raises RoundUnknown and FilterUnknown."""
    installation = find_installation()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        questionnaire = load_questionnaire_of(connection, survey_round)
        earlier = _find_earlier(survey_round, rounds, request.args.get("before"))
        earlier_questionnaire = None if earlier is None else load_questionnaire_of(connection, earlier)
    index = open_current_index()
    filters = read_filters(request.args, questionnaire) if with_filters else {}
    return Selection(
        round=survey_round,
        rounds=rounds,
        questionnaire=questionnaire,
        index=index,
        mask=build_mask(index, questionnaire, survey_round.round_id, filters),
        filters=filters,
        earlier=earlier,
        earlier_questionnaire=earlier_questionnaire,
    )


def read_filters(args: MultiDict[str, str], questionnaire: Questionnaire) -> dict[str, tuple[str, ...]]:
    """Filters in the order of the questionnaire. Raises FilterUnknown for a name that is no question."""
    given = {name: tuple(dict.fromkeys(args.getlist(name))) for name in args if name not in OWN_PARAMETERS}
    places = {question.name: place for place, question in enumerate(questionnaire.questions)}
    for name in given:
        if name not in places:
            raise FilterUnknown(name)
    return {name: given[name] for name in sorted(given, key=places.__getitem__)}


def can_filter(question: Question) -> bool:
    return question.kind in FILTER_KINDS and question.compartment == "answers"


def build_filter_bar(selection: Selection, *kept: str) -> FilterBar:
    """The filter bar of the current page; `kept` are its own parameters that a new filter leaves as they are."""
    words = find_words()
    questions = selection.questionnaire.by_name
    added = request.args.get("add", "")
    if added and (added not in questions or not can_filter(questions[added])):
        raise FilterUnknown(added)
    shown = list(dict.fromkeys([*(name for name in MAIN_FILTERS if name in questions), *selection.filters, added]))
    groups = tuple(_build_group(questions[name], selection, is_open=name == added) for name in shown if name)
    total = len(selection.index.of_round(selection.round.round_id))
    counted = selection.source.count(selection.mask.origin, total)
    whole = _("all %(total)s of this round", total=counted)
    part = _(
        "%(chosen)s (this round: %(total)s)",
        chosen=selection.source.count(selection.mask.origin, selection.mask.size),
        total=counted,
    )
    return FilterBar(
        action=request.path,
        kept=tuple(Field(name, request.args[name]) for name in kept if request.args.get(name)),
        groups=groups,
        more=list_question_options(
            [question for question in selection.questionnaire.questions if can_filter(question)],
            hidden=frozenset(shown),
        ),
        chips=tuple(
            Chip(
                words.pair(name_filter(questions[name]), _label_choice(questions[name], value)),
                _find_url_without(name, value),
            )
            for name, values in selection.filters.items()
            for value in values
        ),
        clear_url=find_url(drop=tuple(selection.filters)),
        selection=part if selection.filters else whole,
        is_open=bool(added),
        printed=_list_printed(selection, part if selection.filters else whole),
    )


def name_filter(question: Question) -> str:
    """A question in few words where it is one of the usual filters, else as it was asked."""
    words = find_words()
    short = {
        "company_type": words.gettext("Business"),
        "company_size": words.gettext("Employees"),
        "product_categories": words.gettext("Product groups"),
        "jp_stage": words.gettext("Stage in Japan"),
        "jp_routes": words.gettext("Entry route"),
    }
    return short.get(question.name) or title_question(question, words)


def describe_emptiness(selection: Selection) -> Emptiness | None:
    """Why there is nothing to look at, and what can be done; None where there is something."""
    if selection.mask.size:
        return None
    if selection.filters:
        return Emptiness(
            _("No company passes these filters."),
            _("Each filter narrows the others. Remove one of them above, or all of them."),
            Link(find_url(drop=tuple(selection.filters)), _("Remove all filters")),
        )
    return Emptiness(
        _("No return has been submitted in this round yet."),
        _("Figures appear here as soon as the first company submits."),
    )


def describe_caution(selection: Selection) -> str:
    """What to mind where few returns are looked at; blank elsewhere."""
    if not 0 < selection.mask.size < FEW_RETURNS:
        return ""
    return find_words().gettext(
        "Only %(chosen)s: look at the counts, not at the percentages. Medians and groups of fewer than five are left "
        "out, each with its reason.",
        chosen=selection.source.count(selection.mask.origin, selection.mask.size),
    )


def list_question_options(
    questions: Sequence[Question], *, hidden: frozenset[str] = frozenset(), chosen: str = ""
) -> tuple[OptionGroup, ...]:
    """Questions by section, for a list to choose from."""
    words = find_words()
    sections: dict[str, list[FilterOption]] = {}
    for question in questions:
        if question.name not in hidden:
            option = FilterOption(question.name, title_question(question, words), question.name == chosen)
            sections.setdefault(words.text(question.section.label), []).append(option)
    return tuple(OptionGroup(label, tuple(options)) for label, options in sections.items())


def find_url(*, drop: Sequence[str] = (), path: str | None = None, anchor: str = "", **changed: str) -> str:
    """The address of this page (or of `path` with the same filters) with some parameters changed or left out."""
    left_out = {*drop, *changed, "add", "after", PARAMETER}
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name not in left_out]
    pairs += [(name, value) for name, value in changed.items() if value]
    query = f"?{urlencode(pairs)}" if pairs else ""
    return f"{path or request.path}{query}{'#' + anchor if anchor else ''}"


def _list_printed(selection: Selection, base: str) -> tuple[Fact, ...]:
    """What a page on paper says on top, where no filter bar stands."""
    words = find_words()
    return (
        Fact(_("Round"), name_round(selection.round, words)),
        Fact(_("Filter"), selection.source.describe_filters(selection.mask.origin) or _("None")),
        Fact(_("Base"), base),
        Fact(_("Printed"), words.day(datetime.now(UTC))),  # no minute: a kept page would be out of date at the next
    )


def _find_url_without(name: str, value: str) -> str:
    pairs = [
        pair
        for pair in request.args.items(multi=True)
        if pair != (name, value) and pair[0] not in ("add", "after", PARAMETER)
    ]
    return f"{request.path}?{urlencode(pairs)}" if pairs else request.path


def _build_group(question: Question, selection: Selection, *, is_open: bool) -> FilterGroup:
    words = find_words()
    if not can_filter(question):
        raise FilterUnknown(question.name)
    chosen = selection.filters.get(question.name, ())
    choices = question.choices
    if question.choice_filter is not None and not question.choice_filter.names:
        choices = question.choice_filter.choose({}, choices)
    return FilterGroup(
        name=question.name,
        label=name_filter(question),
        question=title_question(question, words),
        options=tuple(FilterOption(choice.name, words.text(choice.label), choice.name in chosen) for choice in choices),
        chosen=len(chosen),
        is_open=is_open,
    )


def _label_choice(question: Question, name: str) -> str:
    choice = question.find_choice(name)
    return name if choice is None else find_words().text(choice.label)


def _find_earlier(survey_round: Round, rounds: Sequence[Round], slug: str | None) -> Round | None:
    """The round to compare with: the named one, else the latest of the same kind that opened before.

    Raises FilterUnknown where the named one is no such round.
    """
    before = list_rounds_before(survey_round, rounds)
    if slug:
        named = next((other for other in before if other.slug == slug), None)
        if named is None:
            raise FilterUnknown("before", slug)
        return named
    return before[-1] if before else None
