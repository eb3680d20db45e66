// Compiled and run against the packed package.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FileChannel, openFileChannel } from "@tr/file-channel";

const directory = mkdtempSync(join(tmpdir(), "tr-consumer-"));
const channel: FileChannel = openFileChannel(directory);
try {
  const found = channel.waitFor(() => channel.takeSync("answer.json"), { timeoutMs: 10_000 });
  channel.writeSync("answer.json", "{}");
  const content: Uint8Array | undefined = await found;
  assert.equal(new TextDecoder().decode(content), "{}");
  assert.throws(() => channel.writeSync("../escape", ""), { code: "TR_INVALID_ARGUMENT" });
} finally {
  channel.close();
  rmSync(directory, { recursive: true });
}

export function refusedByTheCompiler(): void {
  // @ts-expect-error a number is not the content of a file
  channel.writeSync("answer.json", 1);
  // @ts-expect-error how long is not optional
  void channel.waitFor(() => undefined, {});
}
