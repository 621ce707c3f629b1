"""The language of a request, and dates and numbers written in it.

The language is, in this order: one set for this request (a draft's, or the one a form switched to), `?lang=`, the
cookie, the browser's wish, Korean.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from babel import dates, numbers
from flask import Flask, g, has_request_context, request
from flask_babel import Babel, refresh
from markupsafe import Markup
from werkzeug.wrappers import Response

from surveyapp.locale import FOLDER, load_translator
from surveyapp.questionnaire.model import DEFAULT_LANGUAGE, LANGUAGES, Language
from surveyapp.web.shown_text import WORD_JOINER, hold_together

COOKIE = "language"
COOKIE_AGE = 365 * 24 * 3600
PARAMETER = "lang"
ZONE_NAME = "Asia/Seoul"
ZONE = ZoneInfo(ZONE_NAME)
_MESSAGES = 4096  # more than all templates hold, in three languages


def read_language(value: str | None) -> Language | None:
    return value if value in LANGUAGES else None


def find_language() -> Language:
    """The language in which the current request is answered. A page asks dozens of times."""
    try:
        chosen: Language = g.language
    except (AttributeError, RuntimeError):  # not chosen yet, or nothing is being answered
        chosen = _choose_language()
    return chosen


def _choose_language() -> Language:
    if not has_request_context():
        return DEFAULT_LANGUAGE
    chosen = (
        read_language(request.args.get(PARAMETER))
        or read_language(request.cookies.get(COOKIE))
        or read_language(request.accept_languages.best_match(LANGUAGES))
        or DEFAULT_LANGUAGE
    )
    g.language = chosen
    return chosen


def has_named_language() -> bool:
    """Whether the person named a language (address or cookie), so that a draft's own language does not replace it."""
    named = request.args.get(PARAMETER) or request.cookies.get(COOKIE)
    return read_language(named) is not None


def use_language(language: Language, *, remember: bool = False) -> None:
    """Answer the rest of this request in `language`; with `remember` the cookie is set too."""
    was_asked_for = g.get("language") not in (None, language)
    g.language = language
    if remember:
        g.remember_language = language
    if was_asked_for:
        refresh()


def show_time(moment: datetime) -> str:
    """Date and time of day in Seoul, the zone named: `2026년 11월 22일 14:05 (Asia/Seoul)`."""
    local = moment.astimezone(ZONE)
    language = find_language()
    day = _write_day(local.date(), language)
    separator = ", " if language == "en" else " "
    return f"{day}{separator}{local:%H:%M} {_name_zone(language)}"


def show_clock(moment: datetime) -> str:
    """The time of day in Seoul, as in `14:05`, for what happened a moment ago."""
    return f"{moment.astimezone(ZONE):%H:%M}"


def show_date(moment: datetime) -> str:
    """The day in Seoul, the zone named."""
    language = find_language()
    return f"{_write_day(moment.astimezone(ZONE).date(), language)} {_name_zone(language)}"


@lru_cache(maxsize=256)  # pages tell the same few days, and the same few limits of answers
def _write_day(day: date, language: Language) -> str:
    return dates.format_date(day, "long", locale=language)


@lru_cache(maxsize=256, typed=True)
def _write_number(value: int | float, language: Language) -> str:
    return numbers.format_decimal(value, locale=language)


def _name_zone(language: Language) -> str:
    """The zone in brackets; in Korean held to the ending that follows ("까지"), which a line must not begin with."""
    return f"({ZONE_NAME}){WORD_JOINER if language == 'ko' else ''}"


def show_number(value: int | float) -> str:
    return _write_number(value, find_language())


def find_language_url(language: Language) -> str:
    """The address of this page in another language, its other parameters kept."""
    return find_language_urls()[language]


def find_language_urls() -> dict[Language, str]:
    """The same for each language."""
    path = "/" + quote(request.path.lstrip("/\\"))  # two slashes in front would name another host
    kept = urlencode([(name, value) for name, value in request.args.items(multi=True) if name != PARAMETER])
    before = f"{path}?{kept}&" if kept else f"{path}?"
    return {language: f"{before}{PARAMETER}={language}" for language in LANGUAGES}


def say(message: str, **values: object) -> str:
    """A message of a view in the language of the request, as plain words; without what flask_babel asks for each time.

    Not for what is drawn in another language than the request's.
    """
    found = _find_words(find_language(), message)
    return found % values if values else found


def write_message(message: str, **values: object) -> Markup:
    """A message of a template in the language of the request, the values that it names put in and escaped.

    A page has dozens of them; Jinja's own way, which looks up and formats anew each time, took a tenth of a form page.
    """
    return _find_message(find_language(), message) % values if values else _find_plain(find_language(), message)


def write_counted(one: str, many: str, num: int, **values: object) -> Markup:
    """The same for a message that counts; the number itself is `%(num)s`."""
    found = load_translator(find_language()).ngettext(one, many, num)
    return Markup(found) % {"num": num, **values}  # noqa: S704 - the catalogues are ours


@lru_cache(maxsize=_MESSAGES)
def _find_words(language: Language, message: str) -> str:
    return load_translator(language).gettext(message)


@lru_cache(maxsize=_MESSAGES)
def _find_message(language: Language, message: str) -> Markup:
    return Markup(load_translator(language).gettext(message))  # noqa: S704 - the catalogues are ours


@lru_cache(maxsize=_MESSAGES)
def _find_plain(language: Language, message: str) -> Markup:
    return _find_message(language, message) % {}  # so that a percent sign is written the same in every message


def _remember_language(response: Response) -> Response:
    asked = read_language(request.args.get(PARAMETER)) if request.method == "GET" else None
    language = g.get("remember_language") or asked
    if language is not None and request.cookies.get(COOKIE) != language:
        response.set_cookie(
            COOKIE,
            language,
            max_age=COOKIE_AGE,
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
    return response


def set_up_languages(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(FOLDER)
    app.config["BABEL_DEFAULT_LOCALE"] = "en"  # the language of the message ids
    app.config["BABEL_DEFAULT_TIMEZONE"] = ZONE_NAME
    Babel(app, locale_selector=find_language)
    app.jinja_env.globals.update(_=write_message, gettext=write_message, ngettext=write_counted)
    app.after_request(_remember_language)
    app.jinja_env.filters.update(
        show_time=show_time, show_date=show_date, show_number=show_number, hold_together=hold_together
    )
