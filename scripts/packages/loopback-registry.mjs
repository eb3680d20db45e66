import { once } from "node:events";
import { join } from "node:path";
import { runServer } from "verdaccio";

/** A registry on a free port of 127.0.0.1 that knows only what is published to it: it asks no other. */
export async function startRegistry(folder) {
  const app = await runServer({
    self_path: folder,
    configPath: join(folder, "verdaccio.yaml"),
    storage: join(folder, "storage"),
    uplinks: {},
    packages: { "**": { access: "$all", publish: "$all" } },
    max_body_size: "100mb",
    log: { type: "stdout", format: "pretty", level: "error" },
  });
  const server = app.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
