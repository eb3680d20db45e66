"""Each marked line must be an error of mypy: a decorated function keeps its signature."""

from typed_consumer import Server, add

from tech_renaissance import Array

words: str = add(1, 2)  # wrong
add("1", 2)  # wrong
Array(b"", (0,), 5)  # wrong
Server().main_logic("double")  # wrong
