import { describe, expect, it } from "vitest";
import {
  type AcceptFile,
  acceptFiles,
  type Format,
  factsOf,
  readFixture,
  rejectFiles,
  sha256,
  sumError,
  type TensorFacts,
} from "../test/golden.js";
import { decode, readHeader } from "./decode.js";
import { encode } from "./encode.js";
import { decodeNpy, encodeNpy } from "./npy.js";
import { decodeSafetensors } from "./safetensors.js";
import type { Tensor } from "./tensor.js";
import { TsrError } from "./tsr-error.js";
import { decodeContainer, encodeContainer } from "./v4.js";

const formats: readonly Format[] = ["TSR1", "TSR2", "TSR4", "npy", "safetensors"];

async function decodeAs(format: Format, bytes: Uint8Array): Promise<Map<string, Tensor>> {
  switch (format) {
    case "TSR1":
    case "TSR2":
      return new Map([["0", decode(bytes)]]);
    case "npy":
      return new Map([["0", decodeNpy(bytes)]]);
    case "TSR4":
      return new Map((await decodeContainer(bytes)).map((tensor, i) => [String(i), tensor]));
    case "safetensors":
      return decodeSafetensors(bytes).tensors;
  }
}

function expectFacts(tensor: Tensor, { name: _, sum, ...facts }: TensorFacts): void {
  expect(factsOf(tensor)).toEqual(facts);
  // The manifests' sums were made in another order of addition.
  expect(sumError(tensor, sum)).toBeLessThanOrEqual(1e-12);
}

async function decodeAll({ file, format }: AcceptFile): Promise<Tensor[]> {
  return [...(await decodeAs(format, readFixture(`accept/${file}`))).values()];
}

const of = (...wanted: Format[]) => acceptFiles.filter(({ format }) => wanted.includes(format));

describe("golden files", () => {
  it("cover every format", () => {
    for (const format of formats) {
      expect(of(format).length, `accepted ${format}`).toBeGreaterThan(0);
      expect(rejectFiles.some((file) => file.format === format)).toBe(true);
    }
  });

  it.each(acceptFiles)("$file decodes to what its manifest states", async (accepted) => {
    const { file, format, bytes: length, sha256: digest, tensors } = accepted;
    const bytes = readFixture(`accept/${file}`);
    expect([bytes.length, sha256(bytes)]).toEqual([length, digest]);
    const decoded = await decodeAs(format, bytes);
    expect(decoded.size).toBe(tensors.length);
    tensors.forEach((facts, i) => {
      const tensor = decoded.get(facts.name ?? String(i));
      if (tensor === undefined) throw new Error(`${file} has no ${facts.name ?? i}`);
      expectFacts(tensor, facts);
    });
  });

  it.each(of("TSR1", "TSR2"))(
    "$file has its header read from its first bytes alone",
    (accepted) => {
      const { file, bytes: totalBytes, tensors } = accepted;
      const bytes = readFixture(`accept/${file}`).subarray(0, 320);
      const header = readHeader(bytes, { totalBytes });
      expect(header).toMatchObject({ dtype: tensors[0]?.dtype, shape: tensors[0]?.shape });
      expect(header.headerSize + header.payloadBytes).toBe(totalBytes);
    },
  );

  // The two TSR 2 files whose tensors fit TSR 1 are written as that.
  const fitsTsr1 = (file: string) => /tsr2-(int16-2x3|uint32-scalar)\./.test(file);
  it.each(of("TSR1", "TSR2").filter(({ file }) => !fitsTsr1(file)))(
    "$file is written again byte for byte",
    ({ file }) => {
      const bytes = readFixture(`accept/${file}`);
      expect(sha256(encode(decode(bytes)))).toBe(sha256(bytes));
    },
  );

  const compressed = ({ file }: AcceptFile) => readFixture(`accept/${file}`)[12] === 1;
  it.each(of("TSR4").filter((file) => !compressed(file)))(
    "$file is written again byte for byte",
    async (accepted) => {
      const bytes = await encodeContainer(
        await decodeContainer(readFixture(`accept/${accepted.file}`)),
      );
      expect(sha256(bytes)).toBe(accepted.sha256);
    },
  );

  it.each(of("TSR4").filter(compressed))(
    "$file keeps its tensors when they are compressed again",
    async (accepted) => {
      const again = await encodeContainer(
        await decodeContainer(readFixture(`accept/${accepted.file}`)),
        { compress: true },
      );
      expect(again[12]).toBe(1);
      const decoded = await decodeContainer(again);
      accepted.tensors.forEach((facts, i) => {
        expectFacts(decoded[i] as Tensor, facts);
      });
    },
  );

  const plainNpy = of("npy").filter(({ file }) => !/-v2-|-v3-|fortran|big-endian/.test(file));
  it.each(plainNpy)("$file is written again as numpy wrote it", async (accepted) => {
    const [tensor] = await decodeAll(accepted);
    expect(sha256(encodeNpy(tensor as Tensor))).toBe(accepted.sha256);
  });

  it.each(rejectFiles)("$file is refused as $code: $about", async ({ file, format, code }) => {
    const bytes = readFixture(`reject/${file}`);
    const error = await decodeAs(format, bytes).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TsrError);
    expect((error as TsrError).code).toBe(code);
  });
});
