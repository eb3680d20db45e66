// Waits for a sandbox in the folder given, for a crash in it and for the call after that, and prints that call's code.
import { createSandbox } from "@tr/sandbox/server";

const [folder, ...apis] = process.argv.slice(2);
const quiet = () => {};
const log = { debug: quiet, info: quiet, warn: quiet, error: quiet };
const functions = Object.fromEntries(
  apis.map((name) => [name, { function: `plain_tools:${name}` }]),
);
const server = createSandbox({ folder, apis: functions }, { log });
await server.start();
const call = (action, params = {}) => server.execute({ worker_id: "w", action, params });
for (let crash = 0; crash < 2; crash++) await call("die");
console.log((await call("echo", { value: 1 })).code);
await server.close();
