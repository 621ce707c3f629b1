"""The kinds of data in words: what each is, and why it is kept."""

from __future__ import annotations

from surveyapp.fieldwork.retention import RetentionKind
from surveyapp.reports.words import Words


def name_data(words: Words, kind: str) -> str:
    """A kind of data; the code itself where it is not known here."""
    return {
        "drafts": words.gettext("Returns begun and not submitted"),
        "contacts": words.gettext("Contact details in returns"),
        "identity": words.gettext("Company names in returns"),
        "texts": words.gettext("Written answers, and notes on figures"),
        "mail": words.gettext("Names in the log of mails"),
        "directory": words.gettext("Contacts of invited companies that are no members"),
    }.get(kind, kind)


def explain_data(words: Words, kind: RetentionKind) -> str:
    """Why it is kept, and what a purge does with it."""
    return {
        "drafts": words.gettext("So that a company can go on. A purge erases them altogether."),
        "contacts": words.gettext("For results and interviews that were agreed to. A purge erases them."),
        "identity": words.gettext(
            "To name a company to the ministry where it agreed. A purge erases them. "
            "The directory goes on knowing which return is whose."
        ),
        "texts": words.gettext("To understand the figures. A purge erases them; answers that are counted stay."),
        "mail": words.gettext("To prove and to mend delivery. A purge forgets who got a mail, not how it went."),
        "directory": words.gettext("To invite and to remind. A purge erases them unless another round needs them."),
    }[kind]


def list_undated(words: Words) -> tuple[tuple[str, str], ...]:
    """What has no date, and why."""
    return (
        (
            words.gettext("Answers that were submitted"),
            words.gettext("They are the figures. A company that withdraws its return has them erased at once."),
        ),
        (
            words.gettext("Which company was invited, and which return is its own"),
            words.gettext(
                "So that a company counts once, rounds can be compared, and it can be shown its own earlier round and "
                "what is held about it. With the directory this names the company even after the names in returns were "
                "erased. No figure and no file of answers shows it; withdrawing the return ends it."
            ),
        ),
        (
            words.gettext("Consents with their words and times"),
            words.gettext("They prove what was allowed. Those of a return that was never submitted go with it."),
        ),
        (
            words.gettext("Addresses that want no mail"),
            words.gettext("Only as a keyed digest, so that the wish outlives the contact."),
        ),
        (
            words.gettext("Audit trail"),
            words.gettext("It says who did what, and holds no answer and no contact details."),
        ),
    )
