"""Puts an answer of any size in place, as a broken worker would: a hole in a file, which takes no room."""

import os

from tech_renaissance import command, serve


@command
def swell(size: int):
    path = os.path.join(os.environ["TR_SESSION_DIR"], "response.json")
    with open(path + ".part", "wb") as file:
        file.truncate(size)
    os.replace(path + ".part", path)


serve()
