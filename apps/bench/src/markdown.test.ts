import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { goals } from "./goals.js";
import { goalRows } from "./goals-table.js";
import { fillPage, sections } from "./markdown.js";
import type { Results } from "./results.js";

const page = readFileSync(new URL("../../../docs/performance.md", import.meta.url), "utf8");
const empty: Results = {
  schema: 1,
  date: "2026-01-02T03:04:05Z",
  quick: false,
  rounds: 5,
  machine: { cores: 2 },
  peers: [{ name: "ours", title: "ours, quick", group: "session", versions: {} }],
  bucketsMs: [1],
  works: [
    {
      name: "text",
      title: "Text",
      metrics: [{ key: "p50", title: "p50", unit: "µs", better: "lower" }],
      results: [{ peer: "ours", figures: { p50: 4.567 } }],
    },
  ],
  goals: [
    {
      title: "a goal",
      work: "text",
      row: "ours",
      metric: "p50",
      limit: 5,
      reached: 4.567,
      met: true,
    },
  ],
};

it("fills every place of the page, and once more the same way", () => {
  const filled = fillPage(page, empty);
  expect(filled).toContain("| **ours, quick** | 4.57 |");
  expect(filled).toContain("| a goal | ≤ 5 | 4.57 | met |");
  expect(filled).toContain("2026-01-02, 5 rounds: cores 2. Of 1 goals 1 met, 0 not met.");
  expect(fillPage(filled, empty)).toBe(filled);
  expect(fillPage(filled, { ...empty, rounds: 6 })).not.toBe(filled);
});

it("refuses a page without a place, and a place without a section", () => {
  expect(() => fillPage("", empty)).toThrow(Object.keys(sections).join(", "));
  expect(() => fillPage("<!-- bench:x -->\n<!-- /bench -->", empty)).toThrow(/unknown part: x/);
});

it("the page lists every goal as it is asked now", () => {
  for (const { title, goal } of goalRows(goals, [])) {
    const asked = goal.split("×")[0] ?? goal; // rows go by their titles there
    expect(page).toContain(`| ${title} | ${asked}`);
  }
});
