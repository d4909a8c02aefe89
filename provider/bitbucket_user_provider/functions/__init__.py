"""Every function, once. The class name, its first letter in lower case, is the token's last part."""

from typing import Any

from .function import Function

FUNCTIONS: dict[str, Function[Any, Any]] = {}
