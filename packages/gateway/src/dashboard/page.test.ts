import type { BrowserContextOptions } from "playwright-core";
import { describe, expect, it } from "vitest";
import { findChromium } from "../../test/chromium.js";
import { type Client, useGateways } from "../../test/gateways.js";
import { focused, tabTo, usePages, violations } from "../../test/pages.js";

const executablePath = findChromium();

const gateways = useGateways();

it("the page needs no token, may load nothing from elsewhere, and holds no data", async () => {
  const client = await gateways.ready({ maxConcurrent: 1 });
  await client.events({ marker: "a-marker" });
  const types = { "/": "text/html", "/dashboard/main.js": "text/javascript" };
  for (const [path, type] of Object.entries({ ...types, "/dashboard/style.css": "text/css" })) {
    const { status, headers, body } = await client.raw(path, {});
    expect(status, path).toBe(200);
    expect(headers["content-type"]).toContain(type);
    expect(headers["content-security-policy"]).toMatch(/^default-src 'none'; script-src 'self';/);
    expect(headers).toMatchObject({
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
    });
    expect(body).not.toContain("a-marker");
    if (client.gateway.token) expect(body).not.toContain(client.gateway.token);
    expect((await client.raw(path, { host: "evil.example.org" })).status).toBe(403);
  }
  expect((await client.raw("/dashboard/state", {})).status).toBe(401);
});

if (executablePath !== undefined) {
  describe("in Chromium (set CHROMIUM to its path)", () => {
    const { open, faults } = usePages(executablePath);
    const signedIn = ({ gateway }: Client, options?: BrowserContextOptions) =>
      open(gateway.url, `/#token=${gateway.token}`, options);

    it("asks, cancels, and reads a session's events, by the keyboard alone", async () => {
      const client = await gateways.ready({ maxConcurrent: 1 });
      const page = await open(client.gateway.url);
      const { keyboard } = page;
      await page.getByText("Sign in").first().waitFor();
      expect(await focused(page)).toBe("token");
      await keyboard.type(client.gateway.token ?? "");
      await keyboard.press("Enter");
      await page.getByRole("status").getByText("healthy").waitFor();
      expect(await focused(page)).toBe("question");
      const html = "<img src=x onerror=alert(1)>";
      await keyboard.type(JSON.stringify({ marker: html, events: 2 }));
      await keyboard.press("Tab");
      await keyboard.press("Enter");
      const answer = page.getByRole("region", { name: "Answer" });
      await page.getByRole("status").getByText("answered: 4 events, completed").waitFor();
      await answer.getByText("completed").first().waitFor();
      expect(await answer.getByRole("listitem").count()).toBe(4);
      expect(await answer.textContent()).toContain(html);
      expect(await focused(page)).toBe("question");

      await keyboard.press("Control+A");
      await keyboard.type(JSON.stringify({ hangs: true }));
      await keyboard.press("Control+Enter");
      const sessions = page.getByRole("table").last();
      await sessions.getByText("processing").waitFor();
      await tabTo(page, "cancel");
      await keyboard.press("Space");
      await page.getByRole("status").getByText("cancelled").waitFor();
      await sessions.getByText("client_disconnected").waitFor();
      expect(await focused(page)).toBe("question");

      const [id = ""] = await sessions.getByRole("button").allInnerTexts();
      const ids = Object.keys((await client.json("/sessions")).active_sessions ?? {});
      expect(ids).toContain(id);
      await tabTo(page, id);
      await page.waitForResponse((response) => response.url().endsWith("/dashboard/state"));
      expect(await focused(page)).toBe(id); // the table was filled anew meanwhile
      await keyboard.press("Enter");
      const events = page.getByRole("region", { name: "List of the events" });
      await events.getByText("client_disconnected").waitFor();
      await tabTo(page, "close-session");
      await keyboard.press("Enter");
      expect(await focused(page)).toBe(id);
    });

    it("shows a session live that somebody else has begun, without keeping it alive", async () => {
      const client = await gateways.ready({ maxConcurrent: 1 });
      const running = new AbortController();
      const { signal } = running;
      const wish = { events: 1000, pause: 0.05 };
      const stream = client.stream(wish, { session_id: "theirs" }, { signal });
      const text = stream.then((response) => response.text()).catch(() => "left");
      const page = await signedIn(client);
      await page.getByRole("button", { name: "theirs" }).click();
      const events = page.locator("#session-events li");
      await events.nth(5).waitFor();
      running.abort();
      expect(await text).toBe("left");
      await page
        .getByRole("status")
        .getByText(/theirs: \d+ events, client_disconnected/)
        .waitFor();
      expect(await events.first().textContent()).toContain("session_start");
    });

    it("shows a worker crash and come back", async () => {
      const client = await gateways.ready({ maxConcurrent: 1 });
      const page = await signedIn(client);
      const row = page.getByRole("row", { name: /^0 ready \d+/ });
      const pid = Number(await row.getByRole("cell").nth(1).textContent());
      process.kill(pid, "SIGKILL");
      await page
        .getByRole("status")
        .getByText("a worker has crashed and is started again")
        .waitFor();
      const others = page.getByRole("row", { name: /^0 ready \d+/ }).getByRole("cell");
      await expect.poll(() => others.nth(5).textContent(), { timeout: 15_000 }).toBe("1");
      expect(Number(await others.nth(1).textContent())).not.toBe(pid);
    });

    it("a wrong token says so; a link's is taken off the address; a token can be forgotten", async () => {
      const client = await gateways.ready({ maxConcurrent: 1 });
      const page = await open(client.gateway.url);
      await page.getByLabel("Token").fill("no token 🐈");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").getByText("This token is not accepted.").waitFor();
      await page.getByLabel("Token").fill("not-the-token-of-it");
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByRole("alert").getByText("This token is not accepted.").waitFor();
      // The browser's own word on the answer 401.
      expect(faults.splice(0)).toEqual([expect.stringContaining("401 (Unauthorized)")]);
      await page.goto(`${client.gateway.url}/#token=${client.gateway.token}`);
      await page.getByText("Queued").waitFor();
      expect(page.url()).toBe(`${client.gateway.url}/`);
      await page.reload();
      await page.getByRole("button", { name: "Forget the token" }).click();
      await page.getByLabel("Token").waitFor();
      expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
      expect(gateways.lines.join("")).not.toContain(client.gateway.token);
    });

    it("asks for no token where there is none", async () => {
      const client = await gateways.ready({ maxConcurrent: 1 }, { auth: "none" });
      const page = await open(client.gateway.url);
      await page.getByText("Queued").waitFor();
      expect(await page.getByLabel("Token").isVisible()).toBe(false);
      expect(await page.getByRole("button", { name: "Forget" }).isVisible()).toBe(false);
    });

    it("is usable by screen readers and has contrast, in light and dark, signed in or not", async () => {
      const client = await gateways.ready({ maxConcurrent: 1 });
      await client.events({ fail: "x" }, { session_id: "failed" });
      await client.events({}, { session_id: "fine" });
      const page = await open(client.gateway.url);
      await page.getByLabel("Token").waitFor();
      expect(await violations(page, "light")).toEqual([]);
      expect(await violations(page, "dark")).toEqual([]);
      await page.getByLabel("Token").fill(client.gateway.token ?? "");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "failed" }).click();
      await page.locator("#session-events").getByText("ValueError").first().waitFor();
      await page.getByText("As a table").click();
      expect(await page.locator("#latency-text").textContent()).toMatch(/^mean .* longest/);
      expect(await page.locator("#throughput-text").textContent()).toMatch(
        /^2 sessions ended .* 1 failed/,
      );
      expect(await page.locator("#history tbody tr").count()).toBeGreaterThan(0);
      expect(await violations(page, "light")).toEqual([]);
      expect(await violations(page, "dark")).toEqual([]);
      const grounds = new Set<string>();
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const body = page.locator("body");
        grounds.add(
          await body.evaluate((node) => {
            const { defaultView } = node.ownerDocument;
            return defaultView?.getComputedStyle(node).backgroundColor ?? "";
          }),
        );
      }
      expect(grounds.size).toBe(2);
    });
  });
}
