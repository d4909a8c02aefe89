"""How requests go out: paths, hosts, pages, headers, connections."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path as File
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator
from bitbucket_user_provider import __version__
from bitbucket_user_provider.errors import BitbucketError, InvalidInput
from bitbucket_user_provider.rest.client import MOST_PAGES, Path

from tests.conftest import CheckedEmulator

from .core import ADA, CONSUMER, PERSON, USER, VARIABLES, connect

pytestmark = pytest.mark.usefixtures("clock")
UUID = "d301aafa-d676-4ee0-88be-962be7417567"


@pytest.mark.parametrize(
    ("user_id", "segment"),
    [
        ("{" + UUID + "}", f"%7B{UUID}%7D"),
        (UUID, f"%7B{UUID}%7D"),
        (UUID.upper(), f"%7B{UUID.upper()}%7D"),
        ("557058:ba89-1", "557058%3Aba89-1"),
        ("zoë", "zo%C3%AB"),
        ("a/b", "a%2Fb"),
        ("a b?c#d%", "a%20b%3Fc%23d%25"),
    ],
)
def test_a_segment_is_percent_encoded_and_a_uuid_gets_its_braces(user_id: str, segment: str) -> None:
    assert PERSON.fill({"user_id": user_id}) == f"/users/{segment}"


@pytest.mark.parametrize("value", ["", ".", "..", None])
def test_a_segment_that_would_lead_to_another_path_is_refused(value: str | None) -> None:
    with pytest.raises(InvalidInput, match="cannot stand in /workspaces/{workspace}/pipelines-config/variables"):
        VARIABLES.fill({"workspace": value})


def test_the_path_that_people_read_is_decoded() -> None:
    assert PERSON.shown({"user_id": UUID}) == "/users/{" + UUID + "}"


def test_a_uuid_with_or_without_braces_reaches_the_same_person(bitbucket: CheckedEmulator) -> None:
    ada = bitbucket.person("Ada")
    api = connect(bitbucket)
    for form in (ada.uuid, ada.uuid.strip("{}"), ada.uuid.strip("{}").upper(), ada.account_id):
        assert api.get(PERSON, {"user_id": form}).text("uuid") == ada.uuid
    assert all("%7B" in one.raw_path or "%3A" in one.raw_path for one in bitbucket.requests)


def test_a_workspace_may_be_named_by_its_uuid(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_variable("acme", "OPEN", "1")
    uuid = bitbucket.world.workspaces["acme"].uuid
    for form in (uuid, uuid.strip("{}")):
        (page,) = connect(bitbucket).pages(VARIABLES, {"workspace": form})
        assert [one.text("key") for one in page.values] == ["OPEN"]


def test_pages_hold_a_hundred_and_follow_next_to_the_end(bitbucket: CheckedEmulator) -> None:
    for number in range(205):
        bitbucket.set_variable("acme", f"V{number}", "x")
    pages = [*connect(bitbucket).pages(VARIABLES, {"workspace": "acme"})]
    assert [(len(page.values), page.last, page.size) for page in pages] == [
        (100, False, 205),
        (100, False, 205),
        (5, True, 205),
    ]


def test_a_next_page_may_be_named_without_its_host(bitbucket: CheckedEmulator) -> None:
    bitbucket.set_variable("acme", "OPEN", "1")
    route = VARIABLES.template
    bitbucket.fault(route, body={"values": [], "next": "/2.0/workspaces/acme/pipelines-config/variables"})
    pages = [*connect(bitbucket).pages(VARIABLES, {"workspace": "acme"})]
    assert [len(page.values) for page in pages] == [0, 1]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://elsewhere.example/2.0/x",
        "//elsewhere.example/x",
        "ORIGIN@elsewhere.example/x",
        "ORIGIN.elsewhere.example/x",
        "https:ORIGIN/x",
        "http://[",
        "x",
    ],
)
def test_a_next_page_on_another_host_is_not_followed(bitbucket: CheckedEmulator, elsewhere: str) -> None:
    following = elsewhere.replace("ORIGIN", bitbucket.origin)
    bitbucket.fault(VARIABLES.template, body={"values": [], "next": following})
    with pytest.raises(BitbucketError, match="^GET /workspaces/acme/.*: the next page leads from .* was not followed"):
        list(connect(bitbucket).pages(VARIABLES, {"workspace": "acme"}))
    assert len(bitbucket.requests) == 1


def test_pages_that_lead_in_a_circle_end_in_an_error(bitbucket: CheckedEmulator) -> None:
    link = f"{bitbucket.url}/workspaces/acme/pipelines-config/variables?page="
    bitbucket.fault(VARIABLES.template, status=200, body={"values": [], "next": f"{link}2"})
    bitbucket.fault(VARIABLES.template, status=200, body={"values": [], "next": f"{link}3"})
    bitbucket.fault(VARIABLES.template, status=200, body={"values": [], "next": f"{link}2"})
    with pytest.raises(BitbucketError, match="lead back to where they were"):
        list(connect(bitbucket).pages(VARIABLES, {"workspace": "acme"}))
    assert len(bitbucket.requests) == 3


@pytest.mark.parametrize(
    ("page", "pages"),
    [
        ({"size": 250, "pagelen": 100}, 3),
        ({"size": 25}, 25),
        ({"size": 0}, 1),
        ({}, MOST_PAGES),
    ],
    ids=str,
)
def test_a_list_has_no_more_pages_than_it_says_or_than_any_list_has(
    bitbucket: CheckedEmulator, page: dict[str, Any], pages: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitbucket_user_provider.rest.client.MOST_PAGES", MOST_PAGES // 10)
    pages = MOST_PAGES // 10 if pages == MOST_PAGES else pages
    link = f"{bitbucket.url}/workspaces/acme/pipelines-config/variables?page="
    for number in range(2, pages + 2):
        bitbucket.fault(
            VARIABLES.template, status=200, body={"values": [{"key": "A"}], "next": f"{link}{number}", **page}
        )
    with pytest.raises(BitbucketError, match=f"^GET /workspaces/acme/.* does not end after {pages} page"):
        list(connect(bitbucket).pages(VARIABLES, {"workspace": "acme"}))
    assert len(bitbucket.requests) == pages


def test_the_pages_of_a_list_have_a_size_together(bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitbucket_user_provider.rest.client.MOST_LIST_BYTES", 1024 * 1024)
    link = f"{bitbucket.url}/workspaces/acme/pipelines-config/variables?page="
    for number in range(2, 5):
        page = {"values": [{"key": "A" * 400_000}], "next": f"{link}{number}"}
        bitbucket.fault(VARIABLES.template, status=200, body=page)
    with pytest.raises(BitbucketError, match="^GET /workspaces/acme/.*: the list is longer than 1 MiB; giving up.$"):
        list(connect(bitbucket).pages(VARIABLES, {"workspace": "acme"}))
    assert len(bitbucket.requests) == 3


@pytest.mark.parametrize("body", [[], {}, {"values": None}, {"values": [], "next": 2}, "text"], ids=str)
def test_what_is_no_page_is_an_error(bitbucket: CheckedEmulator, body: Any) -> None:
    bitbucket.fault(VARIABLES.template, body=body, times=None)
    with pytest.raises(BitbucketError, match="^GET /workspaces/acme/pipelines-config/variables"):
        list(connect(bitbucket).pages(VARIABLES, {"workspace": "acme"}))


def test_a_get_follows_a_redirect_on_its_own_host(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("/users/{selected_user}", status=301, headers={"Location": f"{bitbucket.url}/user"})
    bitbucket.fault("/user", status=302, headers={"Location": "/2.0/user"})
    found = connect(bitbucket).get(PERSON, {"user_id": UUID})
    assert found.text("display_name") == "Ada Lovelace"
    assert [one.credential for one in bitbucket.requests][-1] == "api-token"


def test_a_redirect_to_another_host_is_refused_before_anything_goes_there(bitbucket: CheckedEmulator) -> None:
    with Emulator() as elsewhere:
        bitbucket.fault("/user", status=302, headers={"Location": f"{elsewhere.url}/user"})
        with pytest.raises(BitbucketError, match="^GET /user: the redirect leads from .* was not followed"):
            connect(bitbucket).get(USER, {})
        assert elsewhere.requests == []


def test_redirects_end(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("/user", status=302, headers={"Location": "/2.0/user"}, times=None)
    with pytest.raises(BitbucketError, match="GET /user was redirected more than 3 times"):
        connect(bitbucket).get(USER, {})
    assert len(bitbucket.requests) == 4


def test_a_write_follows_no_redirect(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault(VARIABLES.template, status=308, headers={"Location": "/2.0/elsewhere"})
    with pytest.raises(
        BitbucketError, match="^POST .* answered 308: the place is somewhere else now. Nothing was changed"
    ):
        connect(bitbucket).post(VARIABLES, {"workspace": "acme"}, {"key": "A", "value": "b"})
    assert len(bitbucket.requests) == 1


@pytest.mark.parametrize("config", [ADA, CONSUMER], ids=["basic", "bearer"])
def test_a_netrc_never_replaces_the_credential(
    bitbucket: CheckedEmulator, config: dict[str, str], tmp_path: File, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login somebody password else\ndefault login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    connect(bitbucket, config).get(USER, {})
    assert bitbucket.requests[-1].credential == ("api-token" if config is ADA else "oauth")


def test_every_request_says_who_sends_it(bitbucket: CheckedEmulator) -> None:
    connect(bitbucket, CONSUMER).get(USER, {})
    assert [one.route for one in bitbucket.requests] == ["/site/oauth2/access_token", "/user"]
    for one in bitbucket.requests:
        assert one.request_headers["User-Agent"] == f"pulumi-bitbucket-user/{__version__}"


def test_one_connection_serves_many_requests(bitbucket: CheckedEmulator, connections: list[tuple[str, int]]) -> None:
    api = connect(bitbucket)
    for _ in range(5):
        api.get(USER, {})
    assert len(connections) == 1


def test_no_more_requests_are_under_way_than_allowed(bitbucket: CheckedEmulator) -> None:
    bitbucket.latency_ms = 20
    api = connect(bitbucket, {**ADA, "maxConcurrentRequests": 3})
    threads = [threading.Thread(target=api.get, args=(USER, {})) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(bitbucket.requests) == 12
    assert 2 <= bitbucket.peak <= 3


def test_cookies_are_neither_kept_nor_sent(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("/user", body={"type": "user"}, headers={"Set-Cookie": "session=somebody; Path=/"})
    api = connect(bitbucket)
    api.get(USER, {})
    api.get(USER, {})
    assert "Cookie" not in bitbucket.requests[-1].request_headers


@pytest.fixture
def proxy() -> Iterator[tuple[str, list[str]]]:
    """Address of a proxy, and what it was asked for."""
    asked: list[str] = []

    class Proxy(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            asked.append(self.path)
            self.send_error(403)

        do_GET = do_CONNECT

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxied(proxy: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the proxy of the environment is asked for, whatever the protocol."""
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy[0])
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    return proxy[1]


def test_the_proxy_of_the_environment_is_used(bitbucket: CheckedEmulator, proxied: list[str]) -> None:
    api = connect(bitbucket, {**ADA, "baseUrl": "https://127.0.0.1:4711/2.0"})
    with pytest.raises(BitbucketError, match="^GET /user: the proxy did not let it through. 403 Forbidden"):
        api.get(USER, {})
    assert proxied == ["127.0.0.1:4711"] * 6


def test_plain_http_never_leaves_the_machine_through_a_proxy(bitbucket: CheckedEmulator, proxied: list[str]) -> None:
    assert connect(bitbucket).get(USER, {}).text("display_name") == "Ada Lovelace"
    assert connect(bitbucket, CONSUMER).get(USER, {}).text("display_name")
    assert proxied == []


def test_no_token_reaches_the_log(bitbucket: CheckedEmulator, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    connect(bitbucket).get(USER, {})
    api = connect(bitbucket, CONSUMER)
    api.get(USER, {})
    minted = next(secret for secret, one in bitbucket.world.credentials.items() if one.kind == "oauth")
    bitbucket.expire("oauth")
    api.get(USER, {})
    assert "GET /2.0/user" in caplog.text
    for secret in ("ada-api-token", "acme-consumer-secret", minted, "YWRhQGFjbWUuZXhhbXBsZTphZGEtYXBpLXRva2Vu"):
        assert secret not in caplog.text


def test_a_path_names_the_kinds_that_its_reads_and_writes_prefer() -> None:
    assert VARIABLES.prefers("POST") == VARIABLES.reads
    other = Path("/x", reads=VARIABLES.reads, writes=VARIABLES.reads[:1])
    assert (other.prefers("GET"), other.prefers("DELETE")) == (VARIABLES.reads, VARIABLES.reads[:1])
