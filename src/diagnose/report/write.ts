/**
 * Writing a report: one HTML file, or a Markdown file with its pictures in a folder beside it.
 * @module
 */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join, resolve } from "node:path";
import { TilewrightError } from "../../errors";
import type { Job } from "../../job";
import { openStack } from "../../stack/open";
import type { StackReader } from "../../stack/stack";
import type { Diagnosis } from "../diagnosis";
import type { Picture } from "./blocks";
import { cutPictures } from "./pictures";
import { reportPictures, reportText } from "./text";
import type { ReportFormat } from "./text";

function reportFormat(path: string): ReportFormat | null {
  const ending = extname(path).toLowerCase();
  if (ending === ".md" || ending === ".markdown") return "markdown";
  return ending === ".html" || ending === ".htm" ? "html" : null;
}

/**
 * The format that a report of this name has; before any work.
 *
 * @throws {TilewrightError} `report.format` when the name ends in neither .md nor .html
 */
export function requireReportName(path: string): ReportFormat {
  const format = reportFormat(path);
  if (format !== null) return format;
  throw new TilewrightError(
    "report.format",
    `${basename(path)}: a report is Markdown or HTML`,
    "choose a name that ends in .md or .html",
  );
}

/** What is written, and where its pictures come from. */
export interface ReportOrder {
  /** Of the report; a Markdown file gets its pictures in `NAME_files` beside it. Both are replaced when they are there. */
  readonly path: string;
  readonly diagnosis: Diagnosis;
  /** Path of the diagnosed stack; the diagnosis names it for people. */
  readonly stack: string;
  /** Which stack of its file. */
  readonly series?: number | undefined;
  /** That may open it. */
  readonly readers: readonly StackReader[];
}

/**
 * Writes a report. Pictures of the stack are left out when it cannot be read any more; the log says so.
 *
 * @throws {TilewrightError} `report.format` when the name ends in neither .md nor .html; system errors; `AbortError`
 */
export async function writeReport(order: ReportOrder, job: Job): Promise<void> {
  const { path, diagnosis } = order;
  const format = requireReportName(path);
  const pictures = await picturesOf(order, job);
  const folder = `${basename(path, extname(path))}_files`;
  if (format === "markdown") {
    const target = join(dirname(resolve(path)), folder);
    await mkdir(target, { recursive: true });
    for (const { name, svg } of reportPictures(diagnosis, pictures)) {
      job.signal.throwIfAborted();
      await writeFile(join(target, `${name}.svg`), svg);
    }
  }
  await replaceFile(path, reportText(diagnosis, format, { pictures, folder }));
}

async function picturesOf(order: ReportOrder, job: Job): Promise<Picture[]> {
  const { diagnosis, stack: path, series, readers } = order;
  try {
    const stack = await openStack({ path, series }, readers, job);
    try {
      return await cutPictures(diagnosis, stack, job);
    } finally {
      await stack.close();
    }
  } catch (error) {
    job.signal.throwIfAborted();
    job.log(
      `the report has no pictures of the stack: ${error instanceof Error ? error.message : String(error)}`,
    );
    return [];
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const partial = `${path}.partial`;
  try {
    await writeFile(partial, text);
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}
