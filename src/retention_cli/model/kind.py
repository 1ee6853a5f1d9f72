"""What a message is for."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a message is for; transactional needs no consent and knows no cap and no quiet hours."""

    PERFORMANCE = "performance"
    BRAND = "brand"
    POST_PURCHASE = "post_purchase"
    TRANSACTIONAL = "transactional"
