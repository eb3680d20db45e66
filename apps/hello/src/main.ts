import { fileURLToPath } from "node:url";
import { PythonSession } from "@tr/session";

const name = process.argv.slice(2).join(" ") || "world";
const session = new PythonSession(fileURLToPath(new URL("../server.py", import.meta.url)));
try {
  await session.start();
  console.log(await session.fetchResponse(`hello ${name}`, 3000));
  await session.pleaseExit(5000);
} finally {
  await session.close();
}
