"""What every test stands on: a state folder of its own, and no silent skip where CI asks for none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis.internal.conjecture import providers

if TYPE_CHECKING:
    from pathlib import Path

NO_SKIPS = "RETENTION_FAIL_ON_SKIP"

# The suite tries the same examples each time, so that a change alone decides; `make prove` looks for new ones.
settings.register_profile("suite", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=500, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))
if settings.get_current_profile_name() == "suite":  # its examples also take constants from the modules that happen to be there
    vars(providers)["_get_local_constants"] = lambda: vars(providers)["_local_constants"]


def pin(worker: str | None) -> None:
    """Keep a worker and all that it starts on one core: DuckDB then takes one thread, and workers do not get in each other's way."""
    if worker is not None and hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[int(worker.removeprefix("gw")) % len(cores)]})


pin(os.environ.get("PYTEST_XDIST_WORKER"))


@pytest.fixture(autouse=True)
def own_state_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep witnesses out of the user's own state folder, also those of child processes."""
    folder = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(folder))
    return folder


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Fail a run that skipped something, where that is asked for."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get(NO_SKIPS) and reporter is not None and reporter.stats.get("skipped") and exitstatus == pytest.ExitCode.OK:
        reporter.write_line("tests were skipped, and RETENTION_FAIL_ON_SKIP forbids it", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
