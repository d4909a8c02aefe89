"""A pipeline variable as functions show it: never its value."""

from collections.abc import Iterable

from ..models.model import Model
from ..models.person import bare
from ..rest.answer import Answer


class PipelineVariable(Model):
    """A pipeline variable, without its value."""

    uuid: str
    """UUID of the variable, without braces."""

    key: str
    """Name of the variable, as a pipeline's steps see it."""

    secured: bool
    """Whether Bitbucket hides the value."""


class PipelineVariables(Model):
    variables: list[PipelineVariable]
    """The variables, by key. Values are never among them."""


def variable(entry: Answer) -> PipelineVariable:
    return PipelineVariable(uuid=bare(entry.text("uuid")), key=entry.text("key"), secured=entry.flag("secured"))


def variables(entries: Iterable[Answer]) -> PipelineVariables:
    return PipelineVariables(variables=sorted(map(variable, entries), key=lambda one: (one.key, one.uuid)))
