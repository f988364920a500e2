/**
 * A diagnosis as Markdown or as one HTML page. File names, records and models may hold anything: whatever is text stays
 * text. Pure.
 * @module
 */
import type { Diagnosis } from "../diagnosis";
import { blocksOf, fileName } from "./blocks";
import type { Block, Picture } from "./blocks";
import { xmlText } from "./charts";

/** Formats of a report. */
export const REPORT_FORMATS = ["markdown", "html"] as const;

/** One of the formats of a report. */
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** What belongs to a report besides the diagnosis. */
export interface ReportParts {
  /** Pictures of the stack. */
  readonly pictures?: readonly Picture[];
  /** Name of the folder of the pictures, beside the report; for Markdown. */
  readonly folder?: string;
}

/**
 * The text of a report.
 *
 * @returns Markdown (GitHub's) that refers to `FOLDER/NAME.svg` for every picture of {@link reportPictures}, or an HTML
 *          page with everything in it and no script
 */
export function reportText(diagnosis: Diagnosis, format: ReportFormat, parts: ReportParts = {}): string {
  const blocks = blocksOf(diagnosis, parts.pictures ?? []);
  return format === "markdown"
    ? markdownOf(blocks, parts.folder ?? "report_files")
    : htmlOf(blocks, `Seam diagnosis of ${fileName(diagnosis.file)}`);
}

/** Every picture that the Markdown of a report refers to: charts, then those of the stack. */
export function reportPictures(diagnosis: Diagnosis, pictures: readonly Picture[]): Picture[] {
  return blocksOf(diagnosis, pictures).flatMap((block) => (block.kind === "picture" ? [block.picture] : []));
}

/** Control characters and whatever breaks or reorders a line. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** Text inside Markdown that is read as nothing but text, on one line. */
export function markdownText(text: string): string {
  return text
    .replace(UNSEEN, " ")
    .replace(/[\\`*_{}[\]<>#|!~&$]/g, (letter) => `\\${letter}`)
    .replace(/^(\s*)([-+=]|\d+(?=[.)]))/, (_, space: string, mark: string) =>
      /\d/.test(mark) ? `${space}${mark}\u200b` : `${space}\\${mark}`,
    )
    .replaceAll("://", ":\\/\\/");
}

function markdownOf(blocks: readonly Block[], folder: string): string {
  return `${blocks.map((block) => markdownBlock(block, folder)).join("\n\n")}\n`;
}

function markdownBlock(block: Block, folder: string): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${headingText(block.text)}`;
    case "text":
      return block.isStrong === true ? `**${markdownText(block.text).trim()}**` : markdownText(block.text);
    case "list":
      return block.items.map((item) => `- ${markdownText(item)}`).join("\n");
    case "table": {
      const row = (cells: readonly string[]): string => `| ${cells.map(markdownText).join(" | ")} |`;
      return [row(block.head), `|${block.head.map(() => " --- ").join("|")}|`, ...block.rows.map(row)].join(
        "\n",
      );
    }
    case "code":
      return fenced(block.text);
    case "picture": {
      const { name, title, description } = block.picture;
      const target = `${folder.split("/").map(encodeURIComponent).join("/")}/${name}.svg`.replace(
        /[()]/g,
        (letter) => (letter === "(" ? "%28" : "%29"),
      );
      return `![${markdownText(`${title}. ${description}`)}](${target})\n\n${markdownText(description)}`;
    }
  }
}

/** A number before a full stop is no list in a heading. */
const headingText = (text: string): string => markdownText(text).replace("\u200b", "");

function fenced(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(Math.max(3, longest + 1));
  return `${fence}sh\n${text.replace(UNSEEN, " ")}\n${fence}`;
}

const PAGE_STYLE = [
  ":root{color-scheme:light dark}",
  "body{max-width:1000px;margin:2em auto;padding:0 1em;font:15px/1.5 system-ui,sans-serif;color:#222;background:#fff}",
  "h1{font-size:1.6em}h2{margin-top:2em;font-size:1.25em}h3{font-size:1.05em}",
  "table{border-collapse:collapse;font-variant-numeric:tabular-nums}",
  "th,td{padding:3px 12px 3px 0;border-bottom:1px solid #ddd;text-align:left}",
  "table{margin:1em 0}pre{padding:8px 10px;border:1px solid #ddd;border-radius:4px;white-space:pre-wrap;overflow-wrap:anywhere}",
  "figure{margin:1.5em 0}figcaption{color:#666}svg{max-width:100%;height:auto}",
  "@media (prefers-color-scheme:dark){body{color:#ccc;background:#1f1f1f}th,td,pre{border-color:#444}figcaption{color:#9d9d9d}}",
].join("");

/** Nothing is loaded from anywhere, and nothing runs. */
const PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

function htmlOf(blocks: readonly Block[], title: string): string {
  return [
    "<!DOCTYPE html>",
    '<html lang="en">',
    "<head>",
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${PAGE_POLICY}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>${xmlText(title)}</title>`,
    `<style>${PAGE_STYLE}</style>`,
    "</head>",
    "<body>",
    "<main>",
    ...blocks.map(htmlBlock),
    "</main>",
    "</body>",
    "</html>",
    "",
  ].join("\n");
}

function htmlBlock(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `<h${block.level}>${xmlText(block.text)}</h${block.level}>`;
    case "text":
      return block.isStrong === true
        ? `<p><strong>${xmlText(block.text)}</strong></p>`
        : `<p>${xmlText(block.text)}</p>`;
    case "list":
      return `<ul>${block.items.map((item) => `<li>${xmlText(item)}</li>`).join("")}</ul>`;
    case "table": {
      const head = block.head.map((cell) => `<th scope="col">${xmlText(cell)}</th>`).join("");
      const rows = block.rows.map(
        (row) => `<tr>${row.map((cell) => `<td>${xmlText(cell)}</td>`).join("")}</tr>`,
      );
      return `<table><thead><tr>${head}</tr></thead><tbody>${rows.join("\n")}</tbody></table>`;
    }
    case "code":
      return `<pre><code>${xmlText(block.text)}</code></pre>`;
    case "picture": {
      const { svg, description } = block.picture;
      return `<figure>\n${svg}<figcaption>${xmlText(description)}</figcaption>\n</figure>`;
    }
  }
}
