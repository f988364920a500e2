/**
 * "Show Run Record" and "Repeat Run".
 * @module
 */
import { basename } from "node:path";
import type * as vscode from "vscode";
import { TilewrightError } from "../../src/errors";
import { readRecord, recordPath, requestOf } from "../../src/predict/record";
import type { RunRecord } from "../../src/predict/record";
import { exists } from "../../src/predict/partial";
import type { Parts } from "../parts";
import { activeFile, diskPath, uriOf } from "../targets";
import { repeatRequest } from "./predict";

/** The command `tilewright.showRun`; resolves to the path of the record. */
export async function showRun(parts: Parts, target: unknown): Promise<string> {
  const path = await recordOf(uriOf(target) ?? activeFile());
  const record = await readRecord(path);
  await parts.pages.show(basename(path), recordText(record), "json");
  return path;
}

/** The command `tilewright.repeatRun`: the same again, into a file of its own. */
export async function repeatRun(parts: Parts, target: unknown): Promise<void> {
  const path = await recordOf(uriOf(target) ?? activeFile());
  await repeatRequest(parts, requestOf(await readRecord(path), path));
}

/** Predicts again what a record says, with some options changed, into a file of its own. */
export async function repeatWith(
  parts: Parts,
  record: string,
  options: Readonly<Record<string, unknown>>,
): Promise<void> {
  const request = requestOf(await readRecord(record), record);
  await repeatRequest(parts, { ...request, options: { ...request.options, ...options } });
}

async function recordOf(uri: vscode.Uri | undefined): Promise<string> {
  if (uri === undefined)
    throw new TilewrightError("record.none", "no file is open", "open the result of a prediction first");
  const file = diskPath(uri);
  const path = file.endsWith(".run.json") ? file : recordPath(file);
  if (await exists(path)) return path;
  throw new TilewrightError(
    "record.none",
    `${basename(file)} has no run record (${basename(path)})`,
    "only what Tilewright predicted has one",
  );
}

/** Indented, with lists of numbers on one line. */
function recordText(record: RunRecord): string {
  const text = JSON.stringify(record, null, 2);
  const isShort = /\[\s*((?:-?[\d.e+-]+|null|"[^"\n]*")(?:,\s*(?:-?[\d.e+-]+|null|"[^"\n]*"))*)\s*\]/g;
  const once = text.replace(isShort, (_, inner: string) => `[${inner.replace(/\s*\n\s*/g, " ")}]`);
  const nested = once.replace(
    /\[\s*(\[[^[\]\n]*\](?:,\s*\[[^[\]\n]*\])*)\s*\]/g,
    (_, inner: string) => `[${inner.replace(/\s*\n\s*/g, " ")}]`,
  );
  return `${nested}\n`;
}
