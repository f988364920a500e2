/**
 * What the parts of an overlay are given, and share.
 * @module
 */
import type { Layer, StackDescription, TileGrid } from "../../src/protocol/viewer";
import type { Placement, Point, Size } from "../draw/geometry";
import type { PanePicture } from "../display";
import type { Aspect, PaneName } from "../scene";
import type { ViewerState } from "../state";

/** Colours of the theme, as CSS colours. */
export interface OverlayColors {
  readonly accent: string;
  readonly warning: string;
}

/** What is drawn over one pane. */
export interface OverlayScene {
  readonly pane: PaneName;
  /** CSS px. */
  readonly screen: Size;
  /** px of the picture. */
  readonly image: Size;
  readonly placement: Placement;
  readonly aspect: Aspect;
  readonly state: ViewerState;
  readonly description: StackDescription;
  readonly picture: PanePicture | null;
  readonly grids: readonly TileGrid[];
  readonly layers: readonly Layer[];
  /** Whether the other stack is what is shown here now. */
  readonly isOther: boolean;
  /** Place under the pointer, px of the picture; null outside of this pane. */
  readonly hovered: Point | null;
  readonly colors: OverlayColors;
}

/** Draws one thing over a picture, in CSS px. */
export type OverlayPart = (context: CanvasRenderingContext2D, scene: OverlayScene) => void;

/** A line that is seen on bright and on dark pictures: light, with a dark rim. */
export function strokeVisibly(context: CanvasRenderingContext2D, color: string, width = 1): void {
  context.lineWidth = width + 2;
  context.strokeStyle = "rgba(0, 0, 0, 0.6)";
  context.stroke();
  context.lineWidth = width;
  context.strokeStyle = color;
  context.stroke();
}
