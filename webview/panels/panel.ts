/**
 * What the pages of the side panel share.
 * @module
 */
import type {
  ContrastLimits,
  Host,
  Layer,
  PlaneRegion,
  StackDescription,
  TileGrid,
} from "../../src/protocol/viewer";
import type { Channel } from "../../src/protocol/channel";
import type { Viewer } from "../../src/protocol/viewer";
import type { PanePicture } from "../display";
import type { Limits } from "../draw/renderer";
import type { PaneName } from "../scene";
import type { ViewerState } from "../state";

/** What a page may do. */
export interface PanelContext {
  readonly description: StackDescription;
  /** The line to the host. */
  readonly channel: Channel<Viewer, Host>;
  /** Changes the state; changes of one `kind` in quick succession are one step for undo. */
  change(kind: string, make: (state: ViewerState) => ViewerState): void;
  autoContrast(): void;
  resetContrast(): void;
  flicker(): void;
  savePicture(): void;
  saveViews(): void;
  saveMovie(): void;
  copyValues(): void;
  /** A request of the panel failed: says so without taking the picture away. */
  complain(error: unknown): void;
}

/** What is shown now. */
export interface PanelView {
  readonly state: ViewerState;
  readonly layers: readonly Layer[];
  readonly grids: readonly TileGrid[];
  /** Limits between which a channel is shown; null while it is not. */
  limitsOf(channel: number): Limits | null;
  /** Smallest and largest value of the picture of a channel, when known. */
  extremesOf(channel: number): ContrastLimits | null;
  /** The picture of a pane that is on the screen. */
  picture(pane: PaneName): PanePicture | null;
  /** The part of the plane that is on the screen; null when it is outside. */
  readonly visible: PlaneRegion | null;
}

/** A page of the side panel. */
export interface Panel {
  readonly element: HTMLElement;
  /** Called whenever anything changed; only for the page that is open. */
  show(view: PanelView): void;
  dispose?(): void;
}
