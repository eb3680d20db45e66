import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { entriesOf } from "./imports.mjs";
import { root, run, tool } from "./run.mjs";

// The codec runs in browsers too, so its types must do without Node's.
const withoutNode = new Set(["@tr/tsr-codec"]);

/** Compiles consumer.ts, and a CommonJS file that requires every entry, against the installed types. */
export async function checkTypes(folder, item, moduleResolution) {
  const nodeTypes = !withoutNode.has(item.name);
  const required = entriesOf(item).map(
    (entry, index) =>
      `import entry${index} = require(${JSON.stringify(entry)});\nvoid entry${index};`,
  );
  // Under bundler resolution a file is ESM, whatever its name.
  const bundler = moduleResolution === "bundler";
  if (!bundler) writeFileSync(join(folder, "required.cts"), `${required.join("\n")}\n`);
  const config = join(folder, `tsconfig.${moduleResolution}.json`);
  const compilerOptions = {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: bundler ? "esnext" : "nodenext",
    moduleResolution,
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    // What a user's own `npm install @types/node` would give.
    typeRoots: [join(root, "node_modules", "@types")],
    types: nodeTypes ? ["node"] : [],
  };
  const files = bundler ? ["consumer.ts"] : ["consumer.ts", "required.cts"];
  writeFileSync(config, JSON.stringify({ compilerOptions, files }));
  await run(folder, process.execPath, [tool("typescript", "tsc"), "-p", config]);
}
