"""A script in the class style, in all the ways that such scripts are written."""

# Written as users write: without types.
# mypy: ignore-errors

from __future__ import annotations

import sys

import numpy as np

from tech_renaissance import TechRenaissanceServer


class Server(TechRenaissanceServer):
    def main_logic(self, command: str, parameters: str) -> bool:
        if command == "say":
            self.write_response("", parameters)
        elif command == "square":  # tensors alone
            tensors = self.get_tensors(parameters, 1)
            if tensors is None:
                self.write_response("", "invalid")
            else:
                self.send_tensors(np.square(tensors[0]))
        elif command == "divmod":  # tensors, then the text
            tensors = self.get_tensors(parameters, 2)
            if tensors is None:
                self.write_response("", "invalid")
                return True
            self.send_tensors(*np.divmod(*tensors))
            self.write_response("done", "ok")
        elif command == "twice":
            self.write_response("", "first")
            self.write_response("", "second")
        elif command == "refuse":
            self.write_response("", f"no {parameters} here")
            self.send_tensors(np.zeros(3))
            return False
        elif command == "nothing":
            return None
        elif command == "nothing_said":
            self.write_response("", "said")
            return None
        elif command == "raise":
            raise KeyError(parameters)
        elif command == "silent":
            pass
        else:
            return False
        return True


if __name__ == "__main__":
    Server(debug=True).run(sys.argv[1])
