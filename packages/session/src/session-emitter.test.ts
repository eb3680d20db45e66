import { expect, it } from "vitest";
import { SessionEmitter } from "./session-emitter.js";

class Emitter extends SessionEmitter {
  crash(): void {
    this.tell("exit", { exitCode: 1, signal: null, oom: false });
  }
}

it("tells every listener, also those behind one that throws; that surfaces as an uncaught error", async () => {
  const emitter = new Emitter();
  const heard: string[] = [];
  emitter.on("exit", () => {
    throw new Error("mine");
  });
  emitter.once("exit", () => heard.push("once"));
  emitter.on("exit", function (this: unknown, { exitCode }) {
    heard.push(`${exitCode} ${this === emitter}`);
  });
  const thrown: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", ({ message }) => thrown.push(message));
  try {
    emitter.crash();
    emitter.crash();
    await new Promise(setImmediate);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of before) process.on("uncaughtException", listener);
  }
  expect(heard).toEqual(["once", "1 true", "1 true"]);
  expect(thrown).toEqual(["mine", "mine"]);
});
