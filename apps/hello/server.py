"""Greets, in the style of a class with one method for all commands."""

import sys

from tech_renaissance import TechRenaissanceServer


class HelloServer(TechRenaissanceServer):
    def main_logic(self, command: str, parameters: str) -> bool:
        if command != "hello":
            return False
        self.write_response("", f"Hello {parameters.title()}, this is Python")
        return True


if __name__ == "__main__":
    HelloServer().run(sys.argv[1])
