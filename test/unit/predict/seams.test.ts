import { describe, expect, test } from "vitest";
import { SeamRecorder } from "../../../src/predict/seams";
import type { RecordedSeam } from "../../../src/diagnose/run";
import type { Plan } from "../../../src/tiling/plan";
import { regionShape, shapeSize } from "../../../src/volume/region";
import { makeVolume } from "../../../src/volume/volume";
import type { Volume } from "../../../src/volume/volume";
import { planFor } from "../../support/plans";

/** What a "network" says at a px of the padded image when asked in tile `tile`. */
type Says = (place: readonly number[], tile: number, channel: number) => number;

function outputOf(plan: Plan, tile: number, channels: number, says: Says): Volume<Float32Array> {
  const { read } = plan.tiles[tile];
  const spatial = plan.axes.replace("C", "");
  const shape = regionShape(read);
  const data = new Float32Array(channels * shapeSize(shape));
  let i = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let inTile = 0; inTile < shapeSize(shape); inTile++) {
      const place = new Array<number>(shape.length);
      let rest = inTile;
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        place[axis] = read[axis][0] + (rest % shape[axis]);
        rest = Math.floor(rest / shape[axis]);
      }
      data[i++] = says(place, tile, channel);
    }
  }
  return makeVolume(data, [channels, ...shape], `C${spatial}`);
}

function record(plan: Plan, channels: number, says: Says): RecordedSeam[] {
  const recorder = new SeamRecorder(plan, channels);
  return plan.tiles.flatMap((_, i) => recorder.add(i, outputOf(plan, i, channels, says)));
}

const plan = planFor({ axes: "YX", shape: [96, 128], block: 4, context: 8, wishes: { tiles: [2, 3] } });

describe("seams", () => {
  test("of tiles that say the same everywhere are 0, one for every pair of neighbours", () => {
    const seams = record(plan, 1, ([y, x]) => y * 1000 + x);
    expect(plan.tilesPerAxis).toEqual([2, 3]);
    expect(seams.filter(({ axis }) => axis === "Y")).toHaveLength(3);
    expect(seams.filter(({ axis }) => axis === "X")).toHaveLength(4);
    expect(seams.every(({ max, profile }) => max === 0 && profile.every((mean) => mean === 0))).toBe(true);
  });

  test("measure the disagreement at the last kept px of each tile: an offset per tile is found exactly", () => {
    const offsets = [0, 1, 3, 7, 15, 31];
    for (const { tiles, max, profile } of record(plan, 1, (_, tile) => offsets[tile])) {
      const wanted = Math.abs(offsets[tiles[0]] - offsets[tiles[1]]);
      expect(max).toBe(wanted);
      expect(profile.every((mean) => Math.abs(mean - wanted) < 1e-6)).toBe(true);
    }
  });

  test("a disagreement elsewhere in the overlap is in the profile, not in the maximum", () => {
    const one = planFor({ axes: "X", shape: [96], block: 4, context: 8, wishes: { tiles: [2] } });
    const border = one.tiles[1].write[0][0];
    const [seam] = record(one, 1, ([x], tile) => (tile === 1 && x === border - 5 ? 10 : 0));
    expect(seam).toMatchObject({
      axis: "X",
      position: border,
      tiles: [0, 1],
      max: 0,
      profileStart: one.tiles[1].read[0][0],
    });
    expect(seam.profile).toHaveLength(one.tiles[0].read[0][1] - one.tiles[1].read[0][0]);
    expect(seam.profile[border - 5 - seam.profileStart]).toBe(10);
    expect(seam.profile.reduce((sum, mean) => sum + mean, 0)).toBe(10);
  });

  test("exactly the px on both sides of the border count", () => {
    const one = planFor({ axes: "X", shape: [96], block: 4, context: 8, wishes: { tiles: [2] } });
    const border = one.tiles[1].write[0][0];
    const at = (px: number): number =>
      record(one, 1, ([x], tile) => (tile === 0 && x === px ? -4 : 0))[0].max;
    expect([border - 2, border - 1, border, border + 1].map(at)).toEqual([0, 4, 4, 0]);
  });

  test("every channel counts", () => {
    const seams = record(plan, 3, (_, tile, channel) => (channel === 2 ? tile : 0));
    expect(seams.every(({ tiles, max }) => max === tiles[1] - tiles[0])).toBe(true);
  });

  test("tiles of different entries of a looped axis are no neighbours", () => {
    const looped = planFor({
      axes: "ZYX",
      shape: [3, 64, 64],
      each: "Z",
      context: 8,
      wishes: { tiles: [1, 1, 2] },
    });
    const seams: RecordedSeam[] = [];
    const recorder = new SeamRecorder(looped, 1);
    looped.tiles.forEach((tile, i) => {
      const flat = outputOf(looped, i, 1, () => i);
      seams.push(...recorder.add(i, makeVolume(flat.data, [1, ...flat.shape.slice(2)], "CYX")));
      expect(tile.read[0][1] - tile.read[0][0]).toBe(1);
    });
    expect(seams.map(({ axis, tiles }) => [axis, ...tiles])).toEqual([
      ["X", 0, 1],
      ["X", 2, 3],
      ["X", 4, 5],
    ]);
  });

  test("without overlap there is nothing to compare", () => {
    const bare = planFor({
      axes: "X",
      shape: [96],
      block: 4,
      context: 0,
      wishes: { tiles: [3], overlap: [0] },
    });
    expect(record(bare, 1, (_, tile) => tile)).toEqual([]);
  });

  test("tiles left out of a resumed run leave out their seams only", () => {
    const recorder = new SeamRecorder(plan, 1);
    const seams = [3, 4, 5].flatMap((i) =>
      recorder.add(
        i,
        outputOf(plan, i, 1, () => 0),
      ),
    );
    expect(seams.map(({ axis, tiles }) => [axis, ...tiles])).toEqual([
      ["X", 3, 4],
      ["X", 4, 5],
    ]);
  });
});
