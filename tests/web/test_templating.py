"""What is drawn once: the same values in the same language, and never anything that somebody typed."""

from __future__ import annotations

from dataclasses import replace

from flask import Flask
from markupsafe import Markup

from surveyapp.web.locale import write_counted, write_message
from surveyapp.web.respondent.blocks import Option, QuestionBlock, build_conflict
from surveyapp.web.templating import draw_once


def test_a_component_is_drawn_once_for_equal_values_in_each_language(app: Flask) -> None:
    drawn: list[tuple[str, ...]] = []

    def component(*values: str) -> Markup:
        drawn.append(values)
        return Markup("{} {}").format(write_message("Save and continue"), values[0])

    def draw(language: str, words: str) -> Markup:
        with app.test_request_context(f"/?lang={language}"):
            return draw_once(component, "".join(words))

    english, korean = draw("en", "<a>"), draw("ko", "<a>")
    assert english == "Save and continue &lt;a&gt;"
    assert korean != english
    assert (draw("en", "<a>"), draw("ko", "<a>")) == (english, korean)
    assert len(drawn) == 2
    draw("en", "<b>")
    assert len(drawn) == 3


def test_nothing_typed_is_remembered_with_its_markup() -> None:
    ticked = Option("q-size-1", "large", "Large", is_chosen=True)
    chosen = QuestionBlock("size", "q-size", "radios", "How large?", options=(ticked,))
    blank = QuestionBlock("name", "q-name", "text", "Who are you?")
    assert chosen.is_common
    assert blank.is_common
    assert not replace(blank, value="Hanbit Pharma").is_common
    assert not replace(chosen, conflict=build_conflict("size", "Large", "Small", "0123456789ab")).is_common


def test_blocks_that_differ_are_not_taken_for_each_other() -> None:
    option = Option("q-size-1", "large", "Large", is_chosen=False)
    block = QuestionBlock("size", "q-size", "radios", "How large?", options=(option,))
    assert hash(block) == hash(replace(block))
    assert block != replace(block, options=(option._replace(is_chosen=True),))
    assert block != replace(block, error="Please choose an answer.")


def test_a_message_escapes_what_is_put_into_it_and_is_in_the_language_of_the_request(app: Flask) -> None:
    with app.test_request_context("/?lang=en"):
        assert write_message("Last saved: %(time)s", time="<b>") == "Last saved: &lt;b&gt;"
        assert write_counted("About %(num)s minute left", "About %(num)s minutes left", 2) == "About 2 minutes left"
    with app.test_request_context("/?lang=ja"):
        japanese = write_message("Save and continue")
    with app.test_request_context("/?lang=en"):
        assert write_message("Save and continue") == "Save and continue" != japanese
