"""The classes that have a description of their own."""

from __future__ import annotations

import collections.abc as abc
import inspect
from collections import OrderedDict, defaultdict
from typing import Any

SIMPLE: dict[Any, str] = {
    int: "int",
    float: "float",
    str: "str",
    bool: "bool",
    None: "none",
    type(None): "none",
    bytes: "bytes",
    bytearray: "bytes",
    memoryview: "bytes",
    Any: "any",
    object: "any",
    inspect.Parameter.empty: "any",
}
LISTS = (
    *(list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable),
    *(set, frozenset, abc.Set, abc.MutableSet),
)
DICTS = (dict, abc.Mapping, abc.MutableMapping, OrderedDict, defaultdict)
STREAMS = (
    *(abc.Iterable, abc.Iterator, abc.Generator),
    *(abc.AsyncIterable, abc.AsyncIterator, abc.AsyncGenerator),
)
# By full name, so that no library need be there; also of classes that derive from these.
CLASSES = {
    "torch.Tensor": "tensor",
    "torch._tensor.Tensor": "tensor",
    "numpy.ndarray": "tensor",
    "tech_renaissance.array.Array": "tensor",
    "numpy.bool": "bool",
    "numpy.bool_": "bool",
    "numpy.integer": "int",
    "numpy.floating": "float",
    "builtins.int": "int",
    "builtins.float": "float",
    "builtins.str": "str",
    "pathlib.PurePath": "str",
    "pathlib._local.PurePath": "str",
    "os.PathLike": "str",
    "datetime.date": "str",
    "datetime.time": "str",
    "datetime.timedelta": "float",
    "decimal.Decimal": "str",
    "uuid.UUID": "str",
}
