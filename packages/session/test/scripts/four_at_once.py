"""Async commands, four at once."""

import asyncio

from tech_renaissance import command, progress, serve

running = 0
most = 0


@command
async def work(number, seconds):
    global running, most
    running += 1
    most = max(most, running)
    progress(0)
    try:
        await asyncio.sleep(seconds)
    finally:
        running -= 1
    return number


@command
def most_at_once():
    return most


if __name__ == "__main__":
    serve(concurrency=4)
