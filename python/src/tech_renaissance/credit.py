"""How far the host lets streams run ahead of it: credit.json."""

from __future__ import annotations

from .errors import TrError
from .fast_json import from_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .file_channel import Folder
    from .job import Jobs


class Credit:
    """The file holds the totals of all streams and is the host's: it is read, and stays."""

    def __init__(self, folder: Folder, jobs: Jobs) -> None:
        self._folder = folder
        self._jobs = jobs

    def look(self) -> None:
        """Totals only grow; what is no message of a host's says nothing."""
        streams = self._jobs.streams()
        if not streams:
            return
        try:
            granted = from_json((self._folder.read("credit.json") or b"{}").decode())["granted"]
            totals = [(job, granted.get(job.id)) for job in streams]
        except (TrError, ValueError, RecursionError, TypeError, KeyError, AttributeError):
            return
        for job, total in totals:
            if isinstance(total, int) and total > job.credit:
                job.credit = total
                if job.resume is not None:
                    job.resume()
