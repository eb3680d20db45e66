import { readFileSync } from "node:fs";
import * as root from "@tr/tsr-codec";
import * as npy from "@tr/tsr-codec/npy";
import * as safetensors from "@tr/tsr-codec/safetensors";
import * as v4 from "@tr/tsr-codec/v4";
import { expect, expectTypeOf, it } from "vitest";

it("the package exports this and nothing else", () => {
  expect(Object.keys(root).sort()).toEqual([
    "TsrError",
    "allClose",
    "arange",
    "byteLength",
    "decode",
    "decodeInto",
    "dtypes",
    "elementSize",
    "encode",
    "encodeHeader",
    "encodeInto",
    "equal",
    "format",
    "fromNested",
    "full",
    "isTensor",
    "maxHeaderSize",
    "ones",
    "payloadBytes",
    "readHeader",
    "reshape",
    "scalar",
    "tensor",
    "toFloat32",
    "toNested",
    "zeros",
  ]);
  expect(Object.keys(v4).sort()).toEqual([
    "decodeContainer",
    "encodeContainer",
    "readContainerHeader",
  ]);
  expect(Object.keys(npy).sort()).toEqual([
    "decodeNpy",
    "encodeNpy",
    "encodeNpyHeader",
    "readNpyHeader",
  ]);
  expect(Object.keys(safetensors).sort()).toEqual([
    "decodeSafetensors",
    "encodeSafetensors",
    "encodeSafetensorsHeader",
    "readSafetensorsHeader",
  ]);
});

it("the published types give each dtype its array", () => {
  expectTypeOf<root.Tensor<"int64">["data"]>().toEqualTypeOf<BigInt64Array>();
  expectTypeOf(root.encode).returns.toExtend<Uint8Array>();
  expectTypeOf(root.decode).returns.toEqualTypeOf<root.Tensor>();
});

it("the package has no dependencies, and its subpaths share one TsrError", () => {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  const manifest = JSON.parse(text) as Record<string, unknown>;
  for (const kind of ["dependencies", "peerDependencies", "optionalDependencies"]) {
    expect(manifest[kind]).toBeUndefined();
  }
  let found: unknown;
  try {
    npy.decodeNpy(new Uint8Array(0));
  } catch (error) {
    found = error;
  }
  expect(found).toBeInstanceOf(root.TsrError);
});
