from __future__ import annotations

import csv
import io
from dataclasses import replace
from fractions import Fraction

import pytest
from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure import release_issue_table
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_details import CostSummary, SeverityCounts, StatusCounts
from surveyapp.analysis.issue_rows import ConcernedShare, IssueGroups, IssueRanking, IssueRow, StageShare
from surveyapp.analysis.masks import Origin
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.reports.csv_export import BOM
from surveyapp.reports.ministry_table import MinistryOptions, stream_ministry_csv
from surveyapp.reports.words import Words
from tests.reports.conftest import make_round

ENGLISH = Words("en")
ORIGIN = Origin("export_form", 1, 84, ("2.0.0",), "companies")
GMP = IssueRow(
    code="gmp",
    parent=None,
    name=Text("품질·GMP", "=Quality, GMP", "品質・GMP"),
    definition=None,
    bilateral="yes",
    share=Share(8, 12),
    detailed=8,
    severity=SeverityCounts((0, 1, 2, 3, 1)),
    status=StatusCounts(1, 3, 3, 1),
    index=Fraction(100) * Fraction(2, 3) * Fraction(5, 7) * Fraction(11, 16),
    tier=1,
    place=1,
    few_cases=False,
    by_stage=(
        StageShare("not_filed", Share(3, 6)),
        StageShare("filed_or_market", Share(4, 5)),
        StageShare("withdrawn", Share(1, 1)),
    ),
    concerned=ConcernedShare("device_products", Share(3, 7)),
)
LEAF = replace(
    GMP, code="gmp-audit", parent="gmp", name=Text("감사", "Audits", "監査"), bilateral="part", concerned=None
)
OURS_ALONE = replace(GMP, code="org", name=Text("조직", "Organisation", "組織"), bilateral="no", place=2)
RARE = replace(
    GMP,
    code="pms",
    name=Text("시판 후", "Post-marketing", "市販後"),
    bilateral="part",
    share=Share(2, 12),
    detailed=2,
    severity=SeverityCounts((0, 0, 0, 1, 1)),
    status=StatusCounts(0, 0, 2, 0),
    index=Fraction(15),
    place=2,
    few_cases=True,
    by_stage=(),
    concerned=None,
)
RANKING = IssueRanking(
    origin=ORIGIN,
    base=12,
    none=Share(0, 12),
    skipped=0,
    is_ranked=True,
    areas=(GMP, RARE, OURS_ALONE),
    leaves=(LEAF,),
    urgency_base=0,
    stage_bases={"not_filed": 6, "filed_or_market": 5, "withdrawn": 1},
    groups=IssueGroups(
        base=FrozenBitMap(range(12)),
        stages={
            "not_filed": FrozenBitMap(range(6)),
            "filed_or_market": FrozenBitMap(range(6, 11)),
            "withdrawn": FrozenBitMap([11]),
        },
        concerned={"gmp": FrozenBitMap(range(2, 9)), "org": FrozenBitMap(range(2, 9))},
        outside=frozenset({"gmp", "org"}),
        leaf_bases={"gmp": FrozenBitMap(range(12))},
        with_leaf=frozenset({"gmp"}),
        is_none_alone=True,
    ),
)

HEADINGS = (
    "survey,round,round_title,round_kind,round_kind_words,period_from,period_to,questionnaire_version,revision,"
    "audience,unit,round_n,round_reason,round_methods,level,area_code,area_ko,area_en,area_ja,"
    "issue_code,issue_ko,issue_en,issue_ja,bilateral,bilateral_words,measures,measures_words,aspect,aspect_words,"
    "obstacles,obstacles_words,tier,n,base,percent,low,high,reason,severity_mean,severity_n,severity_reason,"
    "open_percent,open_n,open_reason,index,index_low,index_high,index_reason,"
    "not_filed_n,not_filed_base,not_filed_percent,not_filed_reason,"
    "filed_or_market_n,filed_or_market_base,filed_or_market_percent,filed_or_market_reason,"
    "withdrawn_n,withdrawn_base,withdrawn_percent,withdrawn_reason,"
    "concerned_group,concerned_n,concerned_base,concerned_percent,concerned_reason,asks_n,asks_reason,figure_code,"
    "method,cost_at_least_million_krw,cost_n,cost_reason"
)
ROUND = (
    "An export form,autumn,Autumn round,sample,Sample round (fictional),2026-09-01,2026-09-30,2.0.0,84,"
    "Ministry (MFDS),companies,12,,12 companies answered.,"
)
METHOD = (
    '"share of companies with a Japan interest that answered, 95% Wilson interval; '
    "index = 100 × share × (severity ÷ 5) × open share"
)
RANGE = "; range: 95% Wilson interval of the share; severity and open share held fixed, so it is too narrow"
COUNT = "hidden: too few companies gave this answer"
BETRAYS = '"hidden: too few companies, or a hidden figure could be worked out from it"'
GROUP = "hidden: the group has too few companies"
TOTAL = "hidden: the figure it belongs to is hidden"
PROTECTS = BETRAYS
NO_SUM = '",,,"no sum: the questionnaire has no such question, or the table was released before there were sums"'
NOT_CODED = ",,texts to the ministry are not coded yet,"
CODES = ("NM2Y-CFCB,", "SS0X-XJPR,", "4ZT8-AX9S,")  # of the share of gmp, pms and gmp-audit in this very table


def write(form: Questionnaire, options: MinistryOptions) -> str:
    table = release_issue_table(RANKING, Audience.MINISTRY, LEAST_THRESHOLDS)
    return b"".join(stream_ministry_csv(table, make_round("sample"), form, options)).decode()


def test_the_whole_file(form: Questionnaire) -> None:
    """Numbers of the worked example in docs/method/scoring.md. `pms` with 2 of 12 is hidden with all that follows from
    it; `org` is nobody's to talk of with Japan and is left out."""
    names = 'gmp,품질·GMP,"\'=Quality, GMP",品質・GMP'
    figures = "8,12,66.7,39.1,86.2,,3.57,7,,68.8,8,,32.7,19.2,42.3,"
    stages = f"3,6,50.0,,,,,{BETRAYS},,,,{GROUP}"
    devices = '"companies with devices, IVDs, software or digital products"'
    market = "companies that are approved or on the market"
    measures = (
        "B,B Technical barriers to trade,both,the rule itself and how it is applied,admin;officials;time;recognition,"
        "Administrative burdens; Inconsistent or discriminatory behaviour of officials; Time constraints; "
        "Lack of recognition or accreditation"
    )
    audit = (
        "B41,B41 Rules on production processes,both,the rule itself and how it is applied,admin,Administrative burdens"
    )
    lines = [
        HEADINGS,
        f"{ROUND}area,{names},,,,,yes,Yes,{measures},1,{figures},{stages},{devices},,,,{PROTECTS}{NOT_CODED}{CODES[0]}{METHOD}{RANGE}{NO_SUM}",
        (
            f"{ROUND}area,pms,시판 후,Post-marketing,市販後,,,,,part,In part,"
            "B,B Technical barriers to trade,rule,the rule itself,,,,,,,,,"
            f"{COUNT},,,{COUNT},,,{COUNT},,,,{COUNT},"
            f",,,{TOTAL},,,,{TOTAL},,,,{TOTAL},{market},,,,{TOTAL}{NOT_CODED}{CODES[1]}{METHOD}{NO_SUM}"
        ),
        (
            f"{ROUND}issue,{names},gmp-audit,감사,Audits,監査,part,In part,{audit},1,{figures},{stages},,,,,"
            f'{NOT_CODED}{CODES[2]}{METHOD}{RANGE}",,,'
        ),
    ]
    assert write(form, MinistryOptions(ENGLISH, methods="12 companies answered.")) == BOM + "".join(
        line + "\r\n" for line in lines
    )


def test_headings_in_words_are_unique_and_as_many(form: Questionnaire) -> None:
    text = write(form, MinistryOptions(Words("ko"), with_labels=True)).removeprefix(BOM)
    headings, *rows = csv.reader(io.StringIO(text, newline=""))
    assert len(headings) == len(set(headings)) == len(HEADINGS.split(","))
    assert {len(row) for row in rows} == {len(headings)}


@pytest.mark.parametrize("secret", ["4.23", "40.3", "15.0", "4.50", "16.7"])
def test_nothing_of_a_hidden_row_can_be_read(form: Questionnaire, secret: str) -> None:
    row = next(line for line in write(form, MinistryOptions(ENGLISH)).splitlines() if ",pms," in line)
    assert secret not in row.split(",pms,")[1]


def summarise(*companies: int) -> CostSummary:
    names = ("c0", "c1", "c2", "c3", "c4", "c5")
    label = Text("금액", "amount", "金額")
    total = sum(companies)
    ranges = tuple((name, label, Share(count, total)) for name, count in zip(names, companies, strict=True))
    return CostSummary(ranges, dont_know=1, not_answered=0)


@pytest.mark.parametrize(
    ("companies", "cells"),
    [
        ((1, 2, 3, 3, 2, 1), ["2750", "12", ""]),
        ((12, 0, 0, 0, 0, 0), ["0", "12", ""]),
        ((1, 2, 1, 2, 1, 1), ["", "", "hidden: too few companies gave details"]),
        ((8, 0, 1, 1, 0, 2), ["", "", "hidden: one or two companies make up most of it"]),
    ],
)
def test_the_extra_cost_of_an_area_stands_in_the_last_columns(
    form: Questionnaire, companies: tuple[int, ...], cells: list[str]
) -> None:
    """Leaves have none, and a hidden share hides it."""
    areas = (replace(GMP, cost=summarise(*companies)), replace(RARE, cost=summarise(0, 0, 0, 0, 0, 2)))
    table = release_issue_table(replace(RANKING, areas=areas), Audience.MINISTRY, LEAST_THRESHOLDS)
    text = b"".join(stream_ministry_csv(table, make_round("sample"), form, MinistryOptions(ENGLISH))).decode()
    gmp, rare, leaf = csv.reader(io.StringIO(text.removeprefix(BOM), newline="").readlines()[1:])
    assert gmp[-3:] == cells
    assert rare[-3:-1] == ["", ""] and rare[-1].startswith("hidden: too few companies")
    assert leaf[-3:] == ["", "", ""]
