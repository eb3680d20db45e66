import { join } from "node:path";
import { expect, it } from "vitest";
import { folder, run, soon, touch, useBackEnds } from "../../test/back-ends.js";
import type { ToolHost } from "./back-end.js";
import type { SandboxOptions } from "./options.js";

const here = useBackEnds();

async function loaded(more: Partial<SandboxOptions> = {}): Promise<ToolHost> {
  const { apis } = here.make({
    folder,
    env: { TR_WORKSPACE: here.home },
    apis: {
      echo: { function: "plain_tools:echo" },
      where: { function: "plain_tools.where", config: { a: 1 } },
      hold: { function: "plain_tools:hold" },
      die: { function: "plain_tools:die" },
    },
    ...more,
  });
  expect(apis.map(({ name }) => name)).toEqual(["plain_tools"]);
  const [host] = apis as [ToolHost];
  await host.load({});
  return host;
}

it("has the functions of a module in one process, which works in the folder", async () => {
  const host = await loaded();
  expect(host.tools.map((tool) => tool.full_name)).toEqual(["echo", "where", "hold", "die"]);
  expect(host.tools[1]).toMatchObject({ stateless: true, resource_type: null, is_async: false });
  const { data } = await run(host, "where").answer;
  expect(data).toEqual({ pid: host.state.pid, config: { a: 1 }, folder });
});

it("says in which of its functions something is wrong", async () => {
  const apis = { echo: { function: "plain_tools:echo" }, lost: { function: "plain_tools:lost" } };
  await expect(loaded({ apis })).rejects.toThrow(
    /^apis\.lost\.function: plain_tools:lost: there is no lost in /,
  );
});

it("sends a call to the process with the fewest", async () => {
  const host = await loaded({ apiReplicas: 3 });
  const path = join(here.home, "go");
  const held = Array.from({ length: 6 }, () => run(host, "hold", { path }).answer);
  touch(path);
  const pids = (await Promise.all(held)).map(({ data }) => data);
  expect(new Set(pids).size).toBe(3);
  for (const pid of pids) expect(pids.filter((other) => other === pid)).toHaveLength(2);
});

it("goes on with the others when one crashes, and starts that again", async () => {
  const host = await loaded({ apiReplicas: 2 });
  await expect(run(host, "die").answer).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
  expect((await run(host, "echo", { value: 1 }).answer).data).toBe(1);
  expect(host.state).toMatchObject({ phase: "ready", restarts: 1 });
});

it("has a call wait for the only process while that is started again", async () => {
  const host = await loaded();
  await expect(run(host, "die").answer).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
  expect(host.state.phase).toBe("restarting");
  const { answer, ended } = run(host, "echo", { value: [1] });
  expect((await answer).data).toEqual([1]);
  await ended;
});

it("fails calls when all its processes have crashed too often", async () => {
  const host = await loaded();
  for (let crash = 1; crash <= 5; crash++) {
    await expect(run(host, "die").answer).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
  }
  while (host.state.phase !== "failed") await soon();
  const { answer, ended } = run(host, "echo", { value: 1 });
  await expect(answer).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
  await ended;
});
