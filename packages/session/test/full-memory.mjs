// Run by full-memory.test.ts in a mount namespace of its own: its memory file system has 2 MiB, and is full
// at times. Prints one JSON line: what became of each session.
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { PythonSession } from "@tr/session";
import { full } from "@tr/tsr-codec";

const [script, temporary] = process.argv.slice(2);
const own = `/dev/shm/tr-${process.getuid()}`;
const outcome = {};

function fill(path) {
  const filler = openSync(path, "w");
  for (const size of [4096, 1]) {
    try {
      for (;;) writeSync(filler, Buffer.alloc(size));
    } catch (error) {
      if (error.code !== "ENOSPC") throw error;
    }
  }
  closeSync(filler);
}

async function run(name, options, use = async () => ({})) {
  const session = new PythonSession({ script, quiet: true, ...options });
  const warnings = [];
  session.on("warning", ({ code, message }) => warnings.push([code, message.includes(temporary)]));
  try {
    await session.start();
    const { transport, workspace } = session.info;
    const isElsewhere = workspace.startsWith(temporary);
    const squared = await session.calculate("square", full([1000], 3));
    const isRight = squared.data.every((value) => value === 9);
    outcome[name] = { transport, isElsewhere, warnings, isRight, ...(await use(session)) };
  } catch (error) {
    outcome[name] = { code: error.code, warnings };
  }
  await session.close();
}

const code = (promise) =>
  promise.then(
    () => "done",
    (error) => error.code,
  );

let host;
await run("too little room", {}, async ({ sessionDir }) => {
  host = JSON.parse(readFileSync(`${sessionDir}/host.json`, "utf8"));
});
await run("as much as is wanted", { minFreeBytes: 0 });
fill("/dev/shm/filler");
await run("full", { minFreeBytes: 0 });
await run("full, named", { workspace: "/dev/shm/named" });
await run("full, files", { minFreeBytes: 0, transport: "file" });
rmSync("/dev/shm/filler");
const dead = `${own}/python_session/tr_session_dead`;
mkdirSync(dead, { recursive: true, mode: 0o700 });
writeFileSync(`${dead}/host.json`, JSON.stringify({ ...host, start_time: "1" }));
fill(`${dead}/host-0-1.segment`);
await run("full of what the dead have left", { minFreeBytes: 0 });
await run("full in the middle", { workspace: "/dev/shm/named" }, async (session) => {
  const large = full([2 ** 20], 1);
  return {
    before: await session.call("count"),
    argument: await code(session.call("square", [large])),
    result: await code(session.call("ones", [2 ** 20])),
    text: await code(session.call("echo", ["x".repeat(2 ** 22)])),
    longAnswer: await code(session.call("repeat", ["x", 2 ** 22])),
    after: await session.call("count"),
  };
});
const left = readdirSync("/dev/shm", { recursive: true }).filter((path) =>
  /tr_session_/.test(path),
);
console.log(JSON.stringify({ ...outcome, left }));
