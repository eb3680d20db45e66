"""Arguments against a function's signature, and the tensors that its annotations ask for."""

from __future__ import annotations

import inspect

from .errors import TrError
from .text import split_words
from .values import decode_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .call import Call, Kind

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

# How an annotation may be spelled where it is a string that cannot be evaluated.
_TENSOR_NAMES: tuple[tuple[str, Kind], ...] = (
    ("torch.Tensor", "torch"),
    ("numpy.ndarray", "numpy"),
    ("np.ndarray", "numpy"),
)


class Signature:
    """What a command's function takes. Made at its first call."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self.name = name
        self.is_generator = inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(
            function
        )
        self._signature = _resolved(function)
        self._parameters = list(self._signature.parameters.values())
        self._kinds = {p.name: _tensor_kind(p.annotation) for p in self._parameters}

    def __str__(self) -> str:
        return f"{self.name}{self._signature}"

    def arguments(self, call: Call) -> tuple[list[Any], dict[str, Any]]:
        """The call's arguments in Python, checked before a tensor is read.

        Raises TR_INVALID_ARGUMENT with the signature.
        """
        request = call.request
        args: list[Any] = _words(request.words, call) if request.is_text else request.args
        kwargs = request.kwargs
        try:
            self._signature.bind(*args, **kwargs)
        except TypeError as cause:
            raise TrError("TR_INVALID_ARGUMENT", f"{cause}; the signature is {self}") from None
        convert = self._from_word if request.is_text else self._from_json
        values = [
            convert(self._parameter_at(index), argument, call)
            for index, argument in enumerate(args)
        ]
        named = {
            name: self._from_json(self._parameter_named(name), argument, call)
            for name, argument in kwargs.items()
        }
        call.remove_read()
        return values, named

    def _parameter_at(self, index: int) -> inspect.Parameter:
        positional = [p for p in self._parameters if p.kind in _POSITIONAL]
        if index < len(positional):
            return positional[index]
        return next(p for p in self._parameters if p.kind is inspect.Parameter.VAR_POSITIONAL)

    def _parameter_named(self, name: str) -> inspect.Parameter:
        parameter = self._signature.parameters.get(name)
        if parameter is not None and parameter.kind not in _VARIADIC:
            return parameter
        return next(p for p in self._parameters if p.kind is inspect.Parameter.VAR_KEYWORD)

    def _from_json(self, parameter: inspect.Parameter, json: Any, call: Call) -> Any:
        kind = self._kinds[parameter.name]
        value = decode_value(json, lambda tag: call.read_tensor(tag, kind))
        # JavaScript has one type of number and writes 1.0 as 1.
        return float(value) if parameter.annotation is float and type(value) is int else value

    def _from_word(self, parameter: inspect.Parameter, word: str, call: Call) -> Any:
        if call.has_tensor(word):
            return call.read_tensor(word, self._kinds[parameter.name])
        annotation = parameter.annotation
        try:
            if annotation in (int, float):
                return annotation(word)
            if annotation is bool:
                return _BOOLS[word.lower()]
        except (KeyError, ValueError):
            raise TrError(
                "TR_INVALID_ARGUMENT",
                f"{parameter.name}: expected {annotation.__name__}, found {word[:80]!r}; "
                f"the signature is {self}",
            ) from None
        return _guess(word) if _is_open(annotation) else word


def _words(text: str, call: Call) -> list[str]:
    """The words of a text; dialect 1 joins the tags of tensors with commas."""
    words: list[str] = []
    for word in split_words(text):
        tags = split_words(word, ",")
        words += tags if len(tags) > 1 and all(map(call.has_tensor, tags)) else [word]
    return words


_BOOLS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def _is_open(annotation: Any) -> bool:
    return annotation is inspect.Parameter.empty or str(annotation) in ("Any", "typing.Any")


def _guess(word: str) -> Any:
    """A number if it is one in JSON's or Python's decimal spelling, else the word."""
    if word.strip("0123456789+-.eE") or not word.strip("+-.eE"):
        return word
    for number in (int, float):
        try:
            return number(word)
        except ValueError:
            pass  # the next one, or no number at all
    return word


def _resolved(function: Callable[..., Any]) -> inspect.Signature:
    """With annotations evaluated one by one where they are strings and can be."""
    signature = inspect.signature(function)
    names = getattr(inspect.unwrap(function), "__globals__", {})
    parameters = [
        parameter.replace(annotation=_evaluated(parameter.annotation, names))
        for parameter in signature.parameters.values()
    ]
    result = _evaluated(signature.return_annotation, names)
    return signature.replace(parameters=parameters, return_annotation=result)


def _evaluated(annotation: Any, names: dict[str, Any]) -> Any:
    try:
        for _ in range(2):  # quoted under `from __future__ import annotations` is a text twice
            if isinstance(annotation, str):
                annotation = eval(annotation, names)  # noqa: S307 - the script's own text
    except Exception:  # a name imported for type checkers only, or nonsense
        return _Unresolved(annotation)
    return annotation


class _Unresolved(str):
    """Shown in a signature as it was written, without quotes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _tensor_kind(annotation: Any) -> Kind | None:
    """What tensors a parameter wants, also inside ``list[...]``, unions and the like."""
    if annotation is bytes or annotation == "bytes":
        return "bytes"
    text = annotation if isinstance(annotation, str) else f"{_full_name(annotation)} {annotation!r}"
    return next((kind for name, kind in _TENSOR_NAMES if name in text), None)


def _full_name(annotation: Any) -> str:
    return f"{getattr(annotation, '__module__', '')}.{getattr(annotation, '__qualname__', '')}"
