"""Arguments against a function's signature and its annotations."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

from .conversion.misfit import MisfitError
from .errors import TrError
from .outline import outline_of
from .text import split_words
from .values import decode_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from inspect import Signature as InspectSignature
    from typing import Any

    from .call import Call
    from .conversion.misfit import Converter

_WORDS = (int, float, bool, str)
_BOOLS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


class Signature:
    """What a command's function takes. Made at its first call."""

    def __init__(self, name: str, function: Callable[..., Any]) -> None:
        self._name = name
        self._function = function
        self._outline = outline_of(function)
        self._scope, self._annotations = _annotations_of(function)
        self._converters = {
            parameter: self._converter(parameter, annotation)
            for parameter, annotation in self._annotations.items()
            if parameter != "return"
        }
        self.is_generator = self._outline.is_generator

    def __str__(self) -> str:
        # inspect puts it before every class of the script's own.
        return f"{self._name}{self._inspected()}".replace("__main__.", "")

    def arguments(self, call: Call) -> tuple[list[Any], dict[str, Any]]:
        """The call's arguments in Python. That they fit the signature is checked before a tensor is
        read.

        Raises TR_INVALID_ARGUMENT with the place of what does not fit, and the signature.
        """
        request = call.request
        args: list[Any] = _words(request.words, call) if request.is_text else request.args
        kwargs = request.kwargs
        if kwargs or not self._outline.takes(len(args)):
            try:
                self._inspected().bind(*args, **kwargs)
            except TypeError as cause:
                raise TrError("TR_INVALID_ARGUMENT", f"{cause}; the signature is {self}") from None
        at, named = self._outline.at, self._outline.named
        if request.is_text:
            values = [self._from_word(at(index), word, call) for index, word in enumerate(args)]
        elif self._converters:
            values = [
                self._from_json(at(index), json, call, index) for index, json in enumerate(args)
            ]
        else:
            values = [decode_value(json, call.read_tensor) for json in args]
        more = {}
        if kwargs:
            more = {key: self._from_json(named(key), it, call, key) for key, it in kwargs.items()}
        call.remove_read()
        return values, more

    def _converter(self, parameter: str, annotation: Any) -> Converter | None:
        is_optional = parameter in self._outline.optional
        is_simple = type(annotation) is type and annotation in _WORDS
        if is_simple and not is_optional:  # 1 ms less of the first call
            from .conversion.scalars import BY_CLASS

            return BY_CLASS[annotation]
        from .conversion.compiler import converter_for

        return converter_for(annotation, self._scope, None if is_optional else ...)

    def _from_json(self, parameter: str, json: Any, call: Call, place: int | str) -> Any:
        convert = self._converters.get(parameter)
        if convert is None:
            return decode_value(json, call.read_tensor)
        try:
            return convert(json, call)
        except MisfitError as misfit:
            where = f"{self._outline.place(place)}{misfit.path}"
            fault = f"{where}: {misfit.fault}; the signature is {self}"
            raise TrError("TR_INVALID_ARGUMENT", fault) from misfit.__cause__

    def _from_word(self, parameter: str, word: str, call: Call) -> Any:
        if call.has_tensor(word):
            from .conversion.annotations import tensor_kind

            return call.read_tensor(word, tensor_kind(self._annotations.get(parameter)))
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


def _annotations_of(function: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The names that they may use, and they, evaluated one by one where they are strings and can
    be; the result's is "return"."""
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    names = getattr(function, "__globals__", {})
    annotations = getattr(function, "__annotations__", {})
    return names, {name: _evaluated(annotation, names) for name, annotation in annotations.items()}


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
