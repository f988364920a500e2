/**
 * What an editor shows: a stack file, and the layers that were added to it.
 * @module
 */
import type * as vscode from "vscode";
import { Layers } from "./layers";
import type { LayerMemory } from "./layers";
import type { ReaderThread } from "./readerThread";
import { WatchedStack } from "./watchedStack";

/** One opened stack file; several editors may show it. */
export class StackDocument extends WatchedStack implements vscode.CustomDocument {
  readonly layers: Layers;

  constructor(
    uri: vscode.Uri,
    reader: ReaderThread,
    { memory, log }: { readonly memory: LayerMemory; readonly log: vscode.LogOutputChannel },
  ) {
    super(uri, reader);
    this.layers = new Layers(this, { reader, memory, log });
  }

  override dispose(): void {
    this.layers.dispose();
    super.dispose();
  }
}
