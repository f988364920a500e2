/**
 * The last look before a prediction: the plan with its warnings, engine and time, and what can be changed.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import { TilewrightError, toFailure } from "../src/errors";
import type { PlanReply } from "../src/protocol/prediction";
import type { Plan } from "../src/tiling/plan";
import { parseAxes } from "../src/volume/axes";
import { askFolder, askOutput } from "./outputs";
import { checkWish, exactnessText, overlapText, planHeadline, shapeText, tilesText } from "./planText";
import type { PredictionWorkers } from "./predictionWorkers";

/** A prediction that is being put together. */
export interface Draft {
  readonly input: string;
  readonly model: string;
  readonly out: string;
  /** Axes of the input as the file says. */
  readonly fileAxes: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** With several stacks: how many; the input is the first of them, and `out` is a folder. */
  readonly stacks?: number;
}

type Action = "predict" | "tiles" | "overlap" | "axes" | "output" | "explain" | "model";

interface ActionItem extends vscode.QuickPickItem {
  readonly action?: Action;
}

/** How looking at a plan ended: go, another model, show the long text, or nothing. */
export type PlanEnd =
  | { readonly kind: "predict"; readonly draft: Draft }
  | { readonly kind: "model"; readonly draft: Draft }
  | { readonly kind: "explain"; readonly text: string }
  | null;

/** Shows the plan of a draft until the user starts it or goes away; null when he went away. */
export async function confirmPlan(first: Draft, workers: PredictionWorkers): Promise<PlanEnd> {
  let draft = first;
  for (;;) {
    const { action, reply } = await look(draft, workers);
    switch (action) {
      case undefined:
        return null;
      case "predict":
        return { kind: "predict", draft };
      case "model":
        return { kind: "model", draft };
      case "explain":
        return { kind: "explain", text: reply?.text ?? "" };
      case "tiles":
        draft = await changeWish(draft, { name: "tiles", title: "Tiles per axis", words: ["auto"] });
        break;
      case "overlap":
        draft = await changeWish(draft, {
          name: "overlap",
          title: "Pixels discarded per side where tiles meet",
          words: ["auto", "care"],
        });
        break;
      case "axes":
        draft = await changeAxes(draft);
        break;
      case "output":
        draft = { ...draft, out: (await askOther(draft)) ?? draft.out };
    }
  }
}

function askOther({ out, stacks }: Draft): Promise<string | undefined> {
  return stacks === undefined ? askOutput(out) : askFolder(out);
}

function titleOf({ input, model, stacks }: Draft): string {
  const one = `${basename(input)} with ${basename(model)}`;
  return stacks === undefined ? one : `${stacks} stacks with ${basename(model)}; plan of ${basename(input)}`;
}

async function look(
  draft: Draft,
  workers: PredictionWorkers,
): Promise<{ readonly action: Action | undefined; readonly reply: PlanReply | null }> {
  const list = vscode.window.createQuickPick<ActionItem>();
  const stop = new AbortController();
  let reply: PlanReply | null = null;
  list.title = titleOf(draft);
  list.placeholder = "Working out the plan and how fast this machine is…";
  list.busy = true;
  list.ignoreFocusOut = true;
  list.matchOnDescription = true;
  list.show();
  const { input, model, options } = draft;
  workers.plan({ input, model, options }, stop.signal).then(
    (answer) => {
      reply = answer;
      list.items = planItems(answer, draft);
      list.placeholder = "Enter starts the prediction";
      list.busy = false;
    },
    (error: unknown) => {
      list.items = failureItems(error, draft);
      list.placeholder = "This cannot be predicted as it is";
      list.busy = false;
    },
  );
  const action = await new Promise<Action | undefined>((resolve) => {
    list.onDidAccept(() => {
      const [item] = list.selectedItems;
      if (item?.action !== undefined) resolve(item.action);
    });
    list.onDidHide(() => resolve(undefined));
  });
  stop.abort();
  list.dispose();
  return { action, reply };
}

function planItems(reply: PlanReply, draft: Draft): ActionItem[] {
  const plan = reply.plan as Plan;
  const warnings = plan.warnings.map((warning): ActionItem => ({
    label: `$(warning) ${warning.message}`,
    detail: warning.fix,
    action: "explain",
  }));
  return [
    {
      label: draft.stacks === undefined ? "$(play) Predict" : `$(play) Predict ${draft.stacks} Stacks`,
      description: planHeadline(plan, reply),
      detail: exactnessText(plan),
      action: "predict",
    },
    ...(warnings.length > 0 ? [separator("warnings"), ...warnings] : []),
    separator("plan"),
    { label: "$(symbol-ruler) Change tiles…", description: tilesText(plan), action: "tiles" },
    { label: "$(fold) Change overlap…", description: overlapText(plan), action: "overlap" },
    { label: "$(list-ordered) Change axes…", description: shapeText(plan), action: "axes" },
    outputItem(draft),
    modelItem(draft),
    separator("more"),
    {
      label: "$(question) Explain…",
      description: "the whole plan, and why it is like that",
      action: "explain",
    },
  ];
}

function failureItems(error: unknown, draft: Draft): ActionItem[] {
  const { message, hint } = toFailure(error);
  return [
    { label: `$(error) ${message}`, ...(hint === undefined ? {} : { detail: hint }), alwaysShow: true },
    separator("change"),
    modelItem(draft),
    { label: "$(list-ordered) Change axes…", description: axesOf(draft), action: "axes" },
    { label: "$(symbol-ruler) Change tiles…", description: wishText(draft.options.tiles), action: "tiles" },
    { label: "$(fold) Change overlap…", description: wishText(draft.options.overlap), action: "overlap" },
  ];
}

function separator(label: string): ActionItem {
  return { label, kind: vscode.QuickPickItemKind.Separator };
}

function outputItem({ out, stacks }: Draft): ActionItem {
  return {
    label: stacks === undefined ? "$(save-as) Change output…" : "$(folder) Change output folder…",
    description: vscode.workspace.asRelativePath(out),
    action: "output",
  };
}

function modelItem({ model }: Draft): ActionItem {
  return {
    label: "$(circuit-board) Change model…",
    description: vscode.workspace.asRelativePath(model),
    action: "model",
  };
}

function axesOf({ options, fileAxes }: Draft): string {
  return typeof options.axes === "string" ? options.axes : fileAxes;
}

function wishText(wish: unknown): string {
  return typeof wish === "string"
    ? wish
    : wish === undefined
      ? "auto"
      : JSON.stringify(wish)
          .replace(/[{}"[\]]/g, "")
          .replaceAll(":", "=");
}

async function changeWish(
  draft: Draft,
  {
    name,
    title,
    words,
  }: { readonly name: "tiles" | "overlap"; readonly title: string; readonly words: readonly string[] },
): Promise<Draft> {
  const axes = axesOf(draft);
  const value = await vscode.window.showInputBox({
    title,
    prompt: `${words.join(", ")}, a number for each of ${axes}, or by axis such as Y=2,X=2`,
    value: wishText(draft.options[name]),
    ignoreFocusOut: true,
    validateInput: (text) => checkWish(text, axes, words),
  });
  if (value === undefined) return draft;
  return { ...draft, options: { ...draft.options, [name]: value.replaceAll(" ", "") } };
}

async function changeAxes(draft: Draft): Promise<Draft> {
  const { fileAxes } = draft;
  const value = await vscode.window.showInputBox({
    title: "Axes of the stack",
    prompt: `One letter of TZCYX for each of ${fileAxes.length} dimensions; the file says ${fileAxes}`,
    value: axesOf(draft),
    ignoreFocusOut: true,
    validateInput: (text) => checkAxes(text, fileAxes),
  });
  if (value === undefined) return draft;
  return { ...draft, options: { ...draft.options, axes: parseAxes(value.trim()) } };
}

function checkAxes(text: string, fileAxes: string): string | null {
  try {
    const axes = parseAxes(text.trim());
    if (axes.length === fileAxes.length) return null;
    return `The stack has ${fileAxes.length} dimensions (${fileAxes}), ${axes.length} letters were given`;
  } catch (error) {
    return error instanceof TilewrightError ? error.message : String(error);
  }
}
