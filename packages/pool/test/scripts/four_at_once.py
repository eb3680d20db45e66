"""Takes four calls at once, and says how many it had at most."""

import asyncio

from tech_renaissance import command, serve

running = 0
most = 0


@command
async def nap(seconds: float) -> int:
    global running, most
    running += 1
    most = max(most, running)
    await asyncio.sleep(seconds)
    running -= 1
    return most


if __name__ == "__main__":
    serve(concurrency=4)
