"""The plugin as a process beside the engine's."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

ENGINE = """
import subprocess, sys
subprocess.Popen([sys.executable, "-m", "bitbucket_user_provider.plugin"])
sys.stdin.read()
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
