import { createMemoryChannel, type FileChannel } from "@tr/file-channel";
import type { Progress } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { encode, full } from "@tr/tsr-codec";
import { beforeEach, describe, expect, it } from "vitest";
import { Exchange } from "./exchange.js";
import type { OutgoingRequest } from "./pending-request.js";
import { tensorFile } from "./tensor-files.js";

let channel: FileChannel;
let pending: { unanswered: number; isAwaited: boolean };

let ids = 0;
let broken: string[];
let stuck: string[];
let reported: Progress[];
let announced: number;

beforeEach(() => {
  broken = [];
  stuck = [];
  reported = [];
  announced = 0;
  channel = createMemoryChannel();
});

function open(level: 1 | 2 = 2, concurrency = 1): Exchange {
  return new Exchange({
    channel,
    level,
    concurrency,
    cancelGraceMs: 50,
    nextId: () => String(++ids),
    announceCancel: () => announced++,
    onStuck: (command) => stuck.push(command),
    onProgress: (_, progress) => reported.push(progress),
    onBroken: (error) => broken.push(error.code),
    onPending: (now) => {
      pending = now;
    },
  });
}

const request = (command: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  command,
  tensors: [],
  toText: (id) => JSON.stringify({ id, command }),
  ...more,
});

/** The worker's part: takes the request that is there. */
async function taken(): Promise<{ id: string; command: string }> {
  const bytes = await channel.waitFor(() => channel.takeSync("request.json"), { timeoutMs: 2000 });
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The worker's part: answers once the slot is free. */
async function respond(fields: object | string): Promise<void> {
  await channel.waitFor(() => !channel.exists("response.json") || undefined, { timeoutMs: 2000 });
  channel.writeSync("response.json", typeof fields === "string" ? fields : JSON.stringify(fields));
}

const value = (id: string, content: unknown, tensors: string[] = []) => ({
  ...{ cmd: "", params: "", command: "", result: "ok", message: "", tensors, protocol: 2 },
  ...{ id, seq: 0, final: true, kind: "value", value: content },
});
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "no error",
    (error) => error.code,
  );

describe("an exchange", () => {
  it("matches answers by id when the worker takes several requests at once", async () => {
    const exchange = open(2, 3);
    const answers = ["a", "b", "c"].map((command) => exchange.submit(request(command)));
    const requests = [await taken(), await taken(), await taken()];
    expect(pending).toEqual({ unanswered: 3, isAwaited: true });
    for (const { id, command } of requests.reverse()) await respond(value(id, command));
    const values = (await Promise.all(answers)).map(({ response }) => response.value);
    expect(values).toEqual(["a", "b", "c"]);
    expect(pending).toEqual({ unanswered: 0, isAwaited: false });
  });

  it("hears the answer to a request that goes out in the very turn in which the last one ends", async () => {
    const exchange = open();
    for (let turns = 0; turns < 6; turns++) {
      const first = exchange.submit(request("a"));
      const a = await taken();
      const second = new Promise((resolve) => {
        exchange.post(request("x"), {}, resolve); // queued: goes out when the first is answered
      });
      await respond(value(a.id, 1));
      await first;
      for (let i = 0; i < turns; i++) await Promise.resolve();
      const third = exchange.submit(request("b"));
      await respond(value((await taken()).id, 2));
      await second;
      await respond(value((await taken()).id, 3));
      expect((await third).response.value).toBe(3);
    }
    for (let turns = 0; turns < 6; turns++) {
      const first = exchange.submit(request("a"));
      await respond(value((await taken()).id, 1));
      await first;
      for (let i = 0; i < turns; i++) await Promise.resolve();
      const next = exchange.submit(request("b"));
      await respond(value((await taken()).id, 2));
      expect((await next).response.value).toBe(2);
    }
  });

  it("sends the next request only when the worker has room for it", async () => {
    const exchange = open();
    const first = exchange.submit(request("a"));
    const second = exchange.submit(request("b"));
    const a = await taken();
    expect(channel.exists("request.json")).toBe(false);
    await respond(value(a.id, 1));
    await first;
    await respond(value((await taken()).id, 2));
    expect((await second).response.value).toBe(2);
  });

  it("waits until an old worker has removed the last request, which it does after its answer", async () => {
    const exchange = open(1);
    const first = exchange.submit(request("a"));
    await channel.waitFor(() => channel.exists("request.json") || undefined, { timeoutMs: 2000 });
    await respond({ cmd: "", params: "one" });
    expect((await first).response.text).toBe("one");
    const second = exchange.submit(request("b"));
    await new Promise(setImmediate);
    const kept = new TextDecoder().decode(channel.readSync("request.json"));
    expect(JSON.parse(kept).command).toBe("a");
    channel.removeSync("request.json");
    expect((await taken()).command).toBe("b");
    await respond({ cmd: "", params: "two" });
    expect((await second).response.text).toBe("two");
  });

  it("drops an answer with an id it does not know, with its tensors", async () => {
    const exchange = open();
    const answer = exchange.submit(request("a"));
    const { id } = await taken();
    await channel.write("strange.tsr", encode(full([2], 1)));
    await respond(value("nobody", { $tensor: "strange" }, ["strange"]));
    await respond(value(id, "mine"));
    expect((await answer).response.value).toBe("mine");
    expect(channel.list()).toEqual([]);
  });

  it("drops the late answer of a worker that cannot be stopped, and sends the next when it has come", async () => {
    const exchange = open(1);
    const late = exchange.submit(request("a"), { timeoutMs: 1 });
    expect(await codeOf(late)).toBe("TR_CALL_TIMEOUT");
    expect(pending).toEqual({ unanswered: 1, isAwaited: false });
    const next = exchange.submit(request("b"));
    await taken();
    await channel.write("late.tsr", encode(full([2], 1)));
    await respond({ cmd: "", params: "late" });
    expect((await taken()).command).toBe("b");
    await respond({ cmd: "", params: "mine" });
    expect((await next).response.text).toBe("mine");
    expect(channel.list()).toEqual([]);
    expect(announced).toBe(0);
  });

  it("gives each answer its tensors and removes their files", async () => {
    const exchange = open();
    const answer = exchange.submit(request("a"));
    const { id } = await taken();
    await channel.write("r1.tsr", encode(full([2, 2], 7)));
    await respond(value(id, { $tensor: "r1" }, ["r1"]));
    expect((await answer).tensors.get("r1")).toEqual(full([2, 2], 7));
    expect(channel.list()).toEqual([]);
  });

  it("fails the one call whose tensor is missing or broken", async () => {
    const exchange = open();
    for (const bytes of [undefined, new Uint8Array(70)]) {
      const answer = exchange.submit(request("a"));
      const { id } = await taken();
      if (bytes) await channel.write("r1.tsr", bytes);
      await respond(value(id, { $tensor: "r1" }, ["r1"]));
      expect(await codeOf(answer)).toBe("TR_PROTOCOL");
    }
    const next = exchange.submit(request("b"));
    await respond(value((await taken()).id, 1));
    expect((await next).response.value).toBe(1);
  });

  it.each(['{"id": "1", "kind":', '{"tensors": ["../x"], "id": "1", "protocol": 2}', "[]"])(
    "fails the call that waits when the answer is malformed (%s), and goes on",
    async (text) => {
      const exchange = open();
      const answer = exchange.submit(request("a"));
      await taken();
      await respond(text);
      expect(await codeOf(answer)).toBe("TR_PROTOCOL");
      const next = exchange.submit(request("b"));
      await respond(value((await taken()).id, 1));
      expect((await next).response.value).toBe(1);
    },
  );

  it("takes a request's tensors back when it cannot be sent, and goes on", async () => {
    const exchange = open();
    const file = tensorFile("x", full([4], 1), 2, "args[0]");
    const full_ = new TrError("TR_WORKSPACE_FULL", "full");
    const failing = request("a", {
      tensors: [file],
      toText: () => {
        throw full_;
      },
    });
    expect(await codeOf(exchange.submit(failing))).toBe("TR_WORKSPACE_FULL");
    expect(channel.list()).toEqual([]);
    const next = exchange.submit(request("b"));
    await respond(value((await taken()).id, 1));
    expect((await next).response.value).toBe(1);
  });

  it("sends the next request only when the last answer's tensors are read: they may have the same names", async () => {
    const exchange = open();
    const answers = [1, 2, 3].map((n) => exchange.submit(request(`r${n}`)));
    for (const n of [1, 2, 3]) {
      const { id } = await taken();
      await channel.write("result_0.tsr", encode(full([2], n)));
      await respond(value(id, { $tensor: "result_0" }, ["result_0"]));
    }
    const got = (await Promise.all(answers)).map(({ tensors }) => tensors.get("result_0"));
    expect(got).toEqual([1, 2, 3].map((n) => full([2], n)));
  });

  it("holds the next request while a tensor is received by its tag: its answer may bring the same name", async () => {
    const exchange = open();
    let arrive = () => {};
    channel.take = () =>
      new Promise((resolve) => {
        arrive = () => resolve(encode(full([2], 1)));
      });
    expect(exchange.tensors.claim("r")).toBe(true);
    const read = exchange.tensors.takeClaimed("r");
    const answer = exchange.submit(request("a"));
    await new Promise(setImmediate);
    expect(channel.exists("request.json")).toBe(false);
    arrive();
    expect(await read).toEqual(full([2], 1));
    await respond(value((await taken()).id, "sent after"));
    expect((await answer).response.value).toBe("sent after");
  });

  it("that finds something else in the place of an answer ends, and says so once", async () => {
    const planted = new TrError("TR_PROTOCOL", "response.json is a symbolic link");
    const exchange = open();
    const answers = [exchange.submit(request("a")), exchange.submit(request("b"))];
    await taken();
    channel.takeSync = () => {
      throw planted;
    };
    channel.writeSync("status.txt", "any change");
    expect(await Promise.all(answers.map(codeOf))).toEqual(["TR_PROTOCOL", "TR_PROTOCOL"]);
    expect(broken).toEqual(["TR_PROTOCOL"]);
    expect(pending).toEqual({ unanswered: 0, isAwaited: false });
  });

  it("that ends while it writes a request's tensors does not send it", async () => {
    const exchange = open();
    let write = () => {};
    channel.write = () =>
      new Promise((resolve) => {
        write = resolve;
      });
    const file = tensorFile("x", full([4], 1), 2, "args[0]");
    const answer = exchange.submit(request("a", { tensors: [file] }));
    exchange.fail(new TrError("TR_SESSION_CLOSED", "closed"));
    expect(await codeOf(answer)).toBe("TR_SESSION_CLOSED");
    write();
    await exchange.settled();
    expect(channel.exists("request.json")).toBe(false);
  });

  it("that ends settles everything, but first looks for an answer that is already there", async () => {
    const exchange = open();
    const answered = exchange.submit(request("a"));
    const queued = exchange.submit(request("b"));
    const { id } = await taken();
    channel.writeSync("response.json", JSON.stringify(value(id, "just in time")));
    exchange.fail(new TrError("TR_SESSION_CLOSED", "closed"));
    expect((await answered).response.value).toBe("just in time");
    expect(await codeOf(queued)).toBe("TR_SESSION_CLOSED");
    expect(await codeOf(exchange.submit(request("c")))).toBe("TR_SESSION_CLOSED");
    expect(pending).toEqual({ unanswered: 0, isAwaited: false });
  });
});
