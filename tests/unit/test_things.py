"""The things of one kind at one place: what a call proves of them, and what the run wants and takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import (
    BitbucketError,
    Cancelled,
    InvalidInput,
    NotFound,
    NotKnown,
    OddAnswer,
    Unanswered,
)
from bitbucket_user_provider.models.person import bare
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.rest.answer import Answer
from bitbucket_user_provider.rest.credentials import Kind
from bitbucket_user_provider.rest.governor import Governor
from bitbucket_user_provider.run import facts, grants, kinds
from bitbucket_user_provider.run import things as several
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.evidence import Absent, Evidence, Seen
from bitbucket_user_provider.run.evidence import NotKnown as Unproven
from bitbucket_user_provider.run.facts import EVERYBODY, Keeper, Stage, moment
from bitbucket_user_provider.run.grants import REPOSITORY_GROUPS, REPOSITORY_USERS
from bitbucket_user_provider.run.kinds import (
    REPOSITORY_VARIABLES,
    USER_APPLICATION_PROPERTIES,
    USER_GPG_KEYS,
    USER_SSH_KEYS,
    WORKSPACE_VARIABLES,
)
from bitbucket_user_provider.run.things import Free, ThingKind, Things

from tests.conftest import CheckedEmulator
from tests.unit.core import ADA, APP, connect
from tests.unit.test_grant_sets import BOB, GRACE, held

API = {"workspace": "acme", "repo_slug": "api"}
GRANT_ROUTE = "/repositories/{workspace}/{repo_slug}/permissions-config/users/{selected_user_id}"


def test_the_ledger_tells_all_kinds_of_things_apart() -> None:
    """A repository and a project of one name, or the people and the groups of one place."""
    families = [kind.family for kind in (vars(grants) | vars(kinds)).values() if isinstance(kind, ThingKind)]
    assert families and len(families) == len({*families})


@pytest.mark.parametrize(
    "kind", [one for one in vars(grants).values() if isinstance(one, ThingKind)], ids=lambda kind: kind.family
)
def test_grants_are_read_with_an_api_token_or_oauth_and_written_with_an_api_token_alone(kind: ThingKind) -> None:
    assert kind.list_path and kind.list_path.reads == kind.path.reads == (Kind.API_TOKEN, Kind.OAUTH)
    assert kind.path.writes == (Kind.API_TOKEN,)


# What the run wants and takes; each operation is a resource at work

WAITED_FOR = "another resource of this run wants this, and is waited for"


@pytest.fixture
def things(bitbucket: CheckedEmulator) -> Things:
    return connect(bitbucket).things(REPOSITORY_USERS, API)


def each_wait(monkeypatch: pytest.MonkeyPatch, *happens: Callable[[], object]) -> list[float]:
    """What happens during each wait for other resources, one more of which is an error; the seconds of those waits."""
    waits, left = list[float](), [*happens]

    def wait(_: Governor, seconds: float) -> None:
        waits.append(seconds)
        left.pop(0)()

    monkeypatch.setattr(Governor, "_wait", wait)
    return waits


def nothing() -> None: ...


def cancelled() -> None:
    raise Cancelled("over")


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, in a list."""
    time = [1_000.0]
    for module in (facts, several):
        monkeypatch.setattr(module, "moment", lambda: time[0])
    return time


def test_a_create_waits_for_the_delete_of_the_same_thing(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    said = list[str]()

    def is_gone() -> None:
        with operation("old"):
            things.taken(["grace"], True)

    with operation("old"):
        assert things.take(["grace"]) == Free()
    waits = each_wait(monkeypatch, nothing, is_gone)
    with operation("new", say=said.append):
        assert things.begin(["bob"]).taker is None
        assert (waits, said) == ([], [])
        assert things.begin(["grace"]).taker == "old"
    assert waits == [several.POLL_SECONDS] * 2
    assert said == ["waiting for a delete of this run", ""]


def test_what_was_found_and_then_taken_is_to_be_looked_at_anew(things: Things, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_gone() -> None:
        with operation("old"):
            things.taken(["grace"], True)

    found_at = moment()
    with operation("old"):
        assert things.take(["grace"]) == Free()
    waits = each_wait(monkeypatch, is_gone)
    with operation("new"):
        assert not things.done(["grace"], found_at)
        assert len(waits) == 1
        assert things.done(["grace"], moment())


def test_what_was_found_under_a_former_name_and_taken_under_that_of_now_is_to_be_looked_at_anew(
    bitbucket: CheckedEmulator, things: Things
) -> None:
    bitbucket.rename_repository("acme", "api", "service")
    found_at, now = moment(), things.api.things(REPOSITORY_USERS, API | {"repo_slug": "service"})
    with operation("old"):
        assert now.take(["grace"]) == Free()
        now.taken(["grace"], True)
    with operation("new"):
        assert things.place.has_another_name()
        assert not things.done(["grace"], found_at)
        assert things.done(["grace"], moment())


def test_the_own_right_waits_until_nothing_else_has_been_under_way_for_a_second(
    things: Things, monkeypatch: pytest.MonkeyPatch, time: list[float]
) -> None:
    said = list[str]()

    def half_a_second() -> None:
        time[0] += 0.5

    def is_done() -> None:
        half_a_second()
        with operation("other"):
            things.done(["bob"])

    with operation("other"):
        things.begin(["bob"])
    each_wait(monkeypatch, half_a_second, is_done, *[half_a_second] * 4)
    with operation("own", say=said.append):
        things.wait_until_quiet()
        assert time[0] == 1_002.0
        time[0] = 2_000.0
        things.wait_until_quiet()
        assert time[0] == 2_001.0
    assert said == ["the credential's own administrator right goes last", ""] * 2


def test_the_own_right_waits_for_what_is_under_way_where_the_place_is_written_by_its_uuid(
    things: Things, bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch, time: list[float]
) -> None:
    repository = bitbucket.world.workspaces["acme"].repositories["api"]
    by_uuid = things.api.things(REPOSITORY_USERS, API | {"repo_slug": repository.uuid})

    def a_second() -> None:
        time[0] += 1

    def is_done() -> None:
        with operation("other"):
            by_uuid.done(["bob"])

    with operation("other"):
        by_uuid.begin(["bob"])
    things.place.identify()
    waits = each_wait(monkeypatch, a_second, is_done, a_second)
    with operation("own"):
        things.wait_until_quiet()
    assert len(waits) == 3


def test_updates_that_end_own_rights_at_one_place_do_not_wait_for_each_other(
    things: Things, monkeypatch: pytest.MonkeyPatch, time: list[float]
) -> None:
    """Those of two credentials, or of a repository and a project that are called alike."""

    def half_a_second() -> None:
        time[0] += 0.5

    def the_other_one_waits_too() -> None:
        with operation("two"):
            things.wait_until_quiet()
            with operation("third"):
                assert things.api.ledger.quiet_since(things.key) is None, "it goes on"
            things.done(["bob"])

    for urn, name in (("one", "grace"), ("two", "bob")):
        with operation(urn):
            things.begin([name])
    each_wait(monkeypatch, the_other_one_waits_too, *[half_a_second] * 4)
    with operation("one"):
        things.wait_until_quiet()
    assert time[0] == 1_002.0


@pytest.mark.parametrize("stage", [Stage.DONE, Stage.EXISTS])
def test_what_another_has_is_kept_at_once(things: Things, stage: Stage) -> None:
    with operation("new"):
        things.want(["grace"])
        if stage is Stage.DONE:
            things.done(["grace"])
        else:
            things.api.ledger.hold([(things.key, ["grace"])])
    with operation("old"):
        assert things.look([["bob"], ["grace"]], own=False) == [Free(), Keeper("new", stage)]


@pytest.mark.parametrize("own", [[True], [False], []], ids=str)
def test_a_things_own_wish_keeps_it_where_that_counts(things: Things, own: list[bool]) -> None:
    with operation("old"):
        things.want(["grace"])
        if own:
            assert things.look([["grace"]], *own) == [Keeper("old", Stage.CLAIMED) if own == [True] else Free()]
        assert things.take(["grace"], *own) == (Keeper("old", Stage.CLAIMED) if own == [True] else Free())


def test_a_delete_is_under_way_from_its_look_until_it_has_taken_the_thing(things: Things) -> None:
    def since() -> float | None:
        with operation("other"):
            return things.api.ledger.quiet_since(things.key)

    with operation("old"):
        assert things.take(["grace"]) == Free()
        assert since() is None
        things.taken(["grace"], True)
        assert since()


def test_a_delete_that_finds_everything_kept_was_never_under_way(things: Things) -> None:
    with operation("new"):
        things.want(["grace"])
        things.api.ledger.hold([(things.key, ["grace"])])
    with operation("old"):
        assert things.take(["grace"]) == Keeper("new", Stage.EXISTS)
    with operation("other"):
        assert things.api.ledger.quiet_since(things.key) == 0


@pytest.mark.parametrize("own", [[True], [False], []], ids=str)
def test_what_is_wanted_is_not_released(bitbucket: CheckedEmulator, things: Things, own: list[bool]) -> None:
    bitbucket.grant("acme", "api", "Grace", "read")
    said, names = list[str](), [GRACE.uuid, bare(GRACE.uuid)]
    with operation("old", say=said.append):
        things.want(names)
        assert things.release({"user_id": GRACE.uuid}, names, *own) is (own != [True])
    assert said == (["kept in Bitbucket: old wants it"] if own == [True] else [])
    assert held(bitbucket) == ({"Grace": "read"} if own == [True] else {})


def test_what_is_wanted_under_the_new_name_of_a_place_is_not_released_under_the_old_one(
    bitbucket: CheckedEmulator, things: Things
) -> None:
    """A resource changes to the name that its repository has got in Bitbucket: only the refusal of the delete tells."""
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.rename_repository("acme", "api", "service")
    names = [GRACE.account_id, bare(GRACE.uuid)]
    with operation("one"):
        things.api.things(REPOSITORY_USERS, API | {"repo_slug": "service"}).want(names)
        assert not things.release({"user_id": GRACE.uuid}, names, own=True)
    assert bitbucket.repository_permissions("acme", "service") == {"Grace Hopper": "write"}


def test_what_bitbucket_refuses_to_remove_was_not_taken(bitbucket: CheckedEmulator, things: Things) -> None:
    bitbucket.grant("acme", "api", "Grace", "read")
    bitbucket.fault("permissions-config", "DELETE", status=403)
    with operation("old"), pytest.raises(BitbucketError):
        things.release({"user_id": GRACE.uuid}, ["grace", GRACE.uuid, bare(GRACE.uuid)])
    with operation("new"):
        assert not things.begin(["grace"]).taken


@pytest.mark.parametrize("before", [[], [nothing]], ids=len)
def test_what_is_at_work_is_waited_for(
    things: Things, monkeypatch: pytest.MonkeyPatch, before: list[Callable[[], object]]
) -> None:
    said = list[str]()

    def is_done() -> None:
        with operation("new"):
            things.done(["grace"])

    with operation("new"):
        things.begin(["grace"])
    waits = each_wait(monkeypatch, *before, is_done)
    with operation("old", say=said.append):
        assert things.take(["grace"]) == Keeper("new", Stage.DONE)
    with operation("other"):
        assert things.api.ledger.quiet_since(things.key), "nothing is under way any more"
    assert waits == [several.POLL_SECONDS] * (len(before) + 1)
    assert said == [WAITED_FOR, ""]


def test_what_may_be_wanted_under_another_name_of_the_place_is_not_taken_while_that_is_not_known(
    bitbucket: CheckedEmulator, things: Things
) -> None:
    acme = bitbucket.world.workspaces["acme"]
    by_uuid = {"workspace": acme.uuid, "repo_slug": acme.repositories["api"].uuid}
    with operation("new"):
        things.api.things(REPOSITORY_USERS, by_uuid).want(["grace"])
    bitbucket.fault("/repositories/{workspace}/{repo_slug}", "GET", status=403)
    with operation("old"):
        free, doubtful = things.look([["bob"], ["grace"]], own=False)
    assert free == Free() and isinstance(doubtful, NotKnown)


def test_two_forms_of_persons_at_one_place_make_it_mixed(things: Things) -> None:
    with operation("one"):
        things.want([EVERYBODY, bare(GRACE.uuid)])
        assert not things.begin([bare(GRACE.uuid)]).mixed
    with operation("two"):
        things.want([BOB.account_id])
        assert things.begin([BOB.account_id]).mixed


def test_groups_and_variables_have_one_form(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket)
    for kind in (REPOSITORY_GROUPS, REPOSITORY_VARIABLES):
        for name in (bare(GRACE.uuid), BOB.account_id):
            with operation(name):
                api.things(kind, API).want([name])
                assert not api.things(kind, API).begin([name]).mixed


def test_what_this_process_has_written_is_seen_without_a_call(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    entry = Answer("PUT /variable", {"uuid": "some", "key": "TOKEN"})
    things.wrote(["TOKEN", "some"], entry)
    assert things.place.exists
    assert things.seen(["TOKEN"]) is entry
    things.wrote(["TOKEN", "some"], None)
    bitbucket.clear()
    assert things.seen(["TOKEN"], {"uuid": "some"}) is None
    assert [(one.route, one.query.get("fields")) for one in bitbucket.requests] == [(VARIABLE_ROUTE, None)]


def test_what_is_looked_at_afresh_is_asked_for_alone(bitbucket: CheckedEmulator, things: Things) -> None:
    names, id = [bare(GRACE.uuid)], {"user_id": GRACE.uuid}
    bitbucket.grant("acme", "api", "Grace", "read")
    assert things.seen(names, id)
    bitbucket.revoke("acme", "api", "Grace")
    assert things.seen(names, id), "from the list of before"
    bitbucket.clear()
    assert things.seen(names, id, afresh=True) is None
    bitbucket.grant("acme", "api", "Grace", "write")
    found = things.seen(names, id, afresh=True)
    assert found and found.text("permission") == "write"
    assert [one.route for one in bitbucket.requests] == [GRANT_ROUTE] * 2


def test_one_of_many_is_asked_for_alone_by_a_create(bitbucket: CheckedEmulator, things: Things) -> None:
    bitbucket.populate(people=250)
    people = [one for one in bitbucket.world.people.values() if one.display_name.startswith("Person ")]
    for person in people:
        bitbucket.grant("acme", "api", person.display_name, "read")
    last = people[-1]
    bitbucket.clear()
    assert things.seen([bare(last.uuid)], {"user_id": last.uuid})
    assert [one.route for one in bitbucket.requests][1:] == [GRANT_ROUTE], "past the first page"


def test_what_has_failed_keeps_its_thing(things: Things) -> None:
    with operation("new"):
        things.begin(["grace"])
        things.api.ledger.failed()
    with operation("old"):
        verdict = things.take(["grace"])
    assert isinstance(verdict, BitbucketError)
    assert str(verdict) == "new wants this and has failed: it stays, here and in Bitbucket, until a run succeeds."


def test_what_does_not_come_keeps_its_thing_after_four_seconds(
    things: Things, monkeypatch: pytest.MonkeyPatch, time: list[float]
) -> None:
    def two_seconds() -> None:
        time[0] += 2

    with operation("new"):
        things.want(["grace"])
    waits = each_wait(monkeypatch, two_seconds, two_seconds)
    with operation("old"):
        verdict = things.take(["grace"])
    assert len(waits) == 2 and isinstance(verdict, BitbucketError)
    assert str(verdict) == (
        "new wants this, but was not created: it stays, here and in Bitbucket, until a run succeeds. Perhaps something "
        "that it depends on has failed. Where the engine works on one resource at a time, run with a higher --parallel."
    )


def test_a_delete_that_is_cancelled_while_it_waits_takes_nothing(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    with operation("new"):
        things.begin(["bob"])
    each_wait(monkeypatch, cancelled)
    with operation("old"), pytest.raises(Cancelled):
        things.look([["grace"], ["bob"]], own=False)
    with operation("third"):
        begun = things.begin(["grace"])
    assert (begun.taker, begun.taken) == (None, False)


def test_a_delete_that_is_cancelled_while_it_waits_is_under_way_no_longer(
    things: Things, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its process lives on, and so would the wait of the own right."""

    with operation("new"):
        things.want(["grace"])
    each_wait(monkeypatch, cancelled)
    with operation("old"), pytest.raises(Cancelled):
        things.take(["grace"])
    with operation("own"):
        assert things.api.ledger.quiet_since(things.key)


# What one call proves

VARIABLE_ROUTE = "/workspaces/{workspace}/pipelines-config/variables"


def shown(found: Evidence) -> str:
    return str(found.why) if isinstance(found, Unproven) else type(found).__name__


@pytest.mark.parametrize("place", [200, 404, 403])
@pytest.mark.parametrize("environ", [{}, APP], ids=["ada", "app"])
def test_a_thing_that_answers_404_is_gone_when_its_list_answers(
    bitbucket: CheckedEmulator, place: int, environ: dict[str, str]
) -> None:
    things = Api(load(ADA), {"BITBUCKET_BASE_URL": bitbucket.url, **environ}).things(WORKSPACE_VARIABLES, API)
    bitbucket.fault(f"{VARIABLE_ROUTE}/{{variable_uuid}}", "GET", status=404)
    if place != 200:
        bitbucket.fault(VARIABLE_ROUTE, "GET", status=place)
    if place == 404:
        with pytest.raises(NotFound, match="variables/some"):
            things.ask({"uuid": "some"}, ["some"])
        return
    found = things.ask({"uuid": "some"}, ["some"])
    assert len(bitbucket.requests) == 2
    if place == 200:
        assert isinstance(found, Absent)
    else:
        assert " Whether acme is there cannot be told: GET /workspaces/acme/pipelines-config/variables" in shown(found)


def test_a_thing_that_answers_404_is_gone_without_another_call_where_its_list_has_answered(
    bitbucket: CheckedEmulator,
) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    things.all()
    assert isinstance(things.ask({"uuid": "some"}, ["some"]), Absent)
    assert len(bitbucket.requests) == 2


def test_a_list_that_answers_shows_that_its_place_is_there(things: Things) -> None:
    assert things.key == "repository-users ss acme/api"
    assert not things.place.exists
    things.all()
    assert things.place.exists


def test_a_thing_that_is_there_shows_that_its_place_is(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    uuid = bitbucket.set_variable("acme", "TOKEN", "x").uuid
    assert isinstance(things.ask({"uuid": uuid}, [uuid.strip("{}")]), Seen)
    assert things.place.exists


NAMELESS = "has an answer of another form than documented: `uuid` is missing."
PROPERTY = {"app_key": "acme-app", "property_name": "look"}


@pytest.mark.parametrize("place", [200, 404, 403])
def test_a_property_that_answers_404_to_a_person_is_gone_when_its_account_answers(
    bitbucket: CheckedEmulator, place: int
) -> None:
    things = connect(bitbucket).things(USER_APPLICATION_PROPERTIES, {"user_id": GRACE.uuid})
    bitbucket.fault("properties", "GET", status=404)
    if place != 200:
        bitbucket.fault("/users/{selected_user}", "GET", status=place)
    if place == 404:
        with pytest.raises(NotFound, match="properties/acme-app/look"):
            things.ask(PROPERTY, ["acme-app/look"])
        return
    found = things.ask(PROPERTY, ["acme-app/look"])
    assert [one.route for one in bitbucket.requests][1:] == ["/users/{selected_user}"]
    assert shown(found) == "Absent" or " is there cannot be told: GET /users/" in shown(found)


def test_a_property_that_answers_404_to_its_own_app_is_gone_at_one_call(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket, {}, APP).things(USER_APPLICATION_PROPERTIES, {"user_id": GRACE.uuid})
    assert isinstance(things.ask(PROPERTY, ["acme-app/look"]), Absent)
    assert len(bitbucket.requests) == 1


def test_what_bitbucket_does_not_list_cannot_be_listed(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket, {}, APP).things(USER_APPLICATION_PROPERTIES, {"user_id": GRACE.uuid})
    with pytest.raises(InvalidInput) as refusal:
        things.all()
    assert str(refusal.value) == f"Bitbucket has no list of what is asked for in {GRACE.uuid}."


def test_an_answer_to_a_put_that_is_not_about_what_was_sent_says_so(bitbucket: CheckedEmulator, things: Things) -> None:
    id, read = {"user_id": GRACE.uuid}, {"permission": "read"}
    with pytest.raises(OddAnswer, match="^PUT .* has an answer that is about something else\\.$"):
        things.put(id, [bare(BOB.uuid)], read)
    bitbucket.fault("permissions-config/users", "PUT", patch={"permission": "admin"})
    with pytest.raises(OddAnswer, match="^PUT .* has an answer with another `permission` than was sent\\.$"):
        things.put(id, [bare(GRACE.uuid)], read)


def test_a_post_that_does_not_say_what_it_made_is_looked_for(
    bitbucket: CheckedEmulator,
) -> None:
    things, said = connect(bitbucket).things(WORKSPACE_VARIABLES, API), list[str]()
    body = {"key": "TOKEN", "value": "x", "secured": False}
    nameless = f"POST /workspaces/acme/pipelines-config/variables {NAMELESS}"
    bitbucket.fault("pipelines-config", "POST", drop_fields=["uuid"])
    with operation(say=said.append):
        made, was_found = things.post(body, "TOKEN", lambda entry: entry.text("value") == "x")
    assert (made.text("key"), was_found) == ("TOKEN", True)
    assert said == [f"looking whether it was made all the same: {nameless}"]


def test_a_post_that_says_something_else_than_was_sent_is_looked_for(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    body = {"key": "TOKEN", "value": "x", "secured": False}
    bitbucket.fault("pipelines-config", "POST", patch={"secured": True})
    made, was_found = things.post(body, "TOKEN", lambda entry: entry.text("value") == "x")
    assert (made.flag("secured"), was_found) == (False, True)


def test_a_post_whose_answer_is_lost_is_sent_three_times_at_most(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    bitbucket.fault("pipelines-config", "POST", times=3, drop="before")
    with pytest.raises(Unanswered):
        things.post({"key": "TOKEN", "value": "x", "secured": False}, "TOKEN", lambda entry: True)
    assert [one.method for one in bitbucket.requests] == ["POST", "GET"] * 3


@pytest.mark.parametrize(
    ("answer", "words"),
    [({"key": "TOKEN"}, NAMELESS), ([], "answered with a list where an object is documented.")],
    ids=["nameless", "a list"],
)
def test_a_post_that_never_says_what_it_made_counts_as_one_without_an_answer(
    bitbucket: CheckedEmulator, answer: object, words: str
) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    bitbucket.fault("pipelines-config", "POST", times=3, status=200, body=answer)
    with pytest.raises(Unanswered) as refusal:
        things.post({"key": "TOKEN", "value": "x", "secured": False}, "TOKEN", lambda entry: False)
    assert str(refusal.value) == f"POST /workspaces/acme/pipelines-config/variables {words}"
    assert refusal.value.sent


def test_a_post_that_is_refused_at_once_is_not_looked_for(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    bitbucket.fault("pipelines-config", "POST", status=409)
    with pytest.raises(BitbucketError, match="answered 409"):
        things.post({"key": "TOKEN", "value": "x", "secured": False}, "TOKEN", lambda entry: True)
    assert [one.method for one in bitbucket.requests] == ["POST"]


def test_what_is_answered_only_when_it_is_asked_for_is(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("gpg-keys", "GET", status=404)
    connect(bitbucket).things(USER_GPG_KEYS, {"user_id": GRACE.uuid}).ask({"fingerprint": "F" * 40}, ["f" * 40])
    assert [one.query["fields"] for one in bitbucket.requests] == ["+key", "+values.key"]


def test_a_key_that_can_be_in_one_account_alone_has_one_place_in_the_ledger(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket)
    assert {api.things(USER_SSH_KEYS, {"user_id": one.uuid}).key for one in (GRACE, BOB)} == {
        "user-ssh-keys s anywhere"
    }


def test_a_post_is_found_by_its_answer(bitbucket: CheckedEmulator) -> None:
    things = connect(bitbucket).things(WORKSPACE_VARIABLES, API)
    made, was_found = things.post({"key": "TOKEN", "value": "x", "secured": False}, "TOKEN", lambda entry: True)
    assert (made.text("key"), was_found) == ("TOKEN", False)


@pytest.mark.parametrize("afterwards", ["there", "gone", "not known"])
def test_a_refused_delete_is_decided_by_a_look(bitbucket: CheckedEmulator, afterwards: str) -> None:
    uuid = bare(bitbucket.set_variable("acme", "TOKEN", "x").uuid)
    things, said = connect(bitbucket).things(WORKSPACE_VARIABLES, API), list[str]()
    assert isinstance(things.find(["TOKEN"]), Seen)
    bitbucket.fault("pipelines-config", "DELETE", status=409)
    if afterwards == "gone":
        bitbucket.delete_variable("acme", "TOKEN")
    if afterwards == "not known":
        bitbucket.fault(f"{VARIABLE_ROUTE}/{{variable_uuid}}", "GET", drop_fields=["key"])
    if afterwards == "gone":
        with operation(say=said.append):
            things.remove({"uuid": uuid}, ["TOKEN", uuid])
        assert said == ["was gone from Bitbucket already"]
        return
    with pytest.raises(
        BitbucketError, match=f"^DELETE /workspaces/acme/pipelines-config/variables/.*{uuid}"
    ) as refusal:
        things.remove({"uuid": uuid}, ["TOKEN", uuid])
    assert (" Whether it is still there cannot be told: GET /" in str(refusal.value)) is (afterwards == "not known")


def test_nothing_is_deleted_by_leave_that_was_given_before_the_place_was_known_to_have_another_name(
    bitbucket: CheckedEmulator,
) -> None:
    """Two deletes are allowed, and the first of them finds out that the repository was renamed: whoever wants the other
    thing under the new name was not asked."""
    for name in ("Grace", "Bob"):
        bitbucket.grant("acme", "api", name, "read")
    bitbucket.rename_repository("acme", "api", "service")
    things = connect(bitbucket).things(REPOSITORY_USERS, API)
    assert not things.remove({"user_id": GRACE.uuid}, [bare(GRACE.uuid)])
    assert things.place.is_renamed
    assert not things.remove({"user_id": BOB.uuid}, [bare(BOB.uuid)])
    assert len(bitbucket.place("acme", "service").users) == 2
    assert things.remove({"user_id": BOB.uuid}, [bare(BOB.uuid)], renamed=True)
    assert [*bitbucket.place("acme", "service").users] == [GRACE.uuid]


def test_a_404_to_an_app_proves_nothing_of_what_others_see_too(bitbucket: CheckedEmulator) -> None:
    """A kind without a list, at a place that the credential does not see."""
    kind = replace(WORKSPACE_VARIABLES, list_path=None)
    things = connect(bitbucket, ADA, APP).things(kind, {"workspace": "nowhere"})
    with pytest.raises(NotFound):
        things.ask({"uuid": GRACE.uuid}, [bare(GRACE.uuid)])
