"""The plugin as a process beside the engine's."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ENGINE = """
import subprocess, sys
subprocess.Popen([sys.executable, "-m", "bitbucket_user_provider.plugin.start"])
sys.stdin.read()
"""
LOADED = """
import sys
from unittest.mock import patch
from bitbucket_user_provider.plugin import start as plugin_start
with patch("grpc.server", side_effect=SystemExit):
    try:
        plugin_start.main()
    except SystemExit:
        print(*sys.modules)
"""


def test_a_plugin_whose_engine_was_killed_goes_too() -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", ENGINE], stdin=pipe, stdout=pipe, text=True) as engine:
        assert engine.stdout
        assert int(engine.stdout.readline()) > 0
        engine.kill()
        with ThreadPoolExecutor() as threads:
            end_of_output = threads.submit(engine.stdout.read)  # the plugin holds the other end
            assert end_of_output.result(30) == ""


def test_a_plugin_starts_without_the_core_and_without_the_sdk_that_its_messages_lie_in() -> None:
    told = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()
    assert "pulumi.runtime.proto.provider_pb2" in told
    assert not {"pulumi.resource", "pulumi.output", "pulumi.runtime.settings"} & set(told)
    assert not {"bitbucket_user_provider.plugin.servicer", "pydantic", "requests"} & set(told)
