"""Proofs that a post comes from a page of ours, where there is no session."""

from __future__ import annotations

from dataclasses import replace

import pytest

from surveyapp.settings import Settings
from surveyapp.web.csrf import ProofFault, check_draft, issue_start_ticket, read_start_ticket, sign_draft


def test_the_proof_of_a_return_fits_that_return_alone(settings: Settings) -> None:
    proof = sign_draft(settings, "one")
    check_draft(settings, "one", proof)
    for draft_id, posted in [("two", proof), ("one", proof[:-1]), ("one", ""), ("one", None), ("one", "비밀\udcff")]:
        with pytest.raises(ProofFault):
            check_draft(settings, draft_id, posted)


def test_another_installation_signs_otherwise(settings: Settings) -> None:
    other = replace(settings, secret_key="another secret key, as long as the first one was")
    with pytest.raises(ProofFault):
        check_draft(other, "one", sign_draft(settings, "one"))
    with pytest.raises(ProofFault):
        read_start_ticket(other, "trial", issue_start_ticket(settings, "trial"))


def test_a_ticket_carries_one_token_however_often_it_is_read(settings: Settings) -> None:
    ticket = issue_start_ticket(settings, "trial")
    token = read_start_ticket(settings, "trial", ticket)
    assert len(token) >= 43
    assert read_start_ticket(settings, "trial", ticket) == token
    assert read_start_ticket(settings, "trial", issue_start_ticket(settings, "trial")) != token


@pytest.mark.parametrize("posted", [None, "", "x", "W10.x", "한글", "a.b.c"])
def test_a_ticket_that_is_not_ours_is_refused(settings: Settings, posted: str | None) -> None:
    with pytest.raises(ProofFault):
        read_start_ticket(settings, "trial", posted)


def test_a_ticket_is_for_its_round(settings: Settings) -> None:
    with pytest.raises(ProofFault):
        read_start_ticket(settings, "other", issue_start_ticket(settings, "trial"))
