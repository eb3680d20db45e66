// Hostile npy and safetensors files: the text headers made of good and bad parts, then damaged.
import { edges, type Scratch } from "./fuzz-tsr.js";

const encoder = new TextEncoder();

const pick = <T>({ random }: Scratch, list: readonly T[]): T => list[random() % list.length] as T;

const descriptions = [
  ..."<f4 <f2 <f8 |i1 <i2 <i4 <i8 |u1 <u2 <u4 <u8 |b1 >f4 >i8 =u2 |f4 <c8 <U4 |O <M8 V8 f4".split(
    " ",
  ),
  "",
  "é",
];
const literals = [
  "True",
  "False",
  "None",
  "1",
  "-1",
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "'a'",
];
const oddDimensions = edges.map(String).concat("1.5", "True", "'1'", "0x10", "1L", "01", "1e3", "");

/** A shape of small dimensions, now and then with one that is not. */
function anyShape(scratch: Scratch): string[] {
  const few = scratch.below(16) ? scratch.below(4) : scratch.below(36);
  return Array.from({ length: few }, () =>
    scratch.below(12) ? String(scratch.below(4)) : pick(scratch, oddDimensions),
  );
}

const sizeOf = (name: string) => Number(/[1248](?=$)/.exec(name)?.[0] ?? 1);

const product = (shape: readonly string[]) =>
  shape.reduce((count, size) => count * (Number(size) || 0), 1);

/** Puts a text header behind a prefix, and after it data of about the right size. */
function assemble(scratch: Scratch, prefix: number, text: Uint8Array, dataBytes: number): void {
  scratch.start(new Uint8Array(prefix));
  scratch.bytes.set(text.subarray(0, 8000), prefix);
  scratch.length = prefix + Math.min(text.length, 8000);
  const size = dataBytes >= 0 && dataBytes < 4000 ? dataBytes : 16;
  scratch.resize(scratch.length + size, true);
}

function damageText(scratch: Scratch, text: string, inserts: readonly string[]): string {
  if (scratch.below(3) > 0) return text;
  const at = scratch.below(text.length + 1);
  const gone = scratch.below(3) ? 0 : scratch.below(8);
  return text.slice(0, at) + pick(scratch, inserts) + text.slice(at + gone);
}

export function nextNpy(scratch: Scratch, seeds: readonly Uint8Array[]): Uint8Array {
  if (scratch.below(3) === 0) {
    const seed = pick(scratch, seeds);
    scratch.start(seed);
    for (let changes = scratch.below(4); changes > 0; changes--)
      scratch.damage(pick(scratch, seeds));
    return scratch.take();
  }
  const shape = anyShape(scratch);
  const descr = scratch.below(6)
    ? (descriptions[scratch.below(12)] as string)
    : pick(scratch, descriptions);
  const order = scratch.below(8) ? pick(scratch, ["True", "False"]) : pick(scratch, literals);
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const fields = [`'descr': '${descr}'`, `'fortran_order': ${order}`, `'shape': ${tuple}`];
  if (scratch.below(8) === 0) fields.reverse();
  if (scratch.below(16) === 0) fields[scratch.below(3)] = pick(scratch, fields);
  const dict = damageText(scratch, `{${fields.join(", ")}, }`, literals);
  const version = scratch.below(16) ? 1 + scratch.below(3) : scratch.below(256);
  const prefix = version === 1 ? 10 : 12;
  const text = encoder.encode(`${dict.padEnd(scratch.below(100))}\n`);
  assemble(scratch, prefix, text, product(shape) * sizeOf(descr));
  scratch.bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  if (scratch.below(32)) {
    if (version === 1) scratch.view.setUint16(8, text.length, true);
    else scratch.view.setUint32(8, text.length, true);
  } else scratch.setEdge32(8);
  for (let changes = scratch.below(16) ? 0 : 1; changes > 0; changes--) {
    scratch.damage(pick(scratch, seeds));
  }
  return scratch.take();
}

const types = "F32 F16 BF16 F64 I8 I16 I32 I64 U8 U16 U32 U64 BOOL F8_E4M3 C64 f32 toString".split(
  " ",
);
const names = [
  "a",
  "weight",
  "",
  "0",
  "__proto__",
  "constructor",
  "__metadata__",
  "ä",
  "\\ud800",
  "\\n",
];
const json = [
  ...literals.map((literal) => literal.replaceAll("'", '"')),
  ...[
    "null",
    "true",
    "false",
    "1e999",
    "-0",
    "1.0",
    "\\u0000",
    "\\ud800",
    "\ufeff",
    " ",
    '"dtype":',
  ],
  ...['"__metadata__":{"a":"\\udc00"},', '"__metadata__":{"a":1},', '"__metadata__":null,'],
];

export function nextSafetensors(scratch: Scratch, seeds: readonly Uint8Array[]): Uint8Array {
  if (scratch.below(4) === 0) {
    scratch.start(pick(scratch, seeds));
    for (let changes = scratch.below(4); changes > 0; changes--)
      scratch.damage(pick(scratch, seeds));
    return scratch.take();
  }
  let end = 0;
  const entries = Array.from({ length: scratch.below(4) }, () => {
    const type = scratch.below(6) ? (types[scratch.below(13)] as string) : pick(scratch, types);
    const shape = anyShape(scratch);
    const begin = scratch.below(16) ? end : Number(pick(scratch, edges));
    const bytes = type === "BOOL" ? 1 : Number(/\d+/.exec(type)?.[0] ?? 8) / 8;
    end = scratch.below(16) ? begin + product(shape) * bytes : Number(pick(scratch, edges));
    const name = scratch.below(6) ? `t${scratch.below(9)}` : pick(scratch, names);
    return `"${name}":{"dtype":"${type}","shape":[${shape}],"data_offsets":[${begin},${end}]}`;
  });
  if (scratch.below(4) === 0) entries.push('"__metadata__":{"k":"v"}');
  if (scratch.below(8) === 0) entries.reverse();
  const header = damageText(scratch, `{${entries.join(",")}}`, json);
  const text = encoder.encode(header.padEnd(Math.ceil(header.length / 8) * 8));
  assemble(scratch, 8, text, end);
  if (scratch.below(32)) scratch.view.setBigUint64(0, BigInt(text.length), true);
  else scratch.setEdge64(0);
  if (scratch.below(16) === 0) scratch.damage(pick(scratch, seeds));
  return scratch.take();
}
