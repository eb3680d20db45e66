"""What the launcher does once the interpreter is known to be new enough.

Imported as the top-level module ``_tr_launch``, never as part of the package: a script's own
``tech_renaissance`` module beside it must win. The worker finds the private standard input here,
through ``sys.modules``.
"""

# The start counts in milliseconds: no pathlib, imports only where they are needed.
# ruff: noqa: PLC0415, PTH100, PTH120, PTH123

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FunctionType

# The descriptor that was standard input, or None when that was not a pipe.
stdin_fd: int | None = None

# Where the reports of a template go, of a process that forks workers (fork_server.py); else None.
reports_fd: int | None = None

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_SIGKILL = 9


def run(package_folder: str, make_loader: Callable[[str, str], object]) -> None:
    """Runs ``sys.argv[1]`` as ``__main__``, with the rest of the arguments."""
    if len(sys.argv) < 2:
        sys.stderr.write("usage: python launcher.py <script> [sessionId] [args...]\n")
        sys.exit(2)
    if sys.platform == "linux":
        die_with(os.environ.get("TR_HOST_PID", ""))
    take_stdin()
    _take_reports()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # pythonw.exe has none
            stream.reconfigure(  # type: ignore[union-attr]  # typeshed: TextIO, is TextIOWrapper
                encoding="utf-8", errors="backslashreplace", line_buffering=True
            )
    del sys.argv[0]
    script = os.path.abspath(sys.argv[0])
    # Before the path is the script's: no part of the package here, see above.
    compile_script = __import__("_tr_libc").compile_script
    _set_path(package_folder, os.path.dirname(script))
    _run_as_main(script, make_loader("__main__", script), compile_script)


def die_with(parent: str) -> None:
    """Asks the kernel for SIGKILL when the parent dies, if it really is the one of that pid.

    Behind ``uv run`` or a pyenv shim it is not the host, and the signal would follow the wrong
    process.
    """
    if parent != str(os.getppid()):
        return
    try:
        __import__("_tr_libc").c_function("prctl")(_PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0)
    except OSError:
        return  # a sandbox that forbids it: the host's reaper and the end of stdin must do
    if parent != str(os.getppid()):  # it died before the signal was armed
        os._exit(1)


def take_stdin() -> None:
    """Moves a piped standard input away, out of the reach of the script and its children."""
    global stdin_fd
    import stat

    try:
        mode = os.fstat(0).st_mode
    except OSError:  # closed
        return
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):  # Node's pipes are sockets
        return
    stdin_fd = os.dup(0)  # not inheritable
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def _take_reports() -> None:
    global reports_fd
    descriptor = os.environ.pop("TR_FORK_SERVER", None)
    if descriptor is not None:
        reports_fd = int(descriptor)
        os.set_inheritable(reports_fd, False)


def _set_path(package_folder: str, script_folder: str) -> None:
    rest = [entry for entry in sys.path if entry != package_folder]
    front = [os.path.dirname(package_folder)]
    # As Python itself does, but for our own programs: see launcher.py on array.py.
    is_ours = f"{script_folder}{os.sep}".startswith(f"{package_folder}{os.sep}")
    if not is_ours and not getattr(sys.flags, "safe_path", False):
        front.insert(0, script_folder)
    sys.path[:] = [*front, *rest]


def _run_as_main(script: str, loader: object, compile_script: FunctionType) -> None:
    main = type(sys)("__main__")
    main.__file__ = script
    main.__builtins__ = sys.modules["builtins"]  # type: ignore[attr-defined]  # as in any __main__
    main.__loader__ = loader  # type: ignore[assignment]
    # __spec__ stays None: multiprocessing then starts its children from __file__.
    sys.modules["__main__"] = main
    try:
        with open(script, "rb") as file:
            source = file.read()
        exec(compile_script(source, script), main.__dict__)  # noqa: S102
        _serve_agent()
    except (SystemExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        trace = error.__traceback__ and error.__traceback__.tb_next  # without this frame
        if trace is not None and trace.tb_frame.f_code is compile_script.__code__:
            trace = trace.tb_next  # nor that one
        sys.excepthook(type(error), error.with_traceback(trace), trace)
        sys.exit(1)


def _serve_agent() -> None:
    """A script with an @agent need not say serve(). One that has comes here when it leaves."""
    agents = sys.modules.get("tech_renaissance.agents")
    if agents is not None and agents.has_agent() and "tech_renaissance.worker" not in sys.modules:
        from tech_renaissance import serve

        serve()
