import type { BackEnd, ToolHost, ToolInfo } from "./back-end.js";

/** A tool and where it runs. */
export interface Tool {
  info: ToolInfo;
  host: ToolHost;
  /** Undefined: a stateless one. */
  backEnd: BackEnd | undefined;
}

/** What a tool's name means; candidates when more than one tool has it. */
export type Resolved = { tool: Tool } | { candidates: string[] };

/** As `GET /api/v1/tools` tells of one. */
export type ToolEntry = Pick<
  ToolInfo,
  "name" | "full_name" | "resource_type" | "stateless" | "description" | "parameters"
>;

/** Every tool there is, by name. Loaded hosts are added one by one. */
export class ToolRegistry {
  readonly #byFullName = new Map<string, Tool>();
  readonly #byName = new Map<string, Tool[]>();

  /** Throws when a tool of that name is there already. */
  add(host: ToolHost, backEnd: BackEnd | undefined): void {
    for (const info of host.tools) {
      const other = this.#byFullName.get(info.full_name);
      if (other) {
        throw new Error(
          `the tool ${info.full_name} of ${host.name} is also one of ${other.host.name}`,
        );
      }
      const tool = { info, host, backEnd };
      this.#byFullName.set(info.full_name, tool);
      this.#byName.set(info.name, [...(this.#byName.get(info.name) ?? []), tool]);
    }
  }

  get size(): number {
    return this.#byFullName.size;
  }

  /** A full name is that tool's, whatever others are called; a bare name must be one tool's only. */
  resolve(name: string): Resolved {
    const exact = this.#byFullName.get(name);
    if (exact) return { tool: exact };
    const named = this.#byName.get(name) ?? [];
    const [tool] = named;
    if (tool && named.length === 1) return { tool };
    return { candidates: named.map(({ info }) => info.full_name) };
  }

  get all(): Tool[] {
    return [...this.#byFullName.values()];
  }

  list(includeHidden: boolean): ToolEntry[] {
    return this.all.filter(({ info }) => includeHidden || !info.hidden).map(toolEntry);
  }
}

export function toolEntry({ info }: Tool): ToolEntry {
  const { name, full_name, resource_type, stateless, description, parameters } = info;
  return { name, full_name, resource_type, stateless, description, parameters };
}
