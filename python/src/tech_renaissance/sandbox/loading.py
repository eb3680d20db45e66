"""From what the config file says to an instance and its tools."""

from __future__ import annotations

import importlib
import inspect
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .backend import Backend, BackendConfig
from .errors import LoadError
from .loaded_tool import LoadedTool
from .marks import Mark, mark_of

if TYPE_CHECKING:
    from types import TracebackType


def put_first(folder: str) -> None:
    """Modules are looked up there before anywhere else."""
    sys.path[:] = [folder, *(entry for entry in sys.path if entry != folder)]


def load_backend(
    name: str, target: str, config: dict[str, Any]
) -> tuple[Backend, list[LoadedTool]]:
    """``target``: ``module:Class`` or ``module.Class``.

    Raises LoadError; what the class raises is its cause.
    """
    cls = _find(target, "Class")
    if not isinstance(cls, type) or not issubclass(cls, Backend):
        raise LoadError(
            f"{target}: expected a subclass of tech_renaissance.sandbox.Backend, found {cls!r}"
        )
    marks = _marked(cls)
    declared = {name, *(vars(base).get("name") for base in cls.__mro__)}
    backend = _make(cls, target, BackendConfig(name, config, True, cls.description))
    backend.name = name
    tools: dict[str, LoadedTool] = {}
    for attribute, mark in marks.items():
        prefix, _, short = mark.name.rpartition(":")
        if prefix and prefix not in declared:
            raise LoadError(
                f"{target}: the tool {mark.name!r} has another back end's name before the colon: "
                f"expected {cls.name or name!r}, or no colon"
            )
        if short in tools:
            raise LoadError(f"{target}: two tools are called {name}:{short}: rename one")
        tools[short] = LoadedTool(
            short,
            name,
            getattr(backend, attribute),
            hidden=mark.hidden,
            description=mark.description,
        )
    return backend, list(tools.values())


def load_api(name: str, target: str, config: dict[str, Any]) -> LoadedTool:
    """``target``: ``module:function`` or ``module.function``.

    Raises LoadError, which begins with ``{name}.function``: one process loads several.
    """
    try:
        return _api_tool(name, target, config)
    except LoadError as fault:
        raise LoadError(f"{name}.function: {fault}") from fault.__cause__


def _api_tool(name: str, target: str, config: dict[str, Any]) -> LoadedTool:
    function = _find(target, "function")
    if isinstance(function, type) or not callable(function):
        raise LoadError(f"{target}: expected a function, found {function!r}")
    mark = mark_of(function) or Mark(name, False, None, is_api=True)
    if not mark.is_api:
        raise LoadError(f"{target}: a @tool belongs to a back end: mark it with @api_tool")
    return LoadedTool(
        name, None, function, hidden=mark.hidden, description=mark.description, config=config
    )


def _marked(cls: type) -> dict[str, Mark]:
    """By attribute, in the order of their definition, those of bases first.

    A method that overrides a tool without a mark of its own keeps the mark.
    """
    found: dict[str, Mark] = {}
    for base in reversed(cls.__mro__):
        for attribute, value in vars(base).items():
            mark = mark_of(value)
            if mark is not None:
                found[attribute] = mark
            elif attribute in found and not callable(getattr(value, "__func__", value)):
                del found[attribute]  # search = None: no longer a tool
    return found


def _make(cls: type[Backend], target: str, config: BackendConfig) -> Backend:
    try:
        takes_config = bool(inspect.signature(cls).parameters)
        backend = cls(config) if takes_config else cls()
    except Exception as cause:
        raise LoadError(
            f"{target}: cannot be made, {cls.__name__}(config) raised "
            f"{type(cause).__name__}: {cause}"
        ) from cause
    if not hasattr(backend, "config"):  # an __init__ of its own that does not call ours
        backend.config = config
    return backend


def _find(target: str, what: str) -> Any:
    module_name, separator, attribute = target.partition(":")
    if not separator:
        module_name, _, attribute = target.rpartition(".")
    if not module_name or not attribute.isidentifier():
        raise LoadError(f"expected module:{what} or module.{what}, found {target!r}")
    module = _import(module_name, target)
    try:
        return getattr(module, attribute)
    except AttributeError:
        names = [
            name
            for name, value in vars(module).items()
            if getattr(value, "__module__", None) == module.__name__ and not name.startswith("_")
        ]
        has = f"it has {', '.join(sorted(names))}" if names else "it defines none"
        raise LoadError(f"{target}: there is no {attribute} in {module.__file__}: {has}") from None


def _import(name: str, target: str) -> Any:
    _check_shadowed(name, target)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as cause:
        if cause.name is not None and (name == cause.name or name.startswith(f"{cause.name}.")):
            raise LoadError(
                f"{target}: there is no module {cause.name!r} in {sys.path[0]} or elsewhere on "
                "Python's path: modules are looked up beside the config file, then on PYTHONPATH"
            ) from None
        raise LoadError(
            f"{target}: the module {name} needs {cause.name!r}, which is not installed in "
            f"{sys.executable}"
        ) from cause.with_traceback(_own_frames(cause.__traceback__))
    except Exception as cause:
        raise LoadError(
            f"{target}: the import of {name} raised {type(cause).__name__}: {cause}"
        ) from cause.with_traceback(_own_frames(cause.__traceback__))


def _own_frames(trace: TracebackType | None) -> TracebackType | None:
    """From the module's first one on, without those of the import itself."""
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file not in (__file__, importlib.__file__) and not file.startswith("<frozen importlib"):
            break
        trace = trace.tb_next
    return trace


def _check_shadowed(name: str, target: str) -> None:
    """A ``types.py`` beside the config file is not what ``import types`` gives."""
    known = sys.modules.get(name)
    own = Path(sys.path[0], *name.split(".")).with_suffix(".py")
    if known is None or not own.is_file():
        return
    file = getattr(known, "__file__", None)
    if file is None or not own.samefile(file):
        raise LoadError(
            f"{target}: {own} has the name of a module that Python has imported already "
            f"({file or 'built in'}): rename it"
        )
