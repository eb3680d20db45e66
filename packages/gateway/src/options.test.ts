import { expect, it } from "vitest";
import { createGateway } from "./gateway.js";
import type { GatewayOptions } from "./options.js";

const folder = import.meta.dirname;

it.each([
  [{}, "chat"],
  [{ port: 70_000 }, "port"],
  [{ port: 0.5 }, "port"],
  [{ auth: "none", host: "0.0.0.0" }, "auth"],
  [{ token: "short" }, "token"],
  [{ token: "with a space in the middle" }, "token"],
  [{ corsOrigins: ["https://example.org/path"] }, "corsOrigins"],
  [{ maxBodyBytes: 0 }, "maxBodyBytes"],
  [{ drainMs: -1 }, "drainMs"],
  [{ drainMs: 2 ** 31 }, "drainMs"],
  [{ chat: { script: "a.py", maxConcurrent: 0 } }, "size"],
  [{ chat: { script: "a.py", isolation: "thread" } }, "chat.isolation"],
  [{ chat: { script: "a.py", heartbeatMs: 0 } }, "chat.heartbeatMs"],
  [{ chat: { script: "a.py", stallMs: Number.NaN } }, "chat.stallMs"],
  [{ chat: { script: "a.py", resumeGraceMs: -1 } }, "chat.resumeGraceMs"],
  [{ chat: { script: "a.py", resumeGrace: 1 } }, "resumeGrace"],
  [{ chat: { script: "a.py" }, tasks: {} }, "tasks.dataDir"],
  [{ chat: { script: "a.py" }, tasks: { dataDir: "d", maxQueued: 0 } }, "tasks.maxQueued"],
  [{ chat: { script: "a.py" }, tasks: { dataDir: "d", keepMS: 1 } }, "tasks.keepMS"],
  [{ tasks: { dataDir: "d" } }, "chat"],
  [{ sandbox: { folder }, tasks: { dataDir: "d" } }, "chat"],
  [{ sandbox: { folder: "relative" } }, "sandbox.folder"],
  [{ sandbox: { folder, warmup: ["x"] } }, "sandbox.warmup"],
  [
    { sandbox: { folder, resources: { a: { backendClass: "A" } } } },
    "sandbox.resources.a.backendClass",
  ],
])("refuses %j by the name of the option", (options, name) => {
  const make = () => createGateway({ log: { level: "silent" }, ...options } as GatewayOptions);
  expect(make).toThrow(`option ${name}:`);
  expect(make).toThrow(expect.objectContaining({ code: "TR_INVALID_ARGUMENT" }));
});
