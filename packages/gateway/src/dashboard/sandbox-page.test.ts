import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findChromium } from "../../test/chromium.js";
import { type FakeSandbox, fakeSandbox, token } from "../../test/fake-sandbox.js";
import { backEndsFolder, useGateways } from "../../test/gateways.js";
import { focused, tabTo, usePages, violations } from "../../test/pages.js";

const executablePath = findChromium();

const gateways = useGateways();
let sandbox: FakeSandbox;
beforeEach(async () => {
  sandbox = await fakeSandbox({ token });
  const begun = new Date().toISOString();
  const session = (worker_id: string, msLeft: number | null, calls: number) => ({
    ...{
      worker_id,
      status: "active" as const,
      msLeft,
      calls,
      resource_type: "rag",
      session_id: `id-${worker_id}`,
    },
    ...{ session_name: `rag_${worker_id}`, temporary: worker_id === "t", auto_created: false },
    ...{ created_at: begun, last_activity: begun, expires_at: begun },
  });
  sandbox.core.sessions = [session("a", 61_000, 0), session("t", null, 1)];
});
afterEach(() => sandbox.close());

it("is at / and /sandbox for everybody, without data, and its state is for who has the token", async () => {
  for (const path of ["/", "/sandbox"]) {
    const response = await fetch(`${sandbox.url}${path}`);
    const policy = response.headers.get("content-security-policy");
    expect(policy).toMatch(/^default-src 'none'; .*img-src 'self' blob:; connect-src 'self';/);
    const html = await response.text();
    expect(html).toContain("<h1>Sandbox</h1>");
    expect(html).not.toContain("<nav"); // there is no other page
  }
  expect((await fetch(`${sandbox.url}/dashboard/state`)).status).toBe(401);
  expect((await fetch(`${sandbox.url}/dashboard/sandbox`)).status).toBe(401);
  const headers = { authorization: `Bearer ${token}` };
  expect((await fetch(`${sandbox.url}/dashboard/state`, { headers })).status).toBe(404);
  const response = await fetch(`${sandbox.url}/dashboard/sandbox`, { headers });
  expect(await response.json()).toMatchObject({
    ...{ tools: 5, calls: 1, total_sessions: 2 },
    back_ends: [
      { name: "rag", kind: "resource", warmed_up: true, sessions: 2, restarts: 2 },
      { name: "vm", phase: "failed", warmed_up: false, error: "no vm", sessions: 0 },
      { name: "tools", kind: "api" },
    ],
    sessions: [
      { session_name: "rag_t", temporary: true, seconds_left: null },
      { session_name: "rag_a", status: "active", seconds_left: 61 },
    ],
  });
});

it("the state stays small with thousands of sessions", async () => {
  const [one] = sandbox.core.sessions;
  if (one === undefined) throw new Error("expected a session");
  const worker_id = "w".repeat(5000);
  sandbox.core.sessions = Array.from({ length: 5000 }, () => ({ ...one, worker_id }));
  const headers = { authorization: `Bearer ${token}` };
  const text = await (await fetch(`${sandbox.url}/dashboard/sandbox`, { headers })).text();
  expect(JSON.parse(text)).toMatchObject({ total_sessions: 5000 });
  expect(text.length).toBeLessThan(150_000);
});

if (executablePath !== undefined) {
  describe("in Chromium (set CHROMIUM to its path)", () => {
    const { open, faults } = usePages(executablePath);

    it("runs a tool, by the keyboard alone", async () => {
      const page = await open(sandbox.url);
      const { keyboard } = page;
      await page.getByLabel("Token").waitFor();
      await keyboard.type(token);
      await keyboard.press("Enter");
      await page.getByRole("status").getByText("healthy").waitFor();
      expect(await focused(page)).toBe("tool");
      await page.getByText("Gives it back.").first().waitFor();
      await keyboard.type("rag:echo");
      await keyboard.press("Tab"); // the schema
      await keyboard.press("Enter");
      expect(await page.getByRole("region", { name: "Schema" }).textContent()).toContain(
        '"description": "what comes back"',
      );
      await tabTo(page, "argument-0");
      const html = "<img src=x onerror=alert(1)>";
      await keyboard.type(html);
      await tabTo(page, "argument-1");
      await keyboard.type("three");
      await keyboard.press("Control+Enter");
      await page.getByRole("alert").getByText("times: expected a number, found three").waitFor();
      expect(await focused(page)).toBe("argument-1");
      expect(sandbox.core.asked.filter(([method]) => method === "execute")).toEqual([]);
      await keyboard.press("Control+A");
      await keyboard.type("3");
      await tabTo(page, "argument-2");
      await keyboard.type("loud");
      await tabTo(page, "argument-3");
      await keyboard.type("true");
      await tabTo(page, "argument-4");
      await keyboard.type('{"a": [1, null]}');
      await tabTo(page, "timeout");
      await keyboard.type("2.5");
      await tabTo(page, "run");
      await keyboard.press("Enter");
      await page.getByRole("status").getByText("rag:echo has ended").waitFor();
      expect(await focused(page)).toBe("run");
      const params = { text: html, times: 3, mode: "loud", isKept: true, more: { a: [1, null] } };
      expect(sandbox.core.asked.at(-1)).toEqual([
        "execute",
        { worker_id: "dashboard", action: "rag:echo", params, timeout: 2.5 },
      ]);
      const value = page.getByRole("region", { name: "Value" });
      expect(JSON.parse((await value.textContent()) ?? "")).toEqual(params);
      await page.getByText("success, 1 ms").waitFor();
    });

    it("what may be empty is not sent, and what may not is asked for", async () => {
      const page = await open(sandbox.url, `/#token=${token}`);
      await page.getByRole("button", { name: "rag:echo", exact: true }).click();
      expect(await focused(page)).toBe("tool");
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByRole("status").getByText("rag:echo has ended").waitFor();
      const sent = { worker_id: "dashboard", action: "rag:echo", params: { text: "" } };
      expect(sandbox.core.asked.at(-1)).toEqual(["execute", sent]);
    });

    it("shows the pictures of a value, and a tool's failure", async () => {
      const page = await open(sandbox.url, `/#token=${token}`);
      await page.getByRole("button", { name: "rag:plot" }).click();
      await page.getByRole("button", { name: "Run" }).click();
      for (const place of [0, 1]) {
        const picture = page.getByRole("img", { name: `data.figures[${place}]` });
        await picture.waitFor();
        const width = () =>
          picture.evaluate((node) => (node as unknown as { naturalWidth: number }).naturalWidth);
        await expect.poll(width).toBe(1);
      }
      await page.getByLabel("Tool", { exact: true }).selectOption("rag:fail");
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByRole("status").getByText("rag:fail: ValueError: no").waitFor();
      await page.getByText("5005: ValueError: no").waitFor();
      expect(await page.getByRole("img").count()).toBe(0);
      // The browser's own word on the answer 500.
      expect(faults.splice(0)).toEqual([expect.stringContaining("500 (Internal Server Error)")]);
    });

    it("cancels a tool, which ends then", async () => {
      const page = await open(sandbox.url, `/#token=${token}`);
      await page.getByRole("button", { name: "rag:nap" }).click();
      await tabTo(page, "run");
      await page.keyboard.press("Enter");
      await page.getByRole("status").getByText("rag:nap runs").waitFor();
      await expect.poll(() => focused(page)).toBe("cancel");
      await page.keyboard.press("Enter");
      await page.getByRole("status").getByText("cancelled").waitFor();
      expect(await focused(page)).toBe("run");
      await expect.poll(() => sandbox.core.asked.at(-1)).toEqual(["cancelled", "rag:nap"]);
    });

    it("shows back ends, sessions with the time that is left, crashes and trouble", async () => {
      const page = await open(sandbox.url, `/#token=${token}`);
      const row = (name: string | RegExp) => page.getByRole("row", { name });
      await row("rag ready warm 1 shared 2 2").waitFor();
      await row("vm failed cold session 0 0 no vm").waitFor();
      await row("tools ready needs none 2").waitFor();
      await row(/^rag_t t rag active, temporary .* 1 in use$/).waitFor();
      await row(/^rag_a a rag active [\d:]+ 0 1 min 1 s$/).waitFor();
      await page.getByRole("button", { name: "Warm up all" }).click();
      await page.getByRole("status").getByText("all back ends are warm").waitFor();
      sandbox.core.restarts = 3;
      await page.getByRole("status").getByText("a back end has crashed and is").waitFor();
      sandbox.core.trouble = "vm: it cannot be started";
      await page.getByRole("status").getByText("unhealthy: vm: it cannot").waitFor();
    });

    it("beside the chat each page leads to the other; tools run in Python", async () => {
      const resources = { notes: { backendClass: "back_ends:Notes" } };
      const options = { sandbox: { folder: backEndsFolder, resources } };
      const { gateway } = await gateways.ready({ maxConcurrent: 1 }, options);
      const page = await open(gateway.url, `/#token=${gateway.token}`);
      await page.getByText("Queued").waitFor();
      expect(await violations(page, "dark")).toEqual([]);
      const pages = page.getByRole("navigation", { name: "Pages" });
      await pages.getByRole("link", { name: "Sandbox" }).click();
      await page.getByRole("heading", { name: "Run a tool" }).waitFor(); // without asking for the token
      await page.getByRole("button", { name: "notes:picture" }).click();
      await page.getByLabel("as_url").selectOption("true");
      await page.getByRole("button", { name: "Run", exact: true }).click();
      await page.getByRole("img", { name: "data.png" }).waitFor();
      await page.getByText(/^success, .*in a temporary session$/).waitFor();
      expect(await violations(page, "light")).toEqual([]);
      const here = pages.locator('[aria-current="page"]');
      expect(await here.textContent()).toBe("Sandbox");
      await pages.getByRole("link", { name: "Chat" }).click();
      await page.getByText("Queued").waitFor();
      expect(page.url()).toBe(`${gateway.url}/`);
    });

    it("is usable by screen readers and has contrast, in light and dark, signed in or not", async () => {
      const page = await open(sandbox.url);
      await page.getByLabel("Token").waitFor();
      expect(await violations(page, "light")).toEqual([]);
      expect(await violations(page, "dark")).toEqual([]);
      await page.getByLabel("Token").fill(token);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "rag:plot" }).click();
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByRole("img", { name: "data.figures[0]" }).waitFor();
      await page.getByText("Schema", { exact: true }).click();
      await page.getByLabel("Tool", { exact: true }).selectOption("rag:echo");
      await page.locator("#argument-1").fill("three");
      await page.getByRole("button", { name: "Run" }).click();
      await page.getByRole("alert").getByText("expected a number").waitFor();
      expect(await violations(page, "light")).toEqual([]);
      expect(await violations(page, "dark")).toEqual([]);
    });
  });
}
