"""Does one operation on a Folder for each line: ``write 7 100``, ``take``, ``limit 5000``.

It never looks at its directory otherwise: what is there is for the test's process to see.
"""

import resource
import sys

from tech_renaissance.errors import TrError
from tech_renaissance.file_channel import Folder

NAME = "response.json"


def operate(folder: Folder, what: str, numbers: list[int]) -> str:
    try:
        if what == "limit":
            resource.setrlimit(resource.RLIMIT_FSIZE, (numbers[0], resource.RLIM_INFINITY))
            return "limited"
        if what == "write":
            value, size = numbers
            part = bytes([value]) * size
            folder.write(NAME, part[: size // 3], memoryview(part)[size // 3 :])
            return "written"
        content = folder.take(NAME)
        return "nothing" if content is None else f"taken {content[0]} {len(content)}"
    except TrError as error:
        return f"failed {error.code}"
    except OSError as error:
        return f"failed errno {error.errno}"


def main() -> None:
    folder = Folder(sys.argv[1])
    print("ready", flush=True)
    for line in sys.stdin:
        what, *numbers = line.split()
        print(operate(folder, what, list(map(int, numbers))), flush=True)


if __name__ == "__main__":
    main()
