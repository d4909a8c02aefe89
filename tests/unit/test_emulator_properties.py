"""Application properties."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from bitbucket_user_emulator import Emulator

JWT = "acme-connect-jwt"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def path(bitbucket: Emulator, name: str = "theme", app: str = "acme-app") -> str:
    return f"/users/{bitbucket.person('Grace').account_id}/properties/{app}/{name}"


def test_a_property_is_replaced_as_a_whole_and_answers_nothing(bitbucket: Emulator) -> None:
    for value in ({"dark": True, "size": {"px": [1]}}, {"dark": False}):
        answer = bitbucket.ask("PUT", path(bitbucket), JWT, json=value)
        assert (answer.status_code, answer.content) == (204, b"")
        assert bitbucket.ask("GET", path(bitbucket), JWT).json() == value
    assert bitbucket.properties("Grace") == {"acme-app/theme": {"dark": False}}
    assert bitbucket.ask("DELETE", path(bitbucket), JWT).status_code == 204
    assert bitbucket.ask("DELETE", path(bitbucket), JWT).status_code == 404
    assert bitbucket.properties("Grace") == {}


@pytest.mark.parametrize("secret", ["ada-api-token", "acme-access-token"])
def test_only_the_app_writes_and_others_read_what_is_public(bitbucket: Emulator, secret: str) -> None:
    for method in ("PUT", "DELETE"):
        assert bitbucket.ask(method, path(bitbucket), secret, json={}).status_code == 403
    bitbucket.set_property("Grace", "acme-app/theme", {"dark": True})
    assert bitbucket.ask("GET", path(bitbucket), secret).status_code == 404
    public = {"dark": True, "_attributes": ["public"]}
    bitbucket.set_property("Grace", "acme-app/theme", public)
    assert bitbucket.ask("GET", path(bitbucket), secret).json() == public
    bitbucket.world.switches.attributes_answered = False
    assert bitbucket.ask("GET", path(bitbucket), secret).json() == {"dark": True}


@pytest.mark.parametrize(
    "value", [[], "text", {"a b": 1}, {"a": {"b.c": 1}}, {"a": [{"é": 1}]}, {"_attributes": ["secret"]}]
)
def test_a_value_is_an_object_with_plain_keys_and_known_attributes(bitbucket: Emulator, value: object) -> None:
    assert bitbucket.ask("PUT", path(bitbucket), JWT, json=value).status_code == 400
    assert bitbucket.properties("Grace") == {}


def test_names_apps_and_people_have_to_exist(bitbucket: Emulator) -> None:
    assert bitbucket.ask("PUT", path(bitbucket, "a.b"), JWT, json={}).status_code == 400
    assert bitbucket.ask("PUT", path(bitbucket, app="other"), JWT, json={}).status_code == 403
    assert bitbucket.ask("GET", path(bitbucket, app="other")).status_code == 404
    assert bitbucket.ask("PUT", "/users/nobody/properties/acme-app/theme", JWT, json={}).status_code == 404
