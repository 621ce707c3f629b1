"""The free texts behind a figure, each with the use its company agreed to."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from pyroaring import BitMap
from sqlalchemy import Connection, select

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.issue_questions import find_issue_questions
from surveyapp.analysis.issue_returns import find_area, find_base, find_leaf, find_leaf_base
from surveyapp.analysis.masks import FilterUnknown, Mask
from surveyapp.fieldwork.consent import TextUse, decide_use
from surveyapp.questionnaire.model import Language, Question, Questionnaire
from surveyapp.records.tables import response

# Returns on one screen at most; they are named one by one in a statement.
MOST_RETURNS = 200


@dataclass(frozen=True, slots=True)
class ReadText:
    """One text as an analyst may read it; it carries nothing that names the company. The caller audits the reading."""

    response_number: int
    round_id: int
    question: str
    text: str
    language: Language | None  # of the return; companies may write in another
    use: TextUse


@dataclass(frozen=True, slots=True)
class TextList:
    """One screen of texts, by response number and then in the questionnaire's order."""

    texts: tuple[ReadText, ...]
    returns: int  # returns of the mask with at least one such text
    next_after: int | None  # pass as `after` for what follows; None at the end


def list_texts(
    connection: Connection,
    index: AnswerIndex,
    mask: Mask,
    *,
    questionnaire: Questionnaire,
    issue: str | None = None,
    question: str | None = None,
    after: int = 0,
    limit: int = 50,
) -> TextList:
    """Texts of the returns of a mask, those that ticked an issue (area or leaf), to one question or to all.

    `limit` counts returns (200 at most), from the first number above `after`. One statement for a screen. Raises
    FilterUnknown where `question` is no free text (or one that is kept confidential) or `issue` is unknown, and
    IssuesNotAsked where an issue is named and the questionnaire asks for none.
    """
    questions = _find_text_questions(questionnaire, question)
    numbers = mask.numbers if issue is None else _find_ticked(index, questionnaire, mask, issue)
    with_text = BitMap()
    for text_question in questions:
        with_text |= index.answered(text_question.name)
    with_text &= numbers
    wanted = list(islice(with_text.iter_equal_or_larger(after + 1), min(limit, MOST_RETURNS)))
    rows = connection.execute(
        select(response.c.number, response.c.round_id, response.c.language, response.c.answers, response.c.texts)
        .where(response.c.survey_id == index.survey_id, response.c.number.in_(wanted), response.c.state == "submitted")
        .order_by(response.c.number)
    )
    texts = tuple(
        ReadText(
            response_number=row.number,
            round_id=row.round_id,
            question=text_question.name,
            text=row.texts[text_question.name],
            language=row.language,
            use=decide_use(row.answers),
        )
        for row in rows
        for text_question in questions
        if row.texts.get(text_question.name)
    )
    has_more = bool(wanted) and wanted[-1] < with_text.max()
    return TextList(texts, len(with_text), wanted[-1] if has_more else None)


def _find_text_questions(questionnaire: Questionnaire, name: str | None) -> tuple[Question, ...]:
    questions = tuple(questionnaire.questions_in("texts"))
    if name is None:
        return questions
    found = tuple(question for question in questions if question.name == name)
    if not found:
        raise FilterUnknown(name)
    return found


def _find_ticked(index: AnswerIndex, questionnaire: Questionnaire, mask: Mask, issue: str) -> BitMap:
    base = find_base(index, mask)
    for block in find_issue_questions(questionnaire).blocks:
        if issue == block.area:
            return find_area(index, block, base).numbers
        if issue in dict(block.leaves):
            return find_leaf(index, block, issue, find_leaf_base(index, block, base)).numbers
    raise FilterUnknown("issue", issue)
