"""What every page needs around its content, and the small values that the shared components take.

Each template receives one frozen dataclass named `page`; its field `frame` is a `Frame`, which `templates/base.html`
reads. Nothing here knows the request: `build_frame` is given what it shows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from surveyapp.questionnaire.model import LANGUAGES, Language

LANGUAGE_NAMES: Mapping[Language, str] = {"ko": "한국어", "en": "English", "ja": "日本語"}

Tone = Literal["info", "success", "warning", "error"]
RoundKind = Literal["real", "trial", "sample"]
StaffEntry = Literal["", "phone", "paper"]  # how staff was told the answers of a return; blank where nobody was


@dataclass(frozen=True, slots=True)
class LanguageOption:
    """One language of the switch, named in itself. `url` is where a link leads; a form switches by a button instead."""

    language: Language
    name: str
    is_current: bool
    url: str


@dataclass(frozen=True, slots=True)
class Link:
    """A link with its words."""

    url: str
    text: str
    is_current: bool = False
    keys: str = ""  # one after the other they lead there, on the desk


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Links under one heading, as the pages of a round that belong together."""

    name: str  # what the page's markup calls it
    label: str
    links: tuple[Link, ...]

    @property
    def current(self) -> str:
        """The words of the link to the page that is shown; blank where it is in another group."""
        return next((link.text for link in self.links if link.is_current), "")


@dataclass(frozen=True, slots=True)
class Notice:
    """A message on top of a page. `details` are shown as a list below `text`."""

    text: str
    tone: Tone = "info"
    title: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SummaryFault:
    """One line of the error summary: what is wrong, and the address of the field (`#…` or a page)."""

    text: str
    url: str
    about: str = ""  # the question's words, where `text` alone does not say what it is about
    name: str = ""  # the question's name, so that a line can go when the question goes


@dataclass(frozen=True, slots=True)
class Frame:
    """The surroundings of a page: language, site name, language switch, navigation and the round's banner.

    `switch_form` is the id of the form whose typed values a change of language carries along; without it the switch
    is made of links. `contact` ends every page of a round. `round_kind` puts "trial round" or "fictional data" on top
    of the page, `staff_entry` that staff typed the return.
    """

    language: Language
    site_name: str
    languages: tuple[LanguageOption, ...]
    owner: str = ""  # who asks, above the site's name
    contact: str = ""  # whom to ask about the round
    home_url: str | None = None
    switch_form: str | None = None
    round_kind: RoundKind = "real"
    staff_entry: StaffEntry = ""
    navigation: tuple[Link, ...] = ()
    round_navigation: tuple[LinkGroup, ...] = ()  # the pages of the round that a desk page is about
    account: str = ""  # who is signed in, on desk pages
    sign_out_url: str | None = None
    csrf_token: str = ""  # for the sign-out form


def build_frame(
    language: Language,
    *,
    site_name: str,
    language_urls: Mapping[Language, str],
    owner: str = "",
    contact: str = "",
    home_url: str | None = None,
    switch_form: str | None = None,
    round_kind: RoundKind = "real",
    staff_entry: StaffEntry = "",
    navigation: tuple[Link, ...] = (),
    round_navigation: tuple[LinkGroup, ...] = (),
    account: str = "",
    sign_out_url: str | None = None,
    csrf_token: str = "",
) -> Frame:
    """The frame of a page in `language`; `language_urls` are the addresses of the same page in each language."""
    return Frame(
        language=language,
        site_name=site_name,
        languages=tuple(
            LanguageOption(each, LANGUAGE_NAMES[each], each == language, language_urls[each]) for each in LANGUAGES
        ),
        owner=owner,
        contact=contact,
        home_url=home_url,
        switch_form=switch_form,
        round_kind=round_kind,
        staff_entry=staff_entry,
        navigation=navigation,
        round_navigation=round_navigation,
        account=account,
        sign_out_url=sign_out_url,
        csrf_token=csrf_token,
    )
