"""The configuration: how values may arrive, and what is said of those that cannot be used."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.config import PUBLIC_API, Config, load, problems
from bitbucket_user_provider.errors import ConfigurationError
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.run.api import Api

from .core import ADA


def test_nothing_configured_gives_the_defaults() -> None:
    config = load({})
    assert config.base_url is None
    assert (config.adopt_existing, config.allowed_workspaces) == (False, None)
    assert (config.timeout_seconds, config.max_concurrent_requests, config.max_rate_limit_wait_seconds) == (
        30,
        16,
        3900,
    )
    assert Api(config, {}).base_url == PUBLIC_API


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("maxConcurrentRequests", 9, 9),
        ("maxConcurrentRequests", "9", 9),
        ("maxConcurrentRequests", 7.0, 7),
        ("maxConcurrentRequests", "7.0", 7),
        ("timeoutSeconds", "9", 9.0),
        ("timeoutSeconds", 0.5, 0.5),
        ("timeoutSeconds", "0.5", 0.5),
        ("maxRateLimitWaitSeconds", "0", 0.0),
        ("maxRateLimitWaitSeconds", 0.0, 0.0),
        ("maxRemovals", "5", 5),
        ("maxRemovals", 0, 0),
        ("adoptExisting", True, True),
        ("adoptExisting", "true", True),
        ("adoptExisting", "True", True),
        ("adoptExisting", "false", False),
        ("allowedWorkspaces", ["acme"], ["acme"]),
        ("allowedWorkspaces", '["acme", "acme-dev"]', ["acme", "acme-dev"]),
        ("allowedWorkspaces", "[]", []),
        ("email", "ada@acme.example", "ada@acme.example"),
        ("baseUrl", "https://proxy.acme.example/2.0/", "https://proxy.acme.example/2.0"),
    ],
)
def test_values_arrive_as_they_are_as_strings_or_as_json(key: str, value: object, expected: object) -> None:
    assert load({key: value}).model_dump(by_alias=True)[key] == expected


@pytest.mark.parametrize("key", [field.alias for field in Config.model_fields.values()])
@pytest.mark.parametrize("value", [UNKNOWN, None, ""], ids=["unknown", "null", "empty"])
def test_what_is_unknown_null_or_empty_is_no_problem(key: str, value: object) -> None:
    config = load({key: value})
    assert config == load({}) or value is UNKNOWN
    assert config.model_dump() == load({}).model_dump()
    assert config.unknown == ({key} if value is UNKNOWN else frozenset())


def test_a_list_that_is_not_wholly_known_is_not_known() -> None:
    config = load({"allowedWorkspaces": ["acme", UNKNOWN]})
    assert config.allowed_workspaces is None
    assert config.unknown == {"allowedWorkspaces"}


@pytest.mark.parametrize("key", ["version", "pluginDownloadURL", "__internal", "__pulumi_raw_state_delta"])
def test_the_engines_own_keys_are_left_alone(key: str) -> None:
    assert problems({key: {"any": "thing"}}) == []
    assert load({key: "3.0.0"}) == load({})


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("apitoken", "apiToken"),
        ("api_token", "apiToken"),
        ("emial", "email"),
        ("baseURL", "baseUrl"),
        ("allowedWorkspace", "allowedWorkspaces"),
        ("base_url", "baseUrl"),
    ],
)
def test_an_unknown_key_is_named_with_the_nearest_known_one(key: str, near: str) -> None:
    assert problems({key: "x"}) == [(key, f"unknown configuration key; did you mean '{near}'?")]


def test_a_key_that_is_near_none_is_told_all_of_them() -> None:
    ((key, reason),) = problems({"zzz": "x"})
    assert (key, reason[:47]) == ("zzz", "unknown configuration key; there are email, api")
    assert reason.endswith("maxRateLimitWaitSeconds")


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("maxConcurrentRequests", 7.5, "must be a valid integer, got a number with a fractional part"),
        ("maxConcurrentRequests", "many", "must be a valid integer, unable to parse string as an integer"),
        ("maxConcurrentRequests", 0, "must be greater than or equal to 1"),
        ("timeoutSeconds", 0, "must be greater than 0"),
        ("timeoutSeconds", "nan", "must be less than or equal to 1000000"),
        ("timeoutSeconds", "inf", "must be less than or equal to 1000000"),
        ("maxRateLimitWaitSeconds", -1, "must be greater than or equal to 0"),
        ("maxRemovals", -1, "must be greater than or equal to 0"),
        ("maxRemovals", "a few", "must be a valid integer, unable to parse string as an integer"),
        ("adoptExisting", "perhaps", "must be a valid boolean, unable to interpret input"),
        ("allowedWorkspaces", "acme", "must be a valid list"),
        ("allowedWorkspaces", '"acme"', "must be a valid list"),
        ("allowedWorkspaces", "7", "must be a valid list"),
        ("allowedWorkspaces", [7], "must be a valid string"),
        ("apiToken", {"secret": "hush"}, "must be a valid string"),
    ],
)
def test_a_value_that_cannot_be_used_is_told_by_its_key(key: str, value: Any, reason: str) -> None:
    assert problems({key: value}) == [(key, reason)]


def test_all_problems_are_told_at_once_and_no_secret_is_shown() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load({"apiToken": ["hush"], "timeoutSeconds": "x", "tokn": "hush"})
    message = str(caught.value)
    assert message.startswith("bitbucket-user:apiToken: must be a valid string. bitbucket-user:timeoutSeconds: ")
    assert "bitbucket-user:tokn: unknown configuration key; " in message
    assert "hush" not in message


@pytest.mark.parametrize(
    "url",
    [
        PUBLIC_API,
        "https://api.bitbucket.org/2.0/",
        "https://proxy.acme.example:8443/bitbucket/2.0",
        "http://127.0.0.1:8118/2.0",
        "http://localhost:8118/2.0",
        "http://[::1]:8118/2.0",
        "HTTPS://proxy.acme.example/2.0",
    ],
)
def test_a_base_url_is_https_or_http_on_loopback(url: str) -> None:
    assert load({"baseUrl": url}).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("api.bitbucket.org/2.0", "is no base URL; it looks like 'https://api.bitbucket.org/2.0'"),
        ("ftp://api.bitbucket.org/2.0", "is no base URL"),
        ("https://", "is no base URL"),
        ("https://[/2.0", "is no base URL"),
        ("https://x:port/2.0", "is no base URL"),
        ("https://x.example/2.0?a=b", "is no base URL"),
        ("https://x.example/2.0#a", "is no base URL"),
        ("https://x.example\\y/2.0", "is no base URL"),
        ("https://x.example/2.0 ", "is no base URL"),
        ("http://api.bitbucket.org/2.0", "would send the credential unencrypted"),
        ("http://127.0.0.1.evil.example/2.0", "would send the credential unencrypted"),
        ("http://10.0.0.1/2.0", "would send the credential unencrypted"),
        ("https://api.bitbucket.org", "is not where Bitbucket's API is"),
        ("https://api.bitbucket.org/1.0", "is not where Bitbucket's API is"),
    ],
)
def test_a_base_url_that_is_none_is_refused(url: str, reason: str) -> None:
    ((key, told),) = problems({"baseUrl": url})
    assert key == "baseUrl"
    assert reason in told
    with pytest.raises(ConfigurationError, match="^BITBUCKET_BASE_URL [iw]"):
        _ = Api(load(ADA), {"BITBUCKET_BASE_URL": url}).base_url


def test_a_password_in_a_base_url_is_refused_and_not_shown() -> None:
    assert problems({"baseUrl": "https://ada:hush@x.example/2.0"}) == [("baseUrl", "must hold no user and no password")]


@pytest.mark.parametrize(
    "url", ["https:/ada:hush/2.0", "hush", "http://hush.example/2.0", "https://x.example/2.0?token=hush", "ada:hush@x"]
)
def test_no_base_url_is_quoted_for_it_may_hold_a_password(url: str) -> None:
    ((key, reason),) = problems({"baseUrl": url})
    assert key == "baseUrl" and "hush" not in reason
    with pytest.raises(ConfigurationError) as caught:
        _ = Api(load(ADA), {"BITBUCKET_BASE_URL": url}).base_url
    assert "hush" not in str(caught.value)


def test_the_configurations_base_url_goes_before_the_environments() -> None:
    environ = {"BITBUCKET_BASE_URL": "https://env.example/2.0"}
    assert Api(load({}), environ).base_url == "https://env.example/2.0"
    assert Api(load({"baseUrl": "https://own.example/2.0"}), environ).base_url == "https://own.example/2.0"


def test_every_key_is_read_by_the_name_that_the_schema_gives_it() -> None:
    assert [field.alias for field in Config.model_fields.values()] == [
        "email",
        "apiToken",
        "accessToken",
        "oauthClientId",
        "oauthClientSecret",
        "baseUrl",
        "allowedWorkspaces",
        "adoptExisting",
        "maxRemovals",
        "timeoutSeconds",
        "maxConcurrentRequests",
        "maxRateLimitWaitSeconds",
    ]
