"""Prints every status word that is written."""

# Written as users write: without types.
# mypy: ignore-errors

from tech_renaissance import command, serve
from tech_renaissance.status import Status

write = Status.set


def tell_and_write(self, word):
    print(word)
    write(self, word)


Status.set = tell_and_write


@command
def nod():
    pass


serve()
