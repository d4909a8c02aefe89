"""examples/rollout as a team runs it: the commands of its bitbucket-pipelines.yml, each step in a checkout of its own,
with the state on an S3 server of this machine; and its driver at a prompt."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from bitbucket_user_emulator import from_yaml
from bitbucket_user_emulator.seed import app_user
from bitbucket_user_emulator.world import Credential
from moto.server import ThreadedMotoServer

from tests.conftest import CheckedEmulator
from tests.engine.builds import ROOT
from tests.site.outputs import OUTPUTS
from tests.stacks import EXAMPLES

EXAMPLE = EXAMPLES / "rollout"
INSTALL = "pulumi install"
"""Needs the package index. What it makes, an environment in `venv`, each checkout has already."""
PYTHON = "venv/bin/python"
QUESTION = "Only yes does it: "
READ_ONLY = ["read:repository", "read:project", "read:workspace", "read:user"]
READER = "plain-token-that-only-reads"
WRITER = "ada-api-token"
COMMENTER = "plain-token-that-only-comments"
PASSPHRASE = "plain-passphrase"
S3_KEY = "plain-s3-key"
SECRETS = (READER, WRITER, COMMENTER, PASSPHRASE, S3_KEY)
STACKS = ("acme-dev", "acme-staging", "acme")
QUIET = {"PULUMI_SKIP_UPDATE_CHECK": "1", "GOGC": "off", "GOMEMLIMIT": "2GiB", "NO_COLOR": "1"}


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """Host and port."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


class Repository:
    """The team's repository, and what Bitbucket Pipelines does with it."""

    def __init__(self, folder: Path, bitbucket: CheckedEmulator, environ: dict[str, str]) -> None:
        self.folder, self.bitbucket, self.environ = folder, bitbucket, environ
        self.source = shutil.copytree(EXAMPLE, folder / "repository", ignore=shutil.ignore_patterns("venv", "__py*"))
        self.checkouts = 0
        self.artifacts: dict[str, bytes] = {}
        self.said: list[str] = []

    def pipeline(self, kind: str, name: str) -> list[dict[str, Any]]:
        found = yaml.safe_load((self.source / "bitbucket-pipelines.yml").read_text())
        return [one["step"] for one in found["pipelines"][kind][name]]

    def run(self, step: dict[str, Any], **environ: str) -> subprocess.CompletedProcess[str]:
        """A step, in an environment that has the credentials of its deployment."""
        token = WRITER if "deployment" in step else READER
        checkout = self.checkout()
        for name, content in self.artifacts.items():
            (checkout / name).write_bytes(content)
        commands = [command for command in step["script"] if command != INSTALL]
        assert commands != step["script"]
        command = ["bash", "-euc", "\n".join(commands)]
        environ = self.environ | {"BITBUCKET_API_TOKEN": token} | environ
        done = subprocess.run(command, cwd=checkout, env=environ, capture_output=True, text=True)
        self.artifacts |= {name: (checkout / name).read_bytes() for name in step.get("artifacts", [])}
        return self.heard(command, done.returncode, done.stdout, done.stderr)

    def driver(
        self, *arguments: str, answer: str = "", meanwhile: Callable[[], object] = lambda: None
    ) -> subprocess.CompletedProcess[str]:
        """At a prompt. `meanwhile` happens when it waits for the answer."""
        command = [PYTHON, "rollout.py", *arguments]
        environ = self.environ | {"BITBUCKET_API_TOKEN": WRITER}
        with subprocess.Popen(
            command,
            cwd=self.checkout(),
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout
            asked = b""
            while answer and not asked.endswith(QUESTION.encode()) and (sign := process.stdout.read(1)):
                asked += sign
            meanwhile()
            rest, errors = process.communicate(answer.encode())
        return self.heard(command, process.returncode, (asked + rest).decode(), errors.decode())

    def heard(self, command: list[str], status: int, said: str, errors: str) -> subprocess.CompletedProcess[str]:
        self.said += [said, errors]
        print(said, errors)
        return subprocess.CompletedProcess(command, status, said, errors)

    def checkout(self) -> Path:
        self.checkouts += 1
        made = shutil.copytree(self.source, self.folder / f"checkout-{self.checkouts}")
        (made / "venv").symlink_to(ROOT / ".venv")
        return made

    def write(self, stack: str, repository: str, people: dict[str, str]) -> None:
        """Changes who may use a repository, as in a commit."""
        file = self.source / f"Pulumi.{stack}.yaml"
        settings = yaml.safe_load(file.read_text())
        settings["config"]["rollout:repositories"][repository]["people"] = people
        file.write_text(yaml.safe_dump(settings))

    def state(self) -> dict[str, str]:
        """All that is in the bucket: name → content."""
        address, _, options = self.environ["PULUMI_BACKEND_URL"].removeprefix("s3://").partition("?")
        bucket = f"http://{options.partition('&')[0].removeprefix('endpoint=')}/{address}"
        names = re.findall(r"<Key>(.*?)</Key>", requests.get(f"{bucket}?list-type=2", timeout=10).text)
        return {name: requests.get(f"{bucket}/{name}", timeout=10).text for name in names}

    def held(self) -> dict[str, dict[str, str]]:
        """Place → who holds what there, in all three workspaces."""
        found = {}
        for slug in STACKS:
            for place in (*self.bitbucket.world.workspaces[slug].repositories, "OPS"):
                there = self.bitbucket.place(slug, place)
                people = {self.bitbucket.world.people[uuid].display_name: level for uuid, level in there.users.items()}
                found[f"{slug}/{place}"] = people | there.groups
        return {place: held for place, held in found.items() if held}


@pytest.fixture
def repository(home: Path, tmp_path: Path, bitbucket: CheckedEmulator, s3: str) -> Iterator[Repository]:
    world = bitbucket.server.world = from_yaml.read(EXAMPLE / "bitbucket.yaml")
    scopes = [f"{scope}:bitbucket" for scope in READ_ONLY]
    bot, ada = app_user("Acme Bot"), world.person("Ada")
    world.people[bot.uuid] = bot
    for token in (
        Credential("api-token", READER, ada.uuid, scopes, "ada@acme.example"),
        Credential("access-token", COMMENTER, bot.uuid, ["pullrequest"], workspaces=["acme"]),
    ):
        world.credentials[token.secret] = token
    requests.put(f"http://{s3}/{tmp_path.name.replace('_', '-')}", timeout=10).raise_for_status()
    address = f"endpoint={s3}&disableSSL=true&s3ForcePathStyle=true&region=us-east-1"
    environ = QUIET | {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": f"s3://{tmp_path.name.replace('_', '-')}?{address}",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "AWS_ACCESS_KEY_ID": "access-key-of-the-test",
        "AWS_SECRET_ACCESS_KEY": S3_KEY,
        "BITBUCKET_BASE_URL": bitbucket.url,
        "BITBUCKET_EMAIL": "ada@acme.example",
        "BITBUCKET_REPO_FULL_NAME": "acme/access",
        "BITBUCKET_WORKSPACE": "acme",
        "BITBUCKET_REPO_SLUG": "access",
        "COMMENT_TOKEN": COMMENTER,
    }
    made = Repository(tmp_path, bitbucket, environ)
    yield made
    files = [path.read_bytes().decode(errors="replace") for path in tmp_path.rglob("*") if path.is_file()]
    comments = [str(one) for one in world.workspaces["acme"].repositories["access"].pull_requests.values()]
    everything = "".join([*made.said, *files, *comments, *made.state().values()])
    assert [secret for secret in SECRETS if secret in everything] == []


def is_shown(name: str, text: str) -> None:
    """In docs/guides/environments.md: what differs is copied from here."""
    print(text)
    assert (OUTPUTS / f"rollout-{name}").read_text() == text


def test_pull_requests_main_and_nights_as_a_team_lives_them(repository: Repository, bitbucket: CheckedEmulator) -> None:
    number = bitbucket.open_pull_request("acme", "access")
    spoken = bitbucket.comment("acme", "access", number, "Who is this for?")
    [preview] = repository.pipeline("pull-requests", "**")
    of_the_pull_request = {"BITBUCKET_PR_ID": str(number), "BITBUCKET_COMMIT": "0123456789abcdef"}

    assert repository.run(preview, **of_the_pull_request).returncode == 0
    comments = bitbucket.comments("acme", "access", number)
    [made] = comments.keys() - {spoken}
    assert "| staging | acme-staging/web | Bob Kahn | gains write |" in comments[made]
    assert comments[made].startswith("**With this pull request 16 gain access**")
    assert {one.credential for one in bitbucket.requests if one.method != "GET"} == {"access-token"}
    assert repository.held() == {}

    [staging] = repository.pipeline("branches", "main")
    assert repository.run(staging).returncode == 0
    held = repository.held()
    assert held == {
        "acme-staging/api": {"Grace Hopper": "write", "developers": "read"},
        "acme-staging/web": {"Bob Kahn": "write", "developers": "read"},
        "acme-staging/OPS": {"Grace Hopper": "write"},
    }

    [nightly] = repository.pipeline("custom", "nightly")
    done = repository.run(nightly)
    assert (done.returncode, done.stdout) == (0, "Nothing was changed by hand in dev, staging, prod.\n")
    bitbucket.grant("acme-staging", "web", "Alan", "admin")
    bitbucket.revoke_group("acme-staging", "api", "developers")
    bitbucket.clear()
    state = repository.state()
    done = repository.run(nightly)
    assert done.returncode == 1
    assert "−  staging  acme-staging/api  group developers  lost read\n" in done.stdout
    assert "+  staging  acme-staging/web  Alan Turing       was given admin\n" in done.stdout
    is_shown("nightly.txt", f"$ {nightly['script'][-1]}\n{done.stdout}")
    assert {one.method for one in bitbucket.requests} == {"GET"}

    repository.write("prod", "api", {"grace@acme.example": "admin", "alan@acme.example": "read"})
    assert repository.run(preview, **of_the_pull_request).returncode == 0
    comments = bitbucket.comments("acme", "access", number)
    assert comments.keys() == {spoken, made} and comments[spoken] == "Who is this for?"
    assert comments[made].startswith("**With this pull request 1 loses access, 13 gain access**")
    assert "| staging | acme-staging/web | Alan Turing | **loses admin** |" in comments[made]
    assert "| prod | acme/api | Alan Turing | gains read |" in comments[made]
    is_shown("comment.md", comments[made])
    assert repository.state() == state, "a preview writes nothing, so that it needs no more than to read"

    before = repository.held()
    done = repository.driver(
        "staging", answer="yes\n", meanwhile=lambda: bitbucket.grant("acme-staging", "OPS", "Bob", "admin")
    )
    assert done.returncode == 1
    assert "staging: failed: it would do more than was previewed, and did nothing:\n" in done.stderr
    assert "− acme-staging project OPS: Bob Kahn loses admin\n" in done.stderr
    answered = done.stdout.replace(QUESTION, f"{QUESTION}yes\n")
    is_shown("driver.txt", f"$ {PYTHON} rollout.py staging\n{answered}{done.stderr}")
    bitbucket.revoke("acme-staging", "OPS", "Bob")
    assert repository.held() == before


@pytest.mark.soak
def test_a_tag_is_previewed_and_prod_gets_that_and_nothing_else(
    repository: Repository, bitbucket: CheckedEmulator
) -> None:
    look, gate = repository.pipeline("tags", "v*")
    assert repository.run(look).returncode == 0
    assert repository.held() == {}
    assert repository.run(gate).returncode == 0
    held = repository.held()
    assert held == {
        "acme/api": {"Grace Hopper": "write", "developers": "read"},
        "acme/web": {"Bob Kahn": "read", "developers": "read"},
        "acme/OPS": {"Grace Hopper": "admin"},
    }

    repository.write("prod", "api", {"grace@acme.example": "admin"})
    assert repository.run(look).returncode == 0
    bitbucket.grant("acme", "web", "Alan", "admin")
    done = repository.run(gate)
    assert done.returncode == 1 and "prod: − acme/web: Alan Turing loses admin\n" in done.stderr
    assert repository.held() == held | {"acme/web": held["acme/web"] | {"Alan Turing": "admin"}}


@pytest.mark.soak
def test_a_stack_is_brought_up_as_it_was_previewed_or_not_at_all(
    repository: Repository, bitbucket: CheckedEmulator
) -> None:
    done = repository.driver("dev", answer="no\n")
    assert done.returncode == 1 and "+  dev    acme-dev/web          Bob Kahn          gains write\n" in done.stdout
    assert repository.held() == {}
    assert repository.driver("dev", "--yes").returncode == 0
    held = repository.held()

    repository.write("dev", "web", {"grace@acme.example": "read"})
    done = repository.driver(
        "dev", answer="yes\n", meanwhile=lambda: bitbucket.grant("acme-dev", "web", "Alan", "admin")
    )
    assert done.returncode == 1
    assert "− acme-dev/web: Alan Turing loses admin" in done.stderr
    assert "Done: nothing. Not done: dev.\n" in done.stderr
    assert repository.held() == held | {"acme-dev/web": held["acme-dev/web"] | {"Alan Turing": "admin"}}

    done = repository.driver("dev", "--yes")
    assert done.returncode == 0 and "dev: done, 2 lose access, 1 gains access" in done.stdout
    assert repository.held() == held | {"acme-dev/web": {"Grace Hopper": "read", "developers": "write"}}


@pytest.mark.soak
def test_the_driver_stops_at_the_first_failure_and_goes_on_when_it_is_run_again(
    repository: Repository, bitbucket: CheckedEmulator
) -> None:
    grace = bitbucket.person("Grace").account_id
    bitbucket.fault(f"/repositories/acme-staging/api/permissions-config/users/{grace}", "PUT", status=402)
    done = repository.driver("--yes")
    assert done.returncode == 1
    assert "staging: failed: " in done.stderr and "no seat left" in done.stderr
    assert "Done: dev. Not done: staging (in part, perhaps), prod.\n" in done.stderr
    assert {place.partition("/")[0] for place in repository.held()} == {"acme-dev", "acme-staging"}

    done = repository.driver("--yes")
    assert done.returncode == 0
    assert "dev: unchanged\n" in done.stdout and "prod: done" in done.stdout
    assert len(repository.held()) == 9
    done = repository.driver()
    assert done.returncode == 0 and done.stdout.endswith("no change\n")


@pytest.mark.soak
def test_what_cannot_be_previewed_is_said_in_the_comment_and_fails_the_pull_request(
    repository: Repository, bitbucket: CheckedEmulator
) -> None:
    number = bitbucket.open_pull_request("acme", "access")
    repository.write("staging", "api", {"eve@outside.example": "admin"})
    [preview] = repository.pipeline("pull-requests", "**")
    done = repository.run(preview, BITBUCKET_PR_ID=str(number), BITBUCKET_COMMIT="0123456789abcdef")
    assert done.returncode == 1
    [said] = bitbucket.comments("acme", "access", number).values()
    assert "The preview of **staging** failed" in said
    assert "No member of acme-staging has the address eve@outside.example" in said
    assert "Traceback" not in said and "| prod | acme/web | Bob Kahn | gains read |" in said
