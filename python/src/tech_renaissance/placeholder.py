"""What stands for a thing that cannot be had while a script is described."""

from __future__ import annotations

import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any, Union

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Placeholder:
    """A name that only type checkers know, or part of a library that is not installed.

    It goes through what scripts do with such names while they are imported: attributes, calls,
    decorators, base classes, subscripts and unions in annotations. ``str()`` is its dotted name,
    ``_tr_item`` what it was subscripted with.
    """

    def __init__(self, name: str, item: Any = None) -> None:
        self._tr_name = name
        self._tr_item = item

    def __str__(self) -> str:
        return self._tr_name

    __repr__ = __str__

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self._tr_name}.{name}")

    def __call__(self, *args: Any, **_: Any) -> Any:
        """A decorator gives the function back; anything else is a part of the library again."""
        is_decorator = len(args) == 1 and callable(args[0]) and not isinstance(args[0], Placeholder)
        return args[0] if is_decorator else Placeholder(f"{self._tr_name}()")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Placeholder) and other._tr_name == self._tr_name

    def __hash__(self) -> int:
        return hash(self._tr_name)

    def __bool__(self) -> bool:
        return False

    def __getitem__(self, item: Any) -> Placeholder:
        return Placeholder(self._tr_name, item)

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __or__(self, other: Any) -> Any:
        return Union[self, other]  # noqa: UP007 - the operator is what is being made here

    def __ror__(self, other: Any) -> Any:
        return Union[other, self]  # noqa: UP007

    def __mro_entries__(self, _: object) -> tuple[type, ...]:
        return ()

    def __instancecheck__(self, _: object) -> bool:
        return False

    def __enter__(self) -> Placeholder:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class AbsentLibraries(MetaPathFinder, Loader):
    """A finder for ``sys.meta_path``: libraries that are not installed become placeholders.

    Only for annotations: a script that imports PyTorch can then be described where there is none.
    """

    def __init__(self) -> None:
        self.names: set[str] = set()

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None = None, _target: object = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self.names:
            return None
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _AbsentModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        parent, _, name = module.__name__.rpartition(".")
        if parent:
            setattr(sys.modules[parent], name, module)


class _AbsentModule(ModuleType):
    __version__ = "0"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return Placeholder(f"{self.__name__}.{name}")
