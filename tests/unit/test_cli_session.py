"""What the commands share: work on several things at a time, and its end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from bitbucket_user_provider.cli.session import Session


def test_ctrl_c_ends_what_is_under_way_also_while_the_rest_is_handed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled, submit = threading.Event(), ThreadPoolExecutor.submit
    ended: list[bool] = []

    def interrupted(pool: ThreadPoolExecutor, work: Callable[..., Any], *arguments: Any) -> Future[Any]:
        if arguments[-1] == "third":
            raise KeyboardInterrupt
        return submit(pool, work, *arguments)

    session = Session(None, as_json=True)
    vars(session).update(api=SimpleNamespace(cancel=cancelled.set), config=SimpleNamespace(max_concurrent_requests=16))
    monkeypatch.setattr(ThreadPoolExecutor, "submit", interrupted)
    with pytest.raises(KeyboardInterrupt):
        session.each("reading", ["first", "second", "third"], lambda _: ended.append(cancelled.wait(5)))
    assert ended == [True, True]
