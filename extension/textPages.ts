/**
 * Read-only text documents for what has been worked out: plans, models, engines, run records.
 * @module
 */
import * as vscode from "vscode";

const SCHEME = "tilewright-text";
const KEPT = 50;
const CHANGE_LIMIT_MS = 2000;

/** Shows texts as documents; the latest ones are kept, so that their tabs can be gone back to. */
export class TextPages implements vscode.TextDocumentContentProvider {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.#changed.event;

  /** Registers the documents; dispose the result to take them back. */
  register(): vscode.Disposable {
    const registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, this);
    return vscode.Disposable.from(registration, this.#changed);
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.#texts.get(uri.path) ?? "This text has been forgotten; run the command again.\n";
  }

  /**
   * Opens a text beside what is open.
   *
   * @param name     of its tab; a text of the same name is replaced
   * @param language that the editor colours it as
   */
  async show(name: string, text: string, language = "plaintext"): Promise<vscode.TextDocument> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name}` });
    this.#texts.delete(uri.path);
    this.#texts.set(uri.path, text);
    for (const oldest of this.#texts.keys()) {
      if (this.#texts.size <= KEPT) break;
      this.#texts.delete(oldest);
    }
    const isOpen = vscode.workspace.textDocuments.some((open) => open.uri.toString() === uri.toString());
    const replaced = isOpen ? nextChange(uri) : Promise.resolve();
    this.#changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    if (document.getText() !== text) await replaced;
    await vscode.languages.setTextDocumentLanguage(document, language);
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Active, preview: true });
    return document;
  }
}

/** VS Code asks for a changed text some time later; gives up waiting after a moment. */
function nextChange(uri: vscode.Uri): Promise<void> {
  return new Promise((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      listener.dispose();
      resolve();
    };
    const timer = setTimeout(stop, CHANGE_LIMIT_MS);
    const listener = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.uri.toString() === uri.toString()) stop();
    });
  });
}
