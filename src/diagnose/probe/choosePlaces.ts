/**
 * Where to look with the model: crossings of seams, seams, the worst disagreements, the ends of the stack.
 * @module
 */
import type { Plan } from "../../tiling/plan";
import type { Interval, Region } from "../../volume/region";
import { intersectRegions, regionSize } from "../../volume/region";
import type { ProbePlace } from "../diagnosis";
import { seamPositions, writtenRegion } from "../places";
import type { Recompute, RunFacts } from "../run";

/** A box of the padded image to look at. */
export interface ChosenPlace {
  readonly why: ProbePlace["why"];
  readonly box: Region;
  /** Axes of the seams that run through it, with their positions, px of the padded image. */
  readonly seams: Readonly<Record<string, number>>;
}

/** At least this many places, where the stack is large enough for them. */
const LEAST = 8;
const MOST_WORST = 3;
const MOST_CROSSINGS = 4;
const MOST_SEAMS = 4;
const MOST_ENDS = 4;
/** Of the golden ratio: fractions that never come close to each other. */
const SPREAD = 0.6180339887;

/** Chooses at least 8 places, the same for the same run; in two dimensions, where they cost little, more. */
export function choosePlaces(run: RunFacts, recompute: Recompute): ChosenPlace[] {
  const site = new Site(run, recompute);
  const ends = site.ends();
  const times = isFlat(run) ? 2 : 1;
  const chosen = [
    ...site.worst(times * MOST_WORST),
    ...spread(site.crossings(), times * MOST_CROSSINGS),
    ...spread(site.seams(), times * MOST_SEAMS),
    ...ends.slice(0, MOST_ENDS),
  ];
  const more = [...spread(site.seams(), 2 * LEAST), ...ends.slice(MOST_ENDS)];
  const found = new Map<string, ChosenPlace>();
  for (const [i, place] of [...chosen, ...more].entries()) {
    if (i >= chosen.length && found.size >= LEAST) break;
    const key = JSON.stringify(place.box);
    if (!found.has(key) && regionSize(place.box) > 0) found.set(key, place);
  }
  return [...found.values()];
}

/** The same place with a smaller box: half as long along every axis that the network sees. */
export function smallerPlace(place: ChosenPlace, plan: Plan): ChosenPlace | null {
  let smaller = false;
  const box = place.box.map(([start, stop], i): Interval => {
    if (plan.roles[i] !== "tiled" || stop - start < 4) return [start, stop];
    smaller = true;
    const seam = place.seams[plan.axes[i]] ?? (start + stop) / 2;
    const half = Math.floor((stop - start) / 4);
    const middle = Math.min(stop - half, Math.max(start + half, Math.round(seam)));
    return [middle - half, middle + half];
  });
  return smaller ? { ...place, box } : null;
}

class Site {
  readonly #run: RunFacts;
  readonly #recompute: Recompute;
  readonly #written: Region;
  readonly #positions: readonly (readonly number[])[];
  #count = 0;

  constructor(run: RunFacts, recompute: Recompute) {
    this.#run = run;
    this.#recompute = recompute;
    this.#written = writtenRegion(run.plan);
    this.#positions = [...run.plan.axes].map((_, i) => (run.untiled ? [] : seamPositions(run.plan, i)));
  }

  /** Places at the largest recorded disagreements, between the two tiles. */
  worst(most: number): ChosenPlace[] {
    const { plan, seams } = this.#run;
    const largest = [...seams].sort((a, b) => b.max - a.max).slice(0, most);
    return largest.flatMap(({ axis, position, tiles, max }): ChosenPlace[] => {
      const i = plan.axes.indexOf(axis);
      if (max === 0 || !this.#positions[i].includes(position)) return [];
      const [before, after] = tiles.map((tile) => plan.tiles[tile].write);
      const shared = intersectRegions(before, after);
      const around = shared.map((interval, k): Interval =>
        k === i ? interval : [interval[0], Math.max(interval[0] + 1, interval[1])],
      );
      const box = this.#box({ [axis]: position }, (k) => {
        const [start, stop] = around[k];
        return (start + stop) / 2;
      });
      return [{ why: "worst disagreement", box, seams: { [axis]: position } }];
    });
  }

  /** Places where seams of all cut axes meet. */
  crossings(): ChosenPlace[] {
    const cut = this.#positions.flatMap((positions, i) => (positions.length > 0 ? [i] : []));
    if (cut.length < 2) return [];
    const all = cut.reduce((product, i) => product * this.#positions[i].length, 1);
    const step = Math.max(1, Math.floor(all / (4 * MOST_CROSSINGS)));
    return Array.from({ length: Math.min(all, 4 * MOST_CROSSINGS) }, (_, n): ChosenPlace => {
      let rest = (n * step) % all;
      const seams: Record<string, number> = {};
      for (const i of cut) {
        seams[this.#run.plan.axes[i]] = this.#positions[i][rest % this.#positions[i].length];
        rest = Math.floor(rest / this.#positions[i].length);
      }
      return { why: "crossing", box: this.#box(seams), seams };
    });
  }

  /** One place on every seam. */
  seams(): ChosenPlace[] {
    return this.#positions.flatMap((positions, i) =>
      positions.map((position): ChosenPlace => {
        const seams = { [this.#run.plan.axes[i]]: position };
        return { why: "seam", box: this.#box(seams), seams };
      }),
    );
  }

  /** Both ends of every axis that the network sees, corners first. */
  ends(): ChosenPlace[] {
    const { plan } = this.#run;
    const tiled = plan.roles.flatMap((role, i) => (role === "tiled" ? [i] : []));
    const corner = (end: 0 | 1): ChosenPlace => ({
      why: "stack end",
      box: this.#box({}, (k) => (tiled.includes(k) ? this.#written[k][end] : null)),
      seams: {},
    });
    const sides = tiled.flatMap((i) =>
      ([0, 1] as const).map((end): ChosenPlace => ({
        why: "stack end",
        box: this.#box({}, (k) => (k === i ? this.#written[k][end] : null)),
        seams: {},
      })),
    );
    return [corner(0), corner(1), ...sides];
  }

  /**
   * A box on seams, elsewhere at a middle or at a place that is spread over the stack.
   *
   * @param seams  positions by axis
   * @param middle px of the padded image, null to be spread
   */
  #box(
    seams: Readonly<Record<string, number>>,
    middle: (axis: number) => number | null = () => null,
  ): Region {
    const { plan } = this.#run;
    const n = ++this.#count;
    return this.#written.map(([first, stop], i): Interval => {
      if (plan.roles[i] === "whole") return plan.computed[i];
      const seam = seams[plan.axes[i]];
      const length = plan.roles[i] === "each" ? 1 : Math.min(stop - first, this.#edge(i, seam !== undefined));
      const free = stop - first - length;
      const wanted = seam ?? middle(i) ?? first + length / 2 + ((n * (i + 1) * SPREAD) % 1) * free;
      const start = Math.round(Math.min(stop - length, Math.max(first, wanted - length / 2)));
      return [start, start + length];
    });
  }

  /** Length of a box: along a seam it may grow with the context, which has to be computed anyway. */
  #edge(axis: number, acrossSeam: boolean): number {
    const { block, context } = this.#recompute;
    if (acrossSeam) return 2 * Math.max(8, Math.min(block[axis], 32));
    return isFlat(this.#run)
      ? Math.min(128, Math.max(32, 2 * context[axis]))
      : Math.min(32, Math.max(16, context[axis]));
  }
}

/** Whether the network sees planes. */
function isFlat({ plan }: RunFacts): boolean {
  return plan.roles.filter((role) => role === "tiled").length <= 2;
}

/** At most `most` of a list, evenly spread. */
function spread<T>(list: readonly T[], most: number): T[] {
  if (list.length <= most) return [...list];
  return Array.from({ length: most }, (_, i) => list[Math.floor(((i + 0.5) * list.length) / most)]);
}
