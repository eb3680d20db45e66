import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import * as layout from "./layout.js";

it("both languages have the same layout", () => {
  const program = `
import json
from tech_renaissance.memory import layout
print(json.dumps({name: value for name, value in vars(layout).items() if name.isupper()}))`;
  const text = execFileSync(process.env.TR_PYTHON || "python3", ["-c", program], {
    encoding: "utf8",
    env: {
      ...process.env,
      PYTHONPATH: fileURLToPath(new URL("../../../python/src", import.meta.url)),
    },
  });
  const { headerWords, hostWords, offers, offsets, sleepsFor, workerWords } = layout;
  expect(JSON.parse(text)).toEqual({
    LAYOUT_VERSION: layout.layoutVersion,
    MAGIC: layout.magic,
    SLOT_BYTES: layout.slotBytes,
    MAX_SEGMENTS: layout.maxSegments,
    MAX_ATTACHED_BYTES: layout.maxAttachedBytes,
    SPILLED: layout.spilled,
    HEADER_BYTES: layout.headerBytes,
    OFFER: headerWords.offer,
    PID: headerWords.pid,
    DESCRIPTOR: headerWords.descriptor,
    INODE_LOW: headerWords.inodeLow,
    INODE_HIGH: headerWords.inodeHigh,
    UNDECIDED: offers.undecided,
    MEMORY_FILE: offers.memoryFile,
    HOST_LINE: offsets.hostLine,
    WORKER_LINE: offsets.workerLine,
    LINE_BYTES: layout.lineBytes,
    REQUEST: offsets.request,
    RESPONSE: offsets.response,
    BLOCK_BYTES: offsets.end,
    REQUEST_NUMBER: hostWords.requestNumber,
    RESPONSE_TAKEN: hostWords.responseTaken,
    HOST_SLEEPS: hostWords.sleeps,
    TAKE_BACK: hostWords.takeBack,
    VERDICT: hostWords.verdict,
    RESPONSE_NUMBER: workerWords.responseNumber,
    REQUEST_TAKEN: workerWords.requestTaken,
    WORKER_SLEEPS: workerWords.sleeps,
    ATTACHED: workerWords.attached,
    SERVICE_MICROS: workerWords.serviceMicros,
    REQUEST_OWNED: workerWords.requestOwned,
    RETURNED: hostWords.returned,
    GENERATION: hostWords.generation,
    FOR_MESSAGE: sleepsFor.message,
    FOR_FREE_SLOT: sleepsFor.freeSlot,
  });
  expect([workerWords.returned, workerWords.generation]).toEqual([
    hostWords.returned,
    hostWords.generation,
  ]);
  expect(hostWords.generation + layout.maxSegments).toBeLessThanOrEqual(layout.lineBytes / 4);
});
