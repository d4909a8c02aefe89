"""The cells of the matrix, all of a kind and verb in one test. `make matrix` prints the table."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.rest import client, retries

from tests.conftest import CheckedEmulator, Clock
from tests.matrix import LIVES, VERBS, exists, no_answers, play_all
from tests.matrix.faults import CALLS, LISTS


@pytest.fixture(autouse=True)
def no_waiting(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No wait takes time, few attempts are made, and a list of three entries has two pages."""
    monkeypatch.setattr(client, "PAGE_LENGTH", 2)
    monkeypatch.setattr(retries, "BACKOFF_SECONDS", (1,))
    with no_answers():
        yield


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", RESOURCES)
def test_a_call_that_goes_wrong_has_one_effect_or_one_clear_error_and_the_next_run_finishes(
    bitbucket: CheckedEmulator, kind: str, verb: str
) -> None:
    if exists(verb, kind, False):
        assert not (problems := play_all(bitbucket, kind, verb, CALLS)), "\n".join(problems)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("kind", [kind for kind, life in LIVES.items() if life.neighbour])
def test_a_list_that_goes_wrong_proves_nothing(bitbucket: CheckedEmulator, kind: str, verb: str) -> None:
    if exists(verb, kind, True):
        assert not (problems := play_all(bitbucket, kind, verb, LISTS)), "\n".join(problems)
