"""Whatever Bitbucket answers: plain words, and nothing twice or lost."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path as File
from typing import Any

import pytest
import requests
from bitbucket_user_provider.config import load
from bitbucket_user_provider.errors import (
    ApiError,
    BitbucketError,
    Conflict,
    EndpointGone,
    Exists,
    NotFound,
    Unanswered,
    Unauthorized,
)
from bitbucket_user_provider.operation import hiding, operation
from bitbucket_user_provider.rest import answers
from bitbucket_user_provider.rest.credentials import Kind
from bitbucket_user_provider.rest.trouble import no_answer
from bitbucket_user_provider.run.api import Api
from bitbucket_user_provider.run.grants import PROJECT_USERS, REPOSITORY_USERS, GrantKind
from bitbucket_user_provider.run.kinds import USER_APPLICATION_PROPERTIES, USER_VARIABLES
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter

from tests.conftest import CheckedEmulator, Clock

from .core import ADA, APP, BOT, CONSUMER, PERSON, USER, VARIABLES, connect, serve

ACME = {"workspace": "acme"}
PROPERTY = USER_APPLICATION_PROPERTIES.path
NEW = {"key": "TOKEN", "value": "hush-hush", "secured": True}


def grant(api: Api, kind: GrantKind, user_id: str) -> None:
    place = {"workspace": "acme", "repo_slug": "api", "project_key": "CORE", "user_id": user_id}
    api.put(kind.path, place, {"permission": "read"})


@pytest.fixture(autouse=True)
def clock(clock: Clock) -> Clock:
    return clock


def refusal(bitbucket: CheckedEmulator, config: dict[str, str] = ADA, **fault: Any) -> BitbucketError:
    """What GET /user raises."""
    bitbucket.fault("/user", times=None, **fault)
    with pytest.raises(BitbucketError) as caught:
        connect(bitbucket, config).get(USER, {})
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "remedy"),
    [
        (400, ApiError, ""),
        (401, Unauthorized, "The credential was an API token"),
        (402, ApiError, "no seat left"),
        (403, ApiError, "its owner needs the right to this"),
        (404, NotFound, ""),
        (409, Conflict, ""),
        (410, EndpointGone, "no longer serves this endpoint"),
        (418, ApiError, ""),
        (500, ApiError, "The trouble is Bitbucket's own"),
        (501, ApiError, "The trouble is Bitbucket's own"),
    ],
)
def test_a_refusal_says_verb_path_status_bitbuckets_words_and_what_to_do(
    bitbucket: CheckedEmulator, status: int, kind: type[ApiError], remedy: str
) -> None:
    error = refusal(bitbucket, status=status)
    assert type(error) is kind
    assert str(error).startswith(f"GET /user answered {status}: Scripted answer {status}.")
    assert remedy in str(error)
    assert isinstance(error, ApiError)
    assert (error.status, error.told) == (status, f"Scripted answer {status}")
    assert len(bitbucket.requests) == 1


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": {"message": "No.", "detail": "Because of this."}}, "No; Because of this."),
        ({"error": {"message": None, "detail": None}}, "an answer without words."),
        (
            {"error": {"message": "Bad", "fields": {"key": ["too long", "odd"], "x": "y"}}},
            "Bad; key: too long, odd; x: y.",
        ),
        (
            {"error": {"message": "Bad", "detail": {"required": ["a", "b"], "granted": []}}},
            "required: a, b; granted: none",
        ),
        ({"error": "invalid_request"}, "invalid_request."),
        ({"message": "bare"}, "bare."),
        ([1, 2], "[1, 2]."),
        ("Login failed\n\tagain.", "Login failed again."),
        ("\x1b[31mred", "[31mred."),
        ("", "an answer without words."),
        ("word " * 200, "word word …"),
    ],
    ids=str,
)
def test_bitbuckets_words_are_found_in_whatever_form_they_have(
    bitbucket: CheckedEmulator, body: object, told: str
) -> None:
    message = str(refusal(bitbucket, status=400, body=body))
    assert message.startswith("GET /user answered 400: ")
    assert told.removesuffix(".") in message
    assert len(message) < 400


def test_a_missing_scope_is_told_as_required_and_granted(bitbucket: CheckedEmulator) -> None:
    bitbucket.world.credentials["ada-api-token"].scopes = ["read:repository:bitbucket"]
    with pytest.raises(ApiError, match="required: read:user:bitbucket; granted: read:repository:bitbucket"):
        connect(bitbucket).get(USER, {})


@pytest.mark.parametrize(
    ("config", "scopes"), [(ADA, "read:user:bitbucket"), (CONSUMER, "account")], ids=["API token", "OAuth"]
)
@pytest.mark.parametrize("words", ["No.", "Your credentials lack one or more required privilege scopes."])
def test_a_403_that_does_not_list_the_scopes_is_told_with_them(
    bitbucket: CheckedEmulator, config: dict[str, str], scopes: str, words: str
) -> None:
    message = str(refusal(bitbucket, config, status=403, body={"error": {"message": words}}))
    assert message.endswith(f" Scopes that it needs here: {scopes}.")


def test_a_403_that_lists_the_scopes_is_not_told_with_others(bitbucket: CheckedEmulator) -> None:
    detail = {"required": ["read:everything"], "granted": []}
    message = str(refusal(bitbucket, status=403, body={"error": {"message": "Bad scopes", "detail": detail}}))
    assert message.endswith("required: read:everything; granted: none.")


@pytest.mark.parametrize("config", [CONSUMER, BOT], ids=["oauth", "access token"])
def test_a_refused_kind_of_credential_is_told_with_the_kind_that_is_needed(
    bitbucket: CheckedEmulator, config: dict[str, str]
) -> None:
    grace = bitbucket.person("Grace").account_id
    with pytest.raises(ApiError, match="accepts only an API token .email and apiToken. here"):
        grant(connect(bitbucket, config), REPOSITORY_USERS, grace)


def test_a_user_variable_with_an_api_token_names_the_kinds_that_work(bitbucket: CheckedEmulator) -> None:
    ada = bitbucket.person("Ada").account_id
    assert USER_VARIABLES.list_path
    with pytest.raises(ApiError, match="accepts only an OAuth consumer .* or an access token .* here"):
        connect(bitbucket).get(USER_VARIABLES.list_path, {"user_id": ada})


def test_a_property_write_without_a_jwt_names_it(bitbucket: CheckedEmulator) -> None:
    fields = {"user_id": bitbucket.person("Ada").account_id, "app_key": "acme-app", "property_name": "theme"}
    with pytest.raises(ApiError, match="accepts only a Connect app's JWT .BITBUCKET_JWT. here"):
        connect(bitbucket).put(PROPERTY, fields, {})
    connect(bitbucket, ADA, APP).put(PROPERTY, fields, {"a": 1})
    assert bitbucket.properties("Ada") == {"acme-app/theme": {"a": 1}}


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("holding", [REPOSITORY_USERS, PROJECT_USERS], ids=["repository", "project"])
def test_a_person_who_is_no_member_is_explained(bitbucket: CheckedEmulator, status: int, holding: Any) -> None:
    bitbucket.world.switches.non_member = status
    eve = bitbucket.person("Eve").account_id
    with pytest.raises(ApiError, match="must be a member of the workspace and not its owner"):
        grant(connect(bitbucket), holding, eve)


def test_a_seat_limit_is_explained(bitbucket: CheckedEmulator) -> None:
    bitbucket.world.workspaces["acme"].seat_limit = 1
    kate = bitbucket.person("Katherine").account_id
    with pytest.raises(ApiError, match="answered 402: .*user limit.* has no seat left"):
        grant(connect(bitbucket), REPOSITORY_USERS, kate)


def test_an_html_page_instead_of_json_is_an_error_at_once(bitbucket: CheckedEmulator) -> None:
    error = refusal(bitbucket, html=True)
    assert "GET /user answered with an HTML page" in str(error)
    assert len(bitbucket.requests) == 1


def test_an_html_page_with_an_error_status_is_quoted_by_its_title(bitbucket: CheckedEmulator) -> None:
    assert "answered 500: an HTML page (Bitbucket)." in str(refusal(bitbucket, html=True, status=500))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"empty": True}, "got an empty answer (200)"),
        ({"truncate": True}, "got an answer that is no JSON, or not all of it (200)"),
        ({"body": "fine"}, "got an answer that is no JSON, or not all of it (200)"),
        ({"drop": "before"}, "the connection was lost"),
        ({"drop": "after"}, "the connection was lost"),
        ({"drop": "during"}, "the connection was lost"),
        ({"status": 502}, "answered 502: Scripted answer 502"),
        ({"status": 503}, "answered 503"),
        ({"status": 504, "html": True}, "answered 504: an HTML page"),
    ],
    ids=str,
)
def test_trouble_on_the_way_is_overcome_or_told(
    bitbucket: CheckedEmulator, clock: Clock, fault: dict[str, Any], words: str
) -> None:
    bitbucket.fault("/user", times=5, **fault)
    assert connect(bitbucket).get(USER, {}).text("display_name") == "Ada Lovelace"
    assert len(clock.waits) == 5
    error = refusal(bitbucket, **fault)
    assert isinstance(error, Unanswered)
    assert words in str(error)
    assert len(bitbucket.requests) == 12


def test_nobody_there_is_told_without_internals(bitbucket: CheckedEmulator) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(Unanswered) as caught:
        connect(bitbucket, {**ADA, "baseUrl": f"http://127.0.0.1:{port}"}).get(USER, {})
    assert str(caught.value) == "GET /user: no connection. [Errno 111] Connection refused."
    assert not caught.value.sent


def test_a_proxy_that_is_not_there_is_told(bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{free.getsockname()[1]}")
    with pytest.raises(
        Unanswered, match="^GET /user: the proxy did not let it through. .Errno 111. Connection refused.$"
    ):
        connect(bitbucket, {**ADA, "baseUrl": "https://127.0.0.1:1/2.0"}).get(USER, {})


@pytest.mark.parametrize("proxy", ["socks5://ada:hush@127.0.0.1:1", "http://ada:hush@127.0.0.1:99999", "a://hush@b:1"])
def test_a_proxy_that_cannot_be_used_is_explained_without_its_password(
    proxy: str, bitbucket: CheckedEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("https_proxy", proxy)
    with pytest.raises(BitbucketError, match="^GET /user could not be sent: .* pysocks.$") as caught:
        connect(bitbucket, {**ADA, "baseUrl": "https://127.0.0.1:1/2.0"}).get(USER, {})
    assert "hush" not in str(caught.value)


def test_a_slow_answer_runs_into_the_timeout_and_is_asked_for_again(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault("/user", delay_ms=600_000)
    assert connect(bitbucket, {**ADA, "timeoutSeconds": 2}).get(USER, {}).text("display_name") == "Ada Lovelace"
    assert len(clock.waits) == 1


def test_a_timeout_is_told_with_its_length(bitbucket: CheckedEmulator) -> None:
    call = answers.Call("GET", USER, "/user", connect(bitbucket).credentials[Kind.API_TOKEN])
    assert str(no_answer(requests.exceptions.ReadTimeout(), call, 30)) == "GET /user: no answer within 30 s."
    error = no_answer(requests.exceptions.ConnectTimeout(), call, 30)
    assert str(error) == "GET /user: no connection within 30 s."
    assert isinstance(error, Unanswered) and not error.sent


def test_no_secret_is_quoted_from_an_answer(bitbucket: CheckedEmulator) -> None:
    long = "-----BEGIN\nKEY-----" + "abc def\n" * 60
    texts = [
        "pre_hush-hush_fix is bad",
        "ada-api-token is bad",
        f"{'x' * 250} {long} is bad",
        "a 77 is bad, not 1775",
    ]
    with hiding(["hush-hush", long, "77", ""]):
        told = []
        for text in texts:
            bitbucket.fault("/user", status=400, body={"error": {"message": text}})
            with pytest.raises(ApiError) as caught:
                connect(bitbucket).get(USER, {})
            told.append(caught.value.told)
            assert caught.value.told in str(caught.value)
    assert told[:2] == ["pre_[secret]_fix is bad", "[secret] is bad"]
    assert told[2] == f"{'x' * 250} [secret] is bad"
    assert told[3] == "a [secret] is bad, not 1775"


@pytest.fixture
def https(tmp_path: File) -> Iterator[tuple[str, File]]:
    """The origin of a server that answers {} under a certificate of its own, and that certificate."""
    certificate, key = _self_signed(tmp_path)

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    class Server(HTTPServer):
        def handle_error(self, *_: Any) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server(("127.0.0.1", 0), Answer) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}", certificate
        server.shutdown()
        thread.join()


def _self_signed(folder: File) -> tuple[File, File]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "nobody")])
    moment = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return folder / "certificate.pem", folder / "key.pem"


def test_a_certificate_that_is_not_trusted_is_refused_at_once(
    https: tuple[str, File], connections: list[tuple[str, int]]
) -> None:
    with pytest.raises(BitbucketError) as caught:
        Api(load({**ADA, "baseUrl": https[0]}), {}).get(USER, {})
    assert str(caught.value) == "GET /user: the server's certificate cannot be trusted. self-signed certificate."
    assert len(connections) == 1


def test_a_certificate_of_ones_own_is_trusted_where_the_environment_says_so(
    https: tuple[str, File], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(https[1]))
    assert Api(load({**ADA, "baseUrl": https[0]}), {}).get(USER, {}).data == {}


def test_certificates_that_the_environment_names_in_vain_are_told(
    https: tuple[str, File], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    with pytest.raises(BitbucketError, match=r"GET /user could not be sent: .*invalid path: /nowhere\.pem\."):
        Api(load({**ADA, "baseUrl": https[0]}), {}).get(USER, {})


# What may have arrived


def variable(bitbucket: CheckedEmulator, config: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
    """The outputs of a variable's create."""
    here = serve(bitbucket, {**ADA, **(config or {})})
    return here.create("WorkspacePipelineVariable", {**ACME, **NEW, **args})[1]


def posts(bitbucket: CheckedEmulator) -> int:
    return bitbucket.count("POST")


LOST_AFTER: list[dict[str, Any]] = [
    {"drop": "after"},
    {"drop": "during"},
    {"truncate": True},
    {"empty": True},
    {"html": True},
    *({"status": status, "work": True} for status in (500, 502, 503, 504)),
]
LOST_BEFORE: list[dict[str, Any]] = [{"drop": "before"}, *({"status": status} for status in (500, 502, 503, 504))]


@pytest.mark.parametrize("fault", LOST_AFTER, ids=str)
@pytest.mark.parametrize("secured", [True, False], ids=["secured", "open"])
def test_a_post_that_did_its_work_and_lost_its_answer_is_found_again(
    bitbucket: CheckedEmulator, fault: dict[str, Any], secured: bool
) -> None:
    bitbucket.fault(VARIABLES.template, "POST", **fault)
    outputs = variable(bitbucket, secured=secured)
    (made,) = bitbucket.world.workspaces["acme"].variables.values()
    assert outputs["uuid"] == made.uuid.strip("{}")
    assert (made.value, made.secured) == ("hush-hush", secured)
    assert posts(bitbucket) == 1


@pytest.mark.parametrize("fault", LOST_BEFORE, ids=str)
def test_a_post_that_was_lost_before_its_work_is_sent_again_after_looking(
    bitbucket: CheckedEmulator, fault: dict[str, Any]
) -> None:
    bitbucket.fault(VARIABLES.template, "POST", **fault)
    variable(bitbucket)
    assert [one.method for one in bitbucket.requests] == ["GET", "POST", "GET", "POST"]
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": "hush-hush", "secured": True}}


def test_a_post_that_is_lost_again_and_again_is_given_up_and_nothing_is_there(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault(VARIABLES.template, "POST", drop="before", times=None)
    with pytest.raises(Unanswered, match="POST /workspaces/acme/.*: the connection was lost"):
        variable(bitbucket)
    assert posts(bitbucket) == 3
    assert bitbucket.workspace_variables("acme") == {}


def test_what_a_lost_post_has_made_is_found_though_the_list_shows_it_late(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault(VARIABLES.template, "POST", drop="after")
    bitbucket.fault(VARIABLES.template, "GET", status=200, body={"values": []})
    outputs = variable(bitbucket, secured=False)
    (made,) = bitbucket.world.workspaces["acme"].variables.values()
    assert outputs["uuid"] == made.uuid.strip("{}")
    assert [one.status for one in bitbucket.requests if one.method == "POST"] == [0, 409]


@pytest.mark.parametrize("secured", [True, False], ids=["secured", "open"])
def test_a_lost_post_never_overwrites_what_somebody_else_has_put_there(
    bitbucket: CheckedEmulator, secured: bool
) -> None:
    bitbucket.set_variable("acme", "TOKEN", "theirs", secured=not secured)
    bitbucket.fault(VARIABLES.template, "POST", status=503)
    with pytest.raises(Exists, match="stands in acme already"):
        variable(bitbucket, secured=secured)
    assert bitbucket.workspace_variables("acme")["TOKEN"]["value"] == "theirs"
    variable(bitbucket, {"adoptExisting": True}, secured=secured)
    assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": "hush-hush", "secured": secured}}


AGAIN: dict[str, Any] = {"status": 429, "headers": {"Retry-After": "1"}}
TROUBLE = st.sampled_from([{"status": 503}, {"drop": "before"}, {"drop": "during"}, {"truncate": True}, AGAIN])


@given(
    st.lists(st.sampled_from([*LOST_AFTER, *LOST_BEFORE, AGAIN]), max_size=2),
    st.lists(TROUBLE, max_size=4),
    st.booleans(),
    st.booleans(),
)
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_goes_wrong_on_the_way_a_variable_is_made_once_and_is_known(
    bitbucket: CheckedEmulator, posts: list[dict[str, Any]], looks: list[dict[str, Any]], secured: bool, adopt: bool
) -> None:
    bitbucket.world.workspaces["acme"].variables.clear()
    for fault in posts:
        bitbucket.fault(VARIABLES.template, "POST", **fault)
    for fault in looks:
        bitbucket.fault(VARIABLES.template, "GET", **fault)
    outputs = variable(bitbucket, {"adoptExisting": adopt}, secured=secured)
    (made,) = bitbucket.world.workspaces["acme"].variables.values()
    assert outputs["uuid"] == made.uuid.strip("{}")
    assert (made.value, made.secured) == ("hush-hush", secured)
    bitbucket.clear_faults()


def test_a_post_that_was_never_sent_is_repeated_like_any_request(
    bitbucket: CheckedEmulator, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    send = HTTPAdapter.send
    attempts = []

    def unreachable_at_first(
        self: HTTPAdapter, request: requests.PreparedRequest, *args: Any, **more: Any
    ) -> requests.Response:
        attempts.append(request.method)
        if len(attempts) < 3:
            request.url = f"http://127.0.0.1:1/{str(request.url).split('/', 3)[3]}"
        return send(self, request, *args, **more)

    monkeypatch.setattr(HTTPAdapter, "send", unreachable_at_first)
    variable(bitbucket, secured=False)
    assert attempts == ["POST"] * 3
    assert len(clock.waits) == 2


def test_a_post_is_repeated_after_429(bitbucket: CheckedEmulator, clock: Clock) -> None:
    bitbucket.fault(VARIABLES.template, "POST", status=429, headers={"Retry-After": "7"}, times=2)
    variable(bitbucket, secured=False)
    assert [one.method for one in bitbucket.requests] == ["POST"] * 3
    assert clock.waits == [7.0, 7.0]


@pytest.mark.parametrize(
    "fault", [one for one in (*LOST_AFTER, *LOST_BEFORE) if one.get("status") != 500 and "html" not in one], ids=str
)
@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_a_write_that_can_be_repeated_is_done_once_and_for_all(
    bitbucket: CheckedEmulator, method: str, fault: dict[str, Any]
) -> None:
    held = bitbucket.set_variable("acme", "TOKEN", "old")
    here = serve(bitbucket)
    state = {**ACME, **NEW, "secured": False, "uuid": held.uuid.strip("{}")}
    bitbucket.fault("variables/{", method, **fault)
    if method == "PUT":
        assert here.update("WorkspacePipelineVariable", "", state, {**ACME, **NEW})["uuid"] == state["uuid"]
        assert bitbucket.workspace_variables("acme") == {"TOKEN": {"value": "hush-hush", "secured": True}}
    else:
        here.delete("WorkspacePipelineVariable", "", state)
        assert bitbucket.workspace_variables("acme") == {}


def test_what_bitbucket_quotes_of_a_variables_value_is_hidden(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault(VARIABLES.template, "POST", status=400, body={"error": {"message": "'hush-hush' is too short"}})
    with pytest.raises(ApiError) as caught:
        variable(bitbucket)
    assert str(caught.value).endswith(
        "answered 400: its words are not shown, because they may quote a secret of the request."
    )
    assert caught.value.told == "'[secret]' is too short"


def test_an_answer_of_another_form_is_an_error_in_plain_words(bitbucket: CheckedEmulator) -> None:
    bitbucket.fault("permissions-config", "PUT", body={})
    grace = bitbucket.person("Grace").account_id
    grant = {**ACME, "repoSlug": "api", "userId": grace, "permission": "read"}
    with pytest.raises(
        BitbucketError, match="^PUT .* has an answer of another form than documented: `user.uuid` is missing"
    ):
        serve(bitbucket, {**ADA, "adoptExisting": True}).create("RepositoryUserPermission", grant)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            {"message": "Bad", "fields": {"value": ["'hush-hush' is weak"], "hush-hush": ["odd"]}},
            "It complains about value",
        ),
        ({"message": "No", "detail": {"required": {"hush": 1}}, "fields": "hush"}, "the request"),
        (["hush-hush"], "the request"),
    ],
    ids=["fields", "odd", "list"],
)
def test_of_an_answer_to_a_secret_only_field_names_are_shown(
    bitbucket: CheckedEmulator, error: object, told: str
) -> None:
    bitbucket.fault(VARIABLES.template, "POST", status=400, body={"error": error})
    with pytest.raises(ApiError) as caught:
        variable(bitbucket)
    assert str(caught.value).endswith(f"{told}.")
    assert "hush" not in str(caught.value).lower()


NOTICES: list[tuple[dict[str, Any], str]] = [
    ({"status": 200, "headers": {"Deprecation": "@1767225600"}}, "deprecated since 2026-01-01"),
    (
        {"status": 200, "headers": {"Deprecation": "true", "Sunset": "Sat, 01 Aug 2026 00:00:00 GMT"}},
        "deprecated, gone from Sat, 01 Aug",
    ),
    ({"status": 200, "headers": {"Deprecation": "@²"}}, "deprecated since @"),
    ({"status": 200, "headers": {"Sunset": "ada-api-token"}}, "gone from [secret]"),
    ({"body": {"type": "user", "announcement_url": "https://x.example/1"}}, "see https://x.example/1"),
    (
        {"status": 410, "body": {"error": {"message": "Gone", "data": {"announcement_url": "https://x.example/2"}}}},
        "see https://x.example/2",
    ),
]


@pytest.mark.parametrize(("fault", "words"), NOTICES, ids=[words for _, words in NOTICES])
def test_what_bitbucket_announces_is_passed_on_once_an_endpoint(
    bitbucket: CheckedEmulator, fault: dict[str, Any], words: str
) -> None:
    warned: list[str] = []
    bitbucket.fault("/users/{selected_user}", times=3, **fault)
    bitbucket.fault("/user", times=1, **fault)
    api = connect(bitbucket)
    with operation(warn=warned.append):
        for user in ("Ada", "Grace", "Bob"):
            with suppress(EndpointGone):
                api.get(PERSON, {"user_id": bitbucket.person(user).uuid})
        with suppress(EndpointGone):
            api.get(USER, {})
    assert len(warned) == 2
    assert warned[0].startswith(f"Bitbucket announces a change of GET /users/{{user_id}}: {words}")
    assert warned[1].startswith("Bitbucket announces a change of GET /user: ")


@pytest.mark.parametrize("body", ['{"announcement_url": 7}', '["announcement_url"]', "announcement_url"], ids=str)
def test_an_announcement_of_another_form_is_none(bitbucket: CheckedEmulator, body: str) -> None:
    warned: list[str] = []
    bitbucket.fault("/user", status=400, body=body)
    with operation(warn=warned.append), pytest.raises(ApiError):
        connect(bitbucket).get(USER, {})
    assert warned == []


@pytest.mark.parametrize(
    "words", ["Token is invalid, expired, or not supported for this endpoint.", "The token has expired"]
)
def test_a_401_that_a_token_without_scopes_gets_speaks_of_scopes(bitbucket: CheckedEmulator, words: str) -> None:
    error = str(refusal(bitbucket, status=401, body=words))
    assert "made without scopes" in error
    bitbucket.clear_faults()
    assert "scopes" not in str(refusal(bitbucket, {**BOT}, status=401, body=words))


def test_no_credential_is_quoted_whichever_of_them_the_call_was_made_with(bitbucket: CheckedEmulator) -> None:
    api = connect(bitbucket, {**ADA, **CONSUMER, **BOT}, APP)
    secrets = ["ada-api-token", "acme-consumer-secret", "acme-access-token", "acme-connect-jwt"]
    bitbucket.fault("/user", status=400, body={"error": {"message": " and ".join(secrets)}})
    with pytest.raises(ApiError) as refusal:
        api.get(USER, {})
    assert not [secret for secret in secrets if secret in str(refusal.value)]
