"""How the answers of a return came in: typed by the company itself, or told to staff who typed them.

The mode is set when a return begins and never changes: what the company edits afterwards through its link came, in the
first place, by telephone or on paper all the same.
"""

from __future__ import annotations

from typing import Literal

Mode = Literal["web", "phone", "paper"]
StaffMode = Literal["phone", "paper"]

MODES: tuple[Mode, ...] = ("web", "phone", "paper")
STAFF_MODES: tuple[StaffMode, ...] = ("phone", "paper")  # typed by staff on a company's behalf
