"""Property tests are told what to find, not how quickly: a busy machine must not fail them."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("steady", deadline=None, print_blob=True)
settings.load_profile("steady")
