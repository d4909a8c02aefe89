"""What README.md and the page of the configuration do not say, or say of something that is not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from bitbucket_user_provider.config import NAMESPACE, load
from bitbucket_user_provider.resources import RESOURCES

from tests.documentation import OPERATIONS, SCHEMA, main, pages
from tests.engine.builds import ROOT
from tests.stacks import EXAMPLES

README = (ROOT / "README.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("examples/**/README.md")]
SITE = [*ROOT.glob("docs/*.md"), *ROOT.glob("docs/guides/*.md")]
"""Where the links of these lead is test_site.py's."""


def block(page: str, language: str) -> str:
    """The one code block of a language in a page."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", page, re.DOTALL)
    return str(found)


def configuration() -> dict[str, Any]:
    values: dict[str, Any] = yaml.safe_load(block(CONFIGURATION, "yaml"))["config"]
    return {key.removeprefix(f"{NAMESPACE}:"): value for key, value in values.items()}


def test_the_generated_pages_are_current() -> None:
    main(["--check"])
    text = pages()[OPERATIONS]
    assert all(f"`{name}`" in text for name in RESOURCES)


def test_the_readme_is_read_in_minutes() -> None:
    assert len(README.splitlines()) < 150


def test_its_program_is_the_example_and_takes_fifteen_lines() -> None:
    program = block(README, "python")
    assert program == (EXAMPLES / "first-stack" / "__main__.py").read_text()
    assert len(program.splitlines()) <= 15


def test_the_configuration_block_shows_every_key_and_no_other() -> None:
    assert configuration().keys() == SCHEMA["config"]["variables"].keys()


def test_the_values_of_the_configuration_block_are_accepted_and_those_said_to_be_defaults_are() -> None:
    shown = {key: value for key, value in configuration().items() if not isinstance(value, dict) and value != "…"}
    config = load(shown)
    defaults = load({})
    for name in ("adopt_existing", "timeout_seconds", "max_concurrent_requests", "max_rate_limit_wait_seconds"):
        assert getattr(config, name) == getattr(defaults, name)


def test_secrets_in_the_configuration_block_are_those_of_the_schema() -> None:
    secrets = {key for key, spec in SCHEMA["config"]["variables"].items() if spec.get("secret")}
    assert {key for key, value in configuration().items() if value == {"secure": "…"}} == secrets


def test_every_variable_of_the_environment_that_the_provider_reads_is_named() -> None:
    sources = (ROOT / "provider" / "bitbucket_user_provider").rglob("*.py")
    read = {name for path in sources for name in re.findall(r"BITBUCKET_[A-Z_]+", path.read_text())}
    assert read <= set(re.findall(r"BITBUCKET_[A-Z_]+", CONFIGURATION))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", [*PAGES, *SITE], ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_exist(page: Path) -> None:
    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)`", text)) <= targets


def test_the_plugin_is_named_as_the_wheel_names_it() -> None:
    guide = (ROOT / "docs" / "guides" / "dynamic-or-native.md").read_text()
    [block] = [one for one in re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL) if one.startswith("plugins:")]
    provider = yaml.safe_load(block)["plugins"]["providers"][0]
    assert provider == {"name": SCHEMA["name"], "path": "plugin"}
