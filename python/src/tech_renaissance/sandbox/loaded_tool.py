"""A tool as it is called: its function, its schema, and its arguments held against them."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ..annotation_scope import scope_of
from ..conversion.annotations import name_of
from ..conversion.compiler import converter_for
from ..conversion.misfit import MisfitError, entries_of, listed, show
from ..errors import TrError
from ..values import decode_value
from .docstrings import description_of
from .envelopes import INVALID_INPUT, MISSING_FIELD, WRONG_TYPE, failure
from .errors import LoadError
from .marks import refuse_generator
from .schema import parameters_schema, without_metadata

if TYPE_CHECKING:
    from ..call import Call, Kind
    from ..conversion.misfit import Converter
    from .envelopes import Envelope

SUPPLIED = frozenset({"worker_id", "session_id", "trace_id", "session_info"})


class ArgumentsError(Exception):
    """Arguments that do not fit: ``envelope`` is the answer."""

    def __init__(self, envelope: Envelope) -> None:
        super().__init__(envelope["message"])
        self.envelope = envelope


class LoadedTool:
    """``function``: bound, if it is a method. ``config`` is supplied to api tools alone."""

    def __init__(
        self,
        name: str,
        resource_type: str | None,
        function: Any,
        *,
        hidden: bool = False,
        description: str | None = None,
        config: dict[str, Any] | None = None,
    ) -> None:
        self.full_name = name if resource_type is None else f"{resource_type}:{name}"
        self.name = name
        self.resource_type = resource_type
        self.function = function
        self.hidden = hidden
        self.config = config
        self.supplied = SUPPLIED | {"config"} if resource_type is None else SUPPLIED
        self.description = description_of(function) if description is None else description
        self.is_async = inspect.iscoroutinefunction(inspect.unwrap(function))
        try:
            refuse_generator(function, self.full_name)
        except TypeError as fault:
            raise LoadError(str(fault)) from None
        self._parameters = self._checked()
        self._more = next((n for n, p in self._parameters.items() if p.kind is p.VAR_KEYWORD), None)
        self.schema, self.warnings = parameters_schema(self.full_name, function, self.supplied)
        self._converters = self._compiled()

    def listed(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "full_name": self.full_name,
            "resource_type": self.resource_type,
            "stateless": self.resource_type is None,
            "description": self.description,
            "parameters": self.schema,
            "hidden": self.hidden,
            "is_async": self.is_async,
        }

    def arguments(self, json: Any, call: Call) -> dict[str, Any]:
        """The caller's arguments in Python. Raises an ArgumentsError: 4003, 4004 or 4000."""
        entries = entries_of(json)
        if entries is None:
            found = f"{self.full_name}: params: expected an object, found {show(json)}"
            raise ArgumentsError(failure(WRONG_TYPE, found, {"parameter": "params"}))
        self._check_names(entries)
        tensors: Any = _Tensors(call)
        values = {}
        for name, value in entries.items():
            convert = self._converters.get(name if name in self._parameters else self._more or "")
            try:
                values[name] = (
                    decode_value(value, tensors.read_tensor)
                    if convert is None
                    else convert(value, tensors)
                )
            except MisfitError as misfit:
                raise self._misfit(name, value, f"{name}{misfit.path}", misfit.fault) from None
            except TrError as error:
                if error.code not in ("TR_INVALID_ARGUMENT", "TR_UNSUPPORTED_DTYPE"):
                    raise
                raise self._misfit(name, value, name, str(error)) from None
        return values

    def supply(self, given: dict[str, Any], context: dict[str, Any]) -> dict[str, Any]:
        """Adds what the function takes of ``context`` and the caller has not given."""
        values = {**context, "config": self.config} if self.resource_type is None else context
        more = {
            name: values[name]
            for name in self.supplied
            if name in self._parameters and name not in given
        }
        return {**given, **more}

    def _checked(self) -> dict[str, inspect.Parameter]:
        try:
            parameters = dict(inspect.signature(self.function).parameters)
        except (TypeError, ValueError) as cause:
            raise LoadError(f"{self.full_name}: its signature cannot be read: {cause}") from cause
        for parameter in parameters.values():
            if parameter.kind in (parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY):
                star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
                raise LoadError(
                    f"{self.full_name}: a tool's arguments come by name, and "
                    f"{star}{parameter.name} takes none by name: make it an ordinary parameter, "
                    "of a list if need be"
                )
        return parameters

    def _compiled(self) -> dict[str, Converter | None]:
        scope = scope_of(self.function)
        return {
            name: converter_for(
                parameter.annotation, scope, None if parameter.default is None else ...
            )
            for name, parameter in self._parameters.items()
            if parameter.annotation is not parameter.empty
        }

    def _check_names(self, entries: dict[str, Any]) -> None:
        own = [n for n in self._parameters if n not in self.supplied and n != self._more]
        unknown = [name for name in entries if name not in self._parameters or name == self._more]
        if self._more is not None:
            unknown = []
        missing = [
            n
            for n in own
            if n not in entries and self._parameters[n].default is inspect.Parameter.empty
        ]
        if missing:
            hint = f"; found {listed(unknown)}, which it does not take" if unknown else ""
            many = "s" if len(missing) > 1 else ""
            expected = ", ".join(f"{name} ({self._expects(name)})" for name in missing)
            raise ArgumentsError(
                failure(
                    MISSING_FIELD,
                    f"{self.full_name}: missing parameter{many}: {expected}{hint}",
                    {"parameter": missing[0], "expected": self._expects(missing[0])},
                )
            )
        if unknown:
            near = get_close_matches(unknown[0], own, 1)
            hint = f"did you mean {near[0]!r}? " if near else ""
            takes = f"it takes {', '.join(own)}" if own else "it takes none"
            raise ArgumentsError(
                failure(
                    INVALID_INPUT,
                    f"{self.full_name}: unknown parameter {unknown[0]!r}: {hint}{takes}",
                    {"parameter": unknown[0], "expected": own},
                )
            )

    def _expects(self, name: str) -> str:
        annotation = self._parameters[name].annotation
        if annotation is inspect.Parameter.empty:
            return "any value"
        return name_of(without_metadata(annotation, self.function))

    def _misfit(self, name: str, value: Any, place: str, fault: str) -> ArgumentsError:
        message = f"{self.full_name}: parameter {place}: {fault}"
        data = {"parameter": place, "expected": self._expects(name), "found": show(value)}
        return ArgumentsError(failure(WRONG_TYPE, message, data))


class _Tensors:
    """What a converter reads tensors from: numpy's where nothing is said of them."""

    __slots__ = ("_call",)

    def __init__(self, call: Call) -> None:
        self._call = call

    def read_tensor(self, tag: str, kind: Kind | None = None) -> Any:
        return self._call.read_tensor(tag, kind or _default_kind())


@cache
def _default_kind() -> Kind:
    """Asked for the first tensor."""
    return "numpy" if find_spec("numpy") is not None else "array"
