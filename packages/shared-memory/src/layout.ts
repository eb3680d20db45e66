/**
 * The control block: how two processes exchange messages through one small file.
 *
 * `python/src/tech_renaissance/memory/layout.py` is the same page in Python; a change here is a change
 * there, and of {@link layoutVersion}.
 *
 * ```
 *     0  header      the words of {@link headerWords}                     written by the host
 *   256  host line   64 words that only the host writes
 *   512  worker line 64 words that only the worker writes
 *  4096  request     length, then the bytes of the request               (slotBytes)
 * 36864  response    length, then the bytes of the response              (slotBytes)
 * ```
 *
 * All numbers are words of 32 bits at multiples of 4, in the byte order of the machine that both sides
 * run on. A word has one writer, so nothing needs to be swapped atomically. Counters wrap at 2^32 and are only compared for equality.
 *
 * **Where it is.** The host makes the block as a file of the session's directory before it starts the
 * worker. Afterwards it says in `offer` which one to use: this file (1), or the same layout in a sealed
 * memory file of its own (2), `/proc/<pid>/fd/<descriptor>` with that inode. A worker that cannot open the
 * memory file takes the plain one. It says so in `attached` of the one that it uses.
 *
 * **A message** is written into its slot first, and its number into the writer's line afterwards; the
 * reader copies it, and writes that number into its own line (`responseTaken`, `requestOwned`): the slot is
 * free when both numbers are equal. Each side has one slot to write into. A message that is longer than its slot is in a file
 * beside the block, `request.spill` or `response.spill`, which the reader removes; the length then has
 * {@link spilled} added to it.
 *
 * A message is a text, JSON. If a NUL follows, the rest of the message are bytes of its small tensors, which
 * then need no segment: together at most {@link maxAttachedBytes}.
 *
 * **Sleeping.** A side that is going to block sets its sleeping word, looks once more, and blocks on its
 * pipe. A side that has published a number looks at the other's sleeping word and sends a byte through
 * the pipe if it is set. Between publishing and looking both need a full memory barrier.
 *
 * **Taking back.** The host writes the number of the request into `takeBack` and then looks at
 * `requestTaken`: if it has that number the request is the worker's, else the host's; it writes which into
 * `verdict`. The worker, having copied a request and written `requestTaken`, looks at `takeBack`: if it has
 * that number, the verdict decides, and is there a moment later. Then it writes `requestOwned`. Where
 * `requestNumber` has moved on before that, the request was taken back.
 *
 * **Segments** are files of tensors, at most {@link maxSegments} of each side, each with a place in its
 * owner's line. The owner lends one with a message, under a number that grows; the other side writes
 * the last number at the same place of `returned` in its own line when nothing there uses it any more. The
 * `generation` of a place changes when its segment is another file: 0 when there is none.
 */
export const layoutVersion = 2;

/** "TRSM" where the least byte comes first. */
export const magic = 0x4d53_5254;

/** Of the request slot and of the response slot, the length in front included. */
export const slotBytes = 32 * 1024;

export const maxSegments = 24;

/**
 * Tensors of one message that take no more than this go in the message itself: to copy them there and out
 * again costs less than to lend a segment and to give it back.
 */
export const maxAttachedBytes = 16 * 1024;

/** Added to the length of a message that is in a file beside the block. */
export const spilled = 0x8000_0000;

/** Where things are, in bytes. */
export const offsets = {
  header: 0,
  hostLine: 256,
  workerLine: 512,
  request: 4096,
  response: 4096 + slotBytes,
  end: 4096 + 2 * slotBytes,
} as const;

export const headerWords = {
  magic: 0,
  version: 1,
  bytes: 2,
  slotBytes: 3,
  /** One of {@link offers}. */
  offer: 4,
  pid: 5,
  descriptor: 6,
  inodeLow: 7,
  inodeHigh: 8,
} as const;

export const headerBytes = 64;

export const offers = { undecided: 0, thisFile: 1, memoryFile: 2 } as const;

/** Each side's line. */
export const lineBytes = 256;

/** The words of the host's line. */
export const hostWords = {
  requestNumber: 0,
  responseTaken: 1,
  /** 0 awake; else the sum of {@link sleepsFor}. */
  sleeps: 2,
  takeBack: 3,
  /** Twice the number of the request that was asked back, and one more if it is the host's again. */
  verdict: 4,
  /** One word per place: what came back of the worker's segments. */
  returned: 8,
  generation: 8 + maxSegments,
} as const;

/** The words of the worker's line. */
export const workerWords = {
  responseNumber: 0,
  /** The last one that the worker has copied. */
  requestTaken: 1,
  sleeps: 2,
  /** 1 from the moment the worker has the block open. */
  attached: 3,
  /** How many microseconds the last response took from its request, at most 2^32 - 1. */
  serviceMicros: 4,
  /** The last one that is the worker's for good. */
  requestOwned: 5,
  returned: 8,
  generation: 8 + maxSegments,
} as const;

/** What wakes a side that sleeps. A worker's word is 1 for both. */
export const sleepsFor = { message: 1, freeSlot: 2 } as const;
