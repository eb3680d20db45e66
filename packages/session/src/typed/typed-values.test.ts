import { full, tensor } from "@tr/tsr-codec";
import { expect, expectTypeOf, it } from "vitest";
import { script, useSharedSession } from "../../test/scripts.js";
import type { ImageInput, LateJob, LateJobInput } from "../../test/wide.types.js";
import { server } from "../../test/wide.types.js";

const shared = useSharedSession({ script: script("wide.py") });
const api = shared.as(server);

const job: LateJobInput = {
  name: "a",
  folder: "data",
  starts: new Date(0).toISOString(),
  takes: 86_400.5,
  price: "1.50",
  seed: 7,
  colours: ["red", "green", "red"],
  id: "12345678-1234-5678-1234-567812345678",
};

it("classes of the standard library go to Python and come back as their types say", async () => {
  const result = await api.standard(job, "2026-01-01", 3, { sizes: [1, 1, 2] });
  expect(result).toEqual([
    {
      ...{ name: "a", folder: "data", starts: "1970-01-02T00:00:00.500000+00:00" },
      ...{ takes: 86_400.5, price: "3.00", colours: ["green", "red"] },
      ...{ id: job.id, key: "a-7", days: ["1970-01-02"] },
    },
    ...["2026-01-01", "12:30:00", { folder: "data/in/2" }],
  ]);
  expect(new Date(result[0].starts).getTime()).toBe(86_400_500);
  expectTypeOf(result[0]).toEqualTypeOf<LateJob>();
  expectTypeOf(api.standard).parameter(1).toEqualTypeOf<"2026-01-01" | 0.5>();
  expectTypeOf(api.standard).parameter(2).toEqualTypeOf<number | bigint>();
  expect(await api.numpys(1, 2n, true)).toEqual({ float32: 1, int64: 2, bool: 1 });
});

it("a result is taken for an argument again, but for what the class sets itself", async () => {
  const [{ key, ...again }] = await api.standard(job, 0.5, 1);
  expect(key).toBe("a-7");
  const [next] = await api.standard(again, 0.5, 1);
  expect(next).toMatchObject({ key: "a-0", price: "6.00", days: ["1970-01-02", "1970-01-03"] });
  await expect(api.standard({ ...again, key } as LateJobInput, 0.5, 1)).rejects.toMatchObject({
    code: "TR_INVALID_ARGUMENT",
    message: expect.stringContaining("job.key: LateJob sets it itself (init=False)"),
  });
});

it("tensors in fields are what the fields ask for", async () => {
  const image: ImageInput = {
    ...{ name: "a", pixels: full([2], 1), raw: new Uint8Array(2) },
    boxes: [{ x: 1, y: 2 }],
  };
  expect(await api.same_image(image)).toEqual({ x: 1, y: 2 });
  const wrong = { ...image, raw: tensor(new Float32Array(2), [2]) } as unknown as ImageInput;
  await expect(api.same_image(wrong)).rejects.toMatchObject({
    code: "TR_INVALID_ARGUMENT",
    message: expect.stringMatching(/^same_image: image\.raw: .*uint8, found float32/),
  });
});

it("what a cast has let pass is refused with its place and the signature", async () => {
  const wrong = { ...job, days: ["2026-01-01", 5] } as unknown as LateJobInput;
  await expect(api.standard(wrong, 0.5, 1)).rejects.toMatchObject({
    code: "TR_INVALID_ARGUMENT",
    message: expect.stringMatching(
      /job\.days\[1\]: expected date as a string such as '2026-01-31', found 5; the signature is standard\(job: /,
    ),
  });
});
