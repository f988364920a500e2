/**
 * The custom editor for stacks: one webview for each editor, answered from the reader.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import { TilewrightError } from "../src/errors";
import { Channel } from "../src/protocol/channel";
import type { Host, ViewReport, Viewer } from "../src/protocol/viewer";
import { checkLinkedReport, checkViewReport } from "../src/protocol/viewerChecks";
import type { KnownTilings } from "./knownTilings";
import type { LayerMemory } from "./layers";
import { LinkedViews } from "./linkedViews";
import type { LinkedMember } from "./linkedViews";
import type { ReaderThread } from "./readerThread";
import { onSettingsChanged } from "./settings";
import { StackDocument } from "./stackDocument";
import { viewerHost } from "./viewerHost";
import { viewerPage } from "./viewerPage";
import { portOf } from "./viewerPort";

/** Name of the editor in package.json. */
export const VIEW_TYPE = "tilewright.stack";

const MOST_FAULTS = 100;
const LONGEST_TEXT = 500;
const OPENING_MS = 30_000;

/** An editor that shows a stack. */
export interface OpenEditor {
  readonly uri: vscode.Uri;
  readonly document: StackDocument;
  readonly panel: vscode.WebviewPanel;
  /** What its viewer said last; null before the first picture. */
  view: ViewReport | null;
  /** Has its viewer show the comparison with a layer, at once or as soon as it is there. */
  compareWith(layer: number): void;
}

/** What viewers reported that must not happen, for tests and bug reports. */
export interface ViewerFaults {
  readonly cspViolations: readonly string[];
  readonly faults: readonly string[];
}

/** What editors work with. */
export interface EditorParts {
  readonly reader: ReaderThread;
  /** That the viewer was built into. */
  readonly folder: vscode.Uri;
  readonly tilings: KnownTilings;
  readonly memory: LayerMemory;
  readonly log: vscode.LogOutputChannel;
}

/** Opens stacks in webviews and knows which are open. */
export class StackEditors implements vscode.CustomReadonlyEditorProvider<StackDocument> {
  readonly #parts: EditorParts;
  readonly #open = new Set<OpenEditor>();
  readonly #links = new LinkedViews();
  readonly #opened = new vscode.EventEmitter<OpenEditor>();
  readonly #cspViolations: string[] = [];
  readonly #faults: string[] = [];

  constructor(parts: EditorParts) {
    this.#parts = parts;
  }

  /** Registers the editor; dispose the result to take it back. */
  register(): vscode.Disposable {
    return vscode.window.registerCustomEditorProvider(VIEW_TYPE, this, {
      supportsMultipleEditorsPerDocument: true,
      webviewOptions: { retainContextWhenHidden: false },
    });
  }

  /** The editor that has the focus, if it shows a stack. */
  get active(): OpenEditor | undefined {
    return [...this.#open].find(({ panel }) => panel.active);
  }

  /** Which stack of a file its editor shows, when another than the first was chosen there. */
  seriesOf(uri: vscode.Uri): number | undefined {
    return [...this.#open].find((editor) => editor.uri.toString() === uri.toString())?.document.series;
  }

  /** All editors that show stacks. */
  get all(): readonly OpenEditor[] {
    return [...this.#open];
  }

  get faults(): ViewerFaults {
    return { cspViolations: [...this.#cspViolations], faults: [...this.#faults] };
  }

  /**
   * The editor of a stack; it is opened when there is none, and comes to the front.
   *
   * @throws {TilewrightError} `view.none` when VS Code does not open it
   */
  async show(uri: vscode.Uri): Promise<OpenEditor> {
    const there = [...this.#open].filter((editor) => editor.uri.toString() === uri.toString());
    const best =
      there.find(({ panel }) => panel.active) ?? there.find(({ panel }) => panel.visible) ?? there[0];
    if (best !== undefined) {
      best.panel.reveal();
      return best;
    }
    const opening = this.#nextOpened(uri);
    try {
      await vscode.commands.executeCommand("vscode.openWith", uri, VIEW_TYPE);
      const editor = await opening.editor;
      if (editor !== null) return editor;
    } finally {
      opening.stop();
    }
    throw new TilewrightError("view.none", `${basename(uri.path)} was not opened`, "open it first");
  }

  /** The next editor of a stack; null when none comes. */
  #nextOpened(uri: vscode.Uri): { readonly editor: Promise<OpenEditor | null>; stop(): void } {
    let stop = (): void => undefined;
    const editor = new Promise<OpenEditor | null>((resolve) => {
      const timer = setTimeout(() => resolve(null), OPENING_MS);
      const listener = this.#opened.event((opened) => {
        if (opened.uri.toString() === uri.toString()) resolve(opened);
      });
      stop = () => {
        clearTimeout(timer);
        listener.dispose();
      };
    });
    return { editor, stop };
  }

  openCustomDocument(uri: vscode.Uri): StackDocument {
    return new StackDocument(uri, this.#parts.reader, this.#parts);
  }

  resolveCustomEditor(document: StackDocument, panel: vscode.WebviewPanel): void {
    const { folder, log, tilings } = this.#parts;
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [folder] };
    const channel = new Channel<Host, Viewer>(portOf(webview), viewerHost({ document, tilings, log }));
    const comparison = new Comparison(channel, panel);
    const editor: OpenEditor = {
      uri: document.uri,
      document,
      panel,
      view: null,
      compareWith: (layer) => comparison.show(layer),
    };
    this.#open.add(editor);
    this.#hear(channel, document, editor);
    const disposables = [comparison, this.#link(channel, document), ...this.#tell(channel, document)];
    panel.onDidDispose(() => {
      this.#open.delete(editor);
      channel.dispose();
      for (const disposable of disposables) disposable.dispose();
    });
    webview.html = viewerPage(webview, {
      script: vscode.Uri.joinPath(folder, "viewer.js"),
      style: vscode.Uri.joinPath(folder, "viewer.css"),
    });
    this.#opened.fire(editor);
  }

  /** Tells a viewer what changes while it is there. */
  #tell(channel: Channel<Host, Viewer>, document: StackDocument): vscode.Disposable[] {
    const preferencesChanged = (): void => {
      channel.emit("stackChanged", { reason: "preferences" });
    };
    return [
      document.onDidChange((reason) => {
        channel.emit("stackChanged", { reason });
      }),
      document.layers.onDidChange(() => {
        channel.emit("layersChanged", { compare: null });
      }),
      this.#parts.tilings.onDidChange((paths) => {
        if (paths.includes(document.uri.fsPath)) channel.emit("tileGridsChanged", undefined);
      }),
      onSettingsChanged(preferencesChanged),
      vscode.workspace.onDidGrantWorkspaceTrust(preferencesChanged),
    ];
  }

  /** Lets a viewer follow the others that are linked, and lead them. */
  #link(channel: Channel<Host, Viewer>, document: StackDocument): vscode.Disposable {
    const member: LinkedMember = {
      follow: (state) => {
        channel.emit("linkedView", { state });
      },
    };
    channel.on("linkedView", (told) => {
      document.describe().then(
        ({ lengths }) => {
          const report = checkLinkedReport(told, lengths);
          if (report !== null) this.#links.heard(member, report);
        },
        () => undefined,
      );
    });
    return new vscode.Disposable(() => this.#links.left(member));
  }

  #hear(channel: Channel<Host, Viewer>, document: StackDocument, editor: OpenEditor): void {
    const { log } = this.#parts;
    channel.on("viewChanged", (report) => {
      document.describe().then(
        ({ lengths }) => {
          editor.view = checkViewReport(report, lengths) ?? editor.view;
        },
        () => undefined,
      );
    });
    channel.on("ready", (payload) => {
      log.debug(`${document.uri.fsPath}: first picture after ${fieldText(payload, "milliseconds")} ms`);
    });
    channel.on("cspViolation", (payload) => {
      const text = `${fieldText(payload, "directive")}: ${fieldText(payload, "blocked")}`;
      if (this.#cspViolations.length < MOST_FAULTS) this.#cspViolations.push(text);
    });
    channel.on("fault", (payload) => {
      const text = fieldText(payload, "message");
      if (this.#faults.length >= MOST_FAULTS) return;
      this.#faults.push(text);
      log.error(`viewer of ${document.uri.fsPath}: ${text}`);
    });
  }
}

/** Tells one viewer what to compare with; a viewer that is not there yet, or hidden, hears it when it comes. */
class Comparison {
  readonly #channel: Channel<Host, Viewer>;
  readonly #listeners: readonly vscode.Disposable[];
  #isReady = false;
  #waiting: number | null = null;

  constructor(channel: Channel<Host, Viewer>, panel: vscode.WebviewPanel) {
    this.#channel = channel;
    const stop = channel.on("ready", () => {
      this.#isReady = true;
      if (this.#waiting !== null) this.show(this.#waiting);
    });
    this.#listeners = [
      new vscode.Disposable(stop),
      // The webview of a hidden editor is gone, and comes back as a new one.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
    ];
  }

  show(layer: number): void {
    this.#waiting = this.#isReady ? null : layer;
    if (this.#isReady) this.#channel.emit("layersChanged", { compare: layer });
  }

  dispose(): void {
    for (const listener of this.#listeners) listener.dispose();
  }
}

/** A field of something that a webview sent, as a short text. */
function fieldText(payload: unknown, field: string): string {
  if (typeof payload !== "object" || payload === null) return "";
  const value = (payload as Readonly<Record<string, unknown>>)[field];
  if (typeof value === "number") return String(Math.round(value));
  return typeof value === "string" ? value.slice(0, LONGEST_TEXT) : "";
}
