"""Where things are in the control block.

What they mean and how they are used is written once, in ``packages/shared-memory/src/layout.ts``;
the names here are the same. Words are ``uint32`` in the machine's own byte order.
"""

LAYOUT_VERSION = 2
MAGIC = 0x4D53_5254
SLOT_BYTES = 32 * 1024
MAX_SEGMENTS = 24
SPILLED = 0x8000_0000
MAX_ATTACHED_BYTES = 16 * 1024

# The header.
HEADER_BYTES = 64
OFFER = 4
PID = 5
DESCRIPTOR = 6
INODE_LOW = 7
INODE_HIGH = 8
# What the host offers.
UNDECIDED = 0
MEMORY_FILE = 2

HOST_LINE = 256
WORKER_LINE = 512
LINE_BYTES = 256
REQUEST = 4096
RESPONSE = REQUEST + SLOT_BYTES
BLOCK_BYTES = RESPONSE + SLOT_BYTES

# The host's line.
REQUEST_NUMBER = 0
RESPONSE_TAKEN = 1
HOST_SLEEPS = 2
TAKE_BACK = 3
VERDICT = 4

# The worker's line.
RESPONSE_NUMBER = 0
REQUEST_TAKEN = 1
WORKER_SLEEPS = 2
ATTACHED = 3
SERVICE_MICROS = 4
REQUEST_OWNED = 5

# Either line.
RETURNED = 8
GENERATION = 8 + MAX_SEGMENTS

# What wakes a host that sleeps.
FOR_MESSAGE = 1
FOR_FREE_SLOT = 2
