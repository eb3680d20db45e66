import { fileURLToPath } from "node:url";
import { PythonSession } from "@tr/session";
import { recoverFrom } from "./recover.js";
import { squareMany } from "./side-by-side.js";
import { waitInSteps, workMeanwhile } from "./wait-without-blocking.js";

const script = fileURLToPath(new URL("../server.py", import.meta.url));
const sessions = [1, 2, 3].map(() => new PythonSession({ script }));
const [first] = sessions as [PythonSession];
try {
  await Promise.all(sessions.map((session) => session.start()));
  console.log("Three sessions:");
  for (const { info } of sessions) console.log(`  process ${info?.pid}`);

  console.log("\nDoing something else while Python works");
  await workMeanwhile(first);

  console.log("\nWaiting in short steps");
  await waitInSteps(first);

  console.log("\nA batch of tensors through three sessions");
  await squareMany(sessions);

  console.log("\nA worker that hangs");
  await recoverFrom(first, "hang");

  console.log("\nA worker that crashes");
  await recoverFrom(first, "crash");

  const left = await Promise.all(sessions.map((session) => session.pleaseExit(5000)));
  console.log(`\nleft when asked to: ${left.filter(Boolean).length} of ${left.length} sessions`);
} finally {
  await Promise.all(sessions.map((session) => session.close()));
}
