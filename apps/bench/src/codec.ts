import { decode, decodeInto, encode, encodeInto, tensor } from "@tr/tsr-codec";
import type { ReferenceKind } from "./peer.js";

/** Prepared for a size; what it returns is done, timed and checked by its first and last value. */
type Prepare = (values: Float32Array) => () => Float32Array;

/** Rounds of this many calls where a call is too short for the clock. */
const batch = 1000;

function codecKind(name: string, title: string, prepare: Prepare, isShort = false): ReferenceKind {
  return {
    name,
    title,
    group: "codec",
    open: () => ({
      async start() {},
      async timeMs(floats, calls) {
        const values = new Float32Array(floats).fill(1.5);
        const act = prepare(values);
        return Array.from({ length: calls }, () => {
          const times = isShort ? batch : 1;
          const started = performance.now();
          let result = act();
          for (let time = 1; time < times; time++) result = act();
          const ms = (performance.now() - started) / times;
          if (result.length !== floats || result[0] !== 1.5 || result.at(-1) !== 1.5) {
            throw new Error(`${name}: a wrong tensor`);
          }
          return ms;
        });
      },
      async stop() {},
    }),
  };
}

const whole = (values: Float32Array) => tensor(values, [values.length]);
const view: Prepare = (values) => {
  const bytes = encode(whole(values));
  return () => decode(bytes, { copy: false }).data as Float32Array;
};

/** What tensor files cost, beside the same bytes copied. */
export const codecKinds: readonly ReferenceKind[] = [
  codecKind("copy-warm", "memory copy, warm", (values) => {
    const target = new Float32Array(values.length).fill(1);
    return () => {
      target.set(values);
      return target;
    };
  }),
  codecKind("tsr-encode-into", "encodeInto, warm", (values) => {
    const input = whole(values);
    const target = encode(input);
    return () => {
      const size = encodeInto(input, target, 0);
      return new Float32Array(target.buffer, target.byteOffset + size - values.byteLength);
    };
  }),
  codecKind("tsr-decode-into", "decodeInto, warm", (values) => {
    const bytes = encode(whole(values));
    const target = new Float32Array(values.length).fill(1);
    return () => decodeInto(bytes, target).data as Float32Array;
  }),
  codecKind("copy-new", "allocate and copy", (values) => () => values.slice()),
  codecKind("tsr-encode", "encode", (values) => {
    const input = whole(values);
    return () => {
      const bytes = encode(input);
      const start = bytes.byteOffset + bytes.length - values.byteLength;
      return new Float32Array(bytes.buffer, start, values.length);
    };
  }),
  codecKind("tsr-view", "decode, copy: false", view, true),
  codecKind(
    "tsr-view-small",
    "decode, copy: false, of 4 KiB",
    (values) => {
      const small = view(values.subarray(0, 1024));
      return () => {
        small();
        return values;
      };
    },
    true,
  ),
];
