import { describe, expect, test } from "vitest";
import { withPlace } from "../../../webview/places";
import { initialState } from "../../../webview/state";
import { description, lengths, preferences } from "./shownStack";

const screen = { width: 600, height: 400 };
const shape = { lengths, screen, tall: 1 };
const state = {
  ...initialState(description, preferences),
  projection: { method: "max", z: [0, 9] } as const,
};

/** px of the picture that are on the screen. */
function visible({ view }: ReturnType<typeof withPlace>): { x: number[]; y: number[] } {
  const { centerX, centerY, zoom } = view!;
  const [x, y] = [screen.width / 2 / zoom, screen.height / 2 / zoom];
  return { x: [centerX - x, centerX + x], y: [centerY - y, centerY + y] };
}

describe("going to a place", () => {
  test("shows a seam across rows in the middle, with what lies around it; columns stay", () => {
    const before = { ...state, view: { centerX: 30, centerY: 10, zoom: 2 } };
    const there = withPlace(before, { Y: [36, 60] }, shape);
    expect(there.view).toEqual({ centerX: 30, centerY: 48, zoom: 6 });
    expect(there.cursor).toEqual({ y: 48, x: 30 });
    expect(there.plane).toEqual(before.plane);
  });

  test("shows a large place whole", () => {
    const { x, y } = visible(withPlace(state, { Y: [0, 90], X: [20, 160] }, shape));
    expect(x[0]).toBeLessThanOrEqual(20);
    expect(x[1]).toBeGreaterThanOrEqual(160);
    expect(y[0]).toBeLessThanOrEqual(0);
    expect(y[1]).toBeGreaterThanOrEqual(90);
  });

  test("goes to the slice behind a seam across slices, and shows the sections, in which it is seen", () => {
    const there = withPlace(state, { Z: [15, 17] }, shape);
    expect(there.plane.z).toBe(16);
    expect(there).toMatchObject({ isOrthogonal: true, projection: null, view: null });
    expect(withPlace(state, { Z: [15, 17], X: [3, 9] }, shape).isOrthogonal).toBe(false);
  });

  test("of another time point or channel goes there", () => {
    expect(withPlace(state, { T: [2, 3], C: [1, 2] }, shape).plane).toMatchObject({ t: 2, c: 1 });
  });

  test("outside of the stack stops at its end", () => {
    const there = withPlace(state, { Z: [90, 99], Y: [400, 500] }, shape);
    expect(there.plane.z).toBe(30);
    expect(there.cursor.y).toBe(99);
    expect(there.view?.centerY).toBe(100);
  });
});
