# Written as users write: without types.
# mypy: ignore-errors

from tech_renaissance import TechRenaissanceServer, command, serve


class Server(TechRenaissanceServer):
    def main_logic(self, command, parameters):
        self.write_response("", f"main_logic {command} {parameters}")
        return True


@command
def own(*words):
    return f"command {' '.join(words)}"


serve(Server())
