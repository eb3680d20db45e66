import type { Hit, Picture } from "./tools.js";

/** A page with what was found, and the chart in it. */
export function report(question: string, hits: readonly Hit[], chart: Picture): string {
  const { png, width, height, alt } = chart;
  const sections = hits.map(
    ({ source, headings, score, text }) => `
    <section>
      <h2>${html(headings.join(" › "))}</h2>
      <p class="place">${html(source)}, ${score.toFixed(2)}</p>
      <p>${html(beginning(text))}</p>
    </section>`,
  );
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>${html(question)}</title>
  <style>
    body { font: 15px/1.5 system-ui, sans-serif; max-width: 860px; margin: 24px auto; color: #222 }
    h1 { font-size: 24px } h2 { font-size: 16px; margin: 0 } img { max-width: 100%; height: auto }
    section { border-left: 3px solid #4477aa; padding-left: 12px; margin: 16px 0 }
    p { margin: 4px 0 } .place { color: #666; font-size: 13px }
  </style>
  <body>
    <h1>${html(question)}</h1>
    <img width="${width}" height="${height}" alt="${html(alt)}" src="data:image/png;base64,${png}">${sections.join("")}
  </body>
</html>
`;
}

/** The first paragraph that is neither code nor a table. */
function beginning(text: string): string {
  const paragraphs = text.split("\n\n");
  const prose = paragraphs.find((paragraph) => !/^(```|~~~|\|)/.test(paragraph)) ?? text;
  const line = prose.replaceAll(/\s+/g, " ");
  return line.length <= 300 ? line : `${line.slice(0, 300)}…`;
}

function html(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}
