/**
 * The custom editor for stacks: one webview for each editor, answered from the reader.
 * @module
 */
import * as vscode from "vscode";
import { failureLine, isAbort, toFailure } from "../src/errors";
import { Channel } from "../src/protocol/channel";
import type { Envelope, Handlers, MessagePortLike } from "../src/protocol/channel";
import {
  checkContrastRequest,
  checkPlaneRequest,
  checkSeriesChoice,
  checkViewReport,
  checkViewerCommand,
} from "../src/protocol/viewer";
import type { Host, ViewReport, Viewer, ViewerCommand } from "../src/protocol/viewer";
import type { ReaderThread } from "./readerThread";
import { onSettingsChanged, readSettings } from "./settings";
import { StackDocument } from "./stackDocument";
import { viewerPage } from "./viewerPage";

/** Name of the editor in package.json. */
export const VIEW_TYPE = "tilewright.stack";

const MOST_FAULTS = 100;
const LONGEST_TEXT = 500;

/** An editor that shows a stack. */
export interface OpenEditor {
  readonly uri: vscode.Uri;
  readonly document: StackDocument;
  readonly panel: vscode.WebviewPanel;
  /** What its viewer said last; null before the first picture. */
  view: ViewReport | null;
}

/** What viewers reported that must not happen, for tests and bug reports. */
export interface ViewerFaults {
  readonly cspViolations: readonly string[];
  readonly faults: readonly string[];
}

const COMMAND_IDS: Readonly<Record<Exclude<ViewerCommand, "showLog" | "openAsText">, string>> = {
  predictTiled: "tilewright.predictTiled",
  predictVisible: "tilewright.predictVisible",
  explainTiling: "tilewright.explainTiling",
  showRun: "tilewright.showRun",
};

/** Opens stacks in webviews and knows which are open. */
export class StackEditors implements vscode.CustomReadonlyEditorProvider<StackDocument> {
  readonly #reader: ReaderThread;
  readonly #folder: vscode.Uri;
  readonly #log: vscode.LogOutputChannel;
  readonly #open = new Set<OpenEditor>();
  readonly #cspViolations: string[] = [];
  readonly #faults: string[] = [];

  /** @param folder that the viewer was built into */
  constructor(reader: ReaderThread, folder: vscode.Uri, log: vscode.LogOutputChannel) {
    this.#reader = reader;
    this.#folder = folder;
    this.#log = log;
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

  openCustomDocument(uri: vscode.Uri): StackDocument {
    return new StackDocument(uri, this.#reader);
  }

  resolveCustomEditor(document: StackDocument, panel: vscode.WebviewPanel): void {
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: [this.#folder] };
    const editor: OpenEditor = { uri: document.uri, document, panel, view: null };
    this.#open.add(editor);
    const channel = new Channel<Host, Viewer>(portOf(webview), this.#handlers(document));
    this.#hear(channel, document, editor);
    const disposables = [
      document.onDidChange((reason) => {
        channel.emit("stackChanged", { reason });
      }),
      onSettingsChanged(() => {
        channel.emit("stackChanged", { reason: "preferences" });
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => {
        channel.emit("stackChanged", { reason: "preferences" });
      }),
    ];
    panel.onDidDispose(() => {
      this.#open.delete(editor);
      channel.dispose();
      for (const disposable of disposables) disposable.dispose();
    });
    webview.html = viewerPage(webview, {
      script: vscode.Uri.joinPath(this.#folder, "viewer.js"),
      style: vscode.Uri.joinPath(this.#folder, "viewer.css"),
    });
  }

  #handlers(document: StackDocument): Handlers<Host> {
    const told = async <T>(answer: Promise<T>): Promise<T> => {
      try {
        return await answer;
      } catch (error) {
        if (!isAbort(error)) this.#log.error(`${document.uri.fsPath}: ${failureLine(toFailure(error))}`);
        throw error;
      }
    };
    const describe = async () => document.describe();
    return {
      describe: () => told(describe()),
      preferences: () => {
        const settings = readSettings(document.uri);
        return {
          contrast: settings.viewerContrast,
          keepContrast: settings.viewerKeepContrast,
          engine: settings.engine,
          canPredict: vscode.workspace.isTrusted,
        };
      },
      readPlane: async (params, signal) => {
        const { lengths } = await describe();
        return told(document.file.readPlane(checkPlaneRequest(params, lengths), signal));
      },
      contrast: async (params, signal) => {
        const { lengths } = await describe();
        return told(document.file.contrast(checkContrastRequest(params, lengths), signal));
      },
      chooseSeries: async (params) => {
        const { series } = await describe();
        document.chooseSeries(checkSeriesChoice(params, series.count));
        return undefined;
      },
      runCommand: (params) => {
        this.#run(checkViewerCommand(params), document.uri);
        return undefined;
      },
    };
  }

  /** Commands answer for themselves: the viewer does not wait for a prediction. */
  #run(command: ViewerCommand, uri: vscode.Uri): void {
    if (command === "showLog") this.#log.show();
    else if (command === "openAsText")
      void vscode.commands.executeCommand("workbench.action.reopenWithEditor");
    else void vscode.commands.executeCommand(COMMAND_IDS[command], uri);
  }

  #hear(channel: Channel<Host, Viewer>, document: StackDocument, editor: OpenEditor): void {
    channel.on("viewChanged", (report) => {
      document.describe().then(
        ({ lengths }) => {
          editor.view = checkViewReport(report, lengths) ?? editor.view;
        },
        () => undefined,
      );
    });
    channel.on("ready", (payload) => {
      this.#log.debug(`${document.uri.fsPath}: first picture after ${fieldText(payload, "milliseconds")} ms`);
    });
    channel.on("cspViolation", (payload) => {
      const text = `${fieldText(payload, "directive")}: ${fieldText(payload, "blocked")}`;
      if (this.#cspViolations.length < MOST_FAULTS) this.#cspViolations.push(text);
    });
    channel.on("fault", (payload) => {
      const text = fieldText(payload, "message");
      if (this.#faults.length >= MOST_FAULTS) return;
      this.#faults.push(text);
      this.#log.error(`viewer of ${document.uri.fsPath}: ${text}`);
    });
  }
}

/** A field of something that a webview sent, as a short text. */
function fieldText(payload: unknown, field: string): string {
  if (typeof payload !== "object" || payload === null) return "";
  const value = (payload as Readonly<Record<string, unknown>>)[field];
  if (typeof value === "number") return String(Math.round(value));
  return typeof value === "string" ? value.slice(0, LONGEST_TEXT) : "";
}

function portOf(webview: vscode.Webview): MessagePortLike {
  return {
    post: (message) => {
      void webview.postMessage(message);
    },
    listen: (receive) => {
      const listener = webview.onDidReceiveMessage((message: unknown) => {
        if (isEnvelope(message)) receive(message);
      });
      return () => {
        listener.dispose();
      };
    },
  };
}

function isEnvelope(message: unknown): message is Envelope {
  return typeof message === "object" && message !== null && "kind" in message;
}
