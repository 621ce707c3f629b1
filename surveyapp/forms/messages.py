"""What is wrong with an answer, as a sentence that says what to do."""

from __future__ import annotations

from surveyapp.locale import load_translator
from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.model import Language, Question


def describe_fault(fault: AnswerFault, question: Question, language: Language) -> str:
    """The sentence for `fault`; a constraint that has its own in the questionnaire speaks with that one."""
    if fault.message is not None:
        return fault.message.in_language(language)
    if fault.code == "required":
        return _describe_blank(question, language)
    _ = load_translator(language).gettext
    not_listed = _("This answer is not among those offered here. Please choose from the list.")
    sentences = {
        "not_a_choice": not_listed,
        "not_offered": not_listed,
        "not_whole": _("Please enter a whole number in digits, such as 12."),
        "not_number": _("Please enter a number in digits, such as 3.5."),
        "too_large": _("This number is too large."),
        "too_long": _("This text is too long: at most %(limit)s characters."),
        "control_character": _("The text holds an invisible control character, shown as �. Please delete it."),
        "rank_tie": _("Rank %(position)s is given twice. Please give each rank once only."),
        "rank_position": _("Please choose the rank from the list."),
        "constraint": _("This answer cannot be accepted here. Please check it."),
    }
    named = {name: f"{value:,}" if isinstance(value, int) else value for name, value in fault.params.items()}
    return sentences[fault.code] % {"limit": "", "position": "", **named}


def _describe_blank(question: Question, language: Language) -> str:
    _ = load_translator(language).gettext
    match question.kind:
        case "select_one":
            return _("Please choose an answer.")
        case "select_multiple":
            return _("Please choose at least one answer.")
        case "integer" | "decimal":
            return _("Please enter a number.")
        case "rank":
            return _("Please give at least one rank.")
        case _:
            return _("Please write an answer.")
