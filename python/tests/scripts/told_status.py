"""Prints every status word that is written."""

# Written as users write: without types.
# mypy: ignore-errors

from tech_renaissance import command, serve
from tech_renaissance.file_channel import Folder

write = Folder.write


def tell_and_write(self, name, *parts):
    if name == "status.txt":
        print(b"".join(parts).decode())
    write(self, name, *parts)


Folder.write = tell_and_write


@command
def nod():
    pass


serve()
