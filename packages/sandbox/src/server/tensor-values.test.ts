import { encode, full, tensor } from "@tr/tsr-codec";
import { expect, it } from "vitest";
import { run, seed, useBackEnds } from "../../test/back-ends.js";
import { tensorsFromJson, tensorsToJson } from "./tensor-values.js";

const here = useBackEnds();
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const refused = { code: "TR_INVALID_ARGUMENT", message: expect.stringMatching(/^params: .*\$tsr/) };

it("makes tensors of what JSON holds of them, anywhere, and the same again of those", () => {
  const a = full([2, 3], 1.5);
  const b = tensor(new Uint16Array([1, 2]), [2], "bfloat16");
  const json = {
    image: { $tsr: base64(encode(a)) },
    list: [1, { deep: { $tsr: base64(encode(b)) } }, null, "text"],
    rest: { x: [true] },
  };
  const text = JSON.stringify(json);
  const value = tensorsFromJson(json, "params");
  expect(value.image).toEqual(a);
  expect(value.list[1]).toEqual({ deep: b });
  expect(value.rest).toBe(json.rest); // nothing to change in it
  expect(JSON.stringify(tensorsToJson(value))).toBe(text);
  expect(JSON.stringify(json)).toBe(text);
});

it("passes on what holds none", () => {
  const value = { a: [1, { b: "x" }], $tsr: "no", c: { $tsr: 1 }, d: { $tsr: "x", more: 1 } };
  expect(tensorsFromJson(value, "params")).toBe(value);
  expect(tensorsToJson(value)).toBe(value);
});

it("refuses what is no TSR file, before it makes room for what that claims to be", () => {
  const bytes = encode(full([4], 1));
  const claims = Buffer.from(bytes);
  claims.writeInt32LE(2 ** 30, 36); // the last dimension
  claims.writeBigInt64LE(2n ** 30n, 40); // and the number of elements
  for (const text of [
    ...["", "AAAA", "x".repeat(200), base64(bytes.subarray(0, 70)), base64(claims)],
    ...[`${base64(bytes)}AAAA`, base64(bytes).replace("A", "*")],
  ]) {
    expect(() => tensorsFromJson({ t: { $tsr: text } }, "params")).toThrow(
      expect.objectContaining(refused),
    );
  }
});

it("gives an integer beyond 2^53 with all its digits", () => {
  const big = 123456789012345678901234567890n;
  expect(JSON.stringify(tensorsToJson({ big, list: [big, 1] }))).toBe(
    `{"big":${big},"list":[${big},1]}`,
  );
});

it("leaves the depth to the session, however deep", () => {
  const depth = 100_000;
  const deep = JSON.parse(`${"[".repeat(depth)}${"]".repeat(depth)}`);
  expect(tensorsFromJson(deep, "params")).toBe(deep);
});

it("takes tensors to a tool and back", async () => {
  const backEnd = await here.loaded();
  await backEnd.initialize(seed("s"));
  const value = [{ $tsr: base64(encode(full([2, 2], 0.5))) }, 1];
  expect((await run(backEnd, "logged:echo", { value }, "s").answer).data).toEqual(value);
  const wrong = run(backEnd, "logged:echo", { value: { $tsr: "AAAA" } }, "s");
  await expect(wrong.answer).rejects.toMatchObject(refused);
  await wrong.ended;
});
