import fc from "fast-check";
import { expect, it } from "vitest";
import { decode, readHeader } from "./decode.js";
import { arrayOf, codeOf, type Dtype, dtypes, elementSize } from "./dtype.js";
import { encode, encodeHeader, encodeInto, payloadBytes } from "./encode.js";
import { decodeNpy, encodeNpy } from "./npy.js";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.js";
import { isTensor, type Tensor } from "./tensor.js";
import { TsrError } from "./tsr-error.js";
import { decodeContainer, encodeContainer } from "./v4.js";

const seeded = (numRuns: number) => ({ seed: 420, numRuns });

const shapes = fc.oneof(
  fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 4 }),
  fc.array(fc.constantFrom(1, 1, 1, 2), { maxLength: 12 }),
  fc.array(fc.constant(1), { maxLength: 32 }),
);

/** A tensor of any shape whose elements are any bits. */
function tensorsOf(dtype: Dtype, anyShape = shapes): fc.Arbitrary<Tensor> {
  return anyShape.chain((shape) => {
    const ArrayOf = arrayOf(dtype);
    const size = elementSize(dtype);
    const count = shape.reduce((product, dimension) => product * dimension, 1);
    return fc
      .uint8Array({ minLength: count * size, maxLength: count * size })
      .map(
        (bits) => ({ dtype, shape, data: new ArrayOf(bits.slice().buffer, 0, count) }) as Tensor,
      );
  });
}

const tensors = fc.constantFrom(...dtypes).chain((dtype) => tensorsOf(dtype));

/** Compares bits: NaN has many, and every one must survive. */
function expectSame(found: Tensor, wanted: Tensor): void {
  expect([found.dtype, found.shape]).toEqual([wanted.dtype, wanted.shape]);
  expect(Buffer.compare(payloadBytes(found), payloadBytes(wanted))).toBe(0);
}

it("any tensor is the same again after TSR, at any place in a larger buffer", () => {
  fc.assert(
    fc.property(tensors, fc.nat(9), fc.boolean(), (tensor, offset, copy) => {
      const bytes = encode(tensor);
      const room = new Uint8Array(bytes.length + offset);
      expect(encodeInto(tensor, room, offset)).toBe(bytes.length);
      expectSame(decode(room.subarray(offset), { copy }), tensor);
      const { elements, payloadBytes: size } = readHeader(encodeHeader(tensor));
      expect([elements, size]).toEqual([tensor.data.length, tensor.data.byteLength]);
    }),
    seeded(1000),
  );
});

it("any tensor is the same again after npy and safetensors", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), tensors, { maxKeys: 4 }), (named) => {
      for (const tensor of Object.values(named)) {
        if (tensor.dtype !== "bfloat16") expectSame(decodeNpy(encodeNpy(tensor)), tensor);
      }
      const back = decodeSafetensors(encodeSafetensors(named)).tensors;
      expect(back.size).toBe(Object.keys(named).length);
      for (const [name, tensor] of back) expectSame(tensor, named[name] as Tensor);
    }),
    seeded(300),
  );
});

const containerShapes = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 4, maxLength: 4 });
const containers = fc.array(
  fc
    .constantFrom<Dtype>("float32", "float16", "int8", "int32")
    .chain((dtype) => tensorsOf(dtype, containerShapes)),
  { minLength: 1, maxLength: 4 },
);

it("any tensors are the same again after TSR 4.20", async () => {
  await fc.assert(
    fc.asyncProperty(containers, fc.boolean(), async (list, compress) => {
      const back = await decodeContainer(await encodeContainer(list, { compress }));
      expect(back.length).toBe(list.length);
      back.forEach((tensor, i) => {
        expectSame(tensor, list[i] as Tensor);
      });
    }),
    seeded(100),
  );
});

/** Numbers at which sizes go wrong. */
const edges = fc.constantFrom(
  ...[0n, 1n, 2n, 3n, 4n, 5n, 8n, 32n, 33n, 63n, 64n, 65n, 128n, 255n, 256n, 384n],
  ...[16n, 31n, 32n, 53n, 61n, 62n, 63n, 64n].flatMap((bits) => [2n ** bits - 1n, 2n ** bits]),
  ...dtypes.map((dtype) => BigInt(codeOf(dtype))),
  -1n,
  -64n,
);

const changes = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("int32" as const), at: fc.nat(40), value: edges }),
    fc.record({ kind: fc.constant("int64" as const), at: fc.nat(40), value: edges }),
    fc.record({ kind: fc.constant("byte" as const), at: fc.nat(400), value: fc.bigInt(0n, 255n) }),
    fc.record({ kind: fc.constant("cut" as const), at: fc.nat(400), value: fc.constant(0n) }),
    fc.record({ kind: fc.constant("grow" as const), at: fc.nat(300), value: fc.constant(0n) }),
  ),
  { maxLength: 4 },
);

type Change = typeof changes extends fc.Arbitrary<(infer C)[]> ? C : never;

/** Changes whole fields, single bytes and the length of a well-formed file. */
function mutate(file: Uint8Array, list: readonly Change[]): Uint8Array {
  let bytes = file.slice();
  for (const { kind, at, value } of list) {
    const view = new DataView(bytes.buffer);
    if (kind === "cut") bytes = bytes.slice(0, Math.max(bytes.length - at, 0));
    else if (kind === "grow") bytes = new Uint8Array([...bytes, ...new Uint8Array(at)]);
    else if (kind === "byte" && at < bytes.length) bytes[at] = Number(value);
    else if (kind === "int32" && 4 * at + 4 <= bytes.length) {
      view.setInt32(4 * at, Number(BigInt.asIntN(32, value)), true);
    } else if (kind === "int64" && 4 * at + 8 <= bytes.length) {
      view.setBigInt64(4 * at, value, true);
    }
  }
  return bytes;
}

/**
 * A decoder's answer to hostile bytes may be tensors or a TsrError, and while it worked no more
 * memory may have been taken than the answer's size and `allowance`.
 */
async function expectTamed(work: () => unknown, allowance = 65536): Promise<void> {
  const before = process.memoryUsage().arrayBuffers;
  let sizes = 0;
  try {
    const answer = await work();
    for (const tensor of answer as Tensor[]) {
      expect(isTensor(tensor)).toBe(true);
      sizes += tensor.data.byteLength;
    }
  } catch (error) {
    if (!TsrError.is(error)) throw error;
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThanOrEqual(sizes + allowance);
}

it("a mutated TSR file gives a tensor or a TsrError, and no memory for claimed sizes", async () => {
  await fc.assert(
    fc.asyncProperty(tensors, changes, fc.boolean(), async (tensor, list, copy) => {
      const bytes = mutate(encode(tensor), list);
      await expectTamed(() => [decode(bytes, { copy })]);
      await expectTamed(() => {
        readHeader(bytes);
        return [];
      });
    }),
    seeded(5000),
  );
});

it("a mutated npy or safetensors file gives tensors or a TsrError", async () => {
  const plain = tensors.filter(({ dtype }) => dtype !== "bfloat16");
  await fc.assert(
    fc.asyncProperty(plain, changes, async (tensor, list) => {
      const npy = mutate(encodeNpy(tensor), list);
      await expectTamed(() => [decodeNpy(npy)]);
      const safetensors = mutate(encodeSafetensors({ a: tensor, b: tensor }), list);
      await expectTamed(() => [...decodeSafetensors(safetensors).tensors.values()]);
    }),
    seeded(2000),
  );
});

it("a mutated TSR 4.20 file gives tensors or a TsrError", async () => {
  await fc.assert(
    fc.asyncProperty(containers, changes, fc.boolean(), async (list, mutations, compress) => {
      const bytes = mutate(await encodeContainer(list, { compress }), mutations);
      // Each of the platform's zlib streams takes some 64 KiB for its own work.
      await expectTamed(() => decodeContainer(bytes), 65536 * (1 + list.length));
    }),
    seeded(500),
  );
});
