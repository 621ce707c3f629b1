"""The invented rounds: the right number of everything, valid, plausible, the same at every run, and easily removed."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from sqlalchemy import Connection, Row, select

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.trends import RoundComparison, compare_rounds
from surveyapp.fieldwork.answering import LinkUnknown, find_draft, refuse, save_page, start_return, submit
from surveyapp.fieldwork.directory.companies import list_companies
from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.purging import PurgedCounts, RoundNotPurgeable, purge_round
from surveyapp.fieldwork.rounds import Round, RoundUnknown, SlugTaken, find_unfilled, list_rounds
from surveyapp.fieldwork.sample_files import SampleText, load_sample_texts
from surveyapp.fieldwork.sample_rounds import create_sample_rounds, open_trial_round
from surveyapp.fieldwork.sample_schedule import SEOUL, plan_periods
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire, Stored
from surveyapp.questionnaire.paths import check_all, evaluate, keep_asked
from surveyapp.questionnaire.scoring import score_readiness
from surveyapp.records.audit import list_audit
from surveyapp.records.change_feed import find_latest_revision, stream_changes
from surveyapp.records.confidential import load_confidential
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import confidential, draft, invitation, metadata, refusal, response
from tests.respondent_visits import make_round

NOW = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
AREAS = ("reg", "lic", "dos", "clin", "gmp", "dev", "pri", "com", "pms", "org")
EARLIER, LATER = 0, 1
DRUG_MAKERS = {"pharma", "api", "bio", "cdmo"}
# Drawn anew whenever the rounds are made; everything else is the same at every run.
RANDOM_COLUMNS = {"draft_id", "token_hash", "submit_key", "receipt", "identity_link", "contact_link", "refusal_id"}


@dataclass(frozen=True)
class Return:
    """One submitted response with all its compartments."""

    row: Row[Any]
    answers: Mapping[str, Stored]

    @property
    def stage(self) -> str:
        return str(self.answers["jp_stage"])

    @property
    def areas(self) -> Sequence[str]:
        return self.list_of("ch_areas")

    @property
    def leaves(self) -> set[str]:
        return {leaf for area in AREAS for leaf in self.list_of(f"ch_{area}_leaf")}

    def list_of(self, question: str) -> Sequence[str]:
        found = self.answers.get(question, [])
        assert isinstance(found, list)
        return found


@dataclass(frozen=True)
class Sample:
    """Both sample rounds as they were made once for this file; no test here changes them."""

    path: Path
    database: Database
    vault: Vault
    rounds: tuple[Round, ...]
    returns: tuple[tuple[Return, ...], ...]  # by round

    @property
    def all_returns(self) -> list[Return]:
        return [each for returns in self.returns for each in returns]


def load_returns(connection: Connection, vault: Vault, round_: Round) -> tuple[Return, ...]:
    rows = connection.execute(
        select(response)
        .where(response.c.round_id == round_.round_id, response.c.state == "submitted")
        .order_by(response.c.number)
    ).all()
    links = [link for row in rows for link in (row.identity_link, row.contact_link) if link is not None]
    sealed = load_confidential(connection, vault, round_.survey_id, links)
    nothing: dict[str, Stored] = {}
    return tuple(
        Return(
            row,
            {
                **row.answers,
                **row.texts,
                **sealed.get(row.identity_link, nothing),
                **sealed.get(row.contact_link, nothing),
            },
        )
        for row in rows
    )


def make_vault() -> Vault:
    return Vault({"k1": b"1" * 32}, b"2" * 32)


@pytest.fixture(scope="module")
def sample(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, questionnaire: Questionnaire
) -> Iterator[Sample]:
    path = tmp_path_factory.mktemp("sample") / "survey.sqlite3"
    shutil.copy(migrated_file, path)
    database, vault = open_database(f"sqlite:///{path}"), make_vault()
    rounds = create_sample_rounds(database, vault, questionnaire, now=NOW)
    with database.read() as connection:
        returns = tuple(load_returns(connection, vault, round_) for round_ in rounds)
    yield Sample(path, database, vault, rounds, returns)
    database.close()


@pytest.fixture
def own_copy(sample: Sample, tmp_path: Path) -> Iterator[Database]:
    """The sample rounds in a database of the test's own, to change and to break."""
    with sample.database.read():  # no writer is at work
        for part in sample.path.parent.iterdir():
            shutil.copy(part, tmp_path / part.name)
    database = open_database(f"sqlite:///{tmp_path / sample.path.name}")
    yield database
    database.close()


def read_everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


def read_content(database: Database, vault: Vault) -> list[object]:
    """What the rounds hold, without anything that is drawn at random."""
    found: list[object] = []
    with database.read() as connection:
        links = connection.execute(select(confidential.c.survey_id, confidential.c.link)).all()
        sealed = load_confidential(connection, vault, links[0].survey_id, [row.link for row in links])
        for table in (draft, response, refusal):
            for row in connection.execute(select(table)).mappings():
                kept = {key: value for key, value in row.items() if key not in RANDOM_COLUMNS}
                secret = [sealed[row[key]] for key in ("identity_link", "contact_link") if row.get(key) is not None]
                found.append((table.name, repr(kept), repr(secret)))
    return sorted(found, key=repr)


def refresh(database: Database, index: AnswerIndex, questionnaire: Questionnaire) -> AnswerIndex:
    with database.read() as connection:
        return refresh_index(index, connection, lambda version: questionnaire)


# How much there is.


def test_two_rounds_lie_a_year_apart_and_are_over(sample: Sample) -> None:
    earlier, later = sample.rounds
    assert (earlier.slug, later.slug) == ("sample-2025", "sample-2026")
    for round_ in sample.rounds:
        assert (round_.kind, round_.counts_companies, round_.open_link) == ("sample", True, False)
        assert round_.state(NOW) == "closed"
        assert "가상" in round_.title.ko
        assert "fictional" in round_.title.en
        assert "架空" in round_.title.ja
    assert timedelta(days=360) < later.closes_at - earlier.closes_at < timedelta(days=380)
    assert timedelta(days=14) <= NOW - later.closes_at < timedelta(days=22)


@pytest.mark.parametrize("position", [EARLIER, LATER])
def test_each_round_has_returns_in_every_state(sample: Sample, position: int) -> None:
    round_ = sample.rounds[position]
    with sample.database.read() as connection:
        drafts = Counter(connection.scalars(select(draft.c.state).where(draft.c.round_id == round_.round_id)))
        responses = Counter(connection.scalars(select(response.c.state).where(response.c.round_id == round_.round_id)))
        refusals = connection.scalars(select(refusal.c.language).where(refusal.c.round_id == round_.round_id)).all()
        edited = connection.scalars(
            select(response.c.number).where(response.c.round_id == round_.round_id, response.c.edited_at.is_not(None))
        ).all()
    assert drafts == {"submitted": 37, "open": 5, "withdrawn": 2}
    assert responses == {"submitted": 37, "withdrawn": 1}  # the other one was withdrawn before it was submitted
    assert sorted(refusals) == ["en", "ko", "ko"]
    assert len(edited) == 3


def test_companies_of_the_earlier_round_were_invited_and_are_in_every_state(sample: Sample) -> None:
    with sample.database.read() as connection:
        listed = list_invitations(connection, sample.rounds[EARLIER])
        assert list_invitations(connection, sample.rounds[LATER]) == ()
        linked = set(connection.scalars(select(invitation.c.draft_id).where(invitation.c.draft_id.is_not(None))))
    states = Counter(each.state for each in listed)
    assert states == {"submitted": 36, "begun": 5, "withdrawn": 2, "refused": 3, "opened": 3, "invited": 3}
    assert [each.state for each in listed if each.is_revoked] == ["invited"]
    assert len(linked) == 43  # one company answered twice; its second return is not the invitation's
    assert all(each.company.is_sample for each in listed)
    reminded = [each for each in listed if each.links == 2]
    assert 10 <= len(reminded) < 30
    assert all(each.since < sample.rounds[EARLIER].closes_at for each in listed)


def test_most_companies_answer_in_both_rounds_and_one_answers_twice(
    sample: Sample, questionnaire: Questionnaire
) -> None:
    companies = [Counter(each.row.company_id for each in returns) for returns in sample.returns]
    for counted in companies:
        assert len(counted) == 36
        assert sorted(counted.values())[-2:] == [1, 2]
    assert len(companies[EARLIER].keys() & companies[LATER].keys()) == 24
    index = refresh(sample.database, AnswerIndex(questionnaire.form_id), questionnaire)
    for round_, counted, returns in zip(sample.rounds, companies, sample.returns, strict=True):
        assert len(index.of_round(round_.round_id)) == 36
        twice = [each.row for each in returns if counted[each.row.company_id] == 2]
        counts = [row.number for row in twice if row.number in index.of_round(round_.round_id)]
        fuller = max(twice, key=lambda row: len(row.answers) + len(row.texts))
        assert counts == [fuller.number]


@pytest.mark.parametrize("position", [EARLIER, LATER])
def test_languages_types_sizes_and_stages_are_in_realistic_proportions(sample: Sample, position: int) -> None:
    returns = sample.returns[position]
    languages = Counter(each.row.language for each in returns)
    assert languages["ko"] / len(returns) > 0.7
    assert languages["en"] >= 4
    assert languages["ja"] >= 3
    types = Counter(each.answers["company_type"] for each in returns)
    assert set(types) == {"pharma", "api", "bio", "cdmo", "device", "ivd", "digital", "cosmetic", "other"}
    assert types.most_common(1)[0][0] == "pharma"
    assert len(Counter(each.answers["company_size"] for each in returns)) == 4
    stages = Counter(each.stage for each in returns)
    assert set(stages) == {"interest", "prepare", "filed", "approved", "onmarket", "withdrawn", "noplan"}
    assert stages["noplan"] == 1
    assert len({each.answers["respondent_role"] for each in returns}) == 6
    assert {route for each in returns for route in each.list_of("jp_routes")} >= {
        "own_mah",
        "dmah",
        "licence",
        "partner_mah",
        "api_mf",
        "ecom",
        "undecided",
    }


@pytest.mark.parametrize("position", [EARLIER, LATER])
def test_every_kind_of_consent_occurs(sample: Sample, position: int) -> None:
    given = {
        (each.answers["attribution_level"], each.answers.get("consent_quote")) for each in sample.returns[position]
    }
    for attribution in ("aggregate", "anonymous", "named"):
        for quote in ("agree", "disagree", None):
            assert (attribution, quote) in given
    contact = Counter(each.answers.get("consent_contact") for each in sample.returns[position])
    assert contact["agree"] > contact["disagree"] >= 1
    third = {each.answers.get("consent_third_party") for each in sample.returns[position]}
    assert third == {"agree", "disagree", None}


# That it hangs together.


def test_every_return_is_valid_and_stored_as_a_real_one(sample: Sample, questionnaire: Questionnaire) -> None:
    for each in sample.all_returns:
        standing = evaluate(questionnaire, each.answers)
        assert check_all(standing) == {}
        assert keep_asked(standing) == each.answers
        for question in questionnaire.questions_in("identity", "contact", "texts"):
            assert question.name not in each.row.answers


def test_drafts_stop_at_different_pages(sample: Sample) -> None:
    with sample.database.read() as connection:
        rows = connection.execute(select(draft.c.round_id, draft.c.answers).where(draft.c.state == "open")).all()
    for round_ in sample.rounds:
        lengths = [len(row.answers) for row in rows if row.round_id == round_.round_id]
        assert len(set(lengths)) >= 4
        assert min(lengths) <= 4
        assert max(lengths) > 20


def test_readiness_grows_with_the_stage_and_the_size(sample: Sample, questionnaire: Questionnaire) -> None:
    by_stage: dict[str, list[float]] = {}
    by_size: dict[str, list[float]] = {}
    for each in sample.all_returns:
        overall = score_readiness(questionnaire.scoring, each.answers).overall
        if overall is not None:
            by_stage.setdefault(each.stage, []).append(float(overall))
            by_size.setdefault(str(each.answers["company_size"]), []).append(float(overall))
    means = [mean(by_stage[stage]) for stage in ("interest", "prepare", "filed", "onmarket")]
    assert means == sorted(means)
    assert means[0] < 30 < 60 < means[-1] < 90
    assert mean(by_size["e1_49"]) < mean(by_size["e50_299"]) < mean(by_size["e1000p"])
    reported = sum(len(scores) for scores in by_stage.values())
    assert reported < len(sample.all_returns) - 2  # one company can judge too little for an overall score


def test_issues_fit_the_products_and_the_stage(sample: Sample) -> None:
    for each in sample.all_returns:
        products, company_type = set(each.list_of("jp_products")), each.answers["company_type"]
        if "gmp" in each.areas:
            assert company_type in DRUG_MAKERS
        if "dev" in each.areas:
            assert products & {"device", "ivd", "samd"}
        for leaf, needed in {
            "clin-be": {"generic"},
            "clin-biosim": {"biosimilar"},
            "reg-regen": {"regen"},
            "dev-samd": {"samd"},
            "dev-qms": {"device", "ivd"},
            "dos-mf": {"api"},
            "pri-supply": {"generic", "api", "biosimilar"},
        }.items():
            assert leaf not in each.leaves or products & needed
        if each.leaves & {"gmp-change", "pri-revision", "com-wholesale", "lic-transfer"}:
            assert each.stage in ("approved", "onmarket", "withdrawn")
        assert len(each.areas) <= 6
    devices = [each for each in sample.all_returns if set(each.list_of("jp_products")) & {"device", "ivd", "samd"}]
    assert mean("dev" in each.areas for each in devices) > 0.7
    makers = [
        each
        for each in sample.all_returns
        if each.answers["company_type"] in ("pharma", "api") and each.stage in ("approved", "onmarket")
    ]
    assert mean("gmp" in each.areas for each in makers) > 0.7


def test_delay_cost_and_status_follow_from_severity_and_stage(sample: Sample) -> None:
    delays: dict[int, list[int]] = {}
    costs: dict[int, list[int]] = {}
    unsolved: dict[str, list[bool]] = {}
    for each in sample.all_returns:
        for area in AREAS:
            if f"ch_{area}_sev" not in each.answers:
                continue
            severity = int(str(each.answers[f"ch_{area}_sev"]))
            delay, cost = each.answers.get(f"ch_{area}_delay"), each.answers.get(f"ch_{area}_cost", "dk")
            if isinstance(delay, int):
                delays.setdefault(severity, []).append(delay)
            if cost != "dk":
                costs.setdefault(severity, []).append(int(str(cost)[1:]))
            unsolved.setdefault(each.stage, []).append(each.answers[f"ch_{area}_status"] in ("unresolved", "abandoned"))
    assert set(delays) == {1, 2, 3, 4, 5}
    assert set(delays[1]) == {0}
    assert mean(delays[2]) < mean(delays[3]) < mean(delays[4]) < mean(delays[5]) < 40
    assert mean(costs[2]) < mean(costs[3]) < mean(costs[4])
    assert mean(unsolved["interest"]) > mean(unsolved["prepare"]) > mean(unsolved["onmarket"]) > 0.1
    statuses = Counter(each.answers.get(f"ch_{area}_status") for each in sample.all_returns for area in AREAS)
    assert min(statuses[status] for status in ("resolved", "partly", "unresolved", "abandoned")) >= 2


@pytest.mark.parametrize("position", [EARLIER, LATER])
def test_some_tick_more_than_four_areas_and_one_ticks_none(sample: Sample, position: int) -> None:
    returns = sample.returns[position]
    many = [each for each in returns if len(each.areas) > 4]
    assert 3 <= len(many) <= 6
    for each in many:
        assert len(each.list_of("ch_worst")) == 4
        assert sum(f"ch_{area}_sev" in each.answers for area in AREAS) == 4
    assert [list(each.areas) for each in returns].count(["none"]) == 1


@pytest.mark.parametrize("position", [EARLIER, LATER])
def test_texts_are_in_the_language_of_the_return_and_tell_of_its_issues(sample: Sample, position: int) -> None:
    by_text = {text.text: text for text in load_sample_texts().values()}
    used: list[SampleText] = []
    for each in sample.returns[position]:
        for question, written in each.row.texts.items():
            if question == "respondent_role_other":
                continue
            text = by_text[written]
            used.append(text)
            assert text.language == each.row.language
            assert {issue.split("-")[0] for issue in text.issues} <= set(each.areas)
            if question == "ft_case":
                assert set(text.issues) <= each.leaves
    assert len(used) == len({text.text_id for text in used}) >= 30
    assert {text.language for text in used} == set(LANGUAGES)
    assert any(not text.issues for text in used)  # somebody writes that there is nothing to say


def test_returns_are_worked_on_in_office_hours_while_the_round_is_open(sample: Sample) -> None:
    for round_, returns in zip(sample.rounds, sample.returns, strict=True):
        for each in returns:
            row = each.row
            assert round_.opens_at <= row.started_at < row.submitted_at < round_.closes_at
            assert row.edited_at is None or row.submitted_at < row.edited_at < round_.closes_at
            for moment in (row.started_at, row.submitted_at):
                local = moment.astimezone(SEOUL)
                assert local.weekday() < 5
                assert 9 <= local.hour < 19
        submitted = [each.row.submitted_at for each in returns]
        assert submitted == sorted(submitted)  # numbers were given out in the order of submitting
        assert len({moment.date() for moment in submitted}) > 10
        overnight = [each for each in returns if each.row.started_at.date() != each.row.submitted_at.date()]
        assert len(overnight) > 3


def test_something_changes_between_the_rounds(sample: Sample, questionnaire: Questionnaire) -> None:
    index = refresh(sample.database, AnswerIndex(questionnaire.form_id), questionnaire)
    before, now = (build_mask(index, questionnaire, round_.round_id) for round_ in sample.rounds)
    compared: RoundComparison = compare_rounds(
        index, now, before, questionnaire_now=questionnaire, questionnaire_before=questionnaire
    )
    assert (compared.base_before, compared.base_now, compared.matched) == (35, 35, 24)
    assert {each.code: each.movement for each in compared.areas if each.movement} == {
        "dos": "easing",
        "pri": "growing",
    }
    leaves = {each.code: each for each in compared.leaves}
    assert leaves["pri-supply"].recurrence == "new"
    assert sum(each.recurrence == "new" for each in compared.leaves) <= 2
    assert sum(each.recurrence == "recurring" for each in compared.leaves) >= 20


def test_names_and_contact_details_can_be_nobodys(sample: Sample) -> None:
    with sample.database.read() as connection:
        companies = list_companies(connection, sample.rounds[0].survey_id)
    assert len({each.name.ko for each in companies}) == len(companies) == 52
    for each in companies:
        assert each.is_sample
        assert each.name.ko.endswith("(가상)")
        assert each.name.en.endswith(" (fictional)")
        assert each.name.ja.endswith("（架空）")
    names = {each.name.in_language(language) for each in companies for language in LANGUAGES}
    reached = 0
    for given in sample.all_returns:
        assert given.answers.get("company_name", companies[0].name.ko) in names
        if "contact_email" in given.answers:
            reached += 1
            assert str(given.answers["contact_email"]).endswith("@example.com")
            assert re.fullmatch(r"(02|\+82-2)-000-\d{4}", str(given.answers.get("contact_phone", "02-000-0000")))
            assert re.match("가상|Fictional|架空", str(given.answers["contact_name"]))
    assert reached > 20


# That it can be made again, and not twice.


def test_the_same_rounds_are_made_every_time(
    sample: Sample, database: Database, vault: Vault, questionnaire: Questionnaire
) -> None:
    create_sample_rounds(database, vault, questionnaire, now=NOW)
    assert read_content(database, vault) == read_content(sample.database, sample.vault)


def test_making_them_again_changes_nothing(own_copy: Database, sample: Sample, questionnaire: Questionnaire) -> None:
    before = read_everything(own_copy)
    again = create_sample_rounds(own_copy, sample.vault, questionnaire, now=NOW + timedelta(days=500))
    assert again == sample.rounds
    assert read_everything(own_copy) == before


def test_all_of_it_is_made_or_nothing(database: Database, vault: Vault, questionnaire: Questionnaire) -> None:
    make_round(database, questionnaire, slug="sample-2026")
    before = read_everything(database)
    with pytest.raises(SlugTaken):
        create_sample_rounds(database, vault, questionnaire, now=NOW)
    assert read_everything(database) == before


def test_the_two_periods_are_a_year_apart_whenever_they_are_made() -> None:
    for day in range(0, 3000, 3):
        now = NOW + timedelta(days=day, hours=day % 24)
        earlier, later = plan_periods(now)
        assert later.year - earlier.year == 1
        assert later.closes_at <= now - timedelta(days=13)
        assert later.opens_at.astimezone(SEOUL).weekday() == 0
        assert (later.closes_at - later.opens_at).days == 32


# The trial round.


def test_the_trial_round_opens_once_with_sample_wording(database: Database, questionnaire: Questionnaire) -> None:
    opened = open_trial_round(database, questionnaire, now=NOW)
    assert (opened.slug, opened.kind, opened.open_link, opened.state(NOW)) == ("trial", "trial", True, "open")
    assert opened.closes_at == NOW + timedelta(days=90)
    assert find_unfilled(questionnaire, opened.operator_texts) == ()
    for name in ("privacy_contact", "retention_text", "retention_contact"):
        text = opened.operator_texts[name]
        assert "예시" in text.ko
        assert "sample" in text.en
        assert "例" in text.ja
    before = read_everything(database)
    assert open_trial_round(database, questionnaire, now=NOW + timedelta(days=200)) == opened
    assert read_everything(database) == before


# Purging.


@dataclass(frozen=True)
class Canary:
    """A trial round with a submitted return, a draft and a refusal, full of words that occur nowhere else."""

    round: Round
    tokens: tuple[str, str]
    words: tuple[str, ...]


def plant_canaries(database: Database, vault: Vault, questionnaire: Questionnaire, sample: Sample) -> Canary:
    round_ = open_trial_round(database, questionnaire, now=NOW)
    words = ("canaryname", "canarycase", "canaryask", "canarytip", "canaryperson", "canarymail")
    answers = {
        **next(
            each.answers
            for each in sample.all_returns
            if "ft_case" in each.answers and each.answers["attribution_level"] == "named"
        ),
        "company_name": words[0],
        "ft_case": words[1],
        "ft_ask_ministry": words[2],
        "ft_best_practice": words[3],
        "followup": "yes",
        "consent_contact": "agree",
        "contact_name": words[4],
        "contact_email": f"{words[5]}@example.com",
    }
    tokens = ("the token of the submitted return", "the token of the draft")
    pages = evaluate(questionnaire, answers).pages
    with database.write() as connection:
        for token in tokens:
            begun = {question.name: answers.get(question.name) for question in pages[0].questions}
            current = start_return(
                connection, vault, round_, questionnaire, token=token, answers=begun, language="ko", now=NOW
            )
            for page in pages[1:]:
                posted = {question.name: answers.get(question.name) for question in page.questions}
                current = save_page(
                    connection, vault, current, questionnaire, page, posted, language="ko", now=NOW
                ).draft
            if token == tokens[0]:
                submit(connection, vault, current, questionnaire, now=NOW)
        refuse(connection, round_, refusal_id="the token of a refusal", language="ko", now=NOW)
    return Canary(round_, tokens, words)


def find_in_files(folder: Path, words: Sequence[str]) -> set[str]:
    content = b"".join(part.read_bytes() for part in folder.iterdir() if part.is_file())
    return {word for word in words if word.encode() in content}


def test_purging_a_trial_round_leaves_no_trace_of_what_was_answered(
    own_copy: Database, sample: Sample, questionnaire: Questionnaire, tmp_path: Path
) -> None:
    canary = plant_canaries(own_copy, sample.vault, questionnaire, sample)
    assert find_in_files(tmp_path, canary.words) == {"canarycase", "canaryask", "canarytip"}  # the rest is encrypted
    purged = purge_round(own_copy, questionnaire.form_id, "trial", now=NOW, actor="manager@example.com")
    assert purged == PurgedCounts(drafts=2, responses=1, confidential_rows=6, refusals=1, companies=0)
    assert find_in_files(tmp_path, canary.words) == set()
    with own_copy.read() as connection:
        for token in canary.tokens:
            with pytest.raises(LinkUnknown):
                find_draft(connection, sample.vault, questionnaire.form_id, token)
        stub = connection.execute(select(response).where(response.c.round_id == canary.round.round_id)).one()
        assert (stub.state, stub.answers, stub.texts) == ("withdrawn", {}, {})
        assert (stub.identity_link, stub.contact_link, stub.company_id) == (None, None, None)
        for table in (draft, refusal):
            assert connection.execute(select(table).where(table.c.round_id == canary.round.round_id)).all() == []
        events = list_audit(connection, action="round.purged")
        assert [(event.actor, event.round_id) for event in events] == [("manager@example.com", canary.round.round_id)]
        assert events[0].details == {"drafts": 2, "responses": 1, "refusals": 1, "companies": 0, "invitations": 0}
        # The sample rounds are as they were, and the trial round takes new returns.
        for round_, returns in zip(sample.rounds, sample.returns, strict=True):
            assert load_returns(connection, sample.vault, round_) == returns
    plant_canaries(own_copy, sample.vault, questionnaire, sample)


def test_purging_a_sample_round_removes_the_companies_that_no_other_round_knows(
    own_copy: Database, sample: Sample, questionnaire: Questionnaire, tmp_path: Path
) -> None:
    survey_id = questionnaire.form_id
    purged = purge_round(own_copy, survey_id, "sample-2025", now=NOW)
    assert (purged.drafts, purged.responses, purged.refusals, purged.invitations) == (44, 37, 3, 52)
    with own_copy.read() as connection:
        left = list_companies(connection, survey_id)
        assert len(left) == 52 - purged.companies
        used = set(connection.scalars(select(draft.c.company_id)))
        assert {each.company_id for each in left} == used
        assert load_returns(connection, sample.vault, sample.rounds[LATER]) == sample.returns[LATER]
    purged = purge_round(own_copy, survey_id, "sample-2026", now=NOW)
    assert purged.companies == len(left)
    with own_copy.read() as connection:
        assert list_companies(connection, survey_id) == ()
        assert connection.execute(select(confidential)).all() == []
        assert {each.slug for each in list_rounds(connection, survey_id)} == {"sample-2025", "sample-2026"}
    written = [text.text for text in load_sample_texts().values() if len(text.text) > 12]
    assert find_in_files(tmp_path, [*written, "노을비탈", "Noeul Bital", "ノウルビタル", "contact0"]) == set()
    assert purge_round(own_copy, survey_id, "sample-2026", now=NOW) == PurgedCounts(0, 0, 0, 0, 0)
    assert create_sample_rounds(own_copy, sample.vault, questionnaire, now=NOW) == sample.rounds
    with own_copy.read() as connection:
        assert list_companies(connection, survey_id) == ()  # what was removed does not come back by itself


def test_an_index_that_saw_the_returns_learns_that_they_are_gone(
    own_copy: Database, sample: Sample, questionnaire: Questionnaire
) -> None:
    survey_id, round_ = questionnaire.form_id, sample.rounds[LATER]
    index = refresh(own_copy, AnswerIndex(survey_id), questionnaire)
    assert len(index.of_round(round_.round_id)) == 36
    with own_copy.read() as connection:
        seen = find_latest_revision(connection, survey_id)
    purge_round(own_copy, survey_id, round_.slug, now=NOW)
    with own_copy.read() as connection:
        changed = stream_changes(connection, survey_id, seen, (response.c.number, response.c.state))
        shown = {(row.number, row.state) for batch in changed for row in batch}
    assert shown == {(each.row.number, "withdrawn") for each in sample.returns[LATER]}
    after = refresh(own_copy, index, questionnaire)
    assert len(after.of_round(round_.round_id)) == 0
    assert len(after.of_round(sample.rounds[EARLIER].round_id)) == 36
    gone = {each.row.number for each in sample.returns[LATER]}
    assert gone & set(index.chosen("ch_areas", "pri"))
    assert not gone & set(after.chosen("ch_areas", "pri"))


def test_a_real_round_cannot_be_purged(database: Database, vault: Vault, questionnaire: Questionnaire) -> None:
    round_ = make_round(database, questionnaire, slug="real")
    with database.write() as connection:
        start_return(
            connection,
            vault,
            round_,
            questionnaire,
            token="the token of a real return",
            answers={"consent_participate": "agree", "attribution_level": "aggregate"},
            language="ko",
            now=datetime.now(UTC),
        )
    before = read_everything(database)
    with pytest.raises(RoundNotPurgeable):
        purge_round(database, questionnaire.form_id, "real", now=NOW)
    with pytest.raises(RoundUnknown):
        purge_round(database, questionnaire.form_id, "no-such-round", now=NOW)
    assert read_everything(database) == before
