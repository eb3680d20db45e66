import type { PeerKind } from "../peer.js";
import { Worker } from "../worker.js";

/** uvicorn with its quick loop and parser, one process, and the fetch that Node has. */
export const http: PeerKind = {
  name: "http",
  title: "HTTP: uvicorn + fetch",
  group: "peer",
  pypi: ["uvicorn", "httptools", ...(process.platform === "win32" ? [] : ["uvloop"])],
  open(place) {
    const worker = new Worker(place, "http_worker.py", [], "pipe");
    let base: string;
    const post = async (path: string, body: string | Float32Array<ArrayBuffer>) => {
      const response = await fetch(`${base}/${path}`, { method: "POST", body });
      if (!response.ok) throw new Error(`http: status ${response.status}`);
      return response;
    };
    return {
      async start() {
        base = `http://127.0.0.1:${await worker.firstLine()}`;
      },
      echo: async (text) => (await (await post("echo", JSON.stringify(text))).json()) as string,
      square: async (values) => {
        const response = await post("square", values as Float32Array<ArrayBuffer>);
        return new Float32Array(await response.arrayBuffer());
      },
      stop: () => worker.stop(),
    };
  },
};
