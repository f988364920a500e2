/**
 * "Compare with…" and "Add Layer…": a second stack in the viewer of the first.
 * @module
 */
import { stat } from "node:fs/promises";
import { basename } from "node:path";
import * as vscode from "vscode";
import { TilewrightError, toFailure } from "../../src/errors";
import type { Parts } from "../parts";
import { proposeOthers } from "../otherStacks";
import type { OtherStack } from "../otherStacks";
import { VIEW_TYPE } from "../stackEditor";
import { FILE_NAMES, diskPath, targetStack, uriOf } from "../targets";

/** What is done with the second stack. */
interface Purpose {
  readonly title: (name: string) => string;
  readonly placeHolder: string;
  readonly show: "compare" | "layer";
}

const COMPARE: Purpose = {
  title: (name) => `Compare ${name} with`,
  placeHolder: "A stack with as many rows and columns",
  show: "compare",
};

const LAYER: Purpose = {
  title: (name) => `Add a layer to ${name}`,
  placeHolder: "A mask, a heat map or labels with as many rows and columns",
  show: "layer",
};

/**
 * The command `tilewright.compareStacks`: opens a stack and compares it with another. The other one may be given as a
 * URI or a path, as `{with, series}`, or both by what is selected in the explorer; without it, it is asked for.
 *
 * @returns number of the layer that the other stack became; undefined when the user went away
 */
export async function compareStacks(
  parts: Parts,
  first: unknown,
  second: unknown,
): Promise<number | undefined> {
  return addStack(parts, COMPARE, selectedPair(first, second));
}

/** The command `tilewright.addLayer`: opens a stack and lays another over it. Takes and returns what {@link compareStacks} does. */
export async function addLayer(parts: Parts, first: unknown, second: unknown): Promise<number | undefined> {
  return addStack(parts, LAYER, selectedPair(first, second));
}

/** Whether the second argument of these commands names a stack, so that nothing is asked. */
export function namesOther(order: unknown): boolean {
  return uriOf(order) !== undefined || (isNamed(order) && "with" in order);
}

interface Pair {
  readonly base: unknown;
  readonly other: Other | undefined;
}

interface Other {
  readonly uri: vscode.Uri;
  readonly series?: number;
}

const isNamed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function selectedPair(first: unknown, second: unknown): Pair {
  if (Array.isArray(second) && second.length > 1) {
    const [base, other, ...rest] = (second as readonly unknown[]).map(uriOf);
    if (base !== undefined && other !== undefined && rest.length === 0)
      return { base, other: { uri: other } };
    throw new TilewrightError(
      "compare.selection",
      `${second.length} files are selected`,
      "select two stacks",
    );
  }
  return { base: first, other: otherOf(second) };
}

function otherOf(order: unknown): Other | undefined {
  const uri = uriOf(order);
  if (uri !== undefined) return { uri };
  if (!isNamed(order) || !("with" in order)) return undefined;
  const named = uriOf(order.with);
  if (named === undefined)
    throw new TilewrightError(
      "compare.order",
      "the stack to add must be a URI or a path",
      'pass {with: "…"}',
    );
  return { uri: named, ...(typeof order.series === "number" ? { series: order.series } : {}) };
}

async function addStack(parts: Parts, purpose: Purpose, { base, other }: Pair): Promise<number | undefined> {
  const uri = await targetStack(base);
  if (uri === undefined) return undefined;
  const chosen = other ?? (await askOther(parts, uri, purpose));
  if (chosen === undefined) return undefined;
  await stat(diskPath(chosen.uri)).catch((error: unknown) => {
    throw TilewrightError.from(toFailure(error));
  });
  const editor = await parts.editors.show(uri);
  const layer = await editor.document.layers.add(
    chosen.uri,
    chosen.series ?? parts.editors.seriesOf(chosen.uri),
  );
  if (purpose.show === "compare") editor.compareWith(layer);
  return layer;
}

type OtherItem = vscode.QuickPickItem & { readonly other?: OtherStack };

async function askOther(parts: Parts, uri: vscode.Uri, purpose: Purpose): Promise<Other | undefined> {
  const title = purpose.title(basename(uri.path));
  const browse: OtherItem = { label: "$(folder-opened) Browse…", detail: "Choose a file" };
  const items = async (): Promise<OtherItem[]> => {
    const { made, over } = await parts.tilings.runs(diskPath(uri));
    const found = await proposeOthers(diskPath(uri), { made, over, open: openStacks() });
    const beside = found.filter(({ isBeside }) => isBeside).map(itemOf);
    const near = found.filter(({ isBeside }) => !isBeside).map(itemOf);
    const folder = { label: "in the same folder", kind: vscode.QuickPickItemKind.Separator };
    return [...near, browse, ...(beside.length > 0 ? [folder, ...beside] : [])];
  };
  const choice = await vscode.window.showQuickPick(items(), {
    title,
    placeHolder: purpose.placeHolder,
    matchOnDescription: true,
    ignoreFocusOut: true,
  });
  if (choice === undefined) return undefined;
  if (choice.other !== undefined) return { uri: vscode.Uri.file(choice.other.path) };
  const files = await vscode.window.showOpenDialog({
    title,
    openLabel: "Choose",
    defaultUri: vscode.Uri.joinPath(uri, ".."),
    filters: { "TIFF stacks": [...FILE_NAMES] },
    canSelectMany: false,
  });
  return files?.[0] === undefined ? undefined : { uri: files[0] };
}

function itemOf(other: OtherStack): OtherItem {
  return {
    label: `$(file-media) ${basename(other.path)}`,
    description: vscode.workspace.asRelativePath(other.path),
    detail: other.reason,
    other,
  };
}

/** Paths of the stacks in tabs. */
function openStacks(): string[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap(({ input }) => (input instanceof vscode.TabInputCustom ? [input] : []))
    .filter(({ viewType, uri }) => viewType === VIEW_TYPE && uri.scheme === "file")
    .map(({ uri }) => uri.fsPath);
}
