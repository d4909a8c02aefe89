"""The schema: what the design promises of names, requirements, secrets, replacements and words."""

from __future__ import annotations

from enum import Enum
from typing import Any

import pytest
from bitbucket_user_provider.config import Config
from bitbucket_user_provider.models.model import Model, Replaces, Secret
from bitbucket_user_provider.resources import RESOURCES
from bitbucket_user_provider.schema import OWNER, docs, properties, schema

from tests.engine.builds import ROOT

SCHEMA = schema()
CONTRACT = {
    "RepositoryUserPermission": (
        "workspace*! repoSlug*! userId*! permission* adoptExisting",
        "userUuid accountId displayName",
    ),
    "ProjectUserPermission": (
        "workspace*! projectKey*! userId*! permission* adoptExisting",
        "userUuid accountId displayName",
    ),
    "RepositoryGroupPermission": ("workspace*! repoSlug*! groupSlug*! permission* adoptExisting", "groupName"),
    "ProjectGroupPermission": ("workspace*! projectKey*! groupSlug*! permission* adoptExisting", "groupName"),
    "RepositoryUserPermissions": (
        "workspace*! repoSlug*! permissions* groups exclusive keepCaller adoptExisting",
        "grants groupGrants",
    ),
    "ProjectUserPermissions": (
        "workspace*! projectKey*! permissions* groups exclusive keepCaller adoptExisting",
        "grants groupGrants",
    ),
    "WorkspacePipelineVariable": ("workspace*! key* value*† secured adoptExisting", "uuid"),
    "UserPipelineVariable": ("userId*! key* value*† secured adoptExisting", "uuid"),
    "UserApplicationProperty": ("userId*! appKey*! propertyName*! value*", ""),
    "UserSshKey": (
        "userId*! key*! label expiresOn!",
        "uuid fingerprint comment createdOn userUuid accountId",
    ),
}
"""What users' programs rely on, and what therefore may not change: inputs and further outputs.

`*` required · `!` changing it replaces · `†` secret.
"""


def resource(kind: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA["resources"][f"bitbucket-user:index:{kind}"]
    return found


def marked(spec: dict[str, Any], required: list[str]) -> set[str]:
    marks = {"willReplaceOnChanges": "!", "secret": "†"}
    return {
        name + "*" * (name in required) + "".join(sign for mark, sign in marks.items() if one.get(mark))
        for name, one in spec.items()
    }


def test_no_resource_that_was_released_is_missing() -> None:
    assert {*CONTRACT} <= {token.rpartition(":")[2] for token in SCHEMA["resources"]} == {*RESOURCES}
    assert all(token.startswith("bitbucket-user:index:") for token in (*SCHEMA["resources"], *SCHEMA["functions"]))


@pytest.mark.parametrize("kind", CONTRACT)
def test_a_resource_has_the_inputs_and_outputs_that_programs_rely_on(kind: str) -> None:
    spec, (inputs, outputs) = resource(kind), CONTRACT[kind]
    assert marked(spec["inputProperties"], spec["requiredInputs"]) == {*inputs.split()}
    assert {*spec["properties"]} - {*spec["inputProperties"]} == {*outputs.split()}
    assert {*spec["requiredInputs"]} <= {*spec["required"]} <= {*spec["properties"]}
    secrets = {name for name, one in spec["properties"].items() if one.get("secret")}
    assert secrets == ({"value"} if "†" in inputs else set())
    assert spec["aliases"] == [{"type": f"pulumi-python:dynamic/bitbucket-user:{kind}"}]
    assert all(f"`{example}`" in spec["description"] for example in RESOURCES[kind].EXAMPLES)


def test_what_to_do_with_what_stands_there_is_an_input_without_a_default_and_never_an_output() -> None:
    for one in SCHEMA["resources"].values():
        assert "adoptExisting" not in one["properties"]
        assert "default" not in one["inputProperties"].get("adoptExisting", {})


def test_only_what_bitbucket_has_deprecated_says_so_and_names_what_replaces_it() -> None:
    said = {
        token: one["deprecationMessage"] for token, one in SCHEMA["resources"].items() if "deprecationMessage" in one
    }
    assert [*said] == ["bitbucket-user:index:UserPipelineVariable"]
    assert "WorkspacePipelineVariable" in said["bitbucket-user:index:UserPipelineVariable"]
    functions = {token for token, one in SCHEMA["functions"].items() if "deprecationMessage" in one}
    assert "bitbucket-user:index:searchCode" in functions


def test_the_levels_are_named_enum_types() -> None:
    for kind, values in (
        ("RepositoryPermission", {"Read": "read", "Write": "write", "Admin": "admin"}),
        ("ProjectPermission", {"Read": "read", "Write": "write", "CreateRepo": "create-repo", "Admin": "admin"}),
    ):
        spec, reference = SCHEMA["types"][f"bitbucket-user:index:{kind}"], f"#/types/bitbucket-user:index:{kind}"
        assert {one["name"]: one["value"] for one in spec["enum"]} == values
        assert all(one["description"].endswith(".") for one in spec["enum"])
        single, many = resource(kind.replace("Permission", "UserPermission")), f"{kind[:-10]}UserPermissions"
        text_or_enum = {"oneOf": [{"type": "string"}, {"$ref": reference}]}
        assert single["properties"]["permission"]["$ref"] == reference
        assert text_or_enum.items() <= single["inputProperties"]["permission"].items()
        for name in ("permissions", "groups"):
            assert resource(many)["properties"][name]["additionalProperties"] == {"$ref": reference}
            assert resource(many)["inputProperties"][name]["additionalProperties"] == text_or_enum


def test_what_is_true_or_false_by_default_is_shown_with_its_default() -> None:
    shown = {
        (token.rpartition(":")[2], name): one["default"]
        for token, spec in SCHEMA["resources"].items()
        for name, one in spec["inputProperties"].items()
        if "default" in one
    }
    sets = ("RepositoryUserPermissions", "ProjectUserPermissions")
    assert {pair for pair, default in shown.items() if default} == {
        (kind, name) for kind in sets for name in ("exclusive", "keepCaller")
    }
    assert {name for (_, name), default in shown.items() if not default} == {"secured"}


def test_an_engine_is_told_where_releases_are_and_what_kind_of_package_it_is() -> None:
    assert SCHEMA["pluginDownloadURL"] == f"github://api.github.com/{OWNER}/pulumi-bitbucket-user"
    assert "kind/native" in SCHEMA["keywords"]
    assert SCHEMA["logoUrl"].endswith("/docs/logo.svg") and (ROOT / "docs" / "logo.svg").read_text().startswith("<svg")


def test_every_property_of_everything_is_described_in_one_paragraph() -> None:
    resources, functions, types = SCHEMA["resources"], SCHEMA["functions"], SCHEMA["types"]
    inputs = [one["inputProperties"] for one in (*resources.values(), SCHEMA["provider"])]
    outputs = [one["properties"] for one in (*resources.values(), *types.values()) if "properties" in one]
    asked = [one[side]["properties"] for one in functions.values() for side in ("inputs", "outputs")]
    every = [pair for spec in (*inputs, *outputs, *asked, SCHEMA["config"]["variables"]) for pair in spec.items()]
    assert [name for name, one in every if not one["description"].endswith(".") or "\n" in one["description"]] == []
    described = {**resources, **functions, **types, "provider": SCHEMA["provider"]}
    assert [token for token, one in described.items() if not one.get("description")] == []


def test_no_credential_has_a_default_or_an_environment_variable_in_the_schema() -> None:
    for spec in (SCHEMA["config"]["variables"], SCHEMA["provider"]["inputProperties"]):
        assert {*spec} == {field.alias for field in Config.model_fields.values()}
        assert {name for name, one in spec.items() if one.get("secret")} == {
            "apiToken",
            "accessToken",
            "oauthClientSecret",
        }
        assert not any({"default", "defaultInfo"} & {*one} for one in spec.values())


def test_nothing_of_our_own_bookkeeping_is_shown() -> None:
    assert '"__' not in str(SCHEMA).replace("'", '"')


def test_a_list_names_its_place() -> None:
    for kind, one in RESOURCES.items():
        inputs = resource(kind).get("listInputs", {})
        fields = one.KIND.where.fields if one.LISTS else ()
        assert inputs.get("required", []) == [one.alias(name) for name in fields]
        assert {*inputs.get("properties", {})} == {*inputs.get("required", [])}


def test_a_field_without_words_and_two_types_of_one_name_are_refused() -> None:
    class Mute(Model):
        silent: str

    with pytest.raises(TypeError, match="Mute has no docstring below silent"):
        properties(Mute, {})

    class RepositoryPermission(Enum):
        """Levels of another kind."""

        OTHER = "other"
        """Another."""

    class Clash(Model):
        level: RepositoryPermission
        """A level."""

    with pytest.raises(TypeError, match="Two types are called RepositoryPermission"):
        properties(Clash, dict(SCHEMA["types"]))


def test_a_type_that_would_show_the_words_of_a_library_is_refused() -> None:
    class Bare(Model):
        name: str
        """Name."""

    with pytest.raises(TypeError, match="Bare has no docstring"):
        docs(Bare)


def test_types_of_fields_become_types_of_the_schema() -> None:
    class Every(Model):
        text: Replaces[Secret[str | None]] = None
        """Text."""
        count: int = 0
        """Count."""
        share: list[float] = []
        """Share."""
        flags: dict[str, bool] = {}
        """Flags."""
        anything: dict[str, Any] = {}
        """Anything."""

    found = properties(Every, {})
    assert found["text"] == {"type": "string", "description": "Text.", "secret": True, "willReplaceOnChanges": True}
    assert (found["count"]["type"], found["share"]["items"]) == ("integer", {"type": "number"})
    assert found["flags"]["additionalProperties"] == {"type": "boolean"}
    assert found["anything"]["additionalProperties"] == {"$ref": "pulumi.json#/Any"}
