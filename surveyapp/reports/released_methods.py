"""The methods sentence for whoever sees released figures alone, and for the files of the ministry."""

from __future__ import annotations

from surveyapp.analysis.disclosure import Hidden
from surveyapp.analysis.released_methods import ReleasedMethods
from surveyapp.fieldwork.rounds import Round
from surveyapp.reports.words import Words


def write_released_methods(words: Words, round_: Round, methods: ReleasedMethods) -> str:
    """n, period, way of answering and rate; what is hidden is said to be."""
    period = {"first": words.day(round_.opens_at), "last": words.day(round_.closes_at)}
    returns, rate, others = methods.returns, methods.rate, methods.through_open_link
    if returns is None or returns.count is None:
        if returns is not None and returns.hidden is Hidden.BASE_TOO_SMALL:
            return words.gettext(
                "Companies answered from %(first)s to %(last)s (Asia/Seoul); too few for their number to be shown.",
                **period,
            )
        return words.gettext(
            "Companies answered from %(first)s to %(last)s (Asia/Seoul); their number is not shown, since it could "
            "betray a company.",
            **period,
        )
    said = words.ngettext(
        "%(n)s company answered from %(first)s to %(last)s (Asia/Seoul).",
        "%(n)s companies answered from %(first)s to %(last)s (Asia/Seoul).",
        returns.count,
        **period,
    )
    if methods.since is not None:
        said = words.gettext("%(said)s Counted on %(day)s.", said=said, day=words.day(methods.since))
    if rate is None:
        return words.gettext(
            "%(said)s There were no personal invitations, so no response rate can be given.", said=said
        )
    if rate.count is None or rate.base is None or (others is not None and others.hidden is not None):
        return words.gettext("%(said)s The response rate is not shown: it would tell of too few companies.", said=said)
    told = words.gettext(
        "%(said)s Response rate %(rate)s (AAPOR RR1, %(count)s of %(base)s invited companies).",
        said=said,
        rate=words.percent(rate.value, 1),
        count=words.number(rate.count),
        base=words.number(rate.base),
    )
    if others is not None and others.count is not None:
        told += " " + words.ngettext(
            "%(n)s further return came through the open link and is in no rate.",
            "%(n)s further returns came through the open link and are in no rate.",
            others.count,
        )
    return told
