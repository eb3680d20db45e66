import type { ReferenceKind } from "../peer.js";

/** The memory of an array copied into another that is there already. */
export const memoryCopy: ReferenceKind = {
  name: "memory-copy",
  title: "memory copy in Node",
  group: "reference",
  open: () => ({
    async start() {},
    async timeMs(floats, calls) {
      const [from, to] = [new Float32Array(floats).fill(1.5), new Float32Array(floats).fill(1)];
      return Array.from({ length: calls }, (_, call) => {
        from[0] = call;
        const started = performance.now();
        to.set(from);
        const ms = performance.now() - started;
        if (to[0] !== call || to.at(-1) !== 1.5) throw new Error("memory copy: a wrong copy");
        return ms;
      });
    },
    async stop() {},
  }),
};
