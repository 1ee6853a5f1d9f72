"""The rules that campaigns are held against: advice by `retention validate`, each with an id that is never renamed.

What a rule says is a warning, and a campaign whose author knows better names the rule under `allow`.
"""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """What a campaign may be warned of, in the order of docs/reference/rules.md."""

    DECIDED_IF = "decided-if"
    NO_SHARE = "no-share"
    WAIT_BELOW_TICK = "wait-below-tick"
    WAIT_BELOW_EXPORT = "wait-below-export"
    CAP_TOO_TIGHT = "cap-too-tight"
    SAME_DAY = "same-day"
    NO_GOALS = "no-goals"
    GOAL_AT_ENTRY = "goal-at-entry"
    GOAL_TOO_SHORT = "goal-too-short"
    EXIT_ON_OPENS = "exit-on-opens"
    NO_ORDER_EXIT = "no-order-exit"
