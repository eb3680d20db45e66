import { expect, it } from "vitest";
import { script, useSessions } from "../test/scripts.js";
import type { TrError } from "./index.js";

const sessions = useSessions();

it.skipIf(process.platform === "win32")(
  "an answer that no string can hold is refused before anything is allocated, and a new start works",
  async () => {
    const session = await sessions.started({ script: script("swollen.py"), transport: "file" });
    const resident = process.memoryUsage.rss();
    const size = 2 ** 29; // a string of V8 has 24 fewer
    const error = await session.call<never>("swell", [size]).catch((reason: TrError) => reason);
    expect(error).toMatchObject({ code: "TR_PROTOCOL" });
    expect(error.message).toContain("response.json");
    expect(error.message).toContain(String(size));
    expect((process.memoryUsage.rss() - resident) / 2 ** 20).toBeLessThan(128);
    const { pid } = session.state as { pid: number };
    await session.start(); // waits until the worker that sent it has ended
    expect(session.info?.pid).not.toBe(pid);
    await expect(session.call("swell", ["x"])).rejects.toMatchObject({
      code: "TR_INVALID_ARGUMENT",
    });
  },
);
