"""Mailings in every state, for the pages of the mail room: none of them is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import update

from surveyapp.fieldwork.directory.contacts import opt_out
from surveyapp.fieldwork.mail.declining import make_decline_token
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Language, Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import mail_message
from surveyapp.settings import Settings
from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.fieldwork.mail.mail_days import MailDay

COMPANIES: tuple[tuple[str, Language, str], ...] = (
    ("가람제약 주식회사", "ko", "김철수"),
    ("나래바이오사이언스 주식회사", "ko", "이영희"),
    ("Daon Medical Devices Co., Ltd.", "en", "Alexandra Papadopoulou-Richardson"),
    ("라온헬스케어", "ja", "佐藤 健太郎"),
    ("마루메디칼", "ko", ""),
    ("바른제약", "ko", "박지민"),
    ("새솔바이오", "ko", "최민준"),
    ("아라파마", "ko", "정하늘"),
    ("자연과학", "ko", "강서연"),
)
STATES: tuple[dict[str, Any], ...] = (
    {"state": "sent", "attempts": 1, "reply_code": 250, "reply_status": "2.0.0"},
    {"state": "uncertain", "attempts": 1, "reason": "no_reply"},
    {"state": "deferred", "attempts": 2, "reply_code": 450, "reply_status": "4.2.1"},
    {"state": "refused", "attempts": 1, "reply_code": 550, "reply_status": "5.1.1"},
    {"state": "bounced", "attempts": 1, "reply_code": 550, "reply_status": "5.2.2", "reason": "reported"},
    {"state": "cancelled", "attempts": 1, "reason": "submitted"},
    {"state": "sending", "attempts": 1},
)


def prepare_mailings(
    settings: Settings, database: Database, questionnaire: Questionnaire, round_: Round
) -> dict[str, str]:
    """Numbers of the mailings by what they are good for, and the token of a link that declines mails."""
    vault = Vault(settings.vault_keys, settings.lookup_key)
    mail = MailDay(FieldworkDay(database, vault, questionnaire, round_, now=datetime.now(UTC)))
    for number, (name, language, person) in enumerate(COMPANIES):
        mail.add_company(name, f"contact{number}@example.com", language=language, person=person)
    mail.add_company("차오름제약")
    sending = mail.begin_mailing()
    for message, values in zip(mail.list_messages(), STATES, strict=False):
        moments = {"sent_at": mail.now, "bounced_at": mail.now, "next_attempt_at": mail.now + timedelta(minutes=30)}
        with database.write() as connection:
            connection.execute(
                update(mail_message)
                .where(mail_message.c.message_id == message.message_id)
                .values(**{"next_attempt_at": None, **values, **_choose(moments, str(values["state"]))})
            )
    mail.add_company("카라바이오", "new@example.com", person="윤서준")
    with database.write() as connection:
        opt_out(connection, vault, mail.survey_id, "contact8@example.com", source="link", now=mail.now)
        opt_out(connection, vault, mail.survey_id, "nobody@example.com", source="staff", now=mail.now)
    return {
        "mailing": mail.prepare(),
        "faulty": mail.prepare(),
        "reminder": mail.prepare("reminder"),
        "sending": sending,
        "decline": make_decline_token(vault, mail.survey_id, "contact0@example.com"),
    }


def _choose(moments: dict[str, datetime], state: str) -> dict[str, datetime]:
    wanted = {"sent": "sent_at", "bounced": "bounced_at", "deferred": "next_attempt_at", "sending": "next_attempt_at"}
    return {wanted[state]: moments[wanted[state]]} if state in wanted else {}
