"""The program of a sandbox's processes: one back end, or the api tools of one module."""

from __future__ import annotations

if __name__ == "__main__":
    from tech_renaissance import serve
    from tech_renaissance.sandbox.host_commands import Host

    Host().offer()
    serve(concurrency=4096)
