/**
 * Linked viewers: tells the others what this one shows, and shows what they tell.
 * @module
 */
import type { Channel } from "../src/protocol/channel";
import type { Host, LinkedView, StackDescription, Viewer } from "../src/protocol/viewer";
import { clampIndex } from "./state";
import type { ViewerState } from "./state";

/** What linked viewers share of a state. */
export function linkedViewOf({ plane, view, keepContrast, channels }: ViewerState): LinkedView {
  return { plane, view, limits: channels.map(({ limits }) => (keepContrast ? limits : null)) };
}

/** The state in which a stack shows what another viewer told, as far as the stack has it. */
export function followingState(
  state: ViewerState,
  { plane, view, limits }: LinkedView,
  { lengths }: StackDescription,
): ViewerState {
  const isKept = limits.some((pair) => pair !== null);
  return {
    ...state,
    plane: {
      t: clampIndex(plane.t, lengths.t),
      z: clampIndex(plane.z, lengths.z),
      c: clampIndex(plane.c, lengths.c),
    },
    view,
    keepContrast: isKept,
    channels: state.channels.map((look, channel) =>
      channel < limits.length ? { ...look, limits: limits[channel] } : look,
    ),
  };
}

/** What a link acts on. */
export interface LinkParts {
  readonly description: StackDescription;
  readonly channel: Channel<Viewer, Host>;
  state(): ViewerState;
  /** Shows a state that came from another viewer. */
  follow(state: ViewerState): void;
}

/** This viewer's end of the link. What it follows it does not tell again. */
export class ViewLink {
  readonly #parts: LinkParts;
  readonly #stop: () => void;
  #isLinked = false;
  #told = "";
  #frame: number | null = null;

  constructor(parts: LinkParts) {
    this.#parts = parts;
    this.#stop = parts.channel.on("linkedView", ({ state }) => this.#follow(state));
  }

  /** The state changed: tells the others with the next frame of the screen, if it is linked and they would see it. */
  changed(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#tell();
    });
  }

  dispose(): void {
    this.#stop();
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
  }

  #tell(): void {
    const now = this.#parts.state();
    const isJoining = now.isLinked && !this.#isLinked;
    const isLeaving = !now.isLinked && this.#isLinked;
    this.#isLinked = now.isLinked;
    if (isLeaving) this.#parts.channel.emit("linkedView", { state: null, isJoining: false });
    if (!now.isLinked) return;
    const state = linkedViewOf(now);
    const text = JSON.stringify(state);
    if (text === this.#told && !isJoining) return;
    this.#told = text;
    this.#parts.channel.emit("linkedView", { state, isJoining });
  }

  #follow(told: LinkedView): void {
    const now = this.#parts.state();
    if (!now.isLinked) return;
    const next = followingState(now, told, this.#parts.description);
    this.#told = JSON.stringify(linkedViewOf(next));
    this.#parts.follow(next);
  }
}
