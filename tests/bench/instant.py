"""The plugin without Bitbucket: it answers at once, so that all the time of a run is the engine's own."""

from typing import Any
from unittest.mock import patch

from bitbucket_user_provider import lifecycle
from bitbucket_user_provider.lifecycle import Found, Lifecycle
from bitbucket_user_provider.plugin import start as plugin_start
from bitbucket_user_provider.run.api import Api


class Instant(Lifecycle):
    def __init__(self, api: Api) -> None:
        super().__init__(api)

    def create(self, kind: str, inputs: Any) -> tuple[str, dict[str, Any]]:
        return "/".join(str(value) for value in inputs.values() if isinstance(value, str)), _known(inputs)

    def read(self, kind: str, id: str, state: Any = None, inputs: Any = None) -> Found:
        return Found(id, dict(inputs), dict(state))

    def update(self, kind: str, id: str, state: Any, inputs: Any) -> dict[str, Any]:
        return _known(inputs)

    def delete(self, kind: str, id: str, state: Any) -> None:
        pass


def _known(inputs: Any) -> dict[str, Any]:
    return dict(inputs) | {"userUuid": str(inputs.get("userId", ""))}


if __name__ == "__main__":
    with patch.object(lifecycle, "Lifecycle", Instant):
        plugin_start.main()
