import { type Answer, codes } from "./answer.js";
import { failure, type Reply } from "./answers.js";
import { batchReply } from "./batch.js";
import type { InitBatchBody, InitFromConfigBody, InitResourceBody } from "./bodies.js";
import { readConfig } from "./config-path.js";
import { answering, type Core } from "./core.js";
import { replyOf, sessionOf } from "./create.js";
import { isObject, merged } from "./merged.js";

const ofInit = (name: string) => ({ tool: `init:${name}`, resource_type: "session" });

/** `POST /api/v1/init/resource`: the session's data whether it was there already or not. */
export function initResource(core: Core, body: InitResourceBody): Promise<Answer> {
  return answering(core, body, ofInit("resource"), async (meta) => {
    const made = await sessionOf(core, body, { config: body.init_config ?? {} });
    if (!("session" in made)) return made;
    meta.session_id = made.session.seed.session_id;
    return replyOf(made.session);
  });
}

/** `POST /api/v1/init/batch`. */
export function initBatch(core: Core, body: InitBatchBody): Promise<Answer> {
  const { worker_id, resource_configs } = body;
  return answering(core, body, ofInit("batch"), () =>
    initAll(core, worker_id, contentsOf(resource_configs) as Record<string, object>),
  );
}

/**
 * `POST /api/v1/init/from-config`: a file as `init/batch` has it in its body, or a server's config file,
 * whose `resources` are taken then. `override_params` are merged over it: in the file's own form, or by type.
 */
export function initFromConfig(core: Core, body: InitFromConfigBody): Promise<Answer> {
  const { worker_id, config_path, override_params } = body;
  return answering(core, body, ofInit("from_config"), async () => {
    const refused = (why: string) =>
      failure(codes.badRequest, `${config_path}: ${why}`, { config_path });
    const read = await readConfig(core.folder, config_path, core.substitute);
    if ("problem" in read) return refused(read.problem);
    const configs = configsOf(read.config, { ...override_params });
    const wrong = Object.keys(configs).find((type) => !isObject(configs[type]));
    if (wrong !== undefined) return refused(`${wrong} must be an object`);
    const loaded = { config_loaded: config_path };
    return initAll(core, worker_id, configs as Record<string, object>, loaded);
  });
}

type Values = Readonly<Record<string, unknown>>;

function configsOf(file: Values, params: Values): Values {
  if (!isObject(file.resources)) return merged(contentsOf(file), contentsOf(params));
  const { resources, ...byType } = params;
  const changed = isObject(resources) ? merged(file.resources, resources) : file.resources;
  const on = Object.entries(changed).filter(([, it]) => !(isObject(it) && it.enabled === false));
  const configs = on.map(([type, it]) => [type, isObject(it) ? (it.config ?? {}) : it]);
  return merged(Object.fromEntries(configs), contentsOf(byType));
}

/** Each type's config is its `content`, or all that is said of it. */
function contentsOf(configs: Values): Values {
  const entries = Object.entries(configs).map(([type, whole]) => {
    return [type, isObject(whole) && isObject(whole.content) ? whole.content : whole];
  });
  return Object.fromEntries(entries);
}

async function initAll(
  core: Core,
  worker_id: string,
  configs: Readonly<Record<string, object>>,
  more: object = {},
): Promise<Reply> {
  const entries = await Promise.all(
    Object.entries(configs).map(async ([resource_type, config]) => {
      const made = await sessionOf(core, { worker_id, resource_type }, { config });
      return [resource_type, "session" in made ? replyOf(made.session) : made] as const;
    }),
  );
  const results = Object.fromEntries(entries.map(([type, reply]) => [type, resultOf(reply)]));
  const succeeded = entries.filter(([, { code }]) => code === codes.success).length;
  const data = { worker_id, ...more, results, total: entries.length };
  return batchReply("resources", succeeded, entries.length, data);
}

function resultOf({ code, message, data }: Reply) {
  if (code !== codes.success)
    return { status: "error", session_id: null, session_status: "error", error: message, code };
  return { status: "success", ...(data as object) };
}
