// Run by logs.test.ts. Takes 100 MB of a script's output and prints one JSON line: how many lines came
// in order on each stream, and by how much this program's resident size grew.
import { PythonSession } from "@tr/session";

const [script, workspace, lines, width] = process.argv
  .slice(2)
  .map((word, i) => (i < 2 ? word : Number(word)));
const session = new PythonSession({ script, workspace });
const next = { stdout: 0, stderr: 1 };
let disordered = 0;
let bytes = 0;
session.on("log", ({ stream, line }) => {
  bytes += line.length + 1;
  if (Number.parseInt(line, 10) !== next[stream] || !line.endsWith("x")) disordered++;
  next[stream] += 2;
});
await session.start();
const before = process.memoryUsage.rss();
let peak = before;
const timer = setInterval(() => {
  peak = Math.max(peak, process.memoryUsage.rss());
}, 20);
await session.call("flood", [lines, width]);
clearInterval(timer);
await session.close(); // what was printed has come by then
console.log(JSON.stringify({ next, disordered, bytes, grownBytes: peak - before }));
