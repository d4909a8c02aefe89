"""examples/testing as its readers run it: in three ways, and green only while its rule holds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.engine import engine
from tests.stacks import EXAMPLES


def test_the_example_tests_its_stack_in_three_ways(tmp_path: Path) -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "PULUMI_"))}
    environ |= {"PATH": os.pathsep.join([str(engine()), "/usr/bin", "/bin"]), "PULUMI_HOME": str(tmp_path)}
    environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PULUMI_SKIP_UPDATE_CHECK": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "bitbucket_user_pytest"]
    done = subprocess.run(command, cwd=EXAMPLES / "testing", env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
