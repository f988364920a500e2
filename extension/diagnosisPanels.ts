/**
 * The panels that show diagnoses: one for each stack; they survive a reload of the window.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import type { Diagnosis } from "../src/diagnose/diagnosis";
import { Channel } from "../src/protocol/channel";
import type { DiagnosisHost, DiagnosisPanel } from "../src/protocol/diagnosis";
import { columnBeside } from "./columns";
import { diagnosisHost } from "./diagnosisHost";
import type { DiagnosisStore, KeptDiagnosis } from "./diagnosisStore";
import { Faults, fieldText } from "./faults";
import type { PredictionWorkers } from "./predictionWorkers";
import type { StackEditors } from "./stackEditor";
import { viewerPage } from "./viewerPage";
import { portOf } from "./viewerPort";

/** Name of the panels, also in package.json. */
export const DIAGNOSIS_VIEW_TYPE = "tilewright.diagnosis";

/** What panels work with. */
export interface DiagnosisPanelParts {
  /** That the page was built into. */
  readonly folder: vscode.Uri;
  readonly store: DiagnosisStore;
  readonly editors: StackEditors;
  readonly workers: PredictionWorkers;
  readonly log: vscode.LogOutputChannel;
  /** Predicts again what a record says, with other options. */
  readonly predictAgain: (record: string, options: Readonly<Record<string, unknown>>) => Promise<void>;
}

interface OpenPanel {
  readonly panel: vscode.WebviewPanel;
  readonly channel: Channel<DiagnosisHost, DiagnosisPanel>;
  kept: KeptDiagnosis;
}

/** Opens panels and knows which are open. */
export class DiagnosisPanels implements vscode.WebviewPanelSerializer {
  readonly #parts: DiagnosisPanelParts;
  readonly #open = new Map<string, OpenPanel>();
  readonly faults = new Faults();

  constructor(parts: DiagnosisPanelParts) {
    this.#parts = parts;
  }

  /** Has panels restored when the window is loaded again; dispose the result to stop. */
  register(): vscode.Disposable {
    return vscode.window.registerWebviewPanelSerializer(DIAGNOSIS_VIEW_TYPE, this);
  }

  /** Stack of the panel that has the focus. */
  get active(): vscode.Uri | undefined {
    const [found] = [...this.#open].find(([, { panel }]) => panel.active) ?? [];
    return found === undefined ? undefined : vscode.Uri.parse(found);
  }

  /** What is shown now. */
  get all(): readonly { readonly uri: vscode.Uri; readonly diagnosis: Diagnosis }[] {
    return [...this.#open].map(([key, { kept }]) => ({
      uri: vscode.Uri.parse(key),
      diagnosis: kept.diagnosis,
    }));
  }

  /** Shows a diagnosis beside the viewer of its stack, in place of an earlier one. */
  async show(kept: KeptDiagnosis): Promise<void> {
    await this.#parts.store.save(kept).catch((error: unknown) => {
      this.#parts.log.warn(`the diagnosis will not survive a reload of the window: ${String(error)}`);
    });
    const there = this.#open.get(kept.key);
    if (there !== undefined) {
      there.kept = kept;
      there.panel.reveal();
      there.channel.emit("diagnosisChanged", undefined);
      return;
    }
    const viewer = this.#parts.editors.all.find(({ uri }) => uri.toString() === kept.key);
    const panel = vscode.window.createWebviewPanel(
      DIAGNOSIS_VIEW_TYPE,
      titleOf(kept.key),
      viewer === undefined ? vscode.ViewColumn.Active : columnBeside(viewer.panel.viewColumn),
      {},
    );
    this.#fill(panel, kept);
  }

  /** A panel comes back with the window; what it remembers is only looked up. */
  async deserializeWebviewPanel(panel: vscode.WebviewPanel, state: unknown): Promise<void> {
    const key = fieldText(state, "key", 4096);
    const kept = key === "" ? null : await this.#parts.store.load(key);
    if (kept === null || this.#open.has(kept.key)) panel.dispose();
    else this.#fill(panel, kept);
  }

  #fill(panel: vscode.WebviewPanel, kept: KeptDiagnosis): void {
    const { folder, log } = this.#parts;
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    const port = portOf(webview);
    const handlers = diagnosisHost({ ...this.#parts, panel, kept: () => open.kept });
    const channel = new Channel<DiagnosisHost, DiagnosisPanel>(port, handlers);
    const open: OpenPanel = { panel, channel, kept };
    this.#open.set(kept.key, open);
    this.faults.hear(channel, `diagnosis of ${kept.request.file}`, log);
    const trusted = vscode.workspace.onDidGrantWorkspaceTrust(() => {
      channel.emit("diagnosisChanged", undefined);
    });
    panel.onDidDispose(() => {
      this.#open.delete(kept.key);
      channel.dispose();
      trusted.dispose();
    });
    webview.html = viewerPage(webview, {
      script: vscode.Uri.joinPath(folder, "diagnosis.js"),
      style: vscode.Uri.joinPath(folder, "diagnosis.css"),
    });
  }
}

function titleOf(key: string): string {
  return `Seams of ${basename(vscode.Uri.parse(key).path)}`;
}
