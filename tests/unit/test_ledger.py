"""What one run wants, does and has taken away, verb by verb; each `as_` is a resource at work."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from bitbucket_user_provider.errors import LedgerLost
from bitbucket_user_provider.operation import operation
from bitbucket_user_provider.run.facts import ACCOUNT_ID, EVERYBODY, UUID, Elsewhere, Keeper, Look, Stage, moment
from bitbucket_user_provider.run.ledger import Begun, Ledger
from bitbucket_user_provider.run.store import Memory

PLACE, OTHER = "user ss acme/api", "user ss acme/web"
BY_UUID = "user uu workspace-uuid/api-uuid"
BY_UUID_ALONE, BY_ACCOUNT_ID_ALONE = {"ada by uuid": UUID}, {"bob": ACCOUNT_ID}
PERSONS = (("ada by uuid", BY_UUID_ALONE), ("bob", BY_ACCOUNT_ID_ALONE))


class Run(Ledger):
    """A ledger in memory."""

    def __init__(self) -> None:
        self.memory = Memory()
        super().__init__(lambda: self.memory)

    def takes(self, *names: str, place: str = PLACE, own: bool = False, certain: bool = False) -> Look:
        [look] = self.take([place], certain, [names], own)
        return look


@pytest.fixture
def run() -> Run:
    return Run()


@contextmanager
def as_(urn: str) -> Iterator[None]:
    with operation(urn):
        yield


def kill(run: Run) -> None:
    """All that has been recorded until now is of a process that is gone."""
    with subprocess.Popen(["true"]) as process:
        pass
    with run.memory.transaction() as facts:
        facts.execute("UPDATE fact SET value = replace(value, ?, ?)", (str(os.getpid()), str(process.pid)))


def wants(run: Run, urn: str, *names: str, place: str = PLACE) -> list[str]:
    with as_(urn):
        return run.want(place, names)


# What is wanted


def test_two_urns_that_want_one_thing_are_rivals_and_those_that_want_two_are_not(run: Run) -> None:
    assert wants(run, "one", "ada") == []
    assert wants(run, "two", "grace") == []
    assert wants(run, "three", "grace", "ada") == ["one", "two"]
    assert wants(run, "four", "ada", place=OTHER) == []


def test_a_urn_is_no_rival_of_itself(run: Run) -> None:
    assert wants(run, "one", "ada") == wants(run, "one", "ada") == wants(run, "one", EVERYBODY) == []


def test_an_exclusive_set_is_a_rival_of_whoever_wants_anything_there_whichever_comes_first(run: Run) -> None:
    wants(run, "single", "ada")
    assert wants(run, "set", EVERYBODY, "grace") == ["single"]
    assert wants(run, "late", "bob") == ["set"]
    assert wants(run, "elsewhere", EVERYBODY, place=OTHER) == []


def test_a_check_anew_forgets_what_the_same_urn_wanted_and_nothing_else(run: Run) -> None:
    wants(run, "one", "ada")
    wants(run, "two", "bob")
    with as_("one"):
        run.renew()
    assert wants(run, "three", "ada") == []
    assert wants(run, "four", "bob") == ["two"]


def test_a_check_anew_begins_anew_with_how_far_the_urn_has_come(run: Run) -> None:
    with as_("one"):
        run.begin(PLACE, ["ada"])
        run.done(PLACE, ["ada"])
        run.renew()
    wants(run, "one", "bob")
    with as_("old"):
        assert run.takes("bob") == Keeper("one", Stage.CLAIMED)


# What a delete finds out


@pytest.mark.parametrize("stage", Stage)
def test_a_delete_learns_who_keeps_a_thing_and_how_far_that_one_has_come(run: Run, stage: Stage) -> None:
    wants(run, "one", "ada")
    with as_("one"):
        if stage is Stage.EXISTS:
            run.hold([(PLACE, ["ada"])])
        elif stage is not Stage.CLAIMED:
            run.begin(PLACE, ["ada"])
        if stage is Stage.DONE:
            run.done(PLACE, ["ada"])
        if stage is Stage.FAILED:
            run.failed()
    with as_("old"):
        assert run.takes("ada") == run.takes("other spelling", "ada") == Keeper("one", stage)
        assert run.taker(PLACE, ["ada"]) is None


def test_what_nobody_wants_is_announced_as_taken_before_anything_is_sent(run: Run) -> None:
    with as_("old"):
        assert run.takes("ada", "ada by uuid") is None
    with as_("new"):
        assert run.taker(PLACE, ["ada by uuid"]) == "old"
        begun = run.begin(PLACE, ["ada"])
        assert (begun.taker, begun.taken) == ("old", True)
        assert run.begin(PLACE, ["grace"]) == Begun([], None, False, False, False)
        assert run.begin(OTHER, ["ada"]) == Begun([], None, False, True, False), "that place may be this one"


def test_what_is_kept_is_not_announced_as_taken(run: Run) -> None:
    wants(run, "new", "ada")
    with as_("old"):
        kept, free = run.take([PLACE], False, [["ada"], ["grace"]], False)
    assert (kept, free) == (Keeper("new", Stage.CLAIMED), None)
    with as_("new"):
        assert [run.taker(PLACE, [name]) for name in ("ada", "grace")] == [None, "old"]


def test_a_urns_own_wish_keeps_a_thing_only_where_it_counts(run: Run) -> None:
    wants(run, "one", "ada")
    with as_("one"):
        assert run.takes("ada", own=True) == Keeper("one", Stage.CLAIMED)
        assert run.takes("ada") is None


def test_a_set_that_wants_everybody_keeps_nobody_whom_it_does_not_name(run: Run) -> None:
    wants(run, "set", EVERYBODY, "ada")
    with as_("old"):
        assert run.takes("grace") is None


def test_what_was_given_stays_whatever_the_answers_call_it(run: Run) -> None:
    with as_("set"):
        assert run.given(PLACE, ["ada by uuid"]) is None
        assert run.takes("ada", "ada by uuid") == Keeper("set", Stage.DONE)
    with as_("old"):
        assert run.takes("ada by uuid") == Keeper("set", Stage.DONE)
        assert run.takes("ada by uuid", place=OTHER) is None


def test_what_was_given_and_then_taken_by_the_run_is_no_longer_kept(run: Run) -> None:
    with as_("set"):
        run.given(PLACE, ["ada"])
        run.renew()
    with as_("old"):
        run.taken(PLACE, ["ada"], gone=True)
        assert run.takes("ada") is None


def test_what_was_taken_over_is_nobodys_to_delete_not_even_its_own_old_one(run: Run) -> None:
    with as_("new"):
        run.take_over("uuid")
        assert run.takes("TOKEN", "uuid") == Keeper("new", Stage.DONE)
    with as_("old"):
        assert run.new_owner("uuid") == "new"
        assert run.new_owner("other") is None
        assert run.begin(OTHER, ["TOKEN", "uuid"]).owner == "new"
        assert run.takes("TOKEN", "uuid", place=OTHER) == Keeper("new", Stage.DONE)


def test_what_a_urn_wants_beside_what_it_was_given_is_known_to_be_done_too(run: Run) -> None:
    with as_("one"):
        run.begin(PLACE, ["ada", "ada by account id"])
        run.done(PLACE, ["ada"])
    with as_("old"):
        assert run.takes("ada by account id") == Keeper("one", Stage.DONE)
    kill(run)
    with as_("old"):
        assert run.takes("ada by account id") == Keeper("one", Stage.DONE), "done is done"


def test_a_replacement_whose_inputs_are_checked_once_more_exists_still(run: Run) -> None:
    wants(run, "one", "ada")
    with as_("one"):
        run.hold([(PLACE, ["ada"])])
        run.renew()
        run.want(PLACE, ["bob"])
    with as_("old"):
        assert run.takes("bob") == Keeper("one", Stage.EXISTS)


# A create while a delete is under way


def test_a_create_learns_of_a_delete_while_it_is_under_way_and_that_it_was(run: Run) -> None:
    with as_("old"):
        run.takes("ada")
        run.taken(PLACE, ["ada"], gone=True)
    with as_("new"):
        assert run.taker(PLACE, ["ada"]) is None
        begun = run.begin(PLACE, ["ada"])
        assert (begun.taker, begun.taken) == (None, True)


def test_a_delete_that_has_not_succeeded_has_taken_nothing(run: Run) -> None:
    with as_("old"):
        run.takes("ada")
        run.taken(PLACE, ["ada"], gone=False)
    with as_("new"):
        assert run.taker(PLACE, ["ada"]) is None
        assert not run.begin(PLACE, ["ada"]).taken


def test_a_delete_that_has_not_succeeded_forgets_nothing_of_what_another_one_has_taken(run: Run) -> None:
    with as_("older"):
        run.takes("ada")
        run.taken(PLACE, ["ada"], gone=True)
    with as_("old"):
        run.takes("ada")
        run.taken(PLACE, ["ada"], gone=False)
    with as_("new"):
        assert run.begin(PLACE, ["ada"]).taken


def test_what_was_found_before_a_delete_took_it_has_to_be_looked_at_again(run: Run) -> None:
    found_at = moment()
    with as_("old"):
        run.takes("ada")
    with as_("new"):
        assert run.done(PLACE, ["ada"], found_at) == "old"
    with as_("old"):
        run.taken(PLACE, ["ada"], gone=True)
    with as_("new"):
        assert run.done(PLACE, ["ada"], found_at) == run.given(PLACE, ["ada"], found_at) == "old"
        assert run.done(PLACE, ["ada"], moment()) is None
    with as_("older"):
        assert run.takes("ada") == Keeper("new", Stage.DONE)


def test_what_was_made_by_an_answer_is_there_whatever_was_taken_before(run: Run) -> None:
    with as_("old"):
        run.takes("ada")
        run.taken(PLACE, ["ada"], gone=True)
    with as_("new"):
        assert run.done(PLACE, ["ada"]) is None
        assert not run.begin(PLACE, ["ada"]).taken


def test_the_announcement_of_a_process_that_is_gone_holds_nobody_up(run: Run) -> None:
    with as_("old"):
        run.takes("ada")
    kill(run)
    assert run.taker(PLACE, ["ada"]) is None


# One place under several names


def test_a_wish_in_another_form_of_the_place_makes_a_delete_ask_which_place_it_is(run: Run) -> None:
    wants(run, "new", "ada", place=BY_UUID)
    with as_("old"):
        assert run.takes("ada") is Elsewhere.OTHERS
        assert run.takes("grace") is None
        assert run.taker(PLACE, ["ada"]) is None, "nothing is announced before the answer is known"
        assert run.takes("ada", certain=True) is None
        [look] = run.take([PLACE, BY_UUID], True, [["ada"]], False)
        assert look == Keeper("new", Stage.CLAIMED)


def test_another_place_of_the_same_form_or_another_kind_of_thing_is_none_of_this_one(run: Run) -> None:
    wants(run, "new", "ada", place=OTHER)
    wants(run, "key", "ada", place=BY_UUID.replace("user", "key"))
    with as_("old"):
        assert run.takes("ada") is None


def test_what_somebody_has_found_at_a_place_of_another_name_makes_a_delete_ask(run: Run) -> None:
    """A repository that was renamed in Bitbucket is found under both names."""
    with as_("new"):
        assert run.done(OTHER, ["ada"], moment()) is None
    with as_("old"):
        assert run.takes("ada") is Elsewhere.OTHERS
        assert run.takes("ada", certain=True) is None


def test_a_urn_that_moves_is_told_so_where_its_own_wish_counts(run: Run) -> None:
    wants(run, "one", "ada", place=OTHER)
    with as_("one"):
        assert run.takes("ada", own=True) is Elsewhere.ITSELF
        assert run.takes("ada") is None
    with as_("two"):
        assert run.takes("ada", own=True) is None


def test_a_urn_that_is_spelt_anew_need_not_know_its_place_to_delete_what_it_makes_anew(run: Run) -> None:
    wants(run, "one", "ada", place=BY_UUID)
    with as_("one"):
        assert run.takes("ada") is None
    with as_("two"):
        assert run.takes("ada") is Elsewhere.OTHERS


def test_a_create_learns_that_a_place_of_another_name_has_lost_what_it_wants(run: Run) -> None:
    with as_("old"):
        run.takes("ada")
    with as_("new"):
        begun = run.begin(OTHER, ["ada"])
        assert (begun.taker, begun.taken, begun.taken_elsewhere) == (None, False, True)
        assert run.taken_elsewhere(OTHER, ["grace", "ada"])
        assert not run.taken_elsewhere(PLACE, ["ada"]), "here it is taken, and not elsewhere"
        assert not run.taken_elsewhere(OTHER.replace("user", "key"), ["ada"])


# What else the run knows


def test_persons_named_in_both_forms_at_one_place_are_noticed_by_whoever_begins_there(run: Run) -> None:
    with as_("one"):
        run.want(PLACE, ["ada by uuid"], BY_UUID_ALONE)
        assert not run.begin(PLACE, ["ada by uuid"], BY_UUID_ALONE).mixed
    with as_("two"):
        run.want(PLACE, ["bob"], BY_ACCOUNT_ID_ALONE)
        assert run.begin(PLACE, ["bob"], BY_ACCOUNT_ID_ALONE).mixed
        assert not run.begin(OTHER, ["bob"], BY_ACCOUNT_ID_ALONE).mixed
        run.renew()
    with as_("one"):
        assert not run.begin(PLACE, ["ada by uuid"], BY_UUID_ALONE).mixed


# Persons of whom one form alone is known


def test_whoever_begins_without_a_check_is_known_by_one_form_too(run: Run) -> None:
    for name, alone in PERSONS:
        with as_(name):
            assert run.begin(PLACE, [name], alone).mixed is (name == "bob")


@pytest.mark.parametrize("by_uuid_first", [True, False])
def test_who_may_be_the_person_that_a_delete_takes_is_waited_for(run: Run, by_uuid_first: bool) -> None:
    """Ada by UUID and somebody by account id: Bitbucket's answer to one of them would tell, but no answer has come."""
    (name, alone), (other, other_alone) = PERSONS if by_uuid_first else reversed(PERSONS)
    with as_("old"):
        [look] = run.take([PLACE], False, [["grace", "grace by uuid"], [name]], False, alone)[1:]
        assert look is None
    with as_("same form"):
        assert run.begin(PLACE, ["carol"], dict.fromkeys(["carol"], alone[name])).taker is None
    with as_("known in both forms"):
        assert run.begin(PLACE, ["eve", "eve by uuid"]).taker is None
    with as_("elsewhere"):
        assert run.begin(OTHER, [other], other_alone).taker is None
    with as_("new"):
        begun = run.begin(PLACE, [other], other_alone)
        assert (begun.taker, begun.taken) == ("old", True)
        assert run.taker(PLACE, [other], other_alone) == "old"
    with as_("old"):
        run.taken(PLACE, [name], True)
    with as_("new"):
        begun = run.begin(PLACE, [other], other_alone)
        assert (begun.taker, begun.taken) == (None, False), "no listing shows them under this name"


@pytest.mark.parametrize("by_uuid_first", [True, False])
def test_a_delete_waits_for_who_may_be_giving_access_to_the_person_that_it_takes(run: Run, by_uuid_first: bool) -> None:
    (name, alone), (other, other_alone) = PERSONS if by_uuid_first else reversed(PERSONS)

    def look() -> Look:
        with as_("old"):
            [found] = run.take([PLACE], True, [[name]], True, alone)
            run.taken(PLACE, [name], False)
        return found

    with as_("old"):
        run.want(PLACE, [other], other_alone)
        run.begin(PLACE, [other], other_alone)
    assert look() is None, "its own next step"
    with as_("new"):
        run.want(PLACE, [other], other_alone)
        assert look() is None, "who has not begun will wait for the delete"
        run.begin(PLACE, [other], other_alone)
        assert look() == Keeper("new", Stage.BEGUN)
        with run.waiting(PLACE):
            assert look() == Keeper("new", Stage.BEGUN), "it goes on later"
        with as_("old"):
            assert run.take([PLACE], True, [[name]], True) == [None], "known in both forms"
            assert run.take([OTHER], True, [[name]], True, alone) == [None]
            run.taken(PLACE, [name], False)
        run.failed()
        assert look() == Keeper("new", Stage.FAILED)
        run.begin(PLACE, [other], other_alone)
        run.given(PLACE, [other, "its uuid"])
    assert look() is None, "who it is has been answered"


def test_who_may_be_one_person_is_waited_for_where_the_place_is_written_in_another_form_too(run: Run) -> None:
    """It is not known yet that the two are one place, and no person is wanted there under a name that would ask."""

    def look() -> Look:
        with as_("old"):
            [found] = run.take([PLACE], False, [["ada by uuid"]], True, BY_UUID_ALONE)
        return found

    with as_("new"):
        run.want(BY_UUID, ["bob"], BY_ACCOUNT_ID_ALONE)
        run.begin(BY_UUID, ["bob"], BY_ACCOUNT_ID_ALONE)
        assert look() == Keeper("new", Stage.BEGUN)
        run.failed()
    assert look() is None, "what has failed at another place keeps nothing here"
    with as_("later"):
        assert run.begin(BY_UUID, ["bob"], BY_ACCOUNT_ID_ALONE).taker == "old"
        assert run.begin(OTHER, ["bob"], BY_ACCOUNT_ID_ALONE).taker is None


@pytest.mark.parametrize("many", [2, 50])
def test_who_may_be_one_of_many_is_looked_up_once(run: Run, many: int) -> None:
    """A set of thousands would hold the others of the run up for longer than they have patience."""
    alone, asked = {f"uuid {number}": UUID for number in range(many)}, list[str]()
    wants(run, "new", "bob")
    run.memory._facts.set_trace_callback(lambda sql: asked.append(sql) if "'want by account id'" in sql else None)
    with as_("old"):
        assert run.take([PLACE], True, [[name] for name in alone], True, alone, hold=False) == [None] * many
    assert len(asked) == 1


def test_rivals_are_told_when_a_create_begins_too(run: Run) -> None:
    wants(run, "one", "ada")
    with as_("two"):
        assert run.begin(PLACE, ["ada", "ada by uuid"]).rivals == ["one"]
    with as_("one"):
        assert run.begin(PLACE, ["ada by uuid"]).rivals == ["two"]


def test_a_place_is_quiet_when_no_other_urn_is_at_work_there_on_things_of_any_kind(run: Run) -> None:
    with as_("admin"):
        assert run.quiet_since(PLACE) == 0
        run.takes("ada")
        assert run.quiet_since(PLACE) == 0, "its own work does not count"
    began = moment()
    with as_("other"):
        run.begin(PLACE.replace("user", "group"), ["developers"])
    with as_("admin"):
        assert run.quiet_since(PLACE) is None
        assert run.quiet_since(OTHER) == 0
    with as_("other"):
        run.done(PLACE.replace("user", "group"), ["developers"])
    with as_("admin"):
        assert (run.quiet_since(PLACE) or 0) >= began


@pytest.mark.parametrize("end", ["failed", "taken", "not taken"])
def test_work_is_over_however_it_ends(run: Run, end: str) -> None:
    with as_("other"):
        if end == "failed":
            run.begin(PLACE, ["ada"])
            run.failed()
        else:
            run.takes("ada")
            run.taken(PLACE, ["ada"], gone=end == "taken")
    with as_("admin"):
        assert run.quiet_since(PLACE)


def test_an_update_goes_on_after_it_has_taken_something(run: Run) -> None:
    with as_("set"):
        run.begin(PLACE, ["ada"])
        run.takes("grace")
        run.taken(PLACE, ["grace"], gone=True)
    with as_("admin"):
        assert run.quiet_since(PLACE) is None


def test_who_holds_a_thing_in_the_state_is_known_by_place_and_name(run: Run) -> None:
    with as_("one"):
        run.hold([(PLACE, ["ada", "uuid"])])
    assert run.holder(PLACE, ["uuid"]) == run.holder(PLACE, ["nobody", "ada"]) == "one"
    assert run.holder(OTHER, ["uuid"]) is run.holder(PLACE, ["grace"]) is None


def test_what_is_in_the_state_and_under_change_stays_under_change(run: Run) -> None:
    wants(run, "one", "ada")
    with as_("one"):
        run.begin(PLACE, ["ada"])
        run.hold([(PLACE, ["ada"])])
    with as_("old"):
        assert run.takes("ada") == Keeper("one", Stage.BEGUN)


def test_a_create_is_at_work_until_it_is_done_or_has_failed(run: Run) -> None:
    assert run.last_at_work() == 0
    ends: list[Callable[[], object]] = [lambda: run.done(PLACE, ["ada"]), run.failed]
    for end in ends:
        for urn, name in (("one", "ada"), ("two", "bob")):
            with as_(urn):
                run.begin(PLACE, [name])
        assert run.last_at_work() is None
        with as_("two"):
            run.done(PLACE, ["bob"])
        assert run.last_at_work() is None
        with as_("one"):
            end()
        assert 0 < (run.last_at_work() or 0) <= moment()


def test_a_create_is_not_at_work_while_it_waits_for_others_and_goes_on_afterwards(run: Run) -> None:
    with as_("old"):
        run.takes("ada")
        with run.waiting():
            pass
    assert run.last_at_work() == 0, "a delete is never at work"
    with as_("one"):
        run.begin(PLACE, ["ada"])
        with run.waiting(), as_("other"):
            assert run.last_at_work()
            assert run.quiet_since(PLACE) is None, "it is under way there all the same"
    assert run.last_at_work() is None


def test_a_create_whose_process_was_killed_is_over(run: Run) -> None:
    """Nobody waits for it, and what it may have made stays."""
    with as_("one"):
        run.begin(PLACE, ["ada"])
    kill(run)
    with as_("old"):
        assert run.last_at_work() == 0
        assert run.quiet_since(PLACE) == 0
        assert run.takes("ada") == Keeper("one", Stage.FAILED)


def test_a_place_where_a_delete_has_taken_nothing_is_quiet_and_one_where_a_create_goes_on_is_not(run: Run) -> None:
    wants(run, "new", "ada")
    with as_("old"):
        run.takes("ada")
    with as_("own"):
        assert run.quiet_since(PLACE) is None
    with as_("old"):
        run.leaves(PLACE)
    with as_("own"):
        assert run.quiet_since(PLACE)
    with as_("set"):
        run.begin(PLACE, ["bob"])
        run.takes("ada")
        run.leaves(PLACE)
    with as_("own"):
        assert run.quiet_since(PLACE) is None


def test_what_is_done_is_wanted_under_every_name_that_it_turned_out_to_have(run: Run) -> None:
    with as_("one"):
        run.begin(PLACE, ["ada"])
        run.done(PLACE, ["ada", "uuid"])
    assert wants(run, "two", "uuid") == ["one"]


def test_a_place_is_not_quiet_while_a_delete_is_under_way_there(run: Run) -> None:
    with as_("old"):
        run.takes("ada")
    with as_("own"):
        assert run.quiet_since(PLACE) is None
    with as_("old"):
        run.taken(PLACE, ["ada"], gone=True)
    with as_("own"):
        assert 0 < (run.quiet_since(PLACE) or 0) <= moment()


def test_a_place_is_not_quiet_until_the_last_of_several_deletes_of_a_set_is_over(run: Run) -> None:
    """One may wait for Bitbucket's rate limit long after the others: without the administrator right it would fail."""
    with as_("set"):
        run.takes("ada")
        run.takes("bob")
        run.taken(PLACE, ["ada"], gone=True)
    with as_("own"):
        assert run.quiet_since(PLACE) is None
    with as_("set"):
        run.taken(PLACE, ["bob"], gone=True)
    with as_("own"):
        assert run.quiet_since(PLACE)


def test_a_note_is_new_once_a_run_and_keeps_its_first_value(run: Run) -> None:
    assert run.noted("identity", "acme/api") is None
    assert run.note("identity", "acme/api", "first")
    assert not run.note("identity", "acme/api", "second")
    assert run.note("identity", "acme/web")
    assert run.note("gone", "acme/api")
    assert run.noted("identity", "acme/api") == "first"


def test_kinds_of_facts_that_a_later_version_writes_change_nothing(run: Run) -> None:
    with run.memory.transaction() as facts:
        for kind in ("reserved", "want-group", "taken-elsewhere"):
            facts.execute("INSERT INTO fact VALUES (?, ?, 'ada', 'newer', 'whatever')", (kind, PLACE))
    assert wants(run, "one", "ada") == []
    with as_("one"):
        assert run.begin(PLACE, ["ada"]) == Begun([], None, False, False, False)
        run.renew()
    with as_("old"):
        assert run.takes("ada") is None


# Without the ledger


def lost() -> Memory:
    raise LedgerLost("no folder")


def test_without_the_ledger_a_process_that_has_checked_nothing_deletes_and_reads() -> None:
    ledger = Ledger(lost)
    with as_("one"):
        assert ledger.take([PLACE], False, [["ada"], ["bob"]], True) == [None, None]
        ledger.taken(PLACE, ["ada"], gone=True)
        ledger.leaves(PLACE)
        ledger.hold([(PLACE, ["ada"])])
        ledger.failed()
        assert ledger.quiet_since(PLACE) == 0
        assert ledger.note("gone", PLACE) and ledger.noted("gone", PLACE) is None


def test_without_the_ledger_nothing_is_checked_and_nothing_that_was_checked_is_deleted() -> None:
    ledger = Ledger(lost)
    with as_("one"):
        with pytest.raises(LedgerLost, match="no folder"):
            ledger.renew()
        with pytest.raises(LedgerLost, match="no folder"):
            ledger.take([PLACE], False, [["ada"]], True)


@pytest.mark.parametrize("used", [False, True])
def test_after_the_end_of_a_run_nothing_is_checked_any_more(run: Run, used: bool) -> None:
    if used:
        wants(run, "one", "ada")
    run.close()
    run.close()
    with as_("one"), pytest.raises(LedgerLost, match="This run is over"):
        run.renew()


@pytest.mark.parametrize("verb", ["want", "begin", "done", "take", "given"])
def test_a_verb_is_one_transaction(run: Run, verb: str) -> None:
    began: list[str] = []
    run.memory._facts.set_trace_callback(lambda sql: began.append(sql) if sql.startswith("BEGIN") else None)
    with as_("one"):
        if verb == "take":
            run.take([PLACE], False, [["ada"], ["bob"]], False)
        else:
            getattr(run, verb)(PLACE, ["ada", "bob"])
    assert len(began) == 1
