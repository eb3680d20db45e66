import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { chromiumFlags } from "./chromium.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Pages of gateways in Chromium; what they say on the console, and whatever they ask of others, is a fault. */
export function usePages(executablePath: string) {
  let browser: Browser;
  const pages: Page[] = [];
  const faults: string[] = [];

  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: chromiumFlags });
  });
  afterEach(async () => {
    for (const page of pages.splice(0)) await page.context().close();
    expect(faults.splice(0)).toEqual([]);
  });
  afterAll(async () => await browser?.close());

  /** @param path what follows the gateway's address */
  async function open(
    url: string | undefined,
    path = "/",
    options: BrowserContextOptions = {},
  ): Promise<Page> {
    const context = await browser.newContext({
      viewport: { width: 900, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    pages.push(page);
    page.setDefaultTimeout(15_000);
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.push(message.text());
    });
    page.on("pageerror", (error) => faults.push(String(error)));
    page.on("request", (request) => {
      const asked = request.url();
      if (!asked.startsWith(`${url}/`) && !asked.startsWith(`blob:${url}/`)) faults.push(asked);
    });
    await page.addInitScript({ content: axe });
    await page.goto(`${url}${path}`);
    return page;
  }
  return { open, faults };
}

/** What has the focus: its id, else its text. */
export function focused(page: Page): Promise<string | null> {
  return page.locator("*:focus").evaluate((node) => node.id || node.textContent);
}

/** Tab until it has the focus: nothing is out of reach. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let i = 0; i < 40 && (await focused(page)) !== name; i++) await page.keyboard.press("Tab");
  expect(await focused(page)).toBe(name);
}

/** What axe finds wrong with the page as it is now. */
export async function violations(page: Page, colorScheme: "light" | "dark"): Promise<unknown[]> {
  await page.emulateMedia({ colorScheme });
  const found = await page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: typeof import("axe-core") };
    return (await axe.run()).violations.map(({ id, nodes }) => [id, nodes[0]?.html]);
  });
  return found.map((violation) => [colorScheme, ...violation]);
}
