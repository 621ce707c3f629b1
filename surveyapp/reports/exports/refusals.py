"""Why a file of the form that was asked for cannot be made, and what to do instead."""

from __future__ import annotations

from datetime import datetime

from surveyapp.reports.exports.row_table import ExportRefused
from surveyapp.reports.words import Words


def explain_refusal(words: Words, refused: ExportRefused) -> tuple[str, str]:
    """What is in the way, and what to do about it."""
    facts = {name: f"{value:,}" if isinstance(value, int) else value for name, value in refused.facts.items()}
    match refused.code:
        case "too_many_columns":
            return (
                words.gettext("A workbook holds %(most)s columns at most; this file would have %(count)s.", **facts),
                words.gettext("Choose the long layout, or another format such as CSV or Parquet."),
            )
        case "too_many_rows":
            return (
                words.gettext("A workbook holds %(most)s rows of data at most; this file would have more.", **facts),
                words.gettext("Choose the wide layout, or another format such as CSV or Parquet."),
            )
        case "cell_too_long":
            return (
                words.gettext(
                    "A cell of a workbook holds %(most)s characters at most; row %(row)s has more in %(column)s.",
                    **facts,
                ),
                words.gettext("Choose another format such as CSV or Parquet, which keep the whole text."),
            )
        case "text_too_wide":
            return (
                words.gettext("SPSS holds %(most)s bytes of a text at most; %(column)s has one of %(size)s.", **facts),
                words.gettext("Choose another format such as CSV or Parquet, which keep the whole text."),
            )
        case "text_grew":
            return (
                words.gettext("A return was changed while the file was written."),
                words.gettext("Make the file again."),
            )
        case "module_missing":
            return (
                words.gettext("Files of this format cannot be made here: the library %(module)s is missing.", **facts),
                words.gettext("The operator can install it: pip install surveyapp[%(extra)s]", **facts),
            )
        case "not_offered":
            return (
                words.gettext("There is no file of this kind in this format."),
                words.gettext("Choose another format or layout."),
            )
        case "too_few" | "exhausted" | "exhausted_closed":
            return _explain_deidentified(words, refused)


def _explain_deidentified(words: Words, refused: ExportRefused) -> tuple[str, str]:
    """Why no company can be in a de-identified file."""
    if refused.code == "too_few":
        least = words.number(int(refused.facts["least"]))
        return (
            words.gettext("Fewer than %(least)s companies have answered.", least=least),
            words.gettext(
                "A de-identified file needs %(least)s companies or more, so that none of them can be told from the "
                "others.",
                least=least,
            ),
        )
    day = words.day(datetime.fromisoformat(str(refused.facts["since"])))
    what = words.gettext(
        "No new de-identified file can be given beside that of %(day)s: companies could be recognised from both "
        "together.",
        day=day,
    )
    return what, advise_exhausted(words, is_closed=refused.code == "exhausted_closed")


def advise_exhausted(words: Words, *, is_closed: bool) -> str:
    """What to do where nothing can be given beside the files that were given; `is_closed` tells of the round."""
    if is_closed:
        return words.gettext(
            "No further file can be given of this round. If no return was withdrawn since, the earlier one can be "
            "given out again."
        )
    return words.gettext(
        "Wait until more companies have answered. If no return was withdrawn since, the earlier file can be given out "
        "again."
    )
