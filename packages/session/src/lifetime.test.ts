import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildHostInfo } from "@tr/protocol";
import { describe, expect, it } from "vitest";
import { campaignSize } from "../test/campaign.js";
import { killHost, situations } from "../test/kill-host.js";
import { useSessions } from "../test/scripts.js";
import { hostIdentity } from "./host-identity.js";
import { sweep } from "./sweep.js";

const sessions = useSessions();

describe.runIf(process.platform !== "win32")("a host that is killed", () => {
  it.each(situations)(
    "takes its worker along, and what that has started: %s",
    async (situation) => {
      const times: number[] = [];
      for (let i = 0; i < campaignSize(1); i++) times.push(await killHost(situation));
      const limitMs = process.platform === "linux" ? 250 : 3000;
      const longest = Math.max(...times).toFixed(0);
      console.log(`host killed ${times.length} times, ${situation}: all gone after ${longest} ms`);
      expect(times.filter((elapsedMs) => elapsedMs > limitMs)).toEqual([]);
    },
    3_600_000,
  );
});

describe("the sweep", () => {
  const directory = (name: string, hostInfo?: string) => {
    const path = join(sessions.workspace, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "left.tsr"), "x");
    if (hostInfo !== undefined) writeFileSync(join(path, "host.json"), hostInfo);
  };
  const identity = hostIdentity();

  it.runIf(process.platform === "linux")(
    "removes what dead hosts have left, and nothing else",
    () => {
      directory("tr_session_dead", buildHostInfo({ ...identity, startTime: "1" }));
      directory("tr_session_before_boot", buildHostInfo({ ...identity, bootId: "another" }));
      directory("tr_session_no_pid", buildHostInfo({ ...identity, pid: 2 ** 30 }));
      directory("kept_tr_session_living", buildHostInfo(identity));
      directory("kept_other_name", buildHostInfo({ ...identity, startTime: "1" }));
      const kept = ["kept_other_name", "kept_tr_session_living"];
      const sessionsKept: [string, string | undefined][] = [
        ["tr_session_living", buildHostInfo(identity)],
        [
          "tr_session_container",
          buildHostInfo({ ...identity, pid: 2 ** 30, pidNamespace: "pid:[1]" }),
        ],
        ["tr_session_unknown", undefined],
        ["tr_session_damaged", '{"pid": "x"'],
      ];
      for (const [name, info] of sessionsKept) directory(name, info);
      symlinkSync(
        join(sessions.workspace, "kept_other_name"),
        join(sessions.workspace, "tr_session_link"),
      );
      sweep(sessions.workspace);
      const left = sessions.files().filter((path) => !path.includes("/"));
      expect(left.sort()).toEqual(
        [...kept, ...sessionsKept.map(([name]) => name), "tr_session_link"].sort(),
      );
      for (const name of left) sessions.remove(name);
    },
  );

  it.runIf(process.platform === "linux")("comes with the first session in a folder", async () => {
    directory("python_session/tr_session_dead", buildHostInfo({ ...identity, startTime: "1" }));
    await sessions.started();
    expect(sessions.files().filter((path) => path.endsWith("tr_session_dead"))).toEqual([]);
  });
});
