import { mkdir, stat } from "node:fs/promises";
import { readArguments } from "./arguments.js";
import { UsageError } from "./errors.js";
import { asJson, asText } from "./files/describe.js";
import { elementsOf } from "./files/elements.js";
import { type Format, formats } from "./files/formats.js";
import { type PlannedFile, planOutputs } from "./files/plan-outputs.js";
import { Progress } from "./files/progress.js";
import { checkTarget, StagedFile } from "./files/staged-file.js";
import { openTensorFile } from "./files/tensor-file.js";
import { writeFile } from "./files/write-file.js";
import { interruptible } from "./interruptible.js";

/** `tr convert <in> <out> [--to format] [--tensor name ...] [--float32] [--force] [--json]` */
export async function convert(args: string[]): Promise<number> {
  const { values, words } = readArguments(args, {
    to: { type: "string" },
    tensor: { type: "string", multiple: true, default: [] },
    float32: { type: "boolean", default: false },
    force: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  });
  const [from, out, ...others] = words;
  if (from === undefined || out === undefined || others.length > 0) {
    throw new UsageError("tr convert takes an input and an output");
  }
  const { float32, force, json, tensor: names } = values;
  const to = readFormat(values.to);
  const isFolder = /[\\/]$/.test(out) || (await isDirectory(out));
  return interruptible(async (signal) => {
    const outputs = await write(from, out, { to, names, float32, isFolder }, force, signal);
    const written: object[] = [];
    for (const { path } of outputs) {
      const { file, handle } = await openTensorFile(path);
      await handle.close();
      written.push(asJson(file));
      if (!json) process.stdout.write(asText(file));
    }
    if (json) process.stdout.write(`${JSON.stringify(written, null, 2)}\n`);
    return 0;
  });
}

/** All outputs are whole before the first one appears; after a fault none does. */
async function write(
  from: string,
  out: string,
  wishes: Parameters<typeof planOutputs>[2],
  force: boolean,
  signal: AbortSignal,
): Promise<readonly PlannedFile[]> {
  const { file, handle } = await openTensorFile(from);
  const staged: StagedFile[] = [];
  try {
    const outputs = planOutputs(file, out, wishes);
    for (const { path } of outputs) await checkTarget(path, force); // before the work, not after it
    if (wishes.isFolder) await mkdir(out, { recursive: true });
    const sizes = outputs.flatMap(({ tensors }) =>
      tensors.map(({ stored }) => stored.payloadBytes),
    );
    const progress = new Progress(sizes.reduce((sum, bytes) => sum + bytes, 0));
    try {
      const read = await elementsOf(file, handle);
      for (const output of outputs) {
        const target = await StagedFile.create(output.path, force);
        staged.push(target);
        await writeFile(target.handle, output, file.metadata, read, (bytes) => {
          signal.throwIfAborted();
          progress.add(bytes);
        });
        await target.complete();
      }
    } finally {
      progress.end();
    }
    signal.throwIfAborted();
    await handle.close(); // it may be the one that is written over
    for (const target of staged) await target.publish();
    return outputs;
  } finally {
    await handle.close();
    for (const target of staged) await target.discard();
  }
}

function readFormat(text: string | undefined): Format | undefined {
  const found = formats.find((format) => format === text);
  if (text === undefined || found !== undefined) return found;
  throw new UsageError(`--to: expected ${formats.join(", ")}, found ${JSON.stringify(text)}`);
}

async function isDirectory(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false, // the reason is told by the attempt to write it
  );
}
