import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { missing, startWorker, type TestWorker, ways } from "./worker.fixture.js";

let worker: TestWorker | undefined;
afterEach(async () => {
  await worker?.close();
  worker = undefined;
});

describe.each(Object.entries(ways))("messages, %s", (_, way) => {
  const whyNot = missing(way);

  it.skipIf(whyNot)("go there and back, of every length, in order", async () => {
    worker = await startWorker(way);
    // Around the size of a slot, in characters of one to four bytes.
    for (const length of [0, 1, 900, 1100, 32_600, 32_764, 33_000, 200_000]) {
      for (const letter of ["a", "é", "→", "😀"]) {
        const text = letter.repeat(length / letter.length);
        expect(await worker.call({ do: "echo", text })).toEqual({ did: "echo", text });
      }
    }
    expect(readdirSync(worker.directory)).toEqual(["control.block"]);
  });

  it.skipIf(whyNot)("several responses to one request wait for each other", async () => {
    worker = await startWorker(way);
    const { slots } = worker.connection;
    const numbers: unknown[] = [];
    const all = new Promise<void>((resolve) => {
      slots.onNews = () => {
        const bytes = slots.takeResponse();
        if (bytes !== undefined) numbers.push(JSON.parse(new TextDecoder().decode(bytes)).number);
        if (numbers.length === 501) resolve();
        else slots.expect();
      };
    });
    slots.sendRequest(JSON.stringify({ do: "several", count: 500 }));
    slots.expect();
    await all;
    expect(numbers).toEqual([...Array(500).keys(), undefined]);
  });

  it.skipIf(whyNot)("tell when the next request can be sent", async () => {
    worker = await startWorker(way);
    const { slots } = worker.connection;
    const next = () =>
      new Promise<void>((resolve) => {
        slots.onNews = resolve;
        slots.expect({ freeSlot: true });
      });
    slots.sendRequest(JSON.stringify({ do: "sleep", seconds: 0.05 }));
    while (!slots.isRequestTaken) await next();
    slots.sendRequest(JSON.stringify({ do: "echo", text: "second" }));
    expect(slots.isRequestTaken).toBe(false);
    const answers: unknown[] = [];
    while (answers.length < 2) {
      await new Promise<void>((resolve) => {
        slots.onNews = resolve;
        slots.expect();
      });
      const bytes = slots.takeResponse();
      if (bytes !== undefined) answers.push(JSON.parse(new TextDecoder().decode(bytes)).did);
    }
    expect(answers).toEqual(["sleep", "echo"]);
  });

  it.skipIf(whyNot)("a request that is taken back in time never runs, else it does", async () => {
    worker = await startWorker(way);
    const { slots } = worker.connection;
    let wins = 0;
    let expected = 0;
    let found = 0;
    const rounds = 2000;
    const { onNews } = slots;
    slots.onNews = () => {}; // everything is looked for here
    for (let i = 0; i < rounds; i++) {
      while (!slots.isRequestTaken) {}
      slots.sendRequest(JSON.stringify({ do: "echo", text: String(i) }));
      // From at once to longer than the worker needs, so that both sides come first at times.
      for (let spin = (i * 7919) % 20_000; spin > 0; spin--) {}
      if (slots.takeBackRequest()) wins++;
      else {
        expected++;
        while (slots.takeResponse() === undefined) {}
        found++;
        slots.expect(); // shows the worker that the response was taken
      }
    }
    slots.onNews = onNews;
    const { did } = await worker.call({ do: "echo" });
    expect({ did, found, sum: wins + expected }).toEqual({
      did: "echo",
      found: expected,
      sum: rounds,
    });
    expect(wins).toBeGreaterThan(0);
  });

  if (way.mapped) return; // its memory cannot be cut
  it.skipIf(whyNot)("a block that was cut is a typed error", async () => {
    worker = await startWorker(way);
    truncateSync(join(worker.directory, "control.block"), 0);
    await expect(worker.call({ do: "echo" })).rejects.toMatchObject({ code: "TR_SEGMENT_LOST" });
    worker.child.kill("SIGKILL");
  });
});

it.skipIf(missing({ mapped: true }))(
  "a worker that cannot open the host's memory files takes the plain file",
  async () => {
    worker = await startWorker({ mapped: true, words: ["no-memory-files"] });
    expect(worker.connection.kind).toBe("file");
    expect(worker.connection.reason).toMatch(/memory files/);
    expect(await worker.call({ do: "echo", text: "x" })).toEqual({ did: "echo", text: "x" });
  },
);
