"""Calls of functions, on plain dicts in camelCase: the same question is asked once a process."""

import json
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from copy import deepcopy
from typing import Any

from .errors import InvalidInput
from .functions import FUNCTIONS
from .functions.function import Function
from .models.model import Model
from .models.validation import Failure, has_unknown, validate
from .run.api import Api

Bag = dict[str, Any]


def check(name: str, args: Mapping[str, Any]) -> list[Failure]:
    """What is wrong with the arguments, all at once; sends nothing. Raises InvalidInput for an unknown name."""
    function, given = _function(name), _given(args)
    unknown = [Failure(key, "is not known yet") for key, value in given.items() if has_unknown(value)]
    return unknown or validate(function.ARGS, given)


class Invoker:
    """Safe for threads: of those who ask the same, one asks Bitbucket and the others wait. Errors are not kept."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self._asked: dict[tuple[str, str], Future[Bag]] = {}
        self._lock = threading.Lock()

    def call(self, name: str, args: Mapping[str, Any]) -> Bag:
        """What the function answers. Raises InvalidInput before anything is sent, BitbucketError afterwards."""
        if failures := check(name, args):
            problems = " · ".join(f"{prop}: {reason}" if prop else reason for prop, reason in failures)
            raise InvalidInput(f"{name}: {problems}")
        function = _function(name)
        question = function.ARGS.model_validate(_given(args))
        key = (name, json.dumps(question.bag(), sort_keys=True))
        with self._lock:
            known = self._asked.get(key)
            answer = known or self._asked.setdefault(key, Future())
        if known is None:
            try:
                result: Model = function.call(self.api, question)
                answer.set_result(result.bag())
            except BaseException as error:
                with self._lock:
                    del self._asked[key]
                answer.set_exception(error)
        return deepcopy(answer.result())


def _function(name: str) -> Function[Any, Any]:
    try:
        return FUNCTIONS[name]
    except KeyError:
        raise InvalidInput(f"There is no function '{name}'; there are {', '.join(FUNCTIONS)}.") from None


def _given(args: Mapping[str, Any]) -> Bag:
    return {key: value for key, value in args.items() if value is not None}
