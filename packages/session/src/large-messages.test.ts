import { expect, it } from "vitest";
import { useSessions } from "../test/scripts.js";

const sessions = useSessions();

it.each(["auto", "file"] as const)(
  "100 MB of JSON go there and back, and nothing of it is left: %s",
  async (transport) => {
    const session = await sessions.started({ transport });
    const text = "x".repeat(100_000_000);
    expect((await session.call("echo", [text])) === text).toBe(true); // a failed toBe would print it
    expect(sessions.files().filter((name) => /spill|request|response|tmp/.test(name))).toEqual([]);
  },
);
