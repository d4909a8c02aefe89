"""The server itself: log, faults, latency, rate, state and command line."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from bitbucket_user_emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
USERS = "/repositories/acme/api/permissions-config/users"
VARIABLES = "/workspaces/acme/pipelines-config/variables"


@pytest.fixture
def bitbucket() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def control(bitbucket: Emulator, method: str, name: str, **how: Any) -> requests.Response:
    return bitbucket.ask(method, f"{bitbucket.origin}/_emulator/{name}", None, **how)


def test_the_control_side_tells_what_it_has(bitbucket: Emulator) -> None:
    found = bitbucket.ask("GET", f"{bitbucket.origin}/_emulator", None).json()
    assert found["/_emulator/requests"] == ["GET", "DELETE"]
    assert found.keys() == {f"/_emulator/{name}" for name in ("requests", "faults", "state", "switches", "clock")}


def test_the_log_tells_every_exchange(bitbucket: Emulator) -> None:
    grace = bitbucket.person("Grace")
    bitbucket.ask("PUT", f"{USERS}/{grace.uuid}", json={"permission": "read"})
    bitbucket.ask("GET", f"{USERS}?pagelen=50")
    bitbucket.ask("GET", "/nowhere")
    put, listing, lost = bitbucket.requests
    route = "/repositories/{workspace}/{repo_slug}/permissions-config/users"
    assert (put.method, put.path, put.route) == ("PUT", f"{USERS}/{grace.uuid}", route + "/{selected_user_id}")
    assert put.raw_path == f"/2.0{USERS}/{grace.uuid}".replace("{", "%7B").replace("}", "%7D")
    assert (put.credential, put.actor, put.status) == ("api-token", "Ada Lovelace", 200)
    assert put.request_headers["Authorization"] == "Basic ***"
    assert (put.request_body, put.response_body["permission"]) == ({"permission": "read"}, "read")
    assert (listing.query, lost.route, lost.status) == ({"pagelen": "50"}, "", 404)
    assert bitbucket.calls()[f"GET {route}"] == 1
    assert (bitbucket.count(), bitbucket.count("GET"), bitbucket.count(route_contains="selected_user")) == (3, 2, 1)
    told = control(bitbucket, "GET", "requests").json()
    assert told["total"] == 3 and told["counts"][f"GET {route}"] == 1
    assert [one["status"] for one in told["requests"]] == [200, 200, 404]
    assert control(bitbucket, "DELETE", "requests").status_code == 204
    assert bitbucket.requests == []


def test_a_status_replaces_the_work_and_is_used_up(bitbucket: Emulator) -> None:
    bitbucket.fault(VARIABLES, "POST", status=503, headers={"Retry-After": "1"}, times=2)
    body = {"key": "K", "value": "x"}
    answers = [bitbucket.ask("POST", VARIABLES, json=body) for _ in range(3)]
    assert [one.status_code for one in answers] == [503, 503, 201]
    assert answers[0].headers["Retry-After"] == "1"
    assert [one.fault for one in bitbucket.requests] == [True, True, False]


def test_a_status_may_hide_work_that_was_done(bitbucket: Emulator) -> None:
    bitbucket.fault(VARIABLES, "POST", status=504, work=True)
    assert bitbucket.ask("POST", VARIABLES, json={"key": "K", "value": "x"}).status_code == 504
    assert list(bitbucket.workspace_variables("acme")) == ["K"]


@pytest.mark.parametrize(("drop", "kept"), [("before", []), ("during", ["K"]), ("after", ["K"])])
def test_a_connection_is_dropped_before_or_after_the_work(bitbucket: Emulator, drop: str, kept: list[str]) -> None:
    bitbucket.fault(VARIABLES, drop=drop)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        bitbucket.ask("POST", VARIABLES, json={"key": "K", "value": "x"})
    assert list(bitbucket.workspace_variables("acme")) == kept
    assert len(bitbucket.requests) == 1


def test_an_answer_is_cut_replaced_or_emptied(bitbucket: Emulator) -> None:
    whole = bitbucket.ask("GET", "/user").text
    bitbucket.fault("/user", truncate=True)
    assert bitbucket.ask("GET", "/user").text == whole[: len(whole) // 2]
    bitbucket.fault("/user", status=502, html=True)
    page = bitbucket.ask("GET", "/user")
    assert (page.status_code, page.headers["Content-Type"].split(";")[0]) == (502, "text/html")
    bitbucket.fault("/user", empty=True)
    assert bitbucket.ask("GET", "/user").content == b""
    bitbucket.fault("/user", status=403, body={"error": {"message": "no"}})
    assert bitbucket.ask("GET", "/user").json() == {"error": {"message": "no"}}
    bitbucket.fault("/user", status=401, body="no")
    assert bitbucket.ask("GET", "/user").headers["Content-Type"].startswith("text/plain")
    assert bitbucket.ask("GET", "/user").text == whole


def test_a_fault_meets_a_route_a_path_or_a_part_of_either(bitbucket: Emulator) -> None:
    grace = f"{USERS}/{bitbucket.person('Grace').uuid}"
    bitbucket.fault("/repositories/{workspace}/{repo_slug}/permissions-config/users", status=500)
    assert bitbucket.ask("GET", grace).status_code == 200
    assert bitbucket.ask("GET", USERS).status_code == 500
    bitbucket.fault("acme/api", status=500, times=None)
    assert [bitbucket.ask("GET", path).status_code for path in (USERS, grace, USERS)] == [500] * 3
    assert bitbucket.ask("GET", USERS.replace("api", "web")).status_code == 200
    bitbucket.clear_faults()
    assert bitbucket.ask("GET", USERS).status_code == 200


def test_the_token_endpoint_takes_faults_too(bitbucket: Emulator) -> None:
    bitbucket.fault("/site/oauth2/access_token", status=500)
    with pytest.raises(KeyError):
        bitbucket.mint()
    assert bitbucket.mint()


def test_faults_are_posted_one_or_many(bitbucket: Emulator) -> None:
    assert control(bitbucket, "POST", "faults", json={"route": "/user", "status": 500}).status_code == 204
    control(bitbucket, "POST", "faults", json=[{"route": "/user", "status": 501}, {"route": "/user", "status": 502}])
    assert [bitbucket.ask("GET", "/user").status_code for _ in range(2)] == [500, 501]
    assert [one["status"] for one in control(bitbucket, "GET", "faults").json()] == [502]
    assert control(bitbucket, "DELETE", "faults").status_code == 204
    assert bitbucket.ask("GET", "/user").status_code == 200
    for wrong in ({"status": 500}, {"route": "/user", "colour": "red"}, {"route": "/user", "drop": "never"}):
        assert control(bitbucket, "POST", "faults", json=wrong).status_code == 400
    assert control(bitbucket, "POST", "faults", data="{").status_code == 400


def test_requests_wait_side_by_side() -> None:
    with Emulator() as bitbucket, ThreadPoolExecutor(16) as pool:
        bitbucket.latency_ms = 500
        answers = list(pool.map(lambda _: bitbucket.ask("GET", "/user").status_code, range(16)))
        assert answers == [200] * 16
        assert bitbucket.peak > 4


def test_beyond_the_hourly_rate_each_credential_is_told_to_wait() -> None:
    with Emulator(requests_per_hour=2) as bitbucket:
        answers = [bitbucket.ask("GET", "/user") for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        assert answers[2].json()["error"]["message"] == "Rate limit for this resource has been exceeded"
        assert "Retry-After" not in answers[2].headers
        assert bitbucket.ask("GET", "/user", "grace-api-token").status_code == 200
        bitbucket.world.switches.retry_after = "7"
        assert bitbucket.ask("GET", "/user").headers["Retry-After"] == "7"
        bitbucket.forget_rate()
        assert bitbucket.ask("GET", "/user").status_code == 200


def test_a_mistake_of_the_emulator_is_answered_and_logged(
    bitbucket: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    bitbucket.world.people[bitbucket.person("Ada").uuid].emails = None  # type: ignore[assignment]
    assert bitbucket.ask("GET", "/user/emails").status_code == 500
    assert bitbucket.requests[-1].status == 500 and "TypeError" in capsys.readouterr().err


def test_fields_select_and_remove(bitbucket: Emulator) -> None:
    assert bitbucket.ask("GET", "/user?fields=uuid,links.self").json().keys() == {"uuid", "links"}
    assert bitbucket.ask("GET", "/user?fields=links.self").json()["links"].keys() == {"self"}
    assert "uuid" not in bitbucket.ask("GET", "/user?fields=-uuid").json()
    first = bitbucket.ask("GET", "/workspaces/acme/members?fields=-values.user.uuid,-size").json()
    assert "size" not in first and "uuid" not in first["values"][0]["user"]


def test_a_large_state_goes_in_too(bitbucket: Emulator) -> None:
    state = f"{bitbucket.url.removesuffix('/2.0')}/_emulator/state"
    large = requests.get(state, timeout=60).text + " " * 2 * 2**20  # more than aiohttp takes by itself
    assert requests.put(state, large, timeout=60).ok


def test_the_state_goes_out_and_in_again(bitbucket: Emulator) -> None:
    bitbucket.grant("acme", "api", "Grace", "write")
    bitbucket.set_variable("Grace", "K", "x", secured=True)
    state = control(bitbucket, "GET", "state").json()
    bitbucket.revoke("acme", "api", "Grace")
    bitbucket.delete_variable("Grace", "K")
    assert control(bitbucket, "PUT", "state", json=state).status_code == 204
    assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "write"}
    assert bitbucket.user_variables("Grace") == {"K": {"value": "x", "secured": True}}
    assert control(bitbucket, "PUT", "state", json={"people": 3}).status_code == 400
    assert bitbucket.user_variables("Grace")


def test_data_outlives_the_server(tmp_path: Path) -> None:
    data = tmp_path / "bitbucket.json"
    with Emulator(data=data) as bitbucket:
        grace = bitbucket.person("Grace").uuid
        bitbucket.ask("PUT", f"{USERS}/{grace}", json={"permission": "read"})
        bitbucket.set_variable("acme", "K", "x")
    with Emulator(data=data) as bitbucket:
        assert bitbucket.repository_permissions("acme", "api") == {"Grace Hopper": "read"}
        assert bitbucket.workspace_variables("acme") == {"K": {"value": "x", "secured": False}}
    assert list(tmp_path.iterdir()) == [data]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(number: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bitbucket_user_emulator", "--port", "0", "--data", str(tmp_path / "data.json")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stderr
        url = process.stdout.readline().split()[-1]
        listed = "".join(process.stdout.readline() for _ in range(6))
        answer = requests.get(f"{url}/user", auth=("ada@acme.example", "ada-api-token"), timeout=10)
        process.send_signal(number)
        assert (process.wait(10), process.stderr.read()) == (0, "")
    assert answer.json()["display_name"] == "Ada Lovelace"
    for secret in ("ada@acme.example / ada-api-token", "acme-consumer / acme-consumer-secret", "acme-connect-jwt"):
        assert secret in listed


def test_a_taken_port_is_told_in_one_line(bitbucket: Emulator) -> None:
    port = bitbucket.origin.rpartition(":")[2]
    command = [sys.executable, "-m", "bitbucket_user_emulator", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    with pytest.raises(OSError), Emulator(port=int(port)):
        pass
