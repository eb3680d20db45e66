import { readFileSync } from "node:fs";

export interface PageFile {
  readonly type: string;
  readonly content: string;
}

// Seen from src/ and from the bundle in dist/ alike; this file has to stay where it is.
const folder = new URL("../dist/page/", import.meta.url);

const types = {
  "index.html": "text/html; charset=utf-8",
  "sandbox.html": "text/html; charset=utf-8",
  "main.js": "text/javascript; charset=utf-8",
  "sandbox.js": "text/javascript; charset=utf-8",
  "style.css": "text/css; charset=utf-8",
  "icon.svg": "image/svg+xml",
};

/** A file of the dashboard's page, as it was built. */
export function pageFile(name: keyof typeof types): PageFile {
  return { type: types[name], content: readFileSync(new URL(name, folder), "utf8") };
}
