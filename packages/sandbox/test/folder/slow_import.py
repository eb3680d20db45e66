"""Is not imported soon."""

import time

from tech_renaissance.sandbox import Backend

time.sleep(60)


class Slow(Backend):
    name = "slow"
