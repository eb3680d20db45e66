// Compiled against the types of wide.py, in a project of a user's settings: right calls pass, wrong ones do not.
import type { PythonSession, Tensor } from "@tr/session";
import {
  type Box,
  type ImageInput,
  type LateJob,
  type LateJobInput,
  type Server,
  server,
} from "./wide.types.js";

export async function right(session: PythonSession, x: Tensor): Promise<unknown[]> {
  const api = session.as(server);
  const same: Server = api;
  const abort = new AbortController();
  const product: Tensor = await api.matmul(x, x);
  const boxes: Box[] = await api.detect(
    x,
    { threshold: 0.5, labels: ["cat"] as const, colour: "green", limits: { low: 1 } },
    { timeoutMs: 5000, signal: abort.signal },
  );
  const again: Promise<Box[]> = api.detect(x, undefined, { timeoutMs: 5000 });
  const label: string | undefined = boxes[0]?.label;
  const [first, second]: [number, string] = await api.quoted(x, { maybe: null });
  const image: ImageInput = { name: "a", pixels: x, raw: new Uint8Array(2) };
  const made = await api.classes(image, { value: 1, children: [{ value: 2 }] }, { x: 1, y: 2 });
  const described: { [key: string]: unknown } = await api["image:describe"](x, { verbose: true });
  const sums: number[] = [];
  for await (const item of api.count(10n, { start: 1 }, { signal: abort.signal })) sums.push(item);
  const nothing: null = await api.nothing({ timeoutMs: 1 });
  await api.choices(true, [1, 2n], 5, { priority: 2 });
  await api.variadic("a", { second: "b", rest: [1], more: { x: 1 } });
  await api.containers([1, "a"], [1, 2], { a: [{ b: 1 }] }, { points: [[1, 2]] }, []);
  const job: LateJobInput = {
    name: "a",
    folder: "/tmp",
    starts: new Date(0).toISOString(),
    takes: 60,
    price: "1.50",
    seed: 1,
    colours: ["red"],
    id: null,
    days: ["2026-01-01"],
  };
  const [later, step, at, folders]: [
    LateJob,
    "2026-01-01" | 0.5,
    string,
    { [key: string]: string },
  ] = await api.standard(job, 0.5, 3, { sizes: [1], at: "12:00", colour: null });
  const spent: number = later.takes + later.colours.length + later.key.length;
  return [
    step,
    at,
    folders,
    spent,
    same,
    product,
    again,
    label,
    first,
    second,
    made,
    described,
    nothing,
  ];
}

export async function wrong(session: PythonSession, x: Tensor): Promise<void> {
  const api = session.as(server);
  // @ts-expect-error a typo
  await api.matmull(x, x);
  // @ts-expect-error an argument is missing
  await api.matmul(x);
  // @ts-expect-error a number is not a tensor
  await api.matmul(x, 1);
  // @ts-expect-error one argument too many
  await api.matmul(x, x, {}, 1);
  // @ts-expect-error there is no such option
  await api.detect(x, { treshold: 0.5 });
  // @ts-expect-error an option of another type
  await api.detect(x, { threshold: "0.5" });
  // @ts-expect-error options of the call come after those of the command
  await api.detect(x, { timeoutMs: 5 });
  // @ts-expect-error no such member of the enum
  await api.detect(x, { colour: "blue" });
  // @ts-expect-error no such literal
  await api.choices("slow", 1, 1);
  // @ts-expect-error a key is missing
  await api.same_image({ name: "a", pixels: x });
  // @ts-expect-error a field that the constructor does not take
  await api.same_image({ name: "a", pixels: x, raw: new Uint8Array(2), digest: "" });
  // @ts-expect-error a Date is written as text
  await api.standard({ name: "", folder: "", starts: new Date(), takes: 1, price: "1" }, 0.5, 1);
  // @ts-expect-error no such member of the enum
  await api.standard({ name: "", folder: "", starts: "", takes: 1, price: "1" }, "half", 1);
  // @ts-expect-error a Decimal is a text
  await api.standard({ name: "", folder: "", starts: "", takes: 1, price: 1 }, 0.5, 1);
  // @ts-expect-error what the constructor alone gets is not in a result
  (await api.standard({ name: "", folder: "", starts: "", takes: 1, price: "1" }, 0.5, 1))[0].seed;
  // @ts-expect-error a stream is not awaited
  const items: number = await api.count(3);
  // @ts-expect-error a result is of its type
  const text: string = await api.keywords_only(1, 2);
  // @ts-expect-error a name left out because it would make the object thenable
  api.then();
  // @ts-expect-error kwargs are no option of a typed call
  await api.nothing({ kwargs: {} });
  void [items, text];
}
