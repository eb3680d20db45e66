// Makes docs/demo.svg from what the demo prints: node apps/matmul/dist/main.js | node scripts/demo-picture.mjs
import { readFileSync, writeFileSync } from "node:fs";

const lines = ["$ npm run demo", ...readFileSync(0, "utf8").trimEnd().split("\n")];
const lineHeight = 18;
const width = 8.45 * Math.max(...lines.map((line) => line.length)) + 48;
const height = lineHeight * lines.length + 40;
const escaped = (text) => text.replace(/[&<>]/g, (c) => `&#${c.charCodeAt(0)};`);
const text = lines.map((line, i) => {
  const colour = i === 0 ? "#8b949e" : /✓|right\.$/.test(line) ? "#7ee787" : "#e6edf3";
  const y = 34 + i * lineHeight;
  return `<text x="24" y="${y}" fill="${colour}" xml:space="preserve">${escaped(line)}</text>`;
});
writeFileSync(
  new URL("../docs/demo.svg", import.meta.url),
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${Math.ceil(width)} ${height}" width="${Math.ceil(width)}" height="${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="14">
<title>npm run demo in a terminal</title>
<rect width="100%" height="100%" rx="8" fill="#0d1117"/>
${text.join("\n")}
</svg>
`,
);
