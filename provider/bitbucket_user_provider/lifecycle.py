"""check, diff, create, read, update and delete of any resource, on plain dicts in camelCase.

    the state is the args and the answer · only what is proven absent leaves the state · `Replaces` fields replace · an
    id is told by its parts · nothing here or below knows pulumi

At a prompt:

    >>> here = Lifecycle(Api(load({"email": "…", "apiToken": "…"}), os.environ))
    >>> id, outputs = here.create("RepositoryUserPermission", {"workspace": "acme", "repoSlug": "api", …})
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from .errors import InvalidInput, LedgerLost, NotFound
from .models.model import UNKNOWN, Change, ReplacesMark, Same, hidden_aliases, mark
from .models.validation import Failure, has_unknown, prune, validate
from .operation import current, hiding
from .resources import RESOURCES
from .resources.resource import Resource
from .run.api import Api
from .run.evidence import Absent

Bag = dict[str, Any]
DELETED = (
    "If it was deleted in Bitbucket, `pulumi refresh` lets it leave the state, and the next `pulumi up` makes it anew."
)
"""What to do about a 404 to an update."""


@dataclass
class Diff:
    changes: dict[str, Change] = field(default_factory=dict)
    """By property path."""
    replaces: list[str] = field(default_factory=list)
    """The properties that ask for replacement."""
    delete_first: bool = True
    summary: str = ""
    """One line for people, of resources whose changes do not explain themselves."""

    def __bool__(self) -> bool:
        return bool(self.changes)


class Found(NamedTuple):
    id: str
    inputs: Bag
    outputs: Bag


class Lifecycle:
    def __init__(self, api: Api) -> None:
        self.api = api
        self._checked = {""}
        """URNs whose inputs were checked: what refresh compares is no change to come, and not worth a remark."""

    def ready(self) -> None:
        """Raises ConfigurationError when there is no credential that a call could use; sends nothing."""
        _ = self.api.credentials

    def complete(self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any]) -> Bag:
        """The inputs with what an SDK may have left out on its way here."""
        return {**_resource(kind).complete(news, public(olds))}

    def check(self, kind: str, news: Mapping[str, Any], olds: Mapping[str, Any] | None = None) -> list[Failure]:
        """What is wrong with the known inputs, all at once; sends nothing. Claims what they want for this run's URN."""
        resource = _resource(kind)
        olds = public(olds or {})
        news = public(resource.complete(news, olds))
        failures = validate(resource.ARGS, news, olds)
        known, before = _by_name(resource.ARGS, prune(news)), _by_name(resource.ARGS, olds)
        if not any(failure.property == "workspace" for failure in failures):
            failures += self._foreign_workspace(known)
        self._checked.add(current.get().urn)
        try:
            self.api.ledger.renew()
            if not failures:
                failures += [*resource.check_change(known, before), *resource.check(self.api, known)]
        except LedgerLost as lost:
            failures.append(Failure("", str(lost)))
        if not failures and news != olds:
            self._warn(resource, None, news)
        return failures

    def diff(self, kind: str, id: str, state: Mapping[str, Any], news: Mapping[str, Any]) -> Diff:
        """Which inputs mean something else than the state; sends nothing."""
        resource = _resource(kind)
        state = public(state)
        news = public(resource.complete(news, state))
        old = resource.recall(state)
        resource.recognise(self.api, old)
        found = Diff(delete_first=resource.DELETE_FIRST)
        args = _by_name(resource.ARGS, news)
        checked = current.get().urn in self._checked
        if checked:
            resource.recheck(self.api, old, args)
        inner = resource.compare(self.api, old, args)
        for name, info in resource.ARGS.model_fields.items():
            alias = info.alias or name
            if info.exclude:
                continue
            if name in inner:
                found.changes |= inner[name]
                continue
            default = None if info.is_required() else info.get_default(call_default_factory=True)
            before, after = state.get(alias, default), news.get(alias, default)
            if _equal(before, after) or same(info, before, after, state):
                continue
            found.changes[alias] = Change.between(before, after)
            replaces = mark(info, ReplacesMark)
            if replaces and (has_unknown(after) or replaces.when(before, after)):
                found.replaces.append(alias)
        # Not in a refresh, which compares under the name of before a rename: that one holds nothing any more.
        if checked:
            self.api.ledger.hold([*resource.holds(self.api, old)])
        if found and checked:
            lines = [resource.summary(self.api, None if found.replaces else old, args)]
            lines += [resource.farewell(self.api, old)] if found.replaces else []
            found.summary = "; ".join(filter(None, lines))
            self._warn(resource, old, news)
        return found

    def summary(self, kind: str, news: Mapping[str, Any]) -> str:
        """One line for people on what creating this does, where its properties do not explain themselves."""
        resource = _resource(kind)
        return resource.summary(self.api, None, _by_name(resource.ARGS, public(news)))

    def preview(self, kind: str, news: Mapping[str, Any], state: Mapping[str, Any] | None = None) -> Bag:
        """The outputs as far as they can be told before anything is sent. No state: of a create."""
        resource = _resource(kind)
        self._claim(resource, news)
        outputs = dict(public(news))
        lacking = resource.lacks(_by_name(resource.ARGS, outputs))
        for name, info in resource.STATE.model_fields.items():
            alias = info.alias or name
            if info.exclude:  # an input that no state holds
                outputs.pop(alias, None)
            if info.exclude or name in lacking or alias.startswith("__"):
                continue
            if name in resource.ARGS.model_fields:
                default = None if info.is_required() else info.get_default()
                if default is not None:
                    outputs.setdefault(alias, default)
            elif state is None or name in resource.SETTLES:
                outputs[alias] = UNKNOWN
            elif alias in state:
                outputs[alias] = state[alias]
        return outputs

    def _claim(self, resource: Resource[Any, Any], news: Mapping[str, Any]) -> None:
        """Claims what nobody has checked: after --continue-on-error and a failed dependency the engine asks for nothing
        but this preview, and deletes the old name of what it will not create."""
        if current.get().urn not in self._checked and not validate(resource.ARGS, public(news), {}):
            with suppress(LedgerLost):
                [*resource.check(self.api, _by_name(resource.ARGS, prune(public(news))))]

    def create(self, kind: str, inputs: Mapping[str, Any]) -> tuple[str, Bag]:
        """The id and the outputs. Raises BitbucketError: Exists when the thing is there already."""
        resource = _resource(kind)
        args = resource.ARGS.model_validate(public(inputs))
        with self._secrets_hidden(resource, inputs), self._failure_noted():
            state = resource.create(self.api, args)
        return resource.id(state), state.bag()

    def read(
        self, kind: str, id: str, state: Mapping[str, Any] | None = None, inputs: Mapping[str, Any] | None = None
    ) -> Found | None:
        """The thing as it is now, None when it is proven gone. Without state the id alone says which: import and get.

        Raises BitbucketError when neither can be told: the state then stays as it is.
        """
        resource = _resource(kind)
        state = public(state or {})
        known = resource.recall(state) if state else resource.parse(id)
        resource.recognise(self.api, known)
        with self._secrets_hidden(resource, state):
            try:
                now = resource.read(self.api, known)
            except NotFound as missing:
                read_by = resource.KIND.list_path or resource.KIND.path
                if state:
                    resource.place(self.api, known).gone_for_a_read(missing, read_by, resource.leaving(known))
                else:
                    self.api.probe(read_by)
                return None
        if isinstance(now, Absent):
            return None
        outputs: Bag = now.bag()
        return Found(resource.id(now), _inputs(resource, outputs, inputs if inputs is not None else state), outputs)

    def update(self, kind: str, id: str, state: Mapping[str, Any], inputs: Mapping[str, Any]) -> Bag:
        """The outputs after the change. Raises BitbucketError."""
        resource = _resource(kind)
        state = public(state)
        old = resource.recall(state)
        resource.recognise(self.api, old)
        args = resource.ARGS.model_validate(resource.complete(public(inputs), state), context={"olds": state})
        with self._secrets_hidden(resource, state, inputs), self._failure_noted():
            try:
                outputs: Bag = resource.update(self.api, old, args).bag()
            except NotFound as missing:
                raise missing.advised(DELETED) from None
        return outputs

    def delete(self, kind: str, id: str, state: Mapping[str, Any]) -> None:
        """Gone afterwards, unless another URN of this run wants it. Raises BitbucketError."""
        resource = _resource(kind)
        old = resource.recall(public(state))
        resource.recognise(self.api, old)
        with self._secrets_hidden(resource, state):
            resource.delete(self.api, old)

    def listed(self, kind: str, query: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Id and name of everything at the place that the query names. Raises InvalidInput where there is no list."""
        resource = _resource(kind)
        if not resource.LISTS:
            raise InvalidInput(f"Bitbucket has no list of a {kind}.")
        missing = [alias for alias in map(resource.alias, resource.KIND.where.fields) if not query.get(alias)]
        if missing:
            raise InvalidInput(f"To list {kind}, give {' and '.join(missing)}.")
        return [*resource.listed(self.api, resource.recall(query))]

    def _foreign_workspace(self, known: Mapping[str, Any]) -> list[Failure]:
        allowed = self.api.config.allowed_workspaces
        workspace = known.get("workspace")
        if not allowed or not isinstance(workspace, str) or workspace.lower() in map(str.lower, allowed):
            return []
        return [Failure("workspace", f"'{workspace}' is not one of allowedWorkspaces: {', '.join(allowed)}")]

    def _warn(self, resource: Resource[Any, Any], old: Any, news: Mapping[str, Any]) -> None:
        for warning in resource.warnings(self.api, old, _by_name(resource.ARGS, news)):
            current.get().warn(warning)

    @contextmanager
    def _failure_noted(self) -> Iterator[None]:
        """Lets nothing be deleted that the URN wants and has not brought about."""
        try:
            yield
        except BaseException:
            self.api.ledger.failed()
            raise

    @contextmanager
    def _secrets_hidden(self, resource: Resource[Any, Any], *bags: Mapping[str, Any]) -> Iterator[None]:
        """Keeps the values of hidden fields out of errors."""
        with hiding(text for bag in bags for alias in hidden_aliases(resource.ARGS) for text in _texts(bag.get(alias))):
            yield


def public(bag: Mapping[str, Any]) -> Bag:
    """A bag without what the engine and the adaptors keep in it for themselves, and without nulls."""
    ours = (pair for pair in bag.items() if pair[0] in KEPT or not pair[0].startswith("__"))
    return {key: value for key, value in ours if value is not None}


KEPT = frozenset(
    info.alias
    for resource in RESOURCES.values()
    for info in resource.STATE.model_fields.values()
    if info.alias and info.alias.startswith("__")
)
"""Outputs of our own that no SDK shows."""


def _texts(value: Any) -> Iterator[str]:
    """Every text in a value; within an object those that are long enough to be one's own."""
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    yield from (text for one in inner for text in _texts(one) if len(text) >= 4)


def _equal(before: Any, after: Any) -> bool:
    """As JSON has it, where `true` is not 1."""
    if isinstance(before, dict) and isinstance(after, dict):
        return before.keys() == after.keys() and all(_equal(before[key], after[key]) for key in before)
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_equal, before, after))
    return before == after and isinstance(before, bool) is isinstance(after, bool)


def same(info: FieldInfo, before: Any, after: Any, state: Mapping[str, Any]) -> bool:
    """Whether two values of a field, written differently, mean one thing."""
    rule = mark(info, Same)
    return (
        rule is not None
        and not has_unknown(after)
        and before is not None
        and after is not None
        and rule.same(before, after, state)
    )


def _resource(kind: str) -> Resource[Any, Any]:
    try:
        return RESOURCES[kind]
    except KeyError:
        raise InvalidInput(f"There is no resource '{kind}'; there are {', '.join(RESOURCES)}.") from None


def _by_name(model: type[BaseModel], bag: Mapping[str, Any]) -> Bag:
    return {name: bag[info.alias or name] for name, info in model.model_fields.items() if (info.alias or name) in bag}


def _inputs(resource: Resource[Any, Any], outputs: Bag, written: Mapping[str, Any]) -> Bag:
    """Inputs that mean the outputs, in the spelling of what was written before."""
    inputs = {}
    for name, info in resource.ARGS.model_fields.items():
        alias = info.alias or name
        now = outputs.get(alias)
        if alias in written and same(info, written[alias], now, outputs):
            inputs[alias] = written[alias]
        elif now is not None and (alias in written or info.is_required() or now != info.get_default()):
            inputs[alias] = now
    return inputs
