"""Lists as they have been seen to go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bitbucket_user_emulator import Emulator

MEMBERS = "/workspaces/acme/members"
USERS = "/repositories/acme/api/permissions-config/users"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        emulator.populate(people=23)
        for number in range(1, 24):
            emulator.grant("acme", "api", f"Person {number:04}", "read")
        yield emulator


def follow(bitbucket: Emulator, pages: int = 10) -> list[dict[str, Any]]:
    """The pages of the grants on a repository, as far as their links lead."""
    found = [bitbucket.ask("GET", USERS).json()]
    while "next" in found[-1] and len(found) < pages:
        found.append(bitbucket.ask("GET", found[-1]["next"]).json())
    return found


def names(*pages: dict[str, Any]) -> list[str]:
    return [one["user"]["display_name"] for page in pages for one in page["values"]]


def test_pages_may_have_no_link_although_there_is_more(bitbucket: Emulator) -> None:
    bitbucket.switches.no_next = True
    (page,) = follow(bitbucket)
    assert (len(page["values"]), page["size"]) == (10, 23)


def test_what_is_deleted_between_two_pages_hides_what_slides_to_the_first(bitbucket: Emulator) -> None:
    bitbucket.between_pages("/permissions-config/users", lambda: bitbucket.revoke("acme", "api", "Person 0001"))
    seen = names(*follow(bitbucket))
    assert len(seen) == 22 and "Person 0011" not in seen
    assert "Person 0011" in names(*follow(bitbucket)), "it happens once"


def test_a_page_may_begin_with_the_end_of_the_one_before(bitbucket: Emulator) -> None:
    bitbucket.switches.repeated_entries = True
    pages = follow(bitbucket)
    assert names(pages[1])[0] == names(pages[0])[-1]
    assert {page["size"] for page in pages} == {23}
    assert (len(names(*pages)), len(set(names(*pages)))) == (24, 23)
    for number in range(1, 4):
        bitbucket.revoke("acme", "api", f"Person {number:04}")
    pages = follow(bitbucket)
    assert (len(names(*pages)), len(set(names(*pages))), pages[0]["size"]) == (20, 19, 20), "one stays unseen"


def test_an_entry_may_not_say_which_one_it_is(bitbucket: Emulator) -> None:
    bitbucket.switches.odd_entry = True
    page = follow(bitbucket)[0]
    assert page["values"][-1] == {"type": "repository_user_permission", "permission": "read"}
    assert "user" in page["values"][-2]


def test_pages_may_never_end(bitbucket: Emulator) -> None:
    bitbucket.switches.endless_pages = True
    pages = follow(bitbucket, pages=7)
    assert len(pages) == 7 and all("next" in page and page["values"] for page in pages)


def test_links_may_be_numbered_or_lead_elsewhere(bitbucket: Emulator) -> None:
    bitbucket.switches.numbered_pages = True
    assert follow(bitbucket)[0]["next"].endswith("page=2")
    assert len(set(names(*follow(bitbucket)))) == 23
    bitbucket.switches.foreign_next = "https://elsewhere.example"
    assert bitbucket.ask("GET", USERS).json()["next"].startswith("https://elsewhere.example/2.0/repositories/acme/api/")


def test_a_fault_may_meet_one_page_alone(bitbucket: Emulator) -> None:
    bitbucket.fault(USERS, page=2, status=404)
    first = bitbucket.ask("GET", USERS).json()
    assert bitbucket.ask("GET", first["next"]).status_code == 404
    assert bitbucket.ask("GET", first["next"]).status_code == 200


def test_people_may_have_no_account_id(bitbucket: Emulator) -> None:
    bitbucket.switches.account_ids = False
    for path in ("/user", USERS, MEMBERS, f"/users/{bitbucket.person('Grace').account_id}"):
        answer = bitbucket.ask("GET", path)
        assert answer.status_code == 200 and "account_id" not in answer.text and '"uuid"' in answer.text
