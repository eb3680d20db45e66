/** What one request may say of the model; the rest is the template's. */
export interface GenerateOverrides {
  readonly temperature?: number | undefined;
  readonly top_p?: number | undefined;
  readonly presence_penalty?: number | undefined;
  readonly max_tokens?: number | undefined;
}

export type JsonObject = { readonly [key: string]: unknown };

/** For what neither the request nor the template says. */
const defaults = { temperature: 0.85, top_p: 0.95, presence_penalty: 1.1, max_tokens: 10_000 };

/** A copy that nothing can be changed in, at any depth. */
export function frozenCopy(value: JsonObject): JsonObject {
  return freeze(structuredClone(value));
}

/** The configuration of one instance: the template with the request's own `generate_cfg`. It is copied on its way to Python. */
export function agentConfig(template: JsonObject, overrides: GenerateOverrides): JsonObject {
  const { temperature, top_p, presence_penalty, max_tokens } = overrides;
  const own = Object.entries({ temperature, top_p, presence_penalty, max_tokens });
  const given = Object.fromEntries(own.filter(([, value]) => value !== undefined));
  const general = template.generate_cfg as JsonObject | undefined;
  return { ...template, generate_cfg: { ...defaults, ...general, ...given } };
}

function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const inner of Object.values(value)) freeze(inner);
    Object.freeze(value);
  }
  return value;
}
