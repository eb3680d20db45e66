import { full, type Tensor, tensor } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { sample, script, until, useSessions } from "../test/scripts.js";

const sessions = useSessions();
const a = tensor(new Float32Array([1, 2, 3, 4]), [2, 2]);
const b = tensor(new Float32Array([5, 6, 7, 8]), [2, 2]);
const product = tensor(new Float32Array([19, 22, 43, 50]), [2, 2]);

describe("the users' samples run unchanged:", () => {
  it("matrix maths by text, in both dialects' JSON, as an object, and by call", async () => {
    const session = await sessions.started({ script: sample("matrix_math_server.py") });
    const messages = [
      "matmul input_a input_b",
      '{"cmd": "matmul", "params": "input_a,input_b"}',
      '{"command": "matmul", "parameters": "input_a input_b", "timestamp": 1699123456789}',
      { command: "matmul", parameters: "input_a input_b" },
    ];
    for (const message of messages) {
      await session.sendTensor(a, "input_a");
      await session.sendTensor(b, "input_b");
      await session.sendRequest(message);
      expect(await session.waitForTensor(10_000)).toEqual(product);
      await session.sendTensor(a, "input_a");
      await session.sendTensor(b, "input_b");
      expect(await session.fetchTensor(message)).toEqual(product);
    }
    expect(await session.calculate("matmul", a, b)).toEqual(product);
    expect(await session.call("matmul", [a, b])).toEqual(product);
    expect(await session.fetchResponse("matmul nothing")).toBe("invalid");
    await expect(session.fetchResponse("nonsense")).rejects.toMatchObject({
      message: expect.stringContaining("nonsense"),
    });
    await expect(session.call("matmul", [a, b], { kwargs: { x: 1 } })).rejects.toMatchObject({
      code: "TR_NEEDS_LEVEL_2",
    });
    expect(sessions.files().filter((path) => path.endsWith(".tsr"))).toEqual([]);
  });

  it("hello by text, and by call", async () => {
    const session = await sessions.started({ script: sample("hello_server.py") });
    expect(await session.fetchResponse("hello world", 3000)).toBe("Hello World");
    expect(await session.fetchResponse("hello big world")).toBe("Hello Big World");
    expect(await session.call("hello", ["world"])).toBe("Hello World");
  });
});

describe("the default script", () => {
  it("greets, multiplies and reaches PyTorch by name", async () => {
    const session = await sessions.started({ script: "default" });
    expect(await session.fetchResponse("hello world", 3000)).toBe("Hello World");
    expect(await session.calculate("matmul", a, b)).toEqual(product);
    await session.sendTensor(a, "input_a");
    await session.sendTensor(b, "input_b");
    expect(await session.fetchTensor("matmul input_a input_b")).toEqual(product);
    const image = full([1, 1, 4, 4], 1);
    const kernel = full([1, 1, 2, 2], 0.5);
    const result = await session.call<Tensor>("op", ["nn.functional.conv2d", image, kernel], {
      kwargs: { stride: 2 },
    });
    expect(result).toEqual(full([1, 1, 2, 2], 2));
  });
});

describe("a request and its answer", () => {
  it("wait for each other in either order", async () => {
    const session = await sessions.started({ script: sample("hello_server.py") });
    expect(session.newResponse()).toBe(false);
    expect(await session.readResponse()).toBeUndefined();
    await session.sendRequest("hello one");
    expect(await session.waitUntilOk()).toBe(true);
    expect(session.newResponse()).toBe(true);
    expect(await session.readResponse()).toBe("Hello One");
    expect(session.newResponse()).toBe(false);
    const early = session.waitForResponse();
    await session.sendRequest("hello two");
    expect(await early).toBe("Hello Two");
  });

  it("a wait whose time is up can be made again, and the answer is not lost", async () => {
    const session = await sessions.started();
    await session.sendRequest("sleep 0.3");
    await expect(session.waitForResponse(20)).rejects.toMatchObject({ code: "TR_CALL_TIMEOUT" });
    expect(await session.waitUntilReady(20)).toBe(false);
    expect(await session.waitForResponse(0)).toBe("0.3");
  });

  it("a fetch whose time is up never gives its late answer to the next", async () => {
    const session = await sessions.started();
    await expect(session.fetchResponse("sleep 0.2", 20)).rejects.toMatchObject({
      code: "TR_CALL_TIMEOUT",
    });
    expect(await session.fetchResponse("echo next")).toBe("next");
  });

  it("an answer that is an error is thrown where it is read, and waitUntilOk tells", async () => {
    const session = await sessions.started();
    await session.sendRequest("fail badly");
    expect(await session.waitUntilOk()).toBe(false);
    await expect(session.readResponse()).rejects.toMatchObject({ code: "TR_PYTHON_ERROR" });
    await session.sendRequest("count");
    expect(await session.waitUntilOk()).toBe(true);
  });

  it("waits are false or fail when the worker is gone", async () => {
    const session = await sessions.started();
    const answer = session.sendRequest("leave 4").then(() => session.waitForResponse(0));
    await expect(answer).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    expect(await session.waitUntilReady()).toBe(false);
    expect(await session.waitUntilOk()).toBe(false);
  });

  it("a fetch whose time is up stops the Python work: the next one works at once", async () => {
    const session = await sessions.started();
    const late = { code: "TR_CALL_TIMEOUT", timeoutMs: 500, stopped: "cancelled" };
    await session.fetchResponse("echo 0"); // what the first request imports takes its time
    await expect(session.fetchResponse("sleep 30", 500)).rejects.toMatchObject(late);
    expect(await session.fetchResponse("echo 1")).toBe("1");
  });

  it("an answer is found without a turn of the event loop", async () => {
    const session = await sessions.started();
    await session.sendRequest("echo 1");
    while (!session.newResponse());
    expect(await session.readResponse()).toBe("1");
  });

  it("an answer that has come can be read after the worker has left; a crash is one", async () => {
    const session = await sessions.started();
    await session.sendRequest("echo kept");
    await session.waitUntilOk();
    await session.pleaseExit();
    expect(await session.readResponse()).toBe("kept");
    await session.start();
    await session.sendRequest("leave 4");
    await session.join();
    expect(session.newResponse()).toBe(true);
    await expect(session.readResponse()).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    expect(session.newResponse()).toBe(false);
  });

  it("exit is no crash", async () => {
    const session = await sessions.started({ script: sample("hello_server.py") });
    await session.sendRequest({ cmd: "exit" });
    await session.join();
    expect(session.state).toEqual({ status: "exited", exitCode: 0 });
  });
});

describe("a sent tensor", () => {
  it("under a tag that is still unread is refused", async () => {
    const session = await sessions.started();
    await session.sendTensor(a, "x");
    await expect(session.sendTensor(b, "x")).rejects.toMatchObject({
      code: "TR_INVALID_ARGUMENT",
      message: expect.stringContaining("x"),
    });
    expect(await session.fetchTensor("echo x")).toEqual(a);
    await session.sendTensor(b, "x");
    expect(await session.fetchTensor("echo x")).toEqual(b);
  });

  it.each(["../x", "", "a/b", "x".repeat(65), "a.b", 5 as unknown as string])(
    "needs a name, not %j",
    async (tag) => {
      const session = await sessions.started({ script: script("level_one.py") });
      await expect(session.sendTensor(a, tag)).rejects.toMatchObject({
        code: "TR_INVALID_ARGUMENT",
      });
      await expect(session.recvTensor(tag)).rejects.toMatchObject({ code: "TR_INVALID_ARGUMENT" });
    },
  );

  it("that is still under way is waited for by the request", async () => {
    const session = await sessions.started();
    const large = full([4, 2 ** 20], 2);
    const sending = session.sendTensor(large, "large");
    const result = await session.fetchTensor("square large");
    await sending;
    expect(result).toEqual(full([4, 2 ** 20], 4));
  });

  it("of an answer has the tag that the documents say, and can be received by it", async () => {
    const session = await sessions.started();
    await session.sendTensor(a, "x");
    await session.sendRequest("square x");
    expect(await session.waitForResponse()).toBe("result_0");
    const squared = tensor(new Float32Array([1, 4, 9, 16]), [2, 2]);
    expect(await session.recvTensor("result_0")).toEqual(squared);
  });

  it("can be received by its tag as soon as it is there", async () => {
    const session = await sessions.started();
    await session.sendRequest("echo 1");
    const waiting = session.recvTensor("wanted", 5000);
    await session.sendTensor(a, "wanted"); // what the worker would write under that name
    expect(await waiting).toEqual(a);
    await expect(session.recvTensor("wanted", 20)).rejects.toMatchObject({
      code: "TR_CALL_TIMEOUT",
    });
  });
});

describe("a worker of the older protocol level", () => {
  it("gets tensors as tags and gives them as its text", async () => {
    const session = await sessions.started({ script: script("level_one.py") });
    expect(session.info).toMatchObject({ level: 1, commands: [] });
    expect(await session.calculate("double", a)).toEqual(
      tensor(new Float32Array([2, 4, 6, 8]), [2, 2]),
    );
    expect(await session.call("hello", ["big", 5])).toBe("you said big 5");
    await session.sendTensor(a, "x");
    await session.sendRequest("double x");
    expect(await session.waitForTensor()).toEqual(tensor(new Float32Array([2, 4, 6, 8]), [2, 2]));
  });

  it("is not sent what it cannot read", async () => {
    const session = await sessions.started({ script: script("level_one.py") });
    await expect(
      session.calculate("double", tensor(new Float64Array(2), [2])),
    ).rejects.toMatchObject({
      code: "TR_UNSUPPORTED_DTYPE",
      dtype: "float64",
      supported: ["float32", "int8", "int32"],
    });
    await expect(session.call("x", [{ a: 1 }])).rejects.toMatchObject({ code: "TR_NEEDS_LEVEL_2" });
    await expect(session.call("x", [], { kwargs: { a: 1 } })).rejects.toMatchObject({
      code: "TR_NEEDS_LEVEL_2",
    });
    expect(session.isReady()).toBe(true);
  });

  it("is busy until its late answer has come, which nobody gets", async () => {
    const session = await sessions.started({ script: script("level_one.py") });
    await expect(session.call("nap", [0.2], { timeoutMs: 30 })).rejects.toMatchObject({
      code: "TR_CALL_TIMEOUT",
    });
    expect(session.isBusy()).toBe(true);
    expect(await session.call("say", ["next"])).toBe("you said next");
    await until(() => session.isReady());
  });

  it("leaves when it is asked to", async () => {
    const session = await sessions.started({ script: script("level_one.py") });
    expect(await session.pleaseExit(5000, false)).toBe(true);
    await session.join();
    expect(session.state).toEqual({ status: "exited", exitCode: 0 });
  });
});
