"""Checked by mypy --strict against the installed package, and run without torch and numpy."""

import struct
import sys

from tech_renaissance import Array, TechRenaissanceServer, TrError, command, serve
from tech_renaissance.tsr import Header, decode, encode, read_header


@command
def add(a: int, b: int) -> int:
    return a + b


@command("text:repeat")
async def repeat(text: str, times: int = 2) -> str:
    if times < 0:
        raise TrError("TR_INVALID_ARGUMENT", "times is negative")
    return text * times


class Server(TechRenaissanceServer):
    def main_logic(self, command: str, parameters: str) -> bool:
        tensors = self.get_tensors(parameters, 1)
        if tensors is None:
            self.write_response(command, "invalid")
        else:
            self.send_tensors(tensors[0])
        return True


def check() -> None:
    total: int = add(1, 2)
    data: bytes = encode(Array(struct.pack("<2f", 1, 2), (2,), "float32"))
    header: Header = read_header(data)
    values: list[float] = decode(data).tolist()
    if total != 3 or header.shape != (2,) or values != [1, 2]:
        raise AssertionError(f"{total}, {header}, {values}")
    for library in ("numpy", "torch"):
        if library in sys.modules:
            raise AssertionError(f"{library} was imported")


if __name__ == "__main__":
    check()
    if len(sys.argv) > 1:
        serve(Server())
