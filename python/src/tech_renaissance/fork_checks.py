"""Whether a process can be forked, and its child go on as if it had been started anew."""

from __future__ import annotations

import os
import sys

_REMEDY = 'or start this script without the option spawn: "fork-server"'


def refusal() -> str | None:
    """Why it cannot; None when it can.

    A fork takes along the thread that calls it and no other, but every lock that the others hold,
    and what they have made of the libraries' state.
    """
    if not hasattr(os, "pidfd_open"):
        return "this Python or its Linux has no pidfd_open (Linux 5.3)"
    try:
        # OpenBLAS starts its threads with numpy's import, ends them when the process forks, and
        # starts them again when they are needed: what is left after a fork does not know of it.
        os.waitpid(_fork_in_vain(), 0)
        threads = os.listdir("/proc/self/task")  # noqa: PTH208
        targets = _descriptors()
    except OSError as error:
        return f"it cannot be looked into or forked: {error}"
    if len(threads) > 1:
        return (
            f"what the script does at import has started {_describe_threads(threads)}, and a "
            "process with threads cannot be forked. Start them in a command, compute nothing at "
            "import (PyTorch's threads come with the first large operation; OMP_NUM_THREADS=1 in "
            f"the option env keeps them away), {_REMEDY}"
        )
    torch = sys.modules.get("torch")
    is_initialized = getattr(getattr(torch, "cuda", None), "is_initialized", None)
    if any(target.startswith(("/dev/nvidia", "/dev/kfd")) for target in targets) or (
        is_initialized is not None and is_initialized()
    ):
        return (
            "what the script does at import has initialised CUDA, which no forked process can use. "
            "Move models and tensors to the device in a command (if the script only asks whether "
            "there is one, PYTORCH_NVML_BASED_CUDA_CHECK=1 in the option env will do), "
            f"{_REMEDY}"
        )
    if "anon_inode:[eventpoll]" in targets:
        return (
            "the script has made an event loop at import, which all workers would share. Make it "
            f"in a command, {_REMEDY}"
        )
    return None


def _fork_in_vain() -> int:
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    return pid


def _descriptors() -> list[str]:
    targets = []
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208
        try:
            targets.append(os.readlink(f"/proc/self/fd/{name}"))  # noqa: PTH115
        except FileNotFoundError:  # that of the listing itself
            continue
    return targets


def _describe_threads(threads: list[str]) -> str:
    count = len(threads) - 1
    text = "a thread" if count == 1 else f"{count} threads"
    threading = sys.modules.get("threading")
    if threading is None:
        return text
    main = threading.main_thread()
    names = [thread.name for thread in threading.enumerate() if thread is not main]
    return f"{text} ({', '.join(names)})" if names else text
