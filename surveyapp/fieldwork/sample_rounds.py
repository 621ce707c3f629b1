"""The rounds that a fresh installation opens: one to try things out, and two with invented returns, so that charts show
something.

Every sample return goes through the same doors as a real one (`answering`): begun, saved page by page, submitted,
perhaps edited or withdrawn, each at its own moment. What the invented companies say is in `sample_answers`, when they
say it in `sample_schedule`. All of it is fictional and of the round kind `sample`, which every page and export marks.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection

from surveyapp.fieldwork.answering import Draft, make_token, refuse, save_page, start_return, submit, withdraw
from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.invitations.starting import start_invited_return
from surveyapp.fieldwork.rounds import Round, list_rounds, open_round, register_questionnaire
from surveyapp.fieldwork.sample_answers import SEED, build_answers, seed_return
from surveyapp.fieldwork.sample_files import Period, SampleReturn, load_sample_companies, load_sample_returns
from surveyapp.fieldwork.sample_invitations import LOOKING, REFUSING, SampleInvitations, invite_sample_companies
from surveyapp.fieldwork.sample_schedule import FieldworkPeriod, plan_later_visit, plan_periods, plan_visits
from surveyapp.questionnaire.model import Answers, Language, Page, Questionnaire, Stored, Text
from surveyapp.questionnaire.paths import evaluate
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault

TRIAL_SLUG = "trial"
TRIAL_LASTS = timedelta(days=90)
TRIAL_TITLE = Text(ko="조사 체험하기", en="Try the survey", ja="調査を試す")

# What stands where an operator puts its own words. Each says that it is a sample, and the sentences of the
# questionnaire around them still read well.
SAMPLE_TEXTS: Mapping[str, Text] = {
    "operator": Text(
        ko="한국제약바이오협회(KPBMA)",
        en="the Korea Pharmaceutical and Bio-Pharma Manufacturers Association (KPBMA)",
        ja="韓国製薬バイオ協会（KPBMA）",
    ),
    "privacy_contact": Text(
        ko="조사 담당 부서, 02-000-0000, privacy@example.com(예시 연락처)",
        en="survey office, +82-2-000-0000, privacy@example.com (sample contact)",
        ja="調査担当部署、+82-2-000-0000、privacy@example.com（連絡先の例）",
    ),
    "retention_text": Text(
        ko="조사 회차가 끝난 날부터 30일(예시 문구)",
        en="30 days from the end of the round (sample wording)",
        ja="実施回の終了日から30日間（例文）",
    ),
    "retention_contact": Text(
        ko="후속 연락이 끝날 때까지, 최장 30일(예시 문구)",
        en="until follow-up ends, at most 30 days (sample wording)",
        ja="フォローアップの終了まで、最長30日（例文）",
    ),
}
REFUSALS: tuple[Language, ...] = ("ko", "ko", "en")  # of each sample round
# A correction after submitting: the problem has come further, or fallen back.
CORRECTED_STATUS = {"unresolved": "partly", "partly": "resolved", "resolved": "partly", "abandoned": "unresolved"}
TIME_TO_EDIT = timedelta(days=6)


def open_trial_round(database: Database, questionnaire: Questionnaire, *, now: datetime) -> Round:
    """The survey's trial round; where there is none it opens now, for 90 days and with an open link.

    Raises `SlugTaken` where another kind of round is called `trial`, and `VersionTaken`.
    """
    with database.write() as connection:
        for known in list_rounds(connection, questionnaire.form_id):
            if known.kind == "trial":
                return known
        register_questionnaire(connection, questionnaire, now)
        return open_round(
            connection,
            questionnaire,
            slug=TRIAL_SLUG,
            kind="trial",
            title=TRIAL_TITLE,
            operator_texts=SAMPLE_TEXTS,
            opens_at=now,
            closes_at=now + TRIAL_LASTS,
            open_link=True,
            counts_companies=False,
            now=now,
        )


def create_sample_rounds(
    database: Database, vault: Vault, questionnaire: Questionnaire, *, now: datetime
) -> tuple[Round, ...]:
    """Two sample rounds with their returns, the earlier one first, in one transaction: all of it or nothing.

    The later one closed two to three weeks before `now`, the earlier one a year before that; a slug is `sample-` and
    the year. A survey that has sample rounds, purged ones too, keeps them and gets no others. Raises `VersionTaken`.
    """
    with database.write() as connection:
        known = [each for each in list_rounds(connection, questionnaire.form_id) if each.kind == "sample"]
        if known:
            return tuple(reversed(known))
        register_questionnaire(connection, questionnaire, now)
        earlier, later = plan_periods(now)
        company_ids = {
            key: add_company(
                connection,
                questionnaire.form_id,
                name=each.name,
                is_sample=True,
                now=now,
                size=each.company_size,
                main_business=each.company_type,
            ).company_id
            for key, each in load_sample_companies().items()
        }
        rounds = (
            open_sample_round(connection, questionnaire, earlier, now),
            open_sample_round(connection, questionnaire, later, now),
        )
        names: tuple[Period, Period] = ("earlier", "later")
        invitations = invite_sample_companies(connection, rounds[0], earlier, company_ids)
        for name, round_, period in zip(names, rounds, (earlier, later), strict=True):
            own = invitations if name == "earlier" else None
            fieldwork = SampleFieldwork(connection, vault, questionnaire, round_, period, later.year, company_ids, own)
            returns = (each for each in load_sample_returns() if each.period == name)
            run_in_order([*map(fieldwork.follow_return, returns), *fieldwork.list_other_stories()])
        return rounds


def open_sample_round(
    connection: Connection, questionnaire: Questionnaire, period: FieldworkPeriod, now: datetime
) -> Round:
    year = period.year
    return open_round(
        connection,
        questionnaire,
        slug=f"sample-{year}",
        kind="sample",
        title=Text(
            ko=f"{year}년 예시 회차(가상 자료)",
            en=f"Sample round {year} (fictional data)",
            ja=f"{year}年サンプル回（架空データ）",
        ),
        operator_texts=SAMPLE_TEXTS,
        opens_at=period.opens_at,
        closes_at=period.closes_at,
        open_link=False,
        counts_companies=True,
        now=now,
    )


def run_in_order(stories: Iterable[Iterator[datetime]]) -> None:
    """Let several stories happen as one sequence of events: each yields the moment of its next event before it occurs.

    Numbers and revisions are then given out in the order in which the returns were submitted.
    """
    waiting = [(next(story), order, story) for order, story in enumerate(stories)]
    heapq.heapify(waiting)
    while waiting:
        _, order, story = waiting[0]
        moment = next(story, None)
        if moment is None:
            heapq.heappop(waiting)
        else:
            heapq.heapreplace(waiting, (moment, order, story))


@dataclass(frozen=True, slots=True)
class SampleFieldwork:
    """One sample round in the making. `year` is that of the later round, `company_ids` go by the key of the file."""

    connection: Connection
    vault: Vault
    questionnaire: Questionnaire
    round: Round
    period: FieldworkPeriod
    year: int
    company_ids: Mapping[str, int]
    invitations: SampleInvitations | None  # of the earlier round, whose companies answer through their links

    def list_other_stories(self) -> list[Iterator[datetime]]:
        """Those who refuse, and of invited companies those who only look, are reminded, or are taken back."""
        invited = self.invitations
        if invited is None:
            return [self.follow_refusal(index) for index in range(len(REFUSALS))]
        return [
            *map(invited.follow_refusal, REFUSING, REFUSALS),
            *map(invited.follow_look, LOOKING),
            invited.follow_taken_back(),
            invited.follow_reminder(),
        ]

    def follow_return(self, sample: SampleReturn) -> Iterator[datetime]:
        """The story of one return: begun, filled in page by page, submitted, edited, withdrawn, or left lying."""
        rng = Random(f"{seed_return(sample)}/visits")
        answers = build_answers(self.questionnaire, sample, year=self.year)
        pages = evaluate(self.questionnaire, answers).pages[: sample.pages]
        is_submitted = sample.outcome in ("submitted", "edited", "withdrawn_after")
        spare = TIME_TO_EDIT if sample.outcome == "edited" else timedelta(0)
        visits = plan_visits(rng, self.period, len(pages) + is_submitted, spare=spare)

        yield visits[0]
        draft = self.start(sample, pages[0], answers, visits[0])
        for page, moment in zip(pages[1:], visits[1:], strict=False):
            yield moment
            draft = self.save(sample, draft, page, answers, moment)
        if is_submitted:
            yield visits[-1]
            submit(self.connection, self.vault, draft, self.questionnaire, now=visits[-1])
        if sample.outcome == "edited":
            moment = plan_later_visit(rng, visits[-1], 2)
            yield moment
            self.correct(sample, draft, answers, moment)
        if sample.outcome in ("withdrawn_after", "withdrawn_before"):
            moment = plan_later_visit(rng, visits[-1], 5)
            yield moment
            withdraw(self.connection, draft, now=moment)

    def follow_refusal(self, index: int) -> Iterator[datetime]:
        rng = Random(f"{SEED}/{self.round.slug}/refusal {index}")
        (moment,) = plan_visits(rng, self.period, 1)
        yield moment
        refuse(self.connection, self.round, refusal_id=make_token(), language=REFUSALS[index], now=moment)

    def start(self, sample: SampleReturn, page: Page, answers: Answers, moment: datetime) -> Draft:
        if self.invitations is not None and sample.turn == 1:
            return start_invited_return(
                self.connection,
                self.vault,
                self.round,
                self.questionnaire,
                token=self.invitations.open(sample.company.key, moment),
                answers=take_page(page, answers),
                language=sample.language,
                now=moment,
                mode=sample.mode,
            )
        return start_return(
            self.connection,
            self.vault,
            self.round,
            self.questionnaire,
            token=make_token(),  # nobody keeps it: a sample return has no private link
            answers=take_page(page, answers),
            language=sample.language,
            now=moment,
            company_id=self.company_ids[sample.company.key],
            mode=sample.mode,
        )

    def save(self, sample: SampleReturn, draft: Draft, page: Page, answers: Answers, moment: datetime) -> Draft:
        posted = take_page(page, answers)
        saved = save_page(
            self.connection,
            self.vault,
            draft,
            self.questionnaire,
            page,
            posted,
            language=sample.language,
            now=moment,
        )
        return saved.draft

    def correct(self, sample: SampleReturn, draft: Draft, answers: Answers, moment: datetime) -> None:
        """Change what has become of the worst area, and submit again."""
        status = f"ch_{sample.areas[0]}_status"
        corrected = {**answers, status: CORRECTED_STATUS[str(answers[status])]}
        draft = self.save(sample, draft, self.questionnaire.page_of[status], corrected, moment)
        submit(self.connection, self.vault, draft, self.questionnaire, now=moment)


def take_page(page: Page, answers: Answers) -> dict[str, Stored | None]:
    """What a form of this page would post: every question of it, None where it was left blank."""
    return {question.name: answers.get(question.name) for question in page.questions}
