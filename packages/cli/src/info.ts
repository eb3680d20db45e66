import { readArguments } from "./arguments.js";
import { errorAsJson, printError, UsageError } from "./errors.js";
import { asJson, asText } from "./files/describe.js";
import { openTensorFile } from "./files/tensor-file.js";

/** `tr info <file> ... [--json]`: what the files' headers say; 1 when one of them cannot be read. */
export async function info(args: string[]): Promise<number> {
  const { values, words } = readArguments(args, { json: { type: "boolean", default: false } });
  if (words.length === 0) throw new UsageError("tr info takes one file or more");
  const found: object[] = [];
  let code = 0;
  for (const path of words) {
    try {
      const { file, handle } = await openTensorFile(path);
      await handle.close();
      found.push(asJson(file));
      if (!values.json) process.stdout.write(asText(file));
    } catch (error) {
      code = printError(error);
      found.push({ file: path, error: errorAsJson(error) });
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
  return code;
}
