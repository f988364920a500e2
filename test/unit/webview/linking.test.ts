import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { LinkedViews } from "../../../extension/linkedViews";
import { Channel } from "../../../src/protocol/channel";
import type { Envelope } from "../../../src/protocol/channel";
import { checkLinkedReport } from "../../../src/protocol/viewerChecks";
import type { Host, Viewer } from "../../../src/protocol/viewer";
import { History, newDragKind } from "../../../webview/history";
import { ViewLink, followingState, linkedViewOf } from "../../../webview/linking";
import { restoreState } from "../../../webview/restore";
import { initialState, withLimits } from "../../../webview/state";
import type { ViewerState } from "../../../webview/state";
import { lengths, preferences as sharedPreferences, description as shownStack } from "./shownStack";

const preferences = { ...sharedPreferences, keepContrast: false };
const description = { ...shownStack, pixelSize: null };
const fresh = initialState(description, preferences);

/** Frames of the screen, which Node does not have. */
let frames: (() => void)[] = [];
beforeEach(() => {
  frames = [];
  vi.stubGlobal("requestAnimationFrame", (paint: () => void) => frames.push(paint));
  vi.stubGlobal("cancelAnimationFrame", () => undefined);
});
afterEach(() => vi.unstubAllGlobals());
const nextFrame = (): void => frames.splice(0).forEach((paint) => paint());

/** A viewer without a picture, linked through the host's relay. */
function openViewer(relay: LinkedViews): { state: ViewerState; told: number; show(next: ViewerState): void } {
  let hear: (message: Envelope) => void = () => undefined;
  const member = {
    follow: (state: object): void =>
      hear(structuredClone({ kind: "event", event: "linkedView", payload: { state } } as const)),
  };
  const channel = new Channel<Viewer, Host>(
    {
      post: (message) => {
        if (message.kind !== "event") return;
        viewer.told++;
        const report = checkLinkedReport(structuredClone(message.payload), lengths);
        if (report !== null) relay.heard(member, report);
      },
      listen: (receive) => {
        hear = receive;
        return () => undefined;
      },
    },
    {},
  );
  const viewer = {
    state: fresh,
    told: 0,
    show: (next: ViewerState) => {
      viewer.state = next;
      link.changed();
    },
  };
  const link = new ViewLink({
    description,
    channel,
    state: () => viewer.state,
    follow: (state) => viewer.show(state),
  });
  return viewer;
}

const linked = (state: ViewerState): ViewerState => ({ ...state, isLinked: true });

test("a linked viewer follows slice, zoom and contrast of another, and does not echo them", () => {
  const relay = new LinkedViews();
  const [one, other] = [openViewer(relay), openViewer(relay)];
  one.show(linked(one.state));
  nextFrame();
  other.show(linked(other.state));
  nextFrame();
  const told = other.told;
  const view = { centerX: 10, centerY: 20, zoom: 4 };
  one.show({
    ...withLimits(one.state, 1, { low: 5, high: 9 }),
    view,
    plane: { t: 1, z: 7, c: 1 },
  });
  for (let frame = 0; frame < 5; frame++) nextFrame();
  expect(other.state.plane).toEqual({ t: 1, z: 7, c: 1 });
  expect(other.state.view).toEqual(view);
  expect(other.state.keepContrast).toBe(true);
  expect(other.state.channels[1].limits).toEqual({ low: 5, high: 9 });
  expect(other.told).toBe(told);
});

test("a viewer that is linked later shows what the others show; they do not move", () => {
  const relay = new LinkedViews();
  const [one, other] = [openViewer(relay), openViewer(relay)];
  one.show(linked({ ...one.state, plane: { t: 0, z: 3, c: 0 } }));
  nextFrame();
  other.show(linked({ ...other.state, plane: { t: 2, z: 30, c: 1 } }));
  nextFrame();
  expect(other.state.plane.z).toBe(3);
  expect(one.state.plane.z).toBe(3);
});

test("viewers that are not linked neither follow nor tell", () => {
  const relay = new LinkedViews();
  const [one, other] = [openViewer(relay), openViewer(relay)];
  one.show(linked(one.state));
  other.show({ ...other.state, plane: { t: 2, z: 30, c: 1 } });
  nextFrame();
  one.show({ ...one.state, plane: { t: 0, z: 1, c: 0 } });
  nextFrame();
  expect(other.state.plane.z).toBe(30);
  expect(other.told).toBe(0);
});

test("a viewer that left is not moved any more, and the last one takes the place with it", () => {
  const relay = new LinkedViews();
  const [one, other] = [openViewer(relay), openViewer(relay)];
  one.show(linked(one.state));
  other.show(linked(other.state));
  nextFrame();
  other.show({ ...other.state, isLinked: false });
  nextFrame();
  one.show({ ...one.state, plane: { t: 0, z: 1, c: 0 } });
  nextFrame();
  expect(other.state.plane.z).toBe(15);
  one.show({ ...one.state, isLinked: false });
  nextFrame();
  other.show(linked({ ...other.state, plane: { t: 0, z: 22, c: 0 } }));
  nextFrame();
  expect(other.state.plane.z).toBe(22);
});

test("a smaller stack follows as far as it goes", () => {
  const small = { ...description, lengths: { ...lengths, z: 4, c: 1 } };
  const state = initialState(small, preferences);
  const told = linkedViewOf(withLimits({ ...fresh, plane: { t: 2, z: 30, c: 1 } }, 1, { low: 1, high: 2 }));
  const next = followingState(state, told, small);
  expect(next.plane).toEqual({ t: 2, z: 3, c: 0 });
  expect(next.channels).toHaveLength(1);
});

test("what a linked viewer tells is passed on only when it is exactly that", () => {
  const state = {
    plane: { t: 0, z: 3, c: 1 },
    view: { centerX: 1.5, centerY: 2, zoom: 3 },
    limits: [null, { low: 1, high: 2 }],
  };
  const report = { state, isJoining: true };
  expect(checkLinkedReport(report, lengths)).toEqual(report);
  expect(checkLinkedReport({ ...report, state: { ...state, extra: "no" } }, lengths)).toEqual(report);
  expect(checkLinkedReport({ state: null, isJoining: false }, lengths)).toEqual({
    state: null,
    isJoining: false,
  });
  const wrong = [
    null,
    {},
    { state },
    { ...report, state: { ...state, plane: { t: 0, z: 31, c: 0 } } },
    { ...report, state: { ...state, view: { centerX: 1, centerY: 1, zoom: 0 } } },
    { ...report, state: { ...state, view: { centerX: Number.NaN, centerY: 1, zoom: 1 } } },
    { ...report, state: { ...state, view: undefined } },
    { ...report, state: { ...state, limits: [{ low: 1, high: Infinity }] } },
    { ...report, state: { ...state, limits: [{ low: 1 }] } },
    { ...report, state: { ...state, limits: [null, null, null] } },
    { ...report, state: { ...state, limits: "none" } },
  ];
  for (const value of wrong) expect(checkLinkedReport(value, lengths), JSON.stringify(value)).toBeNull();
});

test("links and the scale of histograms are remembered, nonsense is not", () => {
  const saved = { ...fresh, isLinked: true, hasLogCounts: false };
  expect(restoreState(saved, description, preferences)).toMatchObject({
    isLinked: true,
    hasLogCounts: false,
  });
  const nonsense = { ...fresh, isLinked: "yes", hasLogCounts: 0 };
  expect(restoreState(nonsense, description, preferences)).toMatchObject({
    isLinked: false,
    hasLogCounts: true,
  });
});

test("a drag is one step of undo, however long it takes, and the next drag another", () => {
  let now = 0;
  const history = new History<string>(() => now);
  const first = newDragKind();
  history.leave("before", first);
  now += 5000;
  history.leave("half way", first);
  history.leave("between", newDragKind());
  expect(history.undo("end")).toBe("between");
  expect(history.undo("between")).toBe("before");
});
