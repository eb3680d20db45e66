"""Arguments against a function's signature, and the tensors that its annotations ask for."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from .errors import TrError
from .outline import outline_of
from .text import split_words
from .values import decode_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature as InspectSignature
    from typing import Any

    from .call import Call, Kind

# How an annotation may be spelled where it is a string that cannot be evaluated.
_TENSOR_NAMES: tuple[tuple[str, Kind], ...] = (
    ("torch.Tensor", "torch"),
    ("numpy.ndarray", "numpy"),
    ("np.ndarray", "numpy"),
)

_BOOLS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Signature:
    """What a command's function takes. Made at its first call."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self._name = name
        self._function = function
        self._outline = outline_of(function)
        self._annotations = _annotations_of(function)
        self._kinds = {name: _tensor_kind(a) for name, a in self._annotations.items()}
        self.is_generator = self._outline.is_generator

    def __str__(self) -> str:
        return f"{self._name}{self._inspected()}"

    def arguments(self, call: Call) -> tuple[list[Any], dict[str, Any]]:
        """The call's arguments in Python, checked before a tensor is read.

        Raises TR_INVALID_ARGUMENT with the signature.
        """
        request = call.request
        args: list[Any] = _words(request.words, call) if request.is_text else request.args
        kwargs = request.kwargs
        if kwargs or not self._outline.takes(len(args)):
            try:
                self._inspected().bind(*args, **kwargs)
            except TypeError as cause:
                raise TrError("TR_INVALID_ARGUMENT", f"{cause}; the signature is {self}") from None
        convert = self._from_word if request.is_text else self._from_json
        at, named = self._outline.at, self._outline.named
        values = [convert(at(index), argument, call) for index, argument in enumerate(args)]
        more = {key: self._from_json(named(key), json, call) for key, json in kwargs.items()}
        call.remove_read()
        return values, more

    def _from_json(self, parameter: str, json: Any, call: Call) -> Any:
        kind = self._kinds.get(parameter)
        value = decode_value(json, lambda tag: call.read_tensor(tag, kind))
        # JavaScript has one type of number and writes 1.0 as 1.
        is_float = type(value) is int and self._annotations.get(parameter) is float
        return float(value) if is_float else value

    def _from_word(self, parameter: str, word: str, call: Call) -> Any:
        if call.has_tensor(word):
            return call.read_tensor(word, self._kinds.get(parameter))
        annotation = self._annotations.get(parameter, "Any")
        try:
            if annotation in (int, float):
                return annotation(word)
            if annotation is bool:
                return _BOOLS[word.lower()]
        except (KeyError, ValueError):
            raise TrError(
                "TR_INVALID_ARGUMENT",
                f"{parameter}: expected {annotation.__name__}, found {word[:80]!r}; "
                f"the signature is {self}",
            ) from None
        return _guess(word) if str(annotation) in ("Any", "typing.Any") else word

    def _inspected(self) -> InspectSignature:
        import inspect  # 10 ms: for keyword arguments, refusals and unusual functions alone

        signature = inspect.signature(self._function)
        get = self._annotations.get
        parameters = [
            parameter.replace(annotation=get(parameter.name, inspect.Parameter.empty))
            for parameter in signature.parameters.values()
        ]
        result = get("return", inspect.Signature.empty)
        return signature.replace(parameters=parameters, return_annotation=result)


def _words(text: str, call: Call) -> list[str]:
    """The words of a text; dialect 1 joins the tags of tensors with commas."""
    words: list[str] = []
    for word in split_words(text):
        tags = split_words(word, ",")
        words += tags if len(tags) > 1 and all(map(call.has_tensor, tags)) else [word]
    return words


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


def _annotations_of(function: Any) -> dict[str, Any]:
    """Evaluated one by one where they are strings and can be; the result's is "return"."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    names = getattr(function, "__globals__", {})
    annotations = getattr(function, "__annotations__", {})
    return {name: _evaluated(annotation, names) for name, annotation in annotations.items()}


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
