from __future__ import annotations

import random
import re

import pytest

from surveyapp.fieldwork.receipts import ALPHABET, draw_receipt, read_receipt


def test_a_receipt_is_short_and_reads_without_doubt() -> None:
    for _ in range(200):
        receipt = draw_receipt()
        assert re.fullmatch(r"[2-9A-Y]{4}-[2-9A-Y]{4}-[2-9A-Y]{4}", receipt)
        assert not set(receipt) & set("01OILSZ")
        assert len(receipt) <= 16  # characters of the column


def test_receipts_differ_and_use_the_whole_alphabet() -> None:
    drawn = {draw_receipt() for _ in range(5000)}
    assert len(drawn) == 5000
    for place in (0, 3, 5, 13):
        assert {receipt[place] for receipt in drawn} == set(ALPHABET)


@pytest.mark.parametrize(
    "change", [str.lower, lambda text: text.replace("-", ""), lambda text: f" {text[:7]} {text[7:]} "]
)
def test_a_receipt_is_read_however_it_is_typed(change: object) -> None:
    receipt = draw_receipt()
    assert callable(change)
    assert read_receipt(change(receipt)) == receipt


def test_letters_that_are_taken_for_digits_are_read_as_those() -> None:
    receipt = next(receipt for receipt in iter(draw_receipt, "") if "5" in receipt and "2" in receipt)
    assert read_receipt(receipt.replace("5", "S").replace("2", "z")) == receipt


def test_every_single_slip_is_found() -> None:
    plain = draw_receipt().replace("-", "")
    for place, right in enumerate(plain):
        for wrong in set(ALPHABET) - {right}:
            assert read_receipt(plain[:place] + wrong + plain[place + 1 :]) is None


def test_every_swap_of_two_is_found() -> None:
    plain = "".join(random.Random(7).sample(ALPHABET, 11))
    full = next(plain + check for check in ALPHABET if read_receipt(plain + check))
    for first in range(12):
        for second in range(first + 1, 12):
            swapped = list(full)
            swapped[first], swapped[second] = full[second], full[first]
            if swapped != list(full):
                assert read_receipt("".join(swapped)) is None


@pytest.mark.parametrize("typed", ["", "2345", "2345-6789-ABC", "2345-6789-ABCDE", "가나다라", "O" * 12])
def test_what_cannot_be_a_receipt_is_none(typed: str) -> None:
    assert read_receipt(typed) is None
