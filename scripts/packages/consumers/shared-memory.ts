// Compiled and run against the packed package.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Connection, HostCarrier } from "@tr/shared-memory";

const directory = mkdtempSync(join(tmpdir(), "tr-consumer-"));
const carrier = new HostCarrier(directory, { mapped: false });
try {
  assert(existsSync(join(directory, "control.block")));
  assert.deepEqual(Object.keys(carrier.env), ["TR_MEMORY"]);
  assert.equal(carrier.connect(), undefined); // no worker has been started
  assert.throws(() => new HostCarrier(join(directory, "missing")), { code: "ENOENT" });
} finally {
  await carrier.close();
  rmSync(directory, { recursive: true });
}

export function refusedByTheCompiler(connection: Connection): void {
  // @ts-expect-error a request is a text
  connection.slots.sendRequest({ command: "echo" });
  // @ts-expect-error a tensor has a shape and a dtype
  connection.tensors.allocate(3);
}
