/**
 * Undo and redo of changes of a view.
 * @module
 */

const LONGEST = 100;
/** Changes of one kind that follow each other faster than this are one step. */
const PAUSE_MS = 800;
const DRAG = "drag ";
let drags = 0;

/** A kind of change for one drag: all its changes are one step, however long it takes. */
export function newDragKind(): string {
  return `${DRAG}${++drags}`;
}

/** States that were left, the newest last. */
export class History<T> {
  readonly #now: () => number;
  #past: T[] = [];
  #future: T[] = [];
  #last: { readonly kind: string; readonly at: number } | null = null;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** Remembers a state that is left by a change of some kind. */
  leave(state: T, kind: string): void {
    const at = this.#now();
    const isSameStep = this.#last?.kind === kind && (kind.startsWith(DRAG) || at - this.#last.at < PAUSE_MS);
    this.#last = { kind, at };
    this.#future = [];
    if (isSameStep && this.#past.length > 0) return;
    this.#past.push(state);
    if (this.#past.length > LONGEST) this.#past.shift();
  }

  /** The state before the last step, or null; `current` can be come back to. */
  undo(current: T): T | null {
    const state = this.#past.pop();
    if (state === undefined) return null;
    this.#last = null;
    this.#future.push(current);
    return state;
  }

  /** The state that was undone last, or null. */
  redo(current: T): T | null {
    const state = this.#future.pop();
    if (state === undefined) return null;
    this.#last = null;
    this.#past.push(current);
    return state;
  }
}
