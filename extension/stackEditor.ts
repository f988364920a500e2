/**
 * The custom editor for stacks: one webview for each editor, answered from the reader.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import type { Place } from "../src/diagnose/diagnosis";
import { TilewrightError } from "../src/errors";
import { Channel } from "../src/protocol/channel";
import type { Host, ViewReport, Viewer } from "../src/protocol/viewer";
import { checkLinkedReport, checkViewReport } from "../src/protocol/viewerChecks";
import { Faults, fieldText } from "./faults";
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
  /** Has its viewer show a place, at once or as soon as it is there. */
  goTo(place: Place): void;
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
  /** What viewers reported that must not happen. */
  readonly faults = new Faults();

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

  /**
   * The editor of a stack; it is opened when there is none, and comes to the front.
   *
   * @param how where it is opened when there is none, and whether it gets the focus
   * @throws {TilewrightError} `view.none` when VS Code does not open it
   */
  async show(uri: vscode.Uri, how: vscode.TextDocumentShowOptions = {}): Promise<OpenEditor> {
    const there = [...this.#open].filter((editor) => editor.uri.toString() === uri.toString());
    const best =
      there.find(({ panel }) => panel.active) ?? there.find(({ panel }) => panel.visible) ?? there[0];
    if (best !== undefined) {
      // Bringing to the front what is there would take the keyboard.
      if (!best.panel.visible || how.preserveFocus !== true) best.panel.reveal(undefined, how.preserveFocus);
      return best;
    }
    const opening = this.#nextOpened(uri);
    try {
      await vscode.commands.executeCommand("vscode.openWith", uri, VIEW_TYPE, how);
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
    const messages = new Messages(channel, panel);
    const editor: OpenEditor = {
      uri: document.uri,
      document,
      panel,
      view: null,
      compareWith: (layer) =>
        messages.say("layersChanged", () => channel.emit("layersChanged", { compare: layer })),
      goTo: (place) => messages.say("goTo", () => channel.emit("goTo", { place })),
    };
    this.#open.add(editor);
    this.#hear(channel, document, editor);
    const disposables = [messages, this.#link(channel, document), ...this.#tell(channel, document)];
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
    this.faults.hear(channel, `viewer of ${document.uri.fsPath}`, log);
  }
}

/** Tells one viewer what to show; a viewer that is not there yet, or hidden, hears the latest when it comes. */
class Messages {
  readonly #waiting = new Map<string, () => void>();
  readonly #listeners: readonly vscode.Disposable[];
  #isReady = false;

  constructor(channel: Channel<Host, Viewer>, panel: vscode.WebviewPanel) {
    const stop = channel.on("ready", () => {
      this.#isReady = true;
      for (const emit of this.#waiting.values()) emit();
      this.#waiting.clear();
    });
    this.#listeners = [
      new vscode.Disposable(stop),
      // The webview of a hidden editor is gone, and comes back as a new one.
      panel.onDidChangeViewState(() => {
        if (!panel.visible) this.#isReady = false;
      }),
    ];
  }

  /** @param kind of the message: the latest of a kind is said */
  say(kind: string, emit: () => void): void {
    if (this.#isReady) emit();
    else this.#waiting.set(kind, emit);
  }

  dispose(): void {
    for (const listener of this.#listeners) listener.dispose();
  }
}
