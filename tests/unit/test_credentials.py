"""Which credential goes out with which call, where it was found, and that nobody else gets to see it."""

from __future__ import annotations

import copy
import pickle
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from bitbucket_user_provider.config import PUBLIC_API, load
from bitbucket_user_provider.errors import BitbucketError, ConfigurationError, RateLimited, Unanswered, Unauthorized
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.rest.client import Path
from bitbucket_user_provider.rest.credentials import STACK, Kind, resolve
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.grants import REPOSITORY_USERS
from bitbucket_user_provider.run.kinds import (
    USER_APPLICATION_PROPERTIES,
    USER_SSH_KEYS,
    USER_VARIABLES,
    WORKSPACE_VARIABLES,
)

from tests.conftest import CheckedEmulator, Clock

from .core import ADA, APP, BOT, CONSUMER, USER, connect, serve

PROPERTY = USER_APPLICATION_PROPERTIES.path
TOKEN_URL = "/site/oauth2/access_token"
EMAIL, TOKEN = {"BITBUCKET_EMAIL": "env@acme.example"}, {"BITBUCKET_API_TOKEN": "env-token"}
ACCESS = {"BITBUCKET_ACCESS_TOKEN": "env-access"}
OAUTH = {"BITBUCKET_OAUTH_CLIENT_ID": "env-id", "BITBUCKET_OAUTH_CLIENT_SECRET": "env-secret"}
OTHERS = {"BITBUCKET_USERNAME": "tool@acme.example", "BITBUCKET_PASSWORD": "tool-password"}


@pytest.fixture(autouse=True)
def clock(clock: Clock) -> Clock:
    return clock


def sources(config: dict[str, Any], environ: dict[str, str]) -> dict[str, str]:
    """Source of each credential, by the kind's name."""
    found = resolve(load(config), PUBLIC_API, environ, STACK)
    return {kind.name: credential.source for kind, credential in found.items()}


@pytest.mark.parametrize(
    ("config", "environ", "expected"),
    [
        (ADA, {}, {"API_TOKEN": f"e-mail from {STACK.name}, token from {STACK.name}"}),
        ({}, EMAIL | TOKEN, {"API_TOKEN": "e-mail from BITBUCKET_EMAIL, token from BITBUCKET_API_TOKEN"}),
        ({"email": "a@b"}, EMAIL | TOKEN, {"API_TOKEN": f"e-mail from {STACK.name}, token from BITBUCKET_API_TOKEN"}),
        ({"apiToken": "t"}, EMAIL | TOKEN, {"API_TOKEN": f"e-mail from BITBUCKET_EMAIL, token from {STACK.name}"}),
        (BOT, {}, {"ACCESS_TOKEN": f"token from {STACK.name}"}),
        ({}, ACCESS, {"ACCESS_TOKEN": "token from BITBUCKET_ACCESS_TOKEN"}),
        (CONSUMER, {}, {"OAUTH": f"key from {STACK.name}, secret from {STACK.name}"}),
        ({}, OAUTH, {"OAUTH": "key from BITBUCKET_OAUTH_CLIENT_ID, secret from BITBUCKET_OAUTH_CLIENT_SECRET"}),
        ({}, APP, {"JWT": "token from BITBUCKET_JWT"}),
    ],
    ids=str,
)
def test_each_half_of_a_credential_says_where_it_was_found(
    config: dict[str, str], environ: dict[str, str], expected: dict[str, str]
) -> None:
    assert sources(config, environ) == expected


def test_credentials_stand_side_by_side() -> None:
    assert list(sources({}, EMAIL | TOKEN | ACCESS | OAUTH | APP)) == ["API_TOKEN", "ACCESS_TOKEN", "OAUTH", "JWT"]
    assert list(sources(ADA | BOT | CONSUMER, APP)) == ["API_TOKEN", "ACCESS_TOKEN", "OAUTH", "JWT"]


@pytest.mark.parametrize("config", [ADA, BOT, CONSUMER], ids=str)
def test_the_environments_secrets_do_not_count_when_the_configuration_names_one(config: dict[str, str]) -> None:
    assert sources(config, EMAIL | TOKEN | ACCESS | OAUTH | OTHERS).keys() == sources(config, {}).keys()


@pytest.mark.parametrize("own", [{}, ADA, BOT, CONSUMER, {"email": "a@b"}, {"oauthClientId": "i"}], ids=str)
def test_a_host_that_the_configuration_names_is_sent_nothing_of_the_environment(own: dict[str, str]) -> None:
    environ = EMAIL | TOKEN | ACCESS | OAUTH | APP | OTHERS
    config = {"baseUrl": "https://elsewhere.example/2.0", **own}
    if own in (ADA, BOT, CONSUMER):
        assert sources(config, environ) == sources(own, {})
        return
    with pytest.raises(ConfigurationError, match="a host that the configuration names is sent only credentials"):
        sources(config, environ)
    assert sources({"baseUrl": UNKNOWN, **ADA}, APP).keys() == {"API_TOKEN"}


def test_the_credential_of_a_host_that_is_not_known_yet_goes_nowhere(bitbucket: CheckedEmulator) -> None:
    api = Api(load({"baseUrl": UNKNOWN, **ADA}), {"BITBUCKET_BASE_URL": bitbucket.url})
    with pytest.raises(ConfigurationError, match="^GET /user cannot be sent: baseUrl is not known yet.$"):
        api.get(USER, {})
    assert bitbucket.requests == []


@pytest.mark.parametrize(
    ("config", "environ", "words"),
    [
        ({"accessToken": "ATATT3xFfG-hush"}, {}, "The accessToken from stack configuration is an API token"),
        (
            {},
            {"BITBUCKET_ACCESS_TOKEN": "ATATT3xFfG-hush"},
            "The accessToken from BITBUCKET_ACCESS_TOKEN is an API token",
        ),
        ({**ADA, "apiToken": "ATCTT3xFfG-hush"}, {}, "The apiToken from stack configuration is an access token"),
        (
            {},
            EMAIL | {"BITBUCKET_API_TOKEN": "ATCTT3x-hush"},
            "The apiToken from BITBUCKET_API_TOKEN is an access token",
        ),
    ],
    ids=str,
)
def test_a_token_in_the_wrong_place_is_told_by_its_prefix(
    config: dict[str, str], environ: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        sources(config, environ)
    assert "hush" not in str(caught.value)


def test_the_environments_jwt_counts_all_the_same() -> None:
    assert list(sources(ADA, APP)) == ["API_TOKEN", "JWT"]


@pytest.mark.parametrize("name", ["PASSWORD", "TOKEN"])
def test_what_other_tools_read_is_a_fallback(name: str) -> None:
    environ = {"BITBUCKET_USERNAME": "tool@acme.example", f"BITBUCKET_{name}": "secret"}
    assert sources({}, environ) == {
        "API_TOKEN": f"e-mail from BITBUCKET_USERNAME, token from BITBUCKET_{name}",
    }
    assert sources({"email": "tool@acme.example"}, environ)["API_TOKEN"].startswith(f"e-mail from {STACK.name}")


@pytest.mark.parametrize("own", [EMAIL | TOKEN, ACCESS, OAUTH], ids=str)
def test_a_fallback_counts_only_without_an_own_credential(own: dict[str, str]) -> None:
    assert sources({}, own | OTHERS) == sources({}, own)


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"BITBUCKET_API_TOKEN": " "},
        {"BITBUCKET_USERNAME": "tool", "BITBUCKET_PASSWORD": "x"},
        {"BITBUCKET_USERNAME": "tool@acme.example"},
        {"BITBUCKET_PASSWORD": "x", "BITBUCKET_TOKEN": "y"},
        {"BITBUCKET_WORKSPACE": "acme", "BITBUCKET_REPO_SLUG": "api"},
    ],
    ids=str,
)
def test_no_credential_is_one_clear_error(environ: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        sources({}, environ)
    assert str(caught.value) == (
        "No credential for Bitbucket: set bitbucket-user:email and, with --secret, bitbucket-user:apiToken, or "
        "BITBUCKET_EMAIL and BITBUCKET_API_TOKEN in the environment."
    )


@pytest.mark.parametrize(
    ("config", "environ", "there", "missing"),
    [
        ({"email": "a@b"}, {}, "email", "apiToken"),
        ({"apiToken": "t"}, {}, "apiToken", "email"),
        ({"oauthClientId": "i"}, {}, "oauthClientId", "oauthClientSecret"),
        ({"oauthClientSecret": "s"}, {}, "oauthClientSecret", "oauthClientId"),
        ({}, EMAIL, "email", "apiToken"),
        ({}, TOKEN, "apiToken", "email"),
        ({"email": "a@b"}, OTHERS, "email", "apiToken"),
        ({"email": "a@b", **BOT}, {}, "email", "apiToken"),
        ({"oauthClientId": "i", **ADA}, OAUTH, "oauthClientId", "oauthClientSecret"),
        ({"apiToken": "t", **BOT}, {}, "apiToken", "email"),
    ],
    ids=str,
)
def test_half_a_credential_names_what_is_there_and_what_is_missing(
    config: dict[str, str], environ: dict[str, str], there: str, missing: str
) -> None:
    with pytest.raises(
        ConfigurationError, match=f"Half a credential for Bitbucket: {there} is there .* no bitbucket-user:{missing} "
    ):
        sources(config, environ)


def test_half_a_credential_of_the_environment_is_no_harm_beside_a_whole_one() -> None:
    assert list(sources({}, EMAIL | ACCESS)) == ["ACCESS_TOKEN"]
    assert list(sources(BOT, EMAIL)) == ["ACCESS_TOKEN"]
    assert list(sources(BOT, {"BITBUCKET_OAUTH_CLIENT_ID": "i"})) == ["ACCESS_TOKEN"]
    assert list(sources({}, EMAIL | APP)) == ["JWT"]


def test_what_is_not_known_yet_is_neither_missing_nor_replaced_by_the_environment() -> None:
    assert sources({"email": "a@b", "apiToken": UNKNOWN}, EMAIL | TOKEN | ACCESS) == {}
    assert sources({"email": UNKNOWN, "apiToken": "t"}, {}) == {}
    api = Api(load({"email": "a@b", "apiToken": UNKNOWN}), EMAIL | TOKEN)
    with pytest.raises(ConfigurationError, match="needs an API token .* is not known yet"):
        api.get(USER, {})


def test_the_environment_is_read_when_a_call_first_needs_it(bitbucket: CheckedEmulator) -> None:
    environ: dict[str, str] = {}
    api = Api(load({}), environ)
    environ |= {"BITBUCKET_EMAIL": ADA["email"], "BITBUCKET_API_TOKEN": ADA["apiToken"]}
    environ |= {"BITBUCKET_BASE_URL": bitbucket.url}
    assert api.get(USER, {}).text("display_name") == "Ada Lovelace"


def test_spaces_around_a_secret_do_not_matter(bitbucket: CheckedEmulator) -> None:
    connect(bitbucket, {"email": " ada@acme.example", "apiToken": "ada-api-token\n"}).get(USER, {})
    connect(bitbucket, {}, {"BITBUCKET_ACCESS_TOKEN": "acme-access-token\r\n"}).get(USER, {})


@pytest.mark.parametrize("token", ["two words", "zoë", "line\nline"])
def test_a_token_that_is_none_is_refused_without_being_shown(token: str) -> None:
    with pytest.raises(ConfigurationError, match="The token from stack configuration is damaged") as caught:
        sources({"accessToken": token}, {})
    assert token not in str(caught.value)


# Which one is taken


@pytest.mark.parametrize(
    ("method", "path", "order"),
    [
        ("PUT", REPOSITORY_USERS.path, [Kind.API_TOKEN]),
        ("DELETE", REPOSITORY_USERS.path, [Kind.API_TOKEN]),
        ("GET", REPOSITORY_USERS.list_path, [Kind.API_TOKEN, Kind.OAUTH]),
        ("GET", USER_SSH_KEYS.list_path, [Kind.API_TOKEN, Kind.OAUTH]),
        ("POST", USER_VARIABLES.list_path, [Kind.OAUTH, Kind.ACCESS_TOKEN]),
        ("PUT", PROPERTY, [Kind.JWT]),
        ("GET", PROPERTY, [Kind.JWT, Kind.API_TOKEN, Kind.OAUTH]),
        ("POST", WORKSPACE_VARIABLES.list_path, [Kind.API_TOKEN, Kind.ACCESS_TOKEN, Kind.OAUTH]),
        ("GET", USER, [Kind.API_TOKEN, Kind.OAUTH, Kind.ACCESS_TOKEN]),
    ],
    ids=lambda value: value.template if isinstance(value, Path) else None,
)
def test_a_call_takes_the_first_kind_it_prefers_else_whichever_there_is(
    method: str, path: Path, order: list[Kind]
) -> None:
    parts: dict[Kind, dict[str, str]] = {Kind.API_TOKEN: ADA, Kind.ACCESS_TOKEN: BOT, Kind.OAUTH: CONSUMER}
    left = [*order, *(kind for kind in parts if kind not in order)]
    while left:
        config = {key: value for kind in left if kind in parts for key, value in parts[kind].items()}
        api = Api(load(config), APP if Kind.JWT in left else {})
        assert api._credential(path, method).kind is left.pop(0)


def test_a_jwt_is_for_properties_alone() -> None:
    api = Api(load({}), APP)
    assert api._credential(PROPERTY, "PUT").kind is Kind.JWT
    with pytest.raises(ConfigurationError, match="^GET /user needs an API token .*; none is configured.$"):
        api.get(USER, {})


# OAuth


def minted(bitbucket: CheckedEmulator) -> int:
    return bitbucket.count("POST", TOKEN_URL)


def test_an_oauth_token_is_minted_once(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket, CONSUMER)
    for _ in range(3):
        api.get(USER, {})
    assert minted(bitbucket) == 1


def test_an_oauth_token_is_minted_again_shortly_before_it_expires(bitbucket: CheckedEmulator, clock: Clock) -> None:
    api = connect(bitbucket, CONSUMER)
    api.get(USER, {})
    clock.time += 7_200 - 61
    api.get(USER, {})
    assert minted(bitbucket) == 1
    clock.time += 2
    api.get(USER, {})
    assert minted(bitbucket) == 2


def test_a_token_stays_a_secret_after_it_was_minted_again(bitbucket: CheckedEmulator) -> None:
    """It is valid for some time more, and answers to it are still under way: a proxy may quote their headers."""
    api = connect(bitbucket, CONSUMER)
    api.get(USER, {})
    (consumer,) = api.credentials.values()
    first = consumer.authorization(api._exchange).removeprefix("Bearer ")
    assert consumer.renew(f"Bearer {first}")
    between = consumer.secrets()
    second = consumer.authorization(api._exchange).removeprefix("Bearer ")
    assert first != second and first in between and {first, second} <= {*consumer.secrets()}


def test_a_short_lived_oauth_token_serves_for_half_its_life(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.world.switches.oauth_token_seconds = 40
    api = connect(bitbucket, CONSUMER)
    for _ in range(3):
        api.get(USER, {})
        clock.time += 9
    assert minted(bitbucket) == 1


def test_a_refused_oauth_token_is_minted_again_once(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket, CONSUMER)
    api.get(USER, {})
    bitbucket.expire("oauth")
    api.get(USER, {})
    assert minted(bitbucket) == 2
    bitbucket.fault("/user", status=401, times=2)
    with pytest.raises(Unauthorized, match="an OAuth consumer .*: key from stack configuration, secret from stack"):
        api.get(USER, {})
    assert minted(bitbucket) == 3


def test_a_post_that_was_refused_for_an_expired_token_is_sent_again(bitbucket: CheckedEmulator) -> None:
    here = serve(bitbucket, CONSUMER)
    here.api.get(USER, {})
    bitbucket.expire("oauth")
    here.create("WorkspacePipelineVariable", {"workspace": "acme", "key": "A", "value": "b"})
    assert bitbucket.workspace_variables("acme") == {"A": {"value": "b", "secured": False}}


def test_threads_that_need_a_token_at_once_mint_it_once(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket, CONSUMER)
    bitbucket.latency_ms = 5
    together = threading.Barrier(8)

    def ask(_: int) -> None:
        together.wait()
        api.get(USER, {})

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
        assert minted(bitbucket) == 1
        bitbucket.expire("oauth")
        list(pool.map(ask, range(8)))
    assert minted(bitbucket) == 2


def test_a_consumer_that_is_refused_is_explained_without_its_secret(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(ConfigurationError) as caught:
        connect(bitbucket, CONSUMER | {"oauthClientSecret": "wrong-secret"}).get(USER, {})
    assert str(caught.value) == (
        f"POST {bitbucket.origin}{TOKEN_URL} gave no token for the OAuth consumer (key from stack configuration, "
        "secret from stack configuration): 401, Invalid OAuth client credentials. The consumer must be private, and "
        "its key and secret belong together."
    )
    bitbucket.world.consumers["acme-consumer"].public = True
    with pytest.raises(ConfigurationError, match='400, Cannot use client_credentials .* "public"'):
        connect(bitbucket, CONSUMER).get(USER, {})


@pytest.mark.parametrize(
    "fault",
    [
        {"body": {"access_token": None}},
        {"body": {"access_token": "two\nlines"}},
        {"body": {"access_token": "zoë"}},
        {"status": 302, "headers": {"Location": "/"}},
    ],
    ids=str,
)
def test_a_token_answer_that_holds_none_is_an_error(bitbucket: CheckedEmulator, fault: dict[str, Any]) -> None:
    bitbucket.fault(TOKEN_URL, **fault)
    with pytest.raises(ConfigurationError, match="gave no token for the OAuth consumer"):
        connect(bitbucket, CONSUMER).get(USER, {})


@pytest.mark.parametrize("lifetime", [None, "soon"])
def test_a_token_without_a_lifetime_lives_for_two_hours(
    bitbucket: CheckedEmulator, clock: Clock, lifetime: str | None
) -> None:
    (token,) = (secret for secret, one in bitbucket.world.credentials.items() if one.kind == "access-token")
    bitbucket.fault(TOKEN_URL, body={"access_token": token, "expires_in": lifetime})
    api = connect(bitbucket, CONSUMER)
    api.get(USER, {})
    clock.time += 7_000
    api.get(USER, {})
    assert minted(bitbucket) == 1


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503},
        {"drop": "before"},
        {"drop": "after"},
        {"html": True},
        {"empty": True},
        {"body": []},
        {"body": {}},
    ],
    ids=str,
)
def test_trouble_with_the_token_is_overcome_even_before_a_post(
    bitbucket: CheckedEmulator, fault: dict[str, Any]
) -> None:
    bitbucket.fault(TOKEN_URL, times=2, **fault)
    here = serve(bitbucket, CONSUMER)
    here.create("WorkspacePipelineVariable", {"workspace": "acme", "key": "A", "value": "b"})
    assert bitbucket.count("POST", "/variables") == 1
    assert minted(bitbucket) == 3


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"drop": "before"}, "was not answered: ConnectionError"),
        ({"status": 500}, "answered 500"),
        ({"html": True}, "is a proxy in between"),
    ],
)
def test_trouble_with_the_token_that_stays_is_told(
    bitbucket: CheckedEmulator, clock: Clock, fault: dict[str, Any], words: str
) -> None:
    """It is not the consumer's fault."""
    bitbucket.fault(TOKEN_URL, times=None, **fault)
    with pytest.raises(Unanswered, match=f"^POST .*{TOKEN_URL} .*{words}"):
        connect(bitbucket, CONSUMER).get(USER, {})


def test_a_rate_limit_on_tokens_is_a_rate_limit(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault(TOKEN_URL, status=429, headers={"Retry-After": "9"}, times=2)
    connect(bitbucket, CONSUMER).get(USER, {})
    assert clock.waits == [9.0, 9.0]
    bitbucket.fault(TOKEN_URL, status=429)
    with pytest.raises(RateLimited):
        connect(bitbucket, {**CONSUMER, "maxRateLimitWaitSeconds": 0}).get(USER, {})


@pytest.mark.parametrize(
    ("base_url", "token_url"),
    [
        (PUBLIC_API, "https://bitbucket.org/site/oauth2/access_token"),
        ("https://proxy.acme.example:8443/bitbucket/2.0", "https://proxy.acme.example:8443/site/oauth2/access_token"),
    ],
)
def test_tokens_come_from_bitbucket_or_from_a_base_urls_own_origin(base_url: str, token_url: str) -> None:
    credential: Any = resolve(load(CONSUMER), base_url, {}, STACK)[Kind.OAUTH]
    assert credential._token_url == token_url


# 401


@pytest.mark.parametrize(
    ("config", "environ", "source"),
    [
        (ADA | {"apiToken": "old-token"}, {}, "e-mail from stack configuration, token from stack configuration"),
        (
            {"email": ADA["email"]},
            {"BITBUCKET_API_TOKEN": "old-token"},
            "e-mail from stack configuration, token from BITBUCKET_API_TOKEN",
        ),
        (
            {},
            {"BITBUCKET_EMAIL": ADA["email"], "BITBUCKET_API_TOKEN": "old-token"},
            "e-mail from BITBUCKET_EMAIL, token from BITBUCKET_API_TOKEN",
        ),
    ],
    ids=["configured", "mixed", "environment"],
)
def test_a_401_names_the_source_of_each_half(
    bitbucket: CheckedEmulator, config: dict[str, str], environ: dict[str, str], source: str
) -> None:
    with pytest.raises(Unauthorized) as caught:
        connect(bitbucket, config, environ).get(USER, {})
    message = str(caught.value)
    assert message.startswith("GET /user answered 401: Login failed due to incorrect login credentials or method. ")
    assert f"The credential was an API token (email and apiToken): {source}. " in message
    assert "old-token" not in message
    assert len(bitbucket.requests) == 1


# Nobody sees it


@pytest.mark.parametrize(("config", "environ"), [(ADA, {}), (BOT, {}), (CONSUMER, {}), ({}, APP)], ids=str)
def test_no_credential_shows_or_pickles_its_secret(
    bitbucket: CheckedEmulator, config: dict[str, str], environ: dict[str, str]
) -> None:
    api = connect(bitbucket, config, environ)
    if config:
        api.get(USER, {})
    (credential,) = api.credentials.values()
    shown = f"{credential!r} {api!r} {api.config!r} {api.config} {api.credentials!r}"
    for secret in credential.secrets():
        assert secret not in shown
    for holder in (credential, api.config, api, api.credentials):
        with pytest.raises(TypeError):
            pickle.dumps(holder)


def test_a_configuration_can_be_copied_though_not_pickled() -> None:
    assert copy.deepcopy(load(ADA)) == load(ADA)


def test_every_error_is_free_of_secrets(bitbucket: CheckedEmulator) -> None:
    secrets = [ADA["apiToken"], BOT["accessToken"], CONSUMER["oauthClientSecret"], APP["BITBUCKET_JWT"]]
    for status in (400, 401, 403, 404, 429, 500, 503):
        for secret in secrets:
            bitbucket.fault("/users/{selected_user}/properties", status=status, body=f"{secret} is bad", times=None)
            api = connect(bitbucket, {**ADA, **BOT, **CONSUMER, "maxRateLimitWaitSeconds": 0}, APP)
            with pytest.raises(BitbucketError) as caught:
                api.get(PROPERTY, {"user_id": "1:2", "app_key": "acme-app", "property_name": "theme"})
            assert APP["BITBUCKET_JWT"] not in str(caught.value)
            bitbucket.clear_faults()
