"""One request and its answer: bounded in time, in size and in what may stand in it, and ended when the engine asks."""

from __future__ import annotations

import gzip
import json
import os
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import ApiError, BitbucketError, Unanswered
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.rest import connections
from bitbucket_user_provider.rest.reply import MOST_BYTES
from bitbucket_user_provider.run.api import Api
from requests.adapters import HTTPAdapter

from tests.conftest import CheckedEmulator, Clock

from .core import ADA, USER, VARIABLES, connect

LONG = 30
"""No test waits that long unless it fails."""


class Script:
    """A server that treats each connection in a way of its own, until the test is over."""

    def __init__(self, treat: Callable[[Script, socket.socket], None]) -> None:
        self.over = threading.Event()
        self.arrived = threading.Event()
        self._treat = treat
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def api(self, scheme: str = "http", **config: Any) -> Api:
        return Api(load({**ADA, "baseUrl": f"{scheme}://127.0.0.1:{self.port}", **config}), {})

    def trickle(self, connection: socket.socket, piece: bytes) -> None:
        """The piece again and again, always sooner than a socket's own timeout."""
        while not self.over.wait(0.02):
            connection.sendall(piece)

    def stop(self) -> None:
        self.over.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listening.accept()
                thread = threading.Thread(target=self._serve, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self.arrived.set()
            self._treat(self, connection)


@contextmanager
def script(treat: Callable[[Script, socket.socket], None]) -> Iterator[Script]:
    server = Script(treat)
    try:
        yield server
    finally:
        server.stop()


def silent(server: Script, connection: socket.socket) -> None:
    server.over.wait()


def trickling_head(server: Script, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
    server.trickle(connection, b"x")


def trickling_lines(server: Script, connection: socket.socket) -> None:
    server.trickle(connection, b"HTTP/1.1 100 Continue\r\n\r\n")


def trickling_body(server: Script, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    server.trickle(connection, b" ")


def body_without_end(server: Script, connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
    server.trickle(connection, b" ")


TREATMENTS = [silent, trickling_head, trickling_lines, trickling_body, body_without_end]


def told(call: Callable[[], object]) -> Future[str]:
    """What the call raises, in a thread of its own: it might not end."""
    answer: Future[str] = Future()

    def run() -> None:
        try:
            answer.set_exception(AssertionError(f"no error, but {call()}"))
        except BitbucketError as error:
            answer.set_result(f"{type(error).__name__}: {error}")
        except BaseException as error:  # noqa: BLE001 - the test shows it
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer


@pytest.mark.parametrize("treat", TREATMENTS)
def test_a_request_ends_with_its_timeout_whatever_trickles_in(
    treat: Callable[[Script, socket.socket], None], clock: Clock
) -> None:
    with script(treat) as server:
        api = server.api(timeoutSeconds=0.2)
        answer = told(lambda: api.post(VARIABLES, {"workspace": "acme"}, {"key": "A"}))
        assert answer.result(LONG) == (
            "Unanswered: POST /workspaces/acme/pipelines-config/variables: no answer within 0.2 s."
        )


@pytest.mark.parametrize("treat", TREATMENTS)
def test_custom_timeouts_end_a_request_at_once(treat: Callable[[Script, socket.socket], None]) -> None:
    def ask() -> None:
        with operation(seconds=0.2):
            api.get(USER, {})

    with script(treat) as server:
        api = server.api()
        text = told(ask).result(LONG)
    assert text.startswith(
        "Cancelled: The 0.2 seconds that customTimeouts allows this operation do not suffice (GET /user"
    )


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("treat", TREATMENTS)
def test_a_cancel_ends_what_is_under_way(treat: Callable[[Script, socket.socket], None], scheme: str) -> None:
    with script(treat if scheme == "http" else silent) as server:
        api = server.api(scheme)
        answers = [told(lambda: api.put(USER, {}, {"a": 1})) for _ in range(3)]
        assert server.arrived.wait(LONG)
        api.cancel()
        for answer in answers:
            assert answer.result(LONG).startswith("Cancelled: Stopped, as asked, ")


def silent_after_an_answer(server: Script, connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    if connection.recv(65536):
        trickling_head(server, connection)


def test_a_request_on_a_connection_that_was_kept_alive_ends_too(clock: Clock) -> None:
    with script(silent_after_an_answer) as server:
        api = server.api(timeoutSeconds=0.2)
        assert api.get(USER, {}).data == {}
        answer = told(lambda: api.post(VARIABLES, {"workspace": "acme"}, {"key": "A"}))
        assert answer.result(LONG).endswith(": no answer within 0.2 s.")


@pytest.fixture
def deaf() -> Iterator[int]:
    """A port where connections are not even refused: its queue is full."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for one in (first, second):
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def test_what_never_connects_ends_too(deaf: int, clock: Clock) -> None:
    config = {**ADA, "baseUrl": f"http://127.0.0.1:{deaf}"}
    slow = Api(load({**config, "timeoutSeconds": 0.2}), {})
    assert told(lambda: slow.get(USER, {})).result(LONG) == "Unanswered: GET /user: no connection within 0.2 s."
    api = Api(load(config), {})
    answer = told(lambda: api.get(USER, {}))
    while not api._exchange._lines._open:
        os.sched_yield()
    api.cancel()
    assert answer.result(LONG).startswith("Cancelled: Stopped, as asked, in the middle of GET /user")


def test_a_name_that_is_looked_up_for_ever_ends_too(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait() and [])
    api = Api(load({**ADA, "baseUrl": "https://localhost/2.0", "timeoutSeconds": 0.2}), {})
    assert told(lambda: api.get(USER, {})).result(LONG) == "Unanswered: GET /user: no connection within 0.2 s."
    over.set()


def test_a_post_that_went_through_socks_may_have_been_done(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """Its connections are urllib3's own, of which nobody can tell when they stand. Here those of all hosts are."""
    monkeypatch.setattr(connections.Adapter, "init_poolmanager", HTTPAdapter.init_poolmanager)
    with script(silent) as server:
        call = told(lambda: server.api(timeoutSeconds=0.2).post(VARIABLES, {"workspace": "acme"}, {"key": "A"}))
        assert call.result(LONG).startswith("Unanswered: POST /workspaces/acme/pipelines-config/variables: no answer")
        assert clock.waits == [], "sent again, it might be done twice"


def test_redirects_and_their_answers_have_one_timeout_together(bitbucket: CheckedEmulator, clock: Clock) -> None:
    api = connect(bitbucket, {**ADA, "timeoutSeconds": 0.4})
    api.get(USER, {})  # from here on it is connected, whatever that has taken
    for _ in range(3):
        bitbucket.fault("/user", status=302, headers={"Location": "/2.0/user"}, delay_ms=150)
    with pytest.raises(Unanswered, match="^GET /user: no answer within 0.4 s"):
        api._send(_call(bitbucket), f"{bitbucket.url}/user", "")
    bitbucket.clear_faults()


def _call(bitbucket: CheckedEmulator) -> Any:
    from bitbucket_user_provider.rest.answers import Call

    credential = next(iter(connect(bitbucket).credentials.values()))
    return Call("GET", USER, "/user", credential)


# Size


def answering(head: bytes, body: bytes, status: int = 200) -> Callable[[Script, socket.socket], None]:
    def treat(server: Script, connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 %d Here\r\nConnection: close\r\n" % status + head + b"\r\n\r\n")
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):  # a close with something unread would take the answer back
            pass

    return treat


def endless(server: Script, connection: socket.socket) -> None:
    connection.recv(65536)
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while not server.over.is_set():
        connection.sendall(b" " * 65536)


BOMB = gzip.compress(b"[" + b" " * 300 * 1024**2)
TWICE = gzip.compress(BOMB)


@pytest.mark.parametrize(
    "treat",
    [
        answering(b"Content-Encoding: gzip", BOMB),
        answering(b"Content-Encoding: gzip, gzip", TWICE),
        answering(b"X: y", b" " * (MOST_BYTES + 1)),
        endless,
    ],
    ids=["gzip", "gzip in gzip", "just too much", "endless"],
)
def test_an_answer_that_swells_is_refused_and_takes_little_memory(
    treat: Callable[[Script, socket.socket], None],
) -> None:
    with script(treat) as server:
        api = server.api()
        tracemalloc.start()
        try:
            with pytest.raises(BitbucketError, match="^GET /user answered with more than 4 MiB"):
                api.get(USER, {})
            assert tracemalloc.get_traced_memory()[1] < 5 * MOST_BYTES
        finally:
            tracemalloc.stop()


def test_an_answer_may_be_large(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("/user", body={"type": "user", "long": "x" * (MOST_BYTES - 100)})
    assert len(connect(bitbucket).get(USER, {}).text("long")) == MOST_BYTES - 100


def test_a_large_refusal_is_still_one(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("/user", status=404, body="never " * MOST_BYTES)
    with pytest.raises(ApiError, match="^GET /user answered 404: never never .* …") as caught:
        connect(bitbucket).get(USER, {})
    assert len(str(caught.value)) < 500


# What may stand in it


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'{"a": "half \ud83d"}', {"a": "half �"}),
        (r'{"a": "\udE00 half"}', {"a": "� half"}),
        (r'{"\ud83d": "\ud83d\ude00"}', {"�": "😀"}),
        (r'{"a": "\\ud83d"}', {"a": r"\ud83d"}),
        (r'{"a": "\\\ud83d"}', {"a": "\\�"}),
        (r'{"a": "\ud83d\ud83d\ude00"}', {"a": "�😀"}),
        ("[" * 60 + "]" * 60, json.loads("[" * 60 + "]" * 60)),
        ("1" * 300, int("1" * 300)),
        ("﻿{}", {}),
    ],
)
def test_odd_text_is_taken(text: str, value: Any) -> None:
    with script(answering(b"X: y", text.encode())) as server:
        assert server.api().get(USER, {}).data == value


def test_bytes_that_are_no_utf_8_are_taken() -> None:
    with script(answering(b"X: y", b'{"a": "\xff"}')) as server:
        assert server.api().get(USER, {}).data == {"a": "�"}


DEEP = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DEEP, "JSON that is nested more than 64 levels deep"),
        ('{"a":' * 100_000 + "1" + "}" * 100_000, "JSON that is nested more than 64 levels deep"),
        ("[" * 70 + "]" * 70, "JSON that is nested more than 64 levels deep"),
        ('{"a": ' + "9" * 5_000 + "}", "a number of more than 300 digits"),
        ('{"a": 0.' + "9" * 5_000 + "}", "a number of more than 300 digits"),
        ('{"a": 1e999}', "a number that is too large"),
        ('{"a": -1e999}', "a number that is too large"),
        ('{"a": NaN}', "NaN, which is no number"),
        ("[Infinity, -Infinity]", "Infinity, which is no number"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_nobody_could_use_is_refused_in_plain_words(clock: Clock, text: str, words: str, status: int) -> None:
    with script(answering(b"X: y", text.encode(), status)) as server:
        with pytest.raises(BitbucketError) as caught:
            server.api().get(USER, {})
        if status == 400:
            assert str(caught.value).startswith("GET /user answered 400: ")
            return
        assert str(caught.value) == f"GET /user answered with {words}."
        assert clock.waits == [], "it would be the same again"
        with pytest.raises(Unanswered, match="^POST /workspaces/acme/.* answered with ") as lost:
            server.api().post(VARIABLES, {"workspace": "acme"}, {"key": "A", "value": "b"})
        assert lost.value.sent, "it has perhaps done its work"
