"""Single grants of groups: what tells one from a person, what stands there already, whose delete is nobody's."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.errors import BitbucketError, Exists, InvalidInput
from bitbucket_user_provider.models.group import GroupSlug
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from tests.conftest import CheckedEmulator
from tests.unit.stack import Refused, Stack, urn_of

KIND = "RepositoryGroupPermission"
SLUG: TypeAdapter[Any] = TypeAdapter(GroupSlug)


def grant(slug: str, permission: Any = "write", repo: str = "web") -> tuple[str, dict[str, Any]]:
    return KIND, {"workspace": "acme", "repoSlug": repo, "groupSlug": slug, "permission": permission}


def sent(bitbucket: CheckedEmulator) -> list[str]:
    """What was sent since the last look: method and last part of the path; LIST for a page of a listing."""
    calls = []
    for one in bitbucket.requests:
        last = one.path.rpartition("/")[2]
        calls.append("LIST" if last == "groups" else f"{one.method} {last}")
    bitbucket.clear()
    return calls


def held(bitbucket: CheckedEmulator, place: str = "web") -> dict[str, str]:
    return bitbucket.group_permissions("acme", place)


def test_a_group_is_granted_changed_and_revoked_with_one_call_each(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"team": grant("backend")})
    assert sent(bitbucket) == ["LIST", "PUT backend"]
    assert stack.state[KIND, "team"].id == "acme/web/backend"
    assert stack.outputs("team") == {
        "workspace": "acme",
        "repoSlug": "web",
        "groupSlug": "backend",
        "groupName": "Backend",
        "permission": "write",
    }
    stack.up({"team": grant("backend", "admin")})
    stack.destroy()
    assert sent(bitbucket) == ["PUT backend", "DELETE backend"]
    assert held(bitbucket) == {}


def test_a_group_that_is_lowered_warns_and_nobody_asks_who_the_caller_is(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"team": grant("backend", "admin")})
    sent(bitbucket)
    stack.up({"team": grant("backend", "read")})
    assert stack.warned == ["group backend holds admin on acme/web; this lowers it to read."]
    assert sent(bitbucket) == ["PUT backend"]


def test_another_level_by_somebody_else_is_refused_with_what_stands_there(bitbucket: CheckedEmulator) -> None:
    bitbucket.grant_group("acme", "web", "backend", "admin")
    with pytest.raises(Exists, match="group backend holds admin on acme/web already, not write") as refusal:
        Stack(bitbucket).up({"team": grant("backend")})
    assert refusal.value.import_id == "acme/web/backend"
    assert sent(bitbucket) == ["LIST"]
    stack = Stack(bitbucket)
    stack.bring_in(KIND, "team", "acme/web/backend")
    stack.up({"team": grant("backend", "admin")})
    assert not stack.diffs["team"]


def test_a_group_and_a_person_of_one_place_are_no_rivals_and_share_no_listing(bitbucket: CheckedEmulator) -> None:
    person = {"workspace": "acme", "repoSlug": "web", "userId": bitbucket.person("Grace").uuid, "permission": "read"}
    stack = Stack(bitbucket)
    stack.up({"team": grant("backend"), "grace": ("RepositoryUserPermission", person)})
    assert (bitbucket.count("GET", "/groups"), bitbucket.count("GET", "/users")) == (1, 1)
    stack.destroy()
    assert held(bitbucket) == {} and bitbucket.repository_permissions("acme", "web") == {}


def test_a_renamed_grant_is_not_revoked(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"before": grant("backend")})
    stack.up({"after": grant("backend")})
    assert f"kept in Bitbucket: {urn_of(KIND, 'after')} wants it" in stack.said
    assert held(bitbucket) == {"backend": "write"}


def test_two_resources_for_one_group_are_refused_with_both_urns(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(Refused) as refusal:
        Stack(bitbucket).preview({"one": grant("backend"), "two": grant("backend", "read")})
    [(name, reason)] = refusal.value.failures
    assert name == "groupSlug"
    assert urn_of(KIND, "one") in reason and urn_of(KIND, "two") in reason


def test_fifty_groups_share_one_listing(bitbucket: CheckedEmulator) -> None:
    slugs = [f"team-{number}" for number in range(50)]
    for slug in slugs:
        bitbucket.create_group("acme", slug)
    stack = Stack(bitbucket)
    stack.up({slug: grant(slug) for slug in slugs})
    assert bitbucket.calls().total() == 51
    bitbucket.clear()
    stack.refresh()
    assert bitbucket.calls().total() == 1


def test_a_group_that_is_unknown_is_explained_with_how_to_find_its_slug(bitbucket: CheckedEmulator) -> None:
    with pytest.raises(
        BitbucketError, match="the workspace has no group with this slug. getRepositoryGroupPermissions"
    ):
        Stack(bitbucket).up({"team": grant("nobody")})
    assert held(bitbucket) == {}


def test_a_group_that_was_deleted_takes_its_grant_along(bitbucket: CheckedEmulator) -> None:
    stack = Stack(bitbucket)
    stack.up({"team": grant("backend"), "other": grant("frontend")})
    bitbucket.revoke_group("acme", "web", "backend")
    del bitbucket.world.workspaces["acme"].groups["backend"]
    other = Stack(bitbucket)
    other.state = dict(stack.state)
    other.destroy()
    assert held(bitbucket) == {}
    stack.refresh()
    assert stack.state == {}


def test_a_project_knows_its_own_levels(bitbucket: CheckedEmulator) -> None:
    inputs = {"workspace": "acme", "projectKey": "OPS", "groupSlug": "backend", "permission": "create-repo"}
    stack = Stack(bitbucket)
    stack.up({"team": ("ProjectGroupPermission", inputs)})
    assert held(bitbucket, "OPS") == {"backend": "create-repo"}
    with pytest.raises(Refused, match="permission: 'create-repo' is not allowed; it is one of read, write, admin"):
        stack.preview({"team": grant("backend", "create-repo")})


def test_an_id_without_a_slug_is_refused(bitbucket: CheckedEmulator) -> None:
    for id in ("acme/web/Back End", "acme/web/{d301aafa-d676-4ee0-88be-962be7417567}", "acme/web"):
        with pytest.raises(InvalidInput, match="it looks like 'acme/api/developers'"):
            Stack(bitbucket).bring_in(KIND, "team", id)
    assert sent(bitbucket) == []


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Back End", "'Back End' is no slug of a group: .* probably 'back-end'; getRepositoryGroupPermissions"),
        ("Developers", "probably 'developers'"),
        ("d301aafa-d676-4ee0-88be-962be7417567", "is a UUID; a group is named by its slug: getRepository"),
        ("{d301aafa-d676-4ee0-88be-962be7417567}", "is a UUID; a group is named by its slug"),
        ("712020:8f4b2c1e-5d6a-4b3c-9e8f-7a6b5c4d3e2f", "is a person, and a group belongs here"),
        ("5d5355d2c3f2ab0da2b6a1f4", "is a person, and a group belongs here"),
        ("grace@acme.example", "is a person, and a group belongs here"),
        ("acme:developers", "is a slug with its workspace: write 'developers'"),
        ("", "must be a string that is not empty: the slug of a group; getRepositoryGroupPermissions"),
        ("a/b", "must hold none of / % "),
        ("ÄÖ", "is no slug of a group"),
        (7, "must be a string that is not empty"),
    ],
)
def test_what_is_no_slug_is_refused_with_what_it_is(value: object, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected):
        SLUG.validate_python(value)


@given(st.text(max_size=40))
def test_what_is_accepted_changes_no_path_and_is_taken_for_no_person(value: str) -> None:
    try:
        SLUG.validate_python(value)
    except ValidationError:
        return
    assert not set(value) & set("/%?#:@{} \n") and value not in ("", ".", "..") and value == value.lower()
