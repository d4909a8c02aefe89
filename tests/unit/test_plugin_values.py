"""Property bags on the wire: what is secret or unknown keeps its mark, everything else its value."""

from __future__ import annotations

from typing import Any

import pytest
from bitbucket_user_provider.models.model import UNKNOWN
from bitbucket_user_provider.plugin.values import to_bag, to_struct
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime import rpc

from tests.unit import plugin
from tests.unit.plugin import secret, struct

OUTPUT = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text()
    | st.just(UNKNOWN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), values))
def test_what_goes_out_comes_back(bag: dict[str, Any]) -> None:
    assert to_bag(to_struct(bag)) == bag


@given(st.dictionaries(st.text(), values, min_size=1))
def test_what_is_secret_goes_out_marked_and_comes_back_plain(bag: dict[str, Any]) -> None:
    name = next(iter(bag))
    sent = to_struct(bag, {name})
    mark = sent.fields[name].struct_value.fields["4dabf18193072939515e22adb298388d"]
    assert mark.string_value == "1b47061264138c4ac30d75fd1eb44270"
    assert to_bag(sent) == bag


def test_marks_are_pulumis_own() -> None:
    assert (plugin.UNKNOWN, OUTPUT) == (rpc.UNKNOWN, rpc._special_output_value_sig)
    assert secret(1) == {rpc._special_sig_key: rpc._special_secret_sig, "value": 1}


@pytest.mark.parametrize(
    ("sent", "bag"),
    [
        (secret("x"), "x"),
        (secret(plugin.UNKNOWN), UNKNOWN),
        ({"list": [secret({"deep": secret(1)})]}, {"list": [{"deep": 1}]}),
        ({rpc._special_sig_key: OUTPUT, "value": "x", "secret": True}, "x"),
        ({rpc._special_sig_key: OUTPUT, "secret": True, "dependencies": ["urn"]}, UNKNOWN),
        ({"a": plugin.UNKNOWN}, {"a": UNKNOWN}),
    ],
)
def test_secrets_outputs_and_unknowns_are_read_wherever_they_stand(sent: Any, bag: Any) -> None:
    assert to_bag(struct({"it": sent})) == {"it": bag}


@pytest.mark.parametrize(("sent", "read"), [(5.0, 5), (2.5, 2.5), (-0.0, 0), (1e300, 10**300)])
def test_whole_numbers_are_read_as_such(sent: float, read: int | float) -> None:
    found = to_bag(struct({"it": sent}))["it"]
    assert found == pytest.approx(read) and type(found) is type(read)
