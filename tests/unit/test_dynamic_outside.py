"""The dynamic flavour in a process without the engine: in a script, at a prompt, in a unit test of a user's program."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from textwrap import indent

from tests.conftest import CheckedEmulator
from tests.engine.builds import ROOT

ADA = {"BITBUCKET_EMAIL": "ada@acme.example", "BITBUCKET_API_TOKEN": "ada-api-token"}

FUNCTIONS = """
import pulumi_bitbucket_user.dynamic as bitbucket_user

for _ in range(2):
    print(bitbucket_user.get_current_user().display_name)
"""
MOCKED = """
import pulumi

class Mocks(pulumi.runtime.Mocks):
    def call(self, args):
        return {"displayName": f"{args.token} of {args.args['userId']}"}

    def new_resource(self, args):
        return f"id of {args.name}", args.inputs | {"displayName": "a name"}

pulumi.runtime.set_mocks(Mocks())

import pulumi_bitbucket_user.dynamic as bitbucket_user

user = "557058:00000001"

@pulumi.runtime.test
def test():
    print(bitbucket_user.get_user(user_id=user).display_name)
    bitbucket_user.get_user_output(user_id=user).display_name.apply(print)
    made = bitbucket_user.RepositoryUserPermission(
        "one", workspace="acme", repo_slug="api", user_id=user, permission="read"
    )
    return made.display_name.apply(print)

test()
"""
MANY = """
import pickle, pulumi, pulumi_bitbucket_user.dynamic as bitbucket_user

class Mocks(pulumi.runtime.Mocks):
    def call(self, args):
        return {}

    def new_resource(self, args):
        return args.name, args.inputs

pulumi.runtime.set_mocks(Mocks())

@pulumi.runtime.test
def test():
    for number in range(3):
        bitbucket_user.UserSshKey(f"{number}", user_id="557058:00000001", key="ssh-ed25519 AAAA")
        print(id(pickle._Pickler._batch_setitems))

test()
"""
IMPORTED = """
import pulumi, pulumi_bitbucket_user.dynamic as bitbucket_user

try:
    bitbucket_user.UserSshKey("laptop", user_id="{ada}", key="k", opts=pulumi.ResourceOptions(import_="ada/laptop"))
except pulumi.RunError as error:
    print(error)
"""


def run(script: str, environ: Mapping[str, str]) -> list[str]:
    """What the script prints."""
    path = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "provider")}
    done = subprocess.run([sys.executable, "-c", script], env={**path, **environ}, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_functions_ask_with_the_environments_credential_in_a_script(bitbucket: CheckedEmulator) -> None:
    assert run(FUNCTIONS, {**ADA, "BITBUCKET_BASE_URL": bitbucket.url}) == ["Ada Lovelace"] * 2
    assert bitbucket.count() == 1


def test_without_a_credential_a_script_is_told_what_is_missing() -> None:
    [told] = run(f"try:{indent(FUNCTIONS, '    ')}except Exception as error: print(error)", {})
    assert told.startswith("No credential for Bitbucket: set ")


def test_mocks_answer_in_bitbuckets_place(bitbucket: CheckedEmulator) -> None:
    answer = "bitbucket-user:index:getUser of 557058:00000001"
    assert sorted(run(MOCKED, {**ADA, "BITBUCKET_BASE_URL": bitbucket.url})) == ["a name", answer, answer]
    assert not bitbucket.requests


def test_the_option_to_import_is_refused_with_what_can_be_done() -> None:
    [told] = run(IMPORTED, {})
    assert told.startswith("'laptop' cannot be imported: dynamic resources have no import. Set ")


def test_each_kind_of_resource_is_pickled_once() -> None:
    """Each time, Pulumi leaves another layer around the pickler; the 981st is one too many for Python."""
    patched = run(MANY, {})
    assert len(patched) == 3
    assert len({*patched}) == 1
