/** A fault of the config file, at a place in it. */
export class ConfigFault extends Error {
  override readonly name = "ConfigFault";
  readonly path: readonly PropertyKey[];

  constructor(path: readonly PropertyKey[], message: string) {
    super(message);
    this.path = path;
  }
}

// What is doubled, as in $${NAME}, stands for itself.
const variable = /\$?\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g;

/**
 * `value` with `${NAME}` and `${NAME:-default}` in its strings replaced by variables of the environment; the
 * default is taken for an empty one too, as a shell does.
 *
 * @throws ConfigFault for one that is not set and has no default
 */
export function withVariables(
  value: unknown,
  environment: Readonly<Record<string, string | undefined>>,
  path: readonly PropertyKey[] = [],
): unknown {
  if (typeof value === "string") {
    return value.replaceAll(variable, (text, name: string, general: string | undefined) => {
      if (text.startsWith("$$")) return text.slice(1);
      const found = environment[name] || (general ?? environment[name]);
      if (found !== undefined) return found;
      throw new ConfigFault(
        path,
        `the variable ${name} is not set; set it, or write \${${name}:-default}`,
      );
    });
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => withVariables(item, environment, [...path, index]));
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, inner]) => [key, withVariables(inner, environment, [...path, key])]),
  );
}
