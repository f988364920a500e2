/**
 * Where the sections of orthogonal views cut.
 * @module
 */
import { toScreen } from "../draw/geometry";
import type { Point } from "../draw/geometry";
import { strokeVisibly } from "./part";
import type { OverlayPart, OverlayScene } from "./part";

/** Draws a cross through the middle of the pixel in which the three views meet. */
export const drawCrosshair: OverlayPart = (context, scene) => {
  const { state, screen, placement, colors } = scene;
  if (!state.isOrthogonal || !state.extras.crosshair) return;
  const at = toScreen(placement, screen, meetingPlace(scene));
  context.beginPath();
  context.moveTo(at.x, 0);
  context.lineTo(at.x, screen.height);
  context.moveTo(0, at.y);
  context.lineTo(screen.width, at.y);
  strokeVisibly(context, colors.accent);
};

function meetingPlace({ pane, state: { cursor, plane } }: OverlayScene): Point {
  const z = plane.z + 0.5;
  if (pane === "xz") return { x: cursor.x + 0.5, y: z };
  if (pane === "yz") return { x: z, y: cursor.y + 0.5 };
  return { x: cursor.x + 0.5, y: cursor.y + 0.5 };
}
