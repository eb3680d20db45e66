import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildHostInfo } from "@tr/protocol";
import { expect, it } from "vitest";
import { useSessions } from "../test/scripts.js";
import { hostIdentity } from "./host-identity.js";

const sessions = useSessions();

it.runIf(process.platform === "linux")(
  "a dead session's directory that cannot be removed is a warning: the start goes on, and so does the sweep",
  async () => {
    // A file name has 255 bytes at most, so this one cannot be moved away to a longer name; a missing
    // permission would not stop a test that runs as root.
    const stuck = `tr_session_${"x".repeat(244)}`;
    const names = ["tr_session_a", stuck, "tr_session_z"].map((name) =>
      join("python_session", name),
    );
    for (const name of names) {
      const path = join(sessions.workspace, name);
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, "host.json"), buildHostInfo({ ...hostIdentity(), startTime: "1" }));
    }
    const warned = once(process, "warning");
    const session = await sessions.started();
    const [{ message }] = await warned;
    expect(message).toContain("a dead session's directory stays");
    expect(message).toContain("ENAMETOOLONG");
    expect(await session.call("echo", [1])).toBe(1);
    expect(names.filter((name) => sessions.files().includes(name))).toEqual([names[1]]);
    sessions.remove(names[1] ?? "");
  },
);

it.runIf(process.platform === "linux")(
  "an id whose dead directory was claimed by a program that died as well can be used again",
  async () => {
    const path = join(sessions.workspace, "python_session", "tr_session_twice");
    mkdirSync(path, { recursive: true });
    const dead = buildHostInfo({ ...hostIdentity(), startTime: "1" });
    writeFileSync(join(path, "host.json"), dead);
    writeFileSync(join(path, "claim.json"), dead);
    const session = await sessions.started({ sessionId: "twice" });
    expect(await session.call("echo", [1])).toBe(1);
    await session.close();
    expect(sessions.files().filter((name) => name.includes("tr_session_"))).toEqual([]);
  },
);
