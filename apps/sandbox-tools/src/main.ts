import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { Sandbox, TrError } from "@tr/sandbox";
import type { Tensor } from "@tr/tsr-codec";
import { report } from "./report.js";
import type { CodeResult, Hit, Page, Picture, ShellResult } from "./tools.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { out: { type: "string", default: here("../node_modules/.cache/report") } },
});
const question = positionals.join(" ") || "How do I stop a call that takes too long?";
const out = resolve(values.out);

const sandbox = new Sandbox({ config: here("../sandbox.json") });
const wasThere = await sandbox.ready().then(
  () => true,
  () => false,
);
await sandbox.start();
try {
  console.log(wasThere ? "a server was there" : "started a server");
  await writeReport();
} catch (error) {
  if (!TrError.is(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
} finally {
  // A server of somebody else's goes on; of ours nothing is left.
  if (wasThere) await sandbox.disconnect();
  else await sandbox.shutdownServer();
  await sandbox.close();
}

async function writeReport(): Promise<void> {
  const hits = await search();
  const words = await count([...new Set(hits.map(({ source }) => source))]);
  const chart = await draw(words);
  mkdirSync(out, { recursive: true });
  const page = join(out, "report.html");
  writeFileSync(page, report(question, hits, chart));
  await photograph(page);
}

/** Sections of the documentation that are about the question: by its words, and by its vector. */
async function search(): Promise<readonly Hit[]> {
  const k = 5;
  const found = await sandbox.execute<{ hits: Hit[] }>("rag:search", { query: question, k });
  const { hits } = found.data;
  console.log(`\nrag:search ${question}`);
  for (const { source, headings, score } of hits) {
    console.log(`  ${score.toFixed(2)} ${source}: ${headings.join(" › ")}`);
  }
  const embedded = await sandbox.execute<Tensor<"float32">>("rag:embed", { texts: [question] });
  const vector = embedded.data;
  const nearest = await sandbox.execute<{ hits: Hit[] }>("rag:search_vector", { vector, k });
  const isSame = nearest.data.hits.every(({ text }, at) => text === hits[at]?.text);
  console.log(
    `  the question as a tensor, ${vector.dtype} [${vector.shape}], finds ${isSame ? "the same" : "others"}`,
  );
  return hits;
}

/** The most frequent words of these pages, counted by a pipeline in a shell that stands in their folder. */
async function count(pages: readonly string[]): Promise<readonly [string, number][]> {
  await sandbox.createSession("bash", { cwd: here("../../../docs") });
  await shell(`pages=(${pages.map((page) => `'${page.replaceAll("'", `'\\''`)}'`).join(" ")})`);
  const stdout = await shell(
    `cat "\${pages[@]}" | tr -cs '[:alpha:]' '\\n' | tr '[:upper:]' '[:lower:]' |
  awk 'length > 5' | sort | uniq -c | sort -k1,1nr -k2 | head -10`,
  );
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.trim().split(" "))
    .map(([count, word]) => [String(word), Number(count)]);
}

async function shell(command: string): Promise<string> {
  console.log(`\nbash:run ${command}`);
  const { data } = await sandbox.execute<ShellResult>("bash:run", { command, timeout_s: 30 });
  if (data.exit_code !== 0) throw new Error(`the shell: ${data.exit_code} ${data.stderr}`);
  if (data.stdout !== "") console.log(data.stdout.replaceAll(/^/gm, "  ").trimEnd());
  return data.stdout;
}

/** A chart, by an interpreter that has the numbers from the call before. */
async function draw(words: readonly [string, number][]): Promise<Picture> {
  await sandbox.createSession("code");
  const json = JSON.stringify(JSON.stringify(words));
  await python(`import json\nwords = dict(json.loads(${json}))`);
  const { figures, value } = await python(`import matplotlib.pyplot as plt
plt.figure(figsize=(8.6, 3))
plt.barh(list(words)[::-1], list(words.values())[::-1], color="#4477aa")
plt.title("The most frequent words of these pages")
plt.xlabel("times")
plt.tight_layout()
sum(words.values())`);
  const [figure] = figures;
  if (figure?.png === undefined) throw new Error("the code has drawn nothing");
  console.log(
    `  ${value?.repr}, and a picture of ${figure.width} × ${figure.height}: ${figure.alt}`,
  );
  return figure as Picture;
}

async function python(code: string): Promise<CodeResult> {
  console.log(`\ncode:run ${code.split("\n")[0]} …`);
  const { data } = await sandbox.execute<CodeResult>("code:run", { code, timeout_s: 60 });
  if (data.error !== null) throw new Error(data.error.traceback);
  return data;
}

/** The page as a browser shows it. */
async function photograph(page: string): Promise<void> {
  await sandbox.createSession("browser", { viewport: [920, 700] });
  const url = pathToFileURL(page).href;
  const opened = await sandbox.execute<Page>("browser:open", { url });
  const picture = await sandbox.execute<Picture>("browser:screenshot", { full_page: true });
  const { png, width, height } = picture.data;
  const file = join(out, "report.png");
  writeFileSync(file, Buffer.from(png, "base64"));
  console.log(`\nbrowser:screenshot of ${opened.data.title}`);
  console.log(`  ${file}, ${width} × ${height}`);
}
