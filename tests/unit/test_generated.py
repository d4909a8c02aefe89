"""What is generated is current, complete and compiles."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from tests.engine import compiled, examples, generate
from tests.engine.builds import ROOT
from tests.engine.toolchains import JAVA, need


@pytest.fixture(scope="module")
def schema() -> generate.Files:
    """With the examples of its descriptions."""
    need("go")
    return generate.schema()


@pytest.fixture(scope="module")
def files(schema: generate.Files) -> generate.Files:
    return schema | generate.sdks(schema[generate.SCHEMA])


@pytest.fixture
def checkout(files: generate.Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy in which everything generated is current."""
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return tmp_path


def test_the_committed_schema_is_what_the_models_say() -> None:
    committed = json.loads((ROOT / generate.SCHEMA).read_bytes())
    for _, one in examples.described(committed):
        one["description"] = examples.without(one["description"])
    assert committed == json.loads(generate.models()), "run `make generate`"


def test_the_committed_examples_are_what_their_sources_say(schema: generate.Files) -> None:
    assert generate.stale(schema) == [], "run `make generate`"


def test_the_committed_sdks_are_what_the_schema_says(files: generate.Files) -> None:
    assert generate.stale(files) == [], "run `make generate`"
    assert generate.obsolete(files) == [], "run `make generate`"


def test_generating_twice_gives_the_same_bytes(files: generate.Files) -> None:
    again = generate.schema()
    assert again | generate.sdks(again[generate.SCHEMA]) == files


def test_a_file_that_was_edited_is_stale(files: generate.Files, checkout: Path) -> None:
    edited = Path("sdk/go/bitbucketuser/provider.go")
    with (checkout / edited).open("a") as file:
        file.write("// by hand\n")
    assert generate.stale(files) == [edited]


def test_a_generated_file_whose_source_is_gone_is_obsolete(files: generate.Files, checkout: Path) -> None:
    left_over = Path("sdk/python/pulumi_bitbucket_user/get_nothing.py")
    shutil.copy(checkout / left_over.with_name("provider.py"), checkout / left_over)
    assert generate.obsolete(files) == [left_over]


def test_hand_written_files_beside_generated_ones_are_left_alone(files: generate.Files, checkout: Path) -> None:
    (checkout / "sdk/python/pulumi_bitbucket_user/dynamic.py").write_text('"""By hand."""\n')
    (checkout / "sdk/go/go.sum").write_text("")
    assert generate.obsolete(files) == []


def test_every_resource_and_function_of_the_schema_is_in_every_sdk(files: generate.Files) -> None:
    schema = json.loads(files[generate.SCHEMA])
    python = files[Path("sdk/python/pulumi_bitbucket_user/__init__.py")].decode()
    go = {path.name for path in files if path.match("sdk/go/bitbucketuser/*.go")}
    node = {path.name for path in files if path.match("sdk/nodejs/*.ts")}
    for token in [*schema["resources"], *schema.get("functions", {})]:
        name = token.rpartition(":")[2]
        stem = name[0].lower() + name[1:]
        assert f"{stem}.go" in go
        assert f"{stem}.ts" in node
        assert f"from .{snake_case(stem)} import *" in python


def snake_case(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def test_the_nodejs_sdk_compiles() -> None:
    need("node", "npm")
    folder = compiled.node_sdk()
    assert (folder / "index.d.ts").is_file()
    assert json.loads((folder / "package.json").read_text())["name"] == "pulumi-bitbucket-user"


def test_the_go_sdk_compiles() -> None:
    need("go")
    assert compiled.go_sdk() == ROOT / "sdk/go"


def test_the_java_sdk_compiles_and_its_jar_says_what_it_needs() -> None:
    need("go", *JAVA)
    schema = json.loads((ROOT / generate.SCHEMA).read_text())
    with zipfile.ZipFile(compiled.java_sdk()) as jar:
        assert "com/pulumi/bitbucketuser/UserSshKey.class" in jar.namelist()
        plugin = json.loads(jar.read("com/pulumi/bitbucket-user/plugin.json"))
        assert (plugin["name"], plugin["version"]) == ("bitbucket-user", schema["version"])
        assert jar.read("com/pulumi/bitbucket-user/version.txt").decode() == schema["version"]
        assert "META-INF/maven/com.pulumi/bitbucket-user/pom.xml" in jar.namelist()
