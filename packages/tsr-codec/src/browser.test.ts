import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chromiumFlags, findChromium } from "../test/chromium.js";
import { acceptFiles, rejectFiles, type TensorFacts } from "../test/golden.js";

const executablePath = findChromium();
const root = new URL("../", import.meta.url);
const fixtures = new URL("../../../fixtures/", import.meta.url);

const types: Record<string, string> = { ".js": "text/javascript", ".html": "text/html" };

/** Serves dist/ as it is published, the golden files, and an empty page. */
function serve(): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? "/").slice(1);
    if (path === "") return response.setHeader("content-type", "text/html").end("<!doctype html>");
    const folder = path.startsWith("dist/") ? root : fixtures;
    try {
      const content = readFileSync(new URL(path, folder));
      response.setHeader("content-type", types[extname(path)] ?? "application/octet-stream");
      response.end(content);
    } catch (error) {
      response.writeHead(404).end(String(error));
    }
  });
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

type Answer = { shape: readonly number[]; dtype: string; sha256: string }[] | string;

/** Defined in the page as text, because vitest rewrites the imports that it finds in functions. */
declare function load(entry: string): Promise<never>;
const defineLoad = "globalThis.load = (entry) => import('/dist/' + entry + '.js')";

const byName = ({ name: a = "" }: TensorFacts, { name: b = "" }: TensorFacts) =>
  a === b ? 0 : a < b ? -1 : 1;

/** Runs in the page: decodes each file and writes it again; a fault is its code. */
async function decodeInPage(files: { file: string; format: string }[]): Promise<Answer[]> {
  const codec: typeof import("./index.js") = await load("index");
  const v4: typeof import("./v4.js") = await load("v4");
  const npy: typeof import("./npy.js") = await load("npy");
  const safetensors: typeof import("./safetensors.js") = await load("safetensors");

  const roundTrip = async (format: string, bytes: Uint8Array) => {
    if (format === "TSR4") {
      const compress = bytes[12] === 1;
      const container = await v4.encodeContainer(await v4.decodeContainer(bytes), { compress });
      return v4.decodeContainer(container);
    }
    if (format === "npy") return [npy.decodeNpy(npy.encodeNpy(npy.decodeNpy(bytes)))];
    if (format === "safetensors") {
      const read = safetensors.decodeSafetensors(bytes);
      const again = safetensors.encodeSafetensors(read.tensors, { metadata: read.metadata });
      const { tensors } = safetensors.decodeSafetensors(again);
      return [...read.tensors.keys()].sort().map((name) => tensors.get(name));
    }
    return [codec.decode(codec.encode(codec.decode(bytes)))];
  };

  const answers: Answer[] = [];
  for (const { file, format } of files) {
    const response = await fetch(`/${file}`);
    if (!response.ok) throw new Error(`${file}: ${response.status}`);
    try {
      const found = [];
      for (const tensor of await roundTrip(format, new Uint8Array(await response.arrayBuffer()))) {
        if (tensor === undefined) throw new Error(`${file} lost a tensor`);
        const payload = new Uint8Array(codec.payloadBytes(tensor));
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", payload));
        const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
        found.push({ shape: tensor.shape, dtype: tensor.dtype, sha256 });
      }
      answers.push(found);
    } catch (error) {
      answers.push(codec.TsrError.is(error) ? error.code : String(error));
    }
  }
  return answers;
}

describe.skipIf(executablePath === undefined)(
  "in Chromium (skipped where there is none: set CHROMIUM to its path)",
  { timeout: 60_000 },
  () => {
    let server: Server;
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      server = await serve();
      browser = await chromium.launch({
        executablePath: executablePath as string,
        headless: true,
        args: chromiumFlags,
      });
      page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await page.evaluate(defineLoad);
    }, 60_000);

    afterAll(async () => {
      await browser?.close();
      server?.close();
    });

    it("every golden file is read and written as in Node", async () => {
      const files = acceptFiles.map(({ file, format }) => ({ file: `accept/${file}`, format }));
      const answers = await page.evaluate(decodeInPage, files);
      const wanted = acceptFiles.map(({ tensors }) =>
        tensors.toSorted(byName).map(({ shape, dtype, sha256 }) => ({ shape, dtype, sha256 })),
      );
      const named = (list: unknown[]) => files.map(({ file }, i) => ({ file, answer: list[i] }));
      expect(named(answers)).toEqual(named(wanted));
    });

    it("every bad file is refused with the same code", async () => {
      const files = rejectFiles.map(({ file, format }) => ({ file: `reject/${file}`, format }));
      const answers = await page.evaluate(decodeInPage, files);
      const codes = files.map(({ file }, i) => [file, answers[i]]);
      expect(codes).toEqual(rejectFiles.map(({ file, code }) => [`reject/${file}`, code]));
    });
  },
);
