"""A back end whose tool gives its argument back."""

from tech_renaissance.sandbox import Backend, tool


class Echo(Backend):
    name = "echo"

    @tool("echo:echo")
    async def echo(self, text: str) -> str:
        return text
