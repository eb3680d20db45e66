import { expect, it } from "vitest";
import { nextNpy, nextSafetensors } from "../test/fuzz-foreign.js";
import {
  campaignSeed,
  campaignSize,
  nextContainer,
  nextFlat,
  randomWords,
  Scratch,
} from "../test/fuzz-tsr.js";
import { acceptFiles, type Format, readFixture, rejectFiles } from "../test/golden.js";
import { decode, decodeInto, readHeader } from "./decode.js";
import { encode, payloadBytes } from "./encode.js";
import { decodeNpy, encodeNpy } from "./npy.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";
import type { Tensor } from "./tensor.js";
import { TsrError } from "./tsr-error.js";
import { decodeContainer, encodeContainer } from "./v4.js";

const seedsOf = (...formats: Format[]) =>
  [
    ...acceptFiles.map(({ file, format }) => ({ format, path: `accept/${file}` })),
    ...rejectFiles.map(({ file, format }) => ({ format, path: `reject/${file}` })),
  ]
    .filter(({ format }) => formats.includes(format))
    .map(({ path }) => readFixture(path))
    .filter(({ length }) => length < 3000);

const codes = new Set(
  "TRUNCATED BAD_MAGIC BAD_VERSION BAD_HEADER_SIZE BAD_RESERVED BAD_CRC BAD_DTYPE BAD_MODE BAD_NDIM BAD_DIMENSION BAD_COUNT TOO_LARGE BAD_OFFSET TRAILING_BYTES BAD_COMPRESSION"
    .split(" ")
    .map((code) => `TSR_${code}`),
);

/** The bits, since NaN has many and equals none. */
function expectSame(found: Tensor, wanted: Tensor): void {
  const same =
    found.dtype === wanted.dtype &&
    found.shape.join() === wanted.shape.join() &&
    Buffer.compare(payloadBytes(found), payloadBytes(wanted)) === 0;
  if (!same)
    throw new Error(`${wanted.dtype} [${wanted.shape}] became ${found.dtype} [${found.shape}]`);
}

interface Reader {
  next: (scratch: Scratch) => Uint8Array;
  /** All that is decoded; throws when it does not survive being encoded again. */
  read: (bytes: Uint8Array, copy: boolean) => Tensor[] | Promise<Tensor[]>;
  again: (bytes: Uint8Array, tensors: readonly Tensor[]) => void | Promise<void>;
  /** Of the short form's inputs. */
  share: number;
}

const flatSeeds = seedsOf("TSR1", "TSR2");
const rawSeeds = seedsOf("TSR4").filter((bytes) => bytes[12] !== 1);
const zlibSeeds = seedsOf("TSR4").filter((bytes) => bytes[12] === 1);
const npySeeds = seedsOf("npy");
const safetensorsSeeds = seedsOf("safetensors");

const containerAgain = async (_: Uint8Array, tensors: readonly Tensor[]) => {
  const back = await decodeContainer(await encodeContainer(tensors));
  tensors.forEach((tensor, i) => {
    expectSame(back[i] as Tensor, tensor);
  });
};

const readers: Record<string, Reader> = {
  "TSR 1 and TSR 2": {
    next: (scratch) => nextFlat(scratch, flatSeeds),
    read: (bytes, copy) => [decode(bytes, { copy })],
    again(bytes, [tensor]) {
      const wanted = tensor as Tensor;
      const written = encode(wanted);
      // TSR 2 of a shape that fits TSR 1 is written as that.
      if (written[4] !== bytes[4]) expectSame(decode(written), wanted);
      else if (Buffer.compare(written, bytes) !== 0) throw new Error("other bytes");
      const { elements } = readHeader(bytes, { totalBytes: bytes.length });
      if (elements !== wanted.data.length) throw new Error(`the header has ${elements} elements`);
      expectSame(decodeInto(bytes, wanted.data.slice() as never), wanted);
    },
    share: 0.7,
  },
  "TSR 4.20": {
    next: (scratch) => nextContainer(scratch, rawSeeds),
    read: (bytes, copy) => decodeContainer(bytes, { copy }),
    again: containerAgain,
    share: 0.2,
  },
  "TSR 4.20, compressed": {
    next: (scratch) => nextContainer(scratch, zlibSeeds),
    read: (bytes) => decodeContainer(bytes),
    again: containerAgain,
    share: 0.004,
  },
  npy: {
    next: (scratch) => nextNpy(scratch, npySeeds),
    read: (bytes, copy) => [decodeNpy(bytes, { copy })],
    again(_, [tensor]) {
      expectSame(decodeNpy(encodeNpy(tensor as Tensor)), tensor as Tensor);
    },
    share: 0.05,
  },
  safetensors: {
    next: (scratch) => nextSafetensors(scratch, safetensorsSeeds),
    read: (bytes, copy) => [...decodeSafetensors(bytes, { copy }).tensors.values()],
    again(bytes) {
      const { tensors, metadata } = decodeSafetensors(bytes);
      const back = decodeSafetensors(encodeSafetensors(tensors, { metadata }));
      if (JSON.stringify(back.metadata) !== JSON.stringify(metadata)) throw new Error("metadata");
      for (const [name, tensor] of tensors) expectSame(back.tensors.get(name) as Tensor, tensor);
    },
    share: 0.046,
  },
};

/** Each of the platform's zlib streams takes some 64 KiB. */
const ownWork = (bytes: Uint8Array) =>
  bytes[3] === 0x34 && bytes[12] === 1 ? 65536 * (1 + (bytes[16] as number)) : 0;

const size = campaignSize(40_000);
const group = 16;

/**
 * Inputs in groups: what the groups' memory and time are bounded by bounds every input too, and
 * asking for them costs as much as an input.
 */
async function fuzz({ next, read, again, share }: Reader, name: string) {
  const scratch = new Scratch(randomWords(campaignSeed));
  const answers = new Map<string, number>();
  const count = Math.ceil((size * share) / group) * group;
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0; // a stack costs as much as the check that failed
  const started = performance.now();
  for (let index = 0; index < count; index += group) {
    let allowed = 65536;
    const before = process.memoryUsage().arrayBuffers;
    const cpu = process.cpuUsage();
    const accepted: [Uint8Array, Tensor[]][] = [];
    for (let i = 0; i < group; i++) {
      const bytes = next(scratch);
      const copy = (index + i) % 2 === 0;
      allowed += ownWork(bytes);
      try {
        const tensors = await read(bytes, copy);
        for (const { data } of tensors) allowed += data.byteLength;
        accepted.push([bytes.slice(), copy ? tensors : []]);
        allowed += bytes.length;
        count1(answers, "accepted");
      } catch (error) {
        if (!TsrError.is(error) || !codes.has(error.code))
          throw failure(name, index + i, bytes, error);
        count1(answers, error.code);
      }
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    const { user, system } = process.cpuUsage(cpu);
    if (grown > allowed || user + system > 1e6) {
      const what = `${grown} bytes of ${allowed} allowed, ${(user + system) / 1000} ms`;
      throw new Error(
        `${name}, seed ${campaignSeed}, inputs ${index} to ${index + group}: ${what}`,
      );
    }
    for (const [bytes, found] of accepted) {
      try {
        await again(bytes, found.length > 0 ? found : await read(bytes, true));
      } catch (error) {
        throw failure(name, index, bytes, error);
      }
    }
  }
  Error.stackTraceLimit = limit;
  return { answers, count, seconds: (performance.now() - started) / 1000 };
}

function count1(answers: Map<string, number>, answer: string): void {
  answers.set(answer, (answers.get(answer) ?? 0) + 1);
}

const failure = (name: string, index: number, bytes: Uint8Array, cause: unknown) =>
  new Error(
    `${name}, seed ${campaignSeed}, input ${index}: ${String(cause)}\n${Buffer.from(bytes).toString("base64")}`,
    { cause },
  );

it.each(Object.entries(readers))(
  "a hostile %s file is a TsrError or a tensor that is the same when written again, with no memory but the tensor's",
  async (name, reader) => {
    const { answers, count, seconds } = await fuzz(reader, name);
    if (process.env.TR_CAMPAIGN_SIZE !== undefined) {
      const list = [...answers].sort(([, a], [, b]) => b - a);
      const table = list.map(([answer, times]) => `${answer} ${times}`).join(", ");
      console.log(`${name}: ${count} inputs, ${seconds.toFixed(1)} s (${table})`);
    }
    // The mutations reach what they are for.
    expect((answers.get("accepted") ?? 0) / count).toBeGreaterThan(0.03);
    expect(answers.size).toBeGreaterThan(7);
  },
  size * 10 + 60_000,
);
