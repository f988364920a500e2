/**
 * What the pointer does in a pane: moving the picture, cutting elsewhere, drawing lines and rectangles.
 * @module
 */
import type { Actions } from "./actions";
import type { Display } from "./display";
import type { Point } from "./draw/geometry";
import type { DragEvents, PaneEvents } from "./pane";
import type { PaneName } from "./scene";
import { gripAt } from "./shapes";
import type { Grip } from "./shapes";

/** Where the pointer is. */
export interface PointerPlace {
  readonly pane: PaneName;
  /** CSS px from the corner of the pane. */
  readonly at: Point;
}

/** Whom the pointer moves. */
export interface PointerParts {
  actions(): Actions;
  display(): Display;
  /** The pane has another size. */
  refresh(): void;
  hovered(place: PointerPlace | null): void;
}

/** The pointer's events of one pane. */
export function makePointer(pane: PaneName, parts: PointerParts): PaneEvents {
  return {
    resized: () => parts.refresh(),
    pressed: (at, event) => dragOf(pane, parts, at, event),
    wheeled: (factor, at) => {
      if (pane === "xy") parts.actions().zoomBy(factor, at);
      else parts.actions().zoomBy(factor);
    },
    sliceWheeled: (by) => parts.actions().step("z", by),
    hovered: (at) => parts.hovered(at === null ? null : { pane, at }),
    doubleClicked: () => {
      if (parts.actions().state.tool === "move") parts.actions().fit();
    },
    gripAt: (at) => gripIn(pane, parts, at),
  };
}

function gripIn(pane: PaneName, parts: PointerParts, at: Point): Grip | null {
  if (pane !== "xy") return null;
  const { screen, placement } = parts.display().layout;
  const inside = { x: at.x - parts.display().sideAt("xy", at), y: at.y };
  return gripAt(inside, { state: parts.actions().state, placement, screen });
}

/** Moves what was taken hold of; a click leaves it where it is. */
function gripDrag(grip: Grip, parts: PointerParts, start: Point): DragEvents {
  const actions = parts.actions();
  const before = actions.state;
  const side = parts.display().sideAt("xy", start);
  const from = parts.display().placeAt("xy", start, side);
  return {
    moved: (at) => {
      if (grip === "swipe") {
        actions.moveSwipe(at.x / parts.display().layout.screen.width);
        return;
      }
      const to = parts.display().placeAt("xy", at, side);
      actions.moveShape(before, grip, { x: to.x - from.x, y: to.y - from.y });
    },
    released: () => undefined,
  };
}

function dragOf(pane: PaneName, parts: PointerParts, start: Point, event: PointerEvent): DragEvents {
  const actions = parts.actions();
  const { tool, isOrthogonal } = actions.state;
  const side = parts.display().sideAt(pane, start);
  const placeAt = (at: Point): Point => parts.display().placeAt(pane, at, side);
  if (pane !== "xy") {
    const cut = (at: Point): void => actions.cutAt(pane, placeAt(at));
    cut(start);
    return { moved: cut, released: () => undefined };
  }
  const grip = event.button === 0 ? gripIn(pane, parts, start) : null;
  if (grip !== null) return gripDrag(grip, parts, start);
  if (tool === "move" || event.button === 1) {
    return {
      moved: (_, by) => actions.panBy(by),
      released: (at, isClick) => {
        if (!isClick) return;
        if (isOrthogonal) actions.cutAt("xy", placeAt(at));
        actions.pickAt(placeAt(at));
      },
    };
  }
  const from = placeAt(start);
  const draw = (at: Point): void => {
    if (tool === "line") actions.drawLine(from, placeAt(at));
    else actions.drawRectangle(from, placeAt(at));
  };
  return {
    moved: draw,
    released: (_, isClick) => {
      if (isClick) actions.clearShapes();
    },
  };
}
