"""What a script starts: ``serve()``, or the class style of older scripts."""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .call import Call
    from .job import Job
    from .response import Answer


def serve(
    server: TechRenaissanceServer | None = None,
    session_id: str | None = None,
    *,
    concurrency: int | None = None,
    threads: int = 0,
) -> None:
    """Serves the script's @command functions until the host lets the worker go.

    ``server``: an object whose ``main_logic`` gets the commands that no function has.
    ``session_id``: by default the script's first argument. Returns when the worker has left.

    ``concurrency``: how many calls are taken at once, 1 or more; by default ``threads``, at least
    1. ``async def`` commands run side by side on one event loop in the main thread. Plain ones run
    there one after the other, and the loop stands still meanwhile. ``threads``: with 1 or more they
    run on that many threads instead, and a generator on one of its own; ``main_logic`` stays in
    the main thread. Streams are not counted. ValueError for numbers out of range.

    A SystemExit or KeyboardInterrupt of user code is answered as an error and then ends the
    worker: it is raised again from here.
    """
    import sys

    _check("threads", threads, 0)
    if concurrency is None:
        concurrency = max(1, threads)
    _check("concurrency", concurrency, 1)
    launch = sys.modules.get("_tr_launch")
    if launch is not None and launch.reports_fd is not None:
        from .fork_server import PLACEHOLDER, fork_workers

        fork_workers(launch.stdin_fd, launch.reports_fd)
        if session_id == PLACEHOLDER:
            session_id = None
    if session_id is None and len(sys.argv) > 1:
        session_id = sys.argv[1]

    from .worker import Worker

    Worker(session_id, server, concurrency, threads).run()


def _check(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise ValueError(f"{name}: expected a whole number of {least} or more, found {value!r}")


class TechRenaissanceServer:
    """The class style: override ``main_logic`` and call ``run(sys.argv[1])``.

    ``debug``: each request is told on stderr.
    """

    def __init__(self, debug: bool = False) -> None:
        self.debug = debug
        self._call: Call | None = None
        self._job: Job | None = None
        self._cmd = ""
        self._text: str | None = None
        self._results: list[Any] = []

    def main_logic(self, command: str, parameters: str) -> bool:
        """One command. False: it is unknown or failed, and the host gets an error."""
        return False

    def run(self, session_id: str) -> None:
        """Serves until the host lets the worker go."""
        serve(self, session_id)

    def get_tensors(self, parameters: str, count: int) -> list[Any] | None:
        """The first ``count`` tensors whose tags are the words of ``parameters``.

        The words are separated by spaces or commas. None when there are fewer words, or one of
        them is not the tag of a tensor; then none is taken. torch tensors if torch is imported,
        else numpy arrays if numpy is, else Arrays.
        """
        from .text import SPACE, split_words

        call, job = self._current("get_tensors")
        tags = split_words(parameters, SPACE + ",")[:count]
        with job.guard:
            if len(tags) < count or not all(call.has_tensor(tag) for tag in tags):
                return None
            tensors = [call.read_tensor(tag) for tag in tags]
            call.remove_read()
            return tensors

    def send_tensors(self, *tensors: Any) -> None:
        """Adds tensors to the answer, which is sent when ``main_logic`` returns."""
        call, job = self._current("send_tensors")
        with job.guard:
            for tensor in tensors:
                self._results.append({"$tensor": call.add_tensor(tensor)})
            call.write_tensors()  # the script may change them from here on

    def write_response(self, command: str, text: str) -> None:
        """Sets the text of the answer, which is sent when ``main_logic`` returns; the last counts.

        ``command`` is the old protocol's ``cmd`` field, mostly empty.
        """
        self._current("write_response")
        self._cmd = str(command)
        self._text = str(text)

    @property
    def _has_main_logic(self) -> bool:
        own = getattr(self.main_logic, "__func__", None)
        return own is not TechRenaissanceServer.main_logic

    def _current(self, method: str) -> tuple[Call, Job]:
        if self._call is None or self._job is None:
            raise RuntimeError(f"{method}() belongs inside main_logic: no request is being served")
        return self._call, self._job

    def _answer(self, job: Job) -> Answer:
        from .commands import command_names
        from .errors import TrError
        from .response import Answer
        from .words import words_of

        call = job.call
        assert call is not None  # noqa: S101 - refused requests do not come here
        request = call.request
        words = words_of(request)
        if self.debug:
            import sys

            print(f"tech_renaissance: {request.command} {words}", file=sys.stderr)
        self._call, self._cmd, self._text, self._results = call, "", None, []
        self._job = job
        try:
            is_done = job.guard.run(job, self.main_logic, request.command, words)
        finally:
            self._call = self._job = None
        if is_done is None:  # an old script that returns nothing but has answered
            is_done = self._text is not None or bool(self._results)
        if not is_done:
            raise TrError("TR_UNKNOWN_COMMAND", self._refusal(request.command), command_names())
        results = self._results
        text = self._text or ""
        value = results[0] if len(results) == 1 else results or text
        memory = call.take_shared()
        return Answer(text, value, call.take_tags(), self._cmd, memory=memory)

    def _refusal(self, command: str) -> str:
        if self._text:
            return self._text
        return f"unknown or failed command {command!r}: main_logic returned False"
