import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { chromium } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumFlags, findChromium } from "../test/chromium.js";
import { ask, type ChatEvent, type Question } from "./ask.js";
import { type ChatStream, startChatStream } from "./chat-stream.js";

const program = (name: string) => fileURLToPath(new URL(`../dist/${name}.js`, import.meta.url));
const anyPort = { gateway: 0, page: 0 };
const sea = "What is the sea?";
const bell = "Why does the bell ring?";
const length = 80;

let cache: string;
let app: ChatStream;
let weights: { name: string; mtimeMs: number }[];

/** The trained models in the cache, and when they were made. */
const inCache = () =>
  readdirSync(cache)
    .filter((name) => name.endsWith(".pt"))
    .map((name) => ({ name, mtimeMs: statSync(join(cache, name)).mtimeMs }));

beforeAll(async () => {
  cache = mkdtempSync(join(tmpdir(), "tr-chat-stream-"));
  const template = { seed: 7, generate_cfg: { temperature: 0.6, max_tokens: length } };
  app = await startChatStream({ ports: anyPort, cache, template });
  weights = inCache();
});
afterAll(async () => {
  await app?.[Symbol.asyncDispose]();
  rmSync(cache, { recursive: true, force: true });
});

async function eventsOf(question: Question): Promise<ChatEvent[]> {
  const events: ChatEvent[] = [];
  for await (const event of ask(app.address, question)) events.push(event);
  return events;
}

const textOf = (events: readonly ChatEvent[]) =>
  events.flatMap(({ type, content }) => (type === "answer" ? [content] : [])).join("");
const answer = async (question: Question) => textOf(await eventsOf(question));

describe("two users at once", () => {
  it("get each their own answer, from session_start to completed, a character at a time", async () => {
    const alone = [await answer({ question: sea }), await answer({ question: bell })];
    const both = await Promise.all([eventsOf({ question: sea }), eventsOf({ question: bell })]);
    expect(both.map(textOf)).toEqual(alone);
    expect(alone[0]).not.toBe(alone[1]);
    const sessions = both.map((events) => {
      const own = new Set(events.map(({ session_id }) => session_id));
      const types = events.map(({ type }) => type).filter((type) => type !== "queued");
      expect(types).toEqual(["session_start", ...Array(length).fill("answer"), "completed"]);
      expect(events.at(-1)?.status).toBe("completed");
      expect(own.size).toBe(1);
      return [...own][0];
    });
    expect(sessions[0]).not.toBe(sessions[1]);
  });

  it("see both streams in the terminal, with their sessions", async () => {
    writeFileSync(join(cache, "address.json"), JSON.stringify(app.address));
    const { stdout } = await execa(process.execPath, [program("client"), sea, bell], {
      env: { CHAT_STREAM_CACHE: cache },
    });
    rmSync(join(cache, "address.json"));
    const ids = ["first", "second"].map((user) => {
      const lines = stdout.split("\n").filter((line) => line.startsWith(user));
      expect(lines[0]).toContain(`(session_start) ${user === "first" ? sea : bell}`);
      expect(lines.at(-1)).toContain("(completed)");
      const [id, ...others] = new Set(lines.map((line) => /^\w+ +(\w{8}) \|/.exec(line)?.[1]));
      expect(others).toEqual([]);
      return id;
    });
    expect(ids[0]).not.toBe(ids[1]);
  });
});

describe("the request's own numbers", () => {
  it("make the text the same at temperature 0 and with the same seed, and another at another temperature", async () => {
    const coldest = { question: sea, temperature: 0 };
    expect(await answer(coldest)).toBe(await answer(coldest));
    const hot = { question: sea, temperature: 1.5 };
    expect(await answer(hot)).toBe(await answer(hot));
    expect(await answer(hot)).not.toBe(await answer(coldest));
  });

  it("end the text after max_tokens, and let top_p 0 leave only the likeliest", async () => {
    expect(await answer({ question: sea, max_tokens: 5 })).toHaveLength(5);
    expect(await answer({ question: sea, temperature: 1.5, top_p: 0 })).toBe(
      await answer({ question: sea, temperature: 0 }),
    );
  });
});

it("a user who leaves stops the model, whose process stays", async () => {
  const get = async (path: string) => {
    const headers = { authorization: `Bearer ${app.address.token}` };
    return (await fetch(`${app.address.url}${path}`, { headers })).text();
  };
  let id = "";
  let seen = 0;
  for await (const event of ask(app.address, { question: sea, max_tokens: 1_000_000_000 })) {
    id = event.session_id;
    if (event.type === "answer" && ++seen === 3) break;
  }
  const patience = { timeout: 10_000 };
  await expect
    .poll(async () => JSON.parse(await get("/sessions")).active_sessions[id].status, patience)
    .toBe("client_disconnected");
  await expect.poll(async () => JSON.parse(await get("/health")).available_slots, patience).toBe(2);
  expect(await get("/metrics")).toMatch(/restarts_total\S* 0\n/);
});

const executablePath = findChromium();
if (executablePath !== undefined) {
  it("the page streams both answers side by side", async () => {
    const browser = await chromium.launch({ executablePath, args: chromiumFlags });
    try {
      const page = await browser.newPage();
      const faults: string[] = [];
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type())) faults.push(message.text());
      });
      page.on("pageerror", (error) => faults.push(String(error)));
      await page.goto(app.link);
      expect(page.url()).not.toContain("token");
      await page.getByRole("button", { name: "Ask both" }).click();
      const panes = page.locator("section");
      const ids: (string | null)[] = [];
      for (const [place, question] of [sea, bell].entries()) {
        const pane = panes.nth(place);
        await pane.getByText("completed", { exact: true }).waitFor();
        expect(await pane.locator(".answer").textContent()).toBe(await answer({ question }));
        ids.push(await pane.locator(".session").textContent());
      }
      expect(ids[0]).toMatch(/^session ./);
      expect(ids[0]).not.toBe(ids[1]);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
}

it("pages of other origins are not let in", async () => {
  const headers = { origin: "http://127.0.0.1:1", authorization: `Bearer ${app.address.token}` };
  expect((await fetch(`${app.address.url}/health`, { headers })).status).toBe(403);
});

// Windows has no signals.
if (process.platform !== "win32") {
  it("a second start trains nothing, says where the page is, and ends at Ctrl-C", async () => {
    const options = ["--port", "0", "--page-port", "0", "--users", "1"];
    const main = execa(process.execPath, [program("main"), ...options], {
      env: { CHAT_STREAM_CACHE: cache },
    });
    const lines: string[] = [];
    for await (const line of main.iterable()) {
      lines.push(line);
      if (lines.length !== 3) continue;
      expect(readdirSync(cache)).toContain("address.json");
      main.kill("SIGINT");
    }
    expect((await main).exitCode).toBe(0);
    expect(lines[0]).toMatch(/^the page: {3}http:\/\/127\.0\.0\.1:\d+\/#gateway=.+&token=.+$/);
    expect(weights).toHaveLength(1);
    expect(inCache()).toEqual(weights);
    expect(readdirSync(cache)).not.toContain("address.json");
  });
}
