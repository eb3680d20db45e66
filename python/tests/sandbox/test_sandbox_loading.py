"""Back ends and api tools as they are found in modules: names, inheritance, and what is wrong."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tech_renaissance.sandbox import Backend, BackendConfig, api_tool, tool
from tech_renaissance.sandbox.errors import LoadError
from tech_renaissance.sandbox.loaded_tool import LoadedTool
from tech_renaissance.sandbox.loading import load_api, load_backend, put_first
from tech_renaissance.traceback_text import describe_error

IMPORTS = "from tech_renaissance.sandbox import Backend, BackendConfig, tool, api_tool\n"


class Modules:
    """A folder of modules that are forgotten after the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.count = 0

    def write(self, source: str, name: str | None = None) -> str:
        self.count += 1
        name = name or f"tr_written_{self.count}"
        path = self.folder.joinpath(*name.split(".")).with_suffix(".py")
        path.parent.mkdir(exist_ok=True)
        path.write_text(IMPORTS + source)
        sys.modules.pop(name, None)
        return name

    def load(self, source: str, cls: str = "Own", name: str = "own") -> dict[str, LoadedTool]:
        _, tools = load_backend(name, f"{self.write(source)}:{cls}", {})
        return {tool.full_name: tool for tool in tools}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Modules]:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    put_first(str(tmp_path))
    yield Modules(tmp_path)
    for name in list(sys.modules):
        if name.startswith("tr_written_"):
            del sys.modules[name]


def test_a_tool_is_called_as_its_function_or_as_is_said(modules: Modules) -> None:
    tools = modules.load("""
class Own(Backend):
    name = "own"
    @tool
    def bare(self): "Bare."
    @tool()
    def called(self): ...
    @tool("other")
    async def named(self): ...
    @tool("own:whole", hidden=True, description="Said.")
    def whole_name(self): "Not said."
""")
    assert list(tools) == ["own:bare", "own:called", "own:other", "own:whole"]
    assert [it.description for it in tools.values()] == ["Bare.", "", "", "Said."]
    assert [it.hidden for it in tools.values()] == [False, False, False, True]


def test_a_class_may_serve_under_another_name_and_bequeath_its_tools(modules: Modules) -> None:
    source = """
class Base(Backend):
    name = "base"
    @tool("base:a")
    def a(self): return "base"
    @tool("b")
    def b(self): return "base"
    @tool("c")
    def c(self): ...

class Own(Base):
    name = "own"
    def a(self): return "own"
    @tool("own:bb")
    def b(self): return "own"
    c = None
"""
    assert list(modules.load(source)) == ["own:a", "own:bb"]
    assert list(modules.load(source, name="third")) == ["third:a", "third:bb"]
    assert list(modules.load(source, "Base", "base")) == ["base:a", "base:b", "base:c"]
    tools = modules.load(source)
    assert [tools[name].function() for name in ("own:a", "own:bb")] == ["own", "own"]
    assert tools["own:a"].function.__self__.name == "own"


@pytest.mark.parametrize(
    ("source", "config"),
    [
        ("    pass", {"k": 1}),
        ("    def __init__(self): pass", {"k": 1}),
        ("    def __init__(self, config): super().__init__(config)", {"k": 1}),
        ("    def __init__(self, config): self.config = BackendConfig(config={'a': 1})", {"a": 1}),
    ],
)
def test_an_instance_has_its_config(modules: Modules, source: str, config: dict[str, Any]) -> None:
    name = modules.write(f"class Own(Backend):\n    description = 'what'\n{source}")
    backend, _ = load_backend("own", f"{name}.Own", {"k": 1})
    assert backend.config.config == config
    assert backend.name == "own"
    if config == {"k": 1}:
        assert backend.config == BackendConfig("own", {"k": 1}, True, "what")


def test_a_module_may_be_in_a_package(modules: Modules) -> None:
    name = modules.write(
        "class Own(Backend):\n    @tool\n    def a(self): ...", "tr_written_p.inner"
    )
    for target in (f"{name}:Own", f"{name}.Own"):
        _, tools = load_backend("own", target, {})
        assert [it.full_name for it in tools] == ["own:a"]


OWN = "class Own(Backend):\n    "


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (
            "class Own: pass",
            "expected a subclass of tech_renaissance.sandbox.Backend, found <class",
        ),
        ("Own = 3", "expected a subclass of tech_renaissance.sandbox.Backend, found 3"),
        ("class Other(Backend): ...", "there is no Own in .*: it has Other"),
        ("", "there is no Own in .*: it defines none"),
        ("import tr_nothing", "needs 'tr_nothing', which is not installed in"),
        ("1 / 0", "the import of tr_written_1 raised ZeroDivisionError: division by zero"),
        ("def", "the import of tr_written_1 raised SyntaxError: "),
        (f"{OWN}def __init__(self, config): 1 / 0", r"Own\(config\) raised ZeroDivisionError"),
        (f"{OWN}def __init__(self, a, b): ...", r"Own\(config\) raised TypeError: .*'b'"),
        (f"{OWN}@tool('other:a')\n    def a(self): ...", "'other:a' has another back end's name"),
        (
            f"{OWN}@tool('a')\n    def a(self): ...\n    @tool('a')\n    def b(self): ...",
            "two tools are called own:a: rename one",
        ),
        (
            f"{OWN}@tool\n    def a(self, *x): ...",
            r"own:a: .*\*x takes none by name: make it an ord",
        ),
        (f"{OWN}@tool\n    def a(self, x, /): ...", "own:a: .*and x takes none by name"),
        (
            f"{OWN}@tool\n    def a(self): yield",
            "a: Own.a is a generator, and a tool has one resul",
        ),
        (f"{OWN}@tool\n    async def a(self): yield", "return a list of what it yields"),
        (f"{OWN}@tool('a b')\n    def a(self): ...", 'is "name" or "back end:name", found \'a b\''),
        (f"{OWN}@tool('a:b:c')\n    def a(self): ...", "found 'a:b:c'"),
        (f"{OWN}@tool('a:')\n    def a(self): ...", "found 'a:'"),
    ],
)
def test_what_is_wrong_with_a_class(modules: Modules, source: str, message: str) -> None:
    with pytest.raises(LoadError, match=message) as caught:
        modules.load(source)
    assert str(caught.value).startswith(("tr_written_1:Own: ", "own:a: "))
    shown = describe_error(caught.value)["traceback"]
    assert "importlib" not in shown


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("tr_absent:Own", "there is no module 'tr_absent' in .*: modules are looked up beside the"),
        ("tr_absent.inner:Own", "there is no module 'tr_absent' in"),
        ("Own", "expected module:Class or module.Class, found 'Own'"),
        (":Own", "found ':Own'"),
        ("a:", "found 'a:'"),
        ("a:b c", "found 'a:b c'"),
    ],
)
def test_what_is_wrong_with_a_target(modules: Modules, target: str, message: str) -> None:
    with pytest.raises(LoadError, match=message):
        load_backend("own", target, {})


def test_a_module_with_the_name_of_one_that_is_in_use_is_told_of(modules: Modules) -> None:
    name = modules.write("class Own(Backend): ...")
    sys.modules[name] = type(sys)(name)
    with pytest.raises(LoadError, match=f"{name}.py has the name of a module .*: rename it"):
        load_backend("own", f"{name}:Own", {})


def test_what_is_wrong_with_an_api_tool(modules: Modules) -> None:
    name = modules.write("""
class Own(Backend):
    @tool
    def a(self): ...
@tool
def marked(): ...
def generator(): yield
""")
    for target, message in (
        (f"{name}:Own", "expected a function, found <class"),
        (f"{name}:marked", "a @tool belongs to a back end: mark it with @api_tool"),
        (f"{name}:nothing", "there is no nothing in"),
    ):
        with pytest.raises(LoadError, match=message) as fault:
            load_api("api", target, {})
        assert str(fault.value).startswith(f"api.function: {target}: ")
    with pytest.raises(LoadError, match="generator is a generator"):
        load_api("api", f"{name}:generator", {})


def test_marks_leave_functions_as_they_are_and_refuse_what_is_none() -> None:
    def plain(a: int) -> int:
        return a

    assert tool(plain) is plain
    assert tool("name")(plain) is plain
    assert api_tool("name")(plain) is plain
    with pytest.raises(TypeError, match="@tool belongs on a function, found 3"):
        tool("x")(3)  # type: ignore[type-var]
    with pytest.raises(ValueError, match="has no name of its own"):
        tool(lambda: 1)
    with pytest.raises(TypeError, match='write @api_tool\\("name"\\)'):
        api_tool(plain)  # type: ignore[arg-type]


def test_the_base_class_does_nothing() -> None:
    backend = Backend()
    assert backend.config == BackendConfig()
    assert backend.warmup() is backend.initialize("w", {}) is backend.cleanup("w", {}) is None
    assert backend.shutdown() is None
