/**
 * Viewers that show the same place of their stacks: what one of them shows, the others show.
 * @module
 */
import type { LinkedReport, LinkedView } from "../src/protocol/viewer";

/** A viewer that can be linked. */
export interface LinkedMember {
  /** Shows what another viewer shows. */
  follow(state: LinkedView): void;
}

/** Passes on between linked viewers what they show. */
export class LinkedViews {
  readonly #members = new Set<LinkedMember>();
  #last: LinkedView | null = null;

  /**
   * A viewer told something; `report` has been checked. One that joins others follows them, else the others follow it.
   */
  heard(from: LinkedMember, report: LinkedReport): void {
    if (report.state === null) {
      this.left(from);
      return;
    }
    this.#members.add(from);
    const last = this.#last;
    if (report.isJoining && last !== null && this.#members.size > 1) {
      from.follow(last);
      return;
    }
    this.#last = report.state;
    for (const member of this.#members) if (member !== from) member.follow(report.state);
  }

  /** A viewer was closed, or is not linked any more. */
  left(member: LinkedMember): void {
    this.#members.delete(member);
    if (this.#members.size === 0) this.#last = null;
  }
}
