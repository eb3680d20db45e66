import type {
  DescribedCommand,
  DescribedParameter,
  Description,
  PythonType,
} from "./description.js";
import { docComment, docParts } from "./doc-text.js";
import { HelperTypes } from "./helper-types.js";
import { parameterName, propertyKey } from "./names.js";
import { typeText } from "./type-text.js";
import type { TypedCommand } from "./typed-server.js";

/** Where the formatters of this world break a line by default or a little later. */
const lineWidth = 100;

/** The text of a module: helper types, the interface `Server`, the value `server`. The same description gives the same text. */
export function moduleText(description: Description, scriptName: string): string {
  // The object of typed calls must not be thenable.
  const commands = description.commands.filter(({ name }) => name !== "then");
  const helpers = new HelperTypes(description.types);
  const methods = commands.map((command) => methodText(command, helpers)).join("\n");
  const declarations = helpers.declarations().map((text) => `${text}\n`);
  const body = `${declarations.join("")}${docComment([`The commands of ${scriptName}.`], "")}export interface Server {\n${methods}}\n`;
  // An import that is not used is an error under noUnusedLocals; comments and texts do not count.
  const code = body.replace(/\/\*[\s\S]*?\*\/|"(?:[^"\\]|\\.)*"/g, "");
  const imports = ["Tensor", "TypedCallOptions", "TypedServer", "TypedStreamOptions"].filter(
    (name) => name === "TypedServer" || new RegExp(`\\b${name}\\b`).test(code),
  );
  const values = commands.map((command) => commandText(command)).join("");
  const left =
    commands.length < description.commands.length
      ? '// The command "then" is left out: an object with it could not be awaited. session.call("then") works.\n'
      : "";
  return `// Made from ${scriptName} by tr types. Make it anew when the signatures change.
${left}import type { ${imports.join(", ")} } from "@tr/session";

${body}
/** For \`session.as(server)\`. */
export const server: TypedServer<Server> = {
  hash: "${description.hash}",
  commands: {
${values}  },
} as const;
`;
}

function methodText(command: DescribedCommand, helpers: HelperTypes): string {
  const { text, parameters: about, returns } = docParts(command.doc);
  const { required, optional } = split(command);
  const names = required.map(({ name }) => parameterName(name));
  const optionsName = parameterName("options", names);
  const callOptionsName = parameterName("callOptions", names);
  const input = (parameter: DescribedParameter) =>
    typeText(typeOf(parameter), "parameter", helpers.nameOf);

  const list = required.map((parameter, i) => `${names[i]}: ${input(parameter)}`);
  if (optional.length > 0) {
    const fields = optional.map((parameter) => {
      const standard =
        "default" in parameter ? `Default: ${JSON.stringify(parameter.default)}.` : "";
      const lines = [about.get(parameter.name) ?? "", standard].filter((line) => line !== "");
      const type = input(parameter);
      return `${docComment(lines.length > 0 ? [lines.join(" ")] : [], "      ")}      ${propertyKey(parameter.name)}?: ${type}${type === "unknown" ? "" : " | undefined"};\n`;
    });
    list.push(`${optionsName}?: {\n${fields.join("")}    }`);
  }
  const isStream = command.kind === "stream";
  list.push(`${callOptionsName}?: ${isStream ? "TypedStreamOptions" : "TypedCallOptions"}`);
  const result = typeText(command.returns, "output", helpers.nameOf);
  // A method called new would be a constructor.
  const head = `  ${command.name === "new" ? '"new"' : propertyKey(command.name)}(`;
  const tail = `): ${isStream ? "AsyncIterable" : "Promise"}<${result}>;\n`;
  const line = `${head}${list.join(", ")}${tail}`;
  const isShort = optional.length === 0 && line.trimEnd().length <= lineWidth;

  const tags = required.flatMap(({ name }, i) =>
    about.has(name) ? [`@param ${names[i]} - ${about.get(name)}`] : [],
  );
  if (returns !== undefined) tags.push(`@returns ${returns}`);
  const lines = [...(text === "" ? [] : [text]), ...(text && tags.length > 0 ? [""] : []), ...tags];
  const broken = `${head}\n${list.map((entry) => `    ${entry},\n`).join("")}  ${tail}`;
  return docComment(lines, "  ") + (isShort ? line : broken);
}

/** `*rest` is an array, `**more` an object of what its annotation says. */
function typeOf({ kind, type }: DescribedParameter): PythonType {
  if (kind === "var_positional") return { type: "list", item: type };
  return kind === "var_keyword" ? { type: "dict", value: type } : type;
}

/** A command's entry in the value `server`. */
function commandText(command: DescribedCommand): string {
  const { required, optional } = split(command);
  const rest = optional.find(({ kind }) => kind === "var_positional");
  const more = optional.find(({ kind }) => kind === "var_keyword");
  const namesOf = (from: readonly DescribedParameter[], ...kinds: DescribedParameter["kind"][]) =>
    from.filter(({ kind }) => kinds.includes(kind)).map(({ name }) => name);
  const entry: TypedCommand = {
    kind: command.kind,
    hash: command.hash,
    args: namesOf(required, "positional_only", "positional_or_keyword"),
    keywords: namesOf(required, "keyword_only"),
    options: optional.map(({ name }) => name),
    positional: namesOf(optional, "positional_only"),
    beforeRest: rest ? namesOf(optional, "positional_or_keyword") : [],
    ...(rest && { rest: rest.name }),
    ...(more && { more: more.name }),
  };
  const properties = Object.entries(entry)
    .filter(([, value]) => value.length > 0)
    .map(([key, value]) => {
      const list = Array.isArray(value) && value.map((name) => JSON.stringify(name)).join(", ");
      return `${key}: ${list === false ? JSON.stringify(value) : `[${list}]`}`;
    });
  // A plain key of that name would set the prototype.
  const key = command.name === "__proto__" ? '["__proto__"]' : propertyKey(command.name);
  const line = `    ${key}: { ${properties.join(", ")} },\n`;
  if (line.trimEnd().length <= lineWidth) return line;
  return `    ${key}: {\n${properties.map((property) => `      ${property},\n`).join("")}    },\n`;
}

function split({ parameters }: DescribedCommand) {
  return {
    // Python's order has keyword-only ones after the others already.
    required: parameters.filter(({ required }) => required),
    optional: parameters.filter(({ required }) => !required),
  };
}
