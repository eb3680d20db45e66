import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildHostInfo } from "@tr/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { hostIdentity, isHostAlive } from "./host-identity.js";
import { makeSessionDirectory } from "./workspace.js";

let workspace: string;
beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), "tr-workspace-"));
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

const options = () => ({ workspace, sessionFolder: "python_session", minFreeBytes: 0 });
const make = (id: string) => makeSessionDirectory(options(), id, {});

describe("the session directory", () => {
  it("lies in the workspace under the session's id and is the user's alone", () => {
    const { path } = make("a");
    expect(path).toBe(join(workspace, "python_session", "tr_session_a"));
    if (process.platform !== "win32") expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it("is taken from TR_WORKSPACE when no option names it", () => {
    const made = makeSessionDirectory({ sessionFolder: "python_session", minFreeBytes: 0 }, "b", {
      TR_WORKSPACE: workspace,
    });
    expect(made.path.startsWith(workspace)).toBe(true);
  });

  it("of a living host is refused", () => {
    const { path } = make("c");
    writeFileSync(join(path, "host.json"), buildHostInfo(hostIdentity()));
    expect(() => make("c")).toThrow(/sessionId: c is taken.*process \d+ uses it/);
  });

  it("of an unknown owner is refused", () => {
    mkdirSync(join(workspace, "python_session", "tr_session_d"), { recursive: true });
    expect(() => make("d")).toThrow(/its owner is not known/);
  });

  it.runIf(process.platform === "linux")("of a dead host is made anew", () => {
    const { path } = make("e");
    const dead = { ...hostIdentity(), startTime: "1" };
    writeFileSync(join(path, "host.json"), buildHostInfo(dead));
    writeFileSync(join(path, "old.tsr"), "x");
    make("e");
    expect(statSync(join(path, "old.tsr"), { throwIfNoEntry: false })).toBeUndefined();
  });

  it("that cannot be made says why", () => {
    writeFileSync(join(workspace, "python_session"), "a file");
    expect(() => make("f")).toThrow(
      expect.objectContaining({
        code: "TR_INVALID_ARGUMENT",
        message: expect.stringMatching(/workspace/),
      }),
    );
  });
});

describe("a host", () => {
  it("is alive while its process is", () => {
    expect(isHostAlive(hostIdentity())).toBe(true);
  });

  it.runIf(process.platform === "linux")("is dead after a reboot, and with a reused pid", () => {
    expect(isHostAlive({ ...hostIdentity(), bootId: "another" })).toBe(false);
    expect(isHostAlive({ ...hostIdentity(), startTime: "1" })).toBe(false);
  });

  it.runIf(process.platform === "linux")("of another pid namespace counts as alive", () => {
    expect(isHostAlive({ ...hostIdentity(), pid: 999_999, pidNamespace: "pid:[1]" })).toBe(true);
  });
});
