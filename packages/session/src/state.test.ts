import { TrError } from "@tr/protocol/errors";
import { describe, expect, it } from "vitest";
import { nextState, type SessionEvent, type SessionState } from "./state.js";

const error = new TrError("TR_WORKER_CRASHED", "gone", {
  exitCode: 1,
  signal: null,
  oom: false,
  stderrTail: "",
});
const run = (...events: SessionEvent[]) =>
  events.reduce<SessionState>(nextState, { status: "idle" });

describe("the state machine", () => {
  it("goes from idle over starting and busy to ready", () => {
    expect(run({ type: "spawned", pid: 7 })).toEqual({ status: "starting", pid: 7 });
    const ready = run({ type: "spawned", pid: 7 }, { type: "ready", pid: 7 });
    expect(ready).toEqual({ status: "ready", pid: 7 });
    const busy = nextState(ready, { type: "pending", pending: 2 });
    expect(busy).toEqual({ status: "busy", pid: 7, pending: 2 });
    expect(nextState(busy, { type: "pending", pending: 0 })).toEqual(ready);
  });

  it("does not become ready again while it leaves", () => {
    const exiting = run(
      { type: "spawned", pid: 7 },
      { type: "ready", pid: 7 },
      { type: "stopping" },
    );
    expect(exiting).toEqual({ status: "exiting", pid: 7 });
    expect(nextState(exiting, { type: "pending", pending: 0 })).toBe(exiting);
    expect(nextState(exiting, { type: "ready", pid: 7 })).toBe(exiting);
  });

  it("keeps the exit code or the error, and starts anew from either", () => {
    const left = run({ type: "spawned", pid: 7 }, { type: "left", exitCode: 0 });
    expect(left).toEqual({ status: "exited", exitCode: 0 });
    expect(nextState(left, { type: "stopping" })).toBe(left);
    const crashed = run({ type: "spawned", pid: 7 }, { type: "failed", error });
    expect(crashed).toEqual({ status: "crashed", error });
    expect(nextState(crashed, { type: "spawned", pid: 8 })).toEqual({ status: "starting", pid: 8 });
  });
});
