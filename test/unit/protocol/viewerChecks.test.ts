import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import {
  checkContrastRequest,
  checkPictureSource,
  checkPlaneIndex,
  checkPlaneRequest,
  checkProfileRequest,
  checkSeriesChoice,
  checkStatisticsRequest,
  checkViewReport,
  checkViewerCommand,
  pictureSize,
  sampledSize,
} from "../../../src/protocol/viewerChecks";

const lengths = { t: 2, z: 5, c: 3, y: 40, x: 60 };
const plane = { t: 1, z: 4, c: 2 };
const section = { direction: "xz", at: 39 };
const projection = { method: "max", z: [1, 5] };

const CHECKS = {
  plane: (value: unknown) => checkPlaneIndex(value, lengths),
  picture: (value: unknown) => checkPictureSource(value, lengths),
  pixels: (value: unknown) => checkPlaneRequest(value, lengths),
  contrast: (value: unknown) => checkContrastRequest(value, lengths),
  profile: (value: unknown) => checkProfileRequest(value, lengths),
  statistics: (value: unknown) => checkStatisticsRequest(value, lengths),
  series: (value: unknown) => checkSeriesChoice(value, 3),
  command: (value: unknown) => checkViewerCommand(value),
};

/** Values near those that are right, so that most of a message is. */
const almost = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    1,
    1.5,
    -1,
    NaN,
    Infinity,
    2 ** 60,
    "1",
    null,
    [],
    {},
    true,
    [0, 5],
    [5, 0],
    [0, 1, 2],
  ),
  fc.constantFrom<unknown>({ toString: 5, valueOf: 5 }, Object.create(null), [NaN, 3], {
    y: [0, 4],
    x: [0, 4],
  }),
  fc.constantFrom<unknown>(
    { y: 1, x: 1.0625 },
    { y: 0.5, x: 1 },
    { y: 1e300, x: 1 },
    plane,
    section,
    projection,
  ),
  fc.anything(),
);
const message = fc.record(
  {
    plane: fc.oneof(fc.constant<unknown>(plane), fc.record({ t: almost, z: almost, c: almost }), almost),
    section: fc.oneof(fc.constant<unknown>(undefined), fc.record({ direction: almost, at: almost }), almost),
    projection: fc.oneof(fc.constant<unknown>(undefined), fc.record({ method: almost, z: almost }), almost),
    region: fc.oneof(fc.record({ y: almost, x: almost }), almost),
    step: fc.oneof(fc.record({ y: almost, x: almost }), almost),
    from: fc.oneof(fc.record({ y: almost, x: almost }), almost),
    to: fc.oneof(fc.record({ y: almost, x: almost }), almost),
    method: fc.oneof(fc.constantFrom<unknown>("auto", "minmax"), almost),
    repeat: almost,
    overDepth: almost,
    index: almost,
    command: almost,
  },
  { requiredKeys: [] },
);

test.each(Object.entries(CHECKS))("whatever comes as %s is right or refused in one sentence", (_, check) => {
  fc.assert(
    fc.property(fc.oneof(message, almost), (value) => {
      try {
        check(value);
      } catch (error) {
        expect(error).toBeInstanceOf(TilewrightError);
        expect((error as TilewrightError).code).toBe("viewer.badMessage");
        expect((error as TilewrightError).message.length).toBeLessThan(200);
      }
    }),
    { numRuns: 400 },
  );
});

test("pixels that are accepted lie in the picture, and are no more than fit into a message", () => {
  fc.assert(
    fc.property(message, (value) => {
      let accepted: ReturnType<typeof checkPlaneRequest>;
      try {
        accepted = checkPlaneRequest(value, lengths);
      } catch {
        return;
      }
      const size = pictureSize(accepted, lengths);
      const { region, step } = accepted;
      expect(region.y[0]).toBeGreaterThanOrEqual(0);
      expect(region.y[1]).toBeLessThanOrEqual(size.y);
      expect(region.x[1]).toBeLessThanOrEqual(size.x);
      expect(step.y * 16).toBe(Math.round(step.y * 16));
      const { width, height } = sampledSize(region, step);
      expect(width * height).toBeGreaterThanOrEqual(1);
      expect(width).toBeLessThanOrEqual(size.x);
    }),
    { numRuns: 1000 },
  );
});

describe("what is left out is filled in", () => {
  test("the whole picture pixel by pixel", () => {
    expect(checkPlaneRequest({ plane }, lengths)).toEqual({
      plane,
      region: { y: [0, 40], x: [0, 60] },
      step: { y: 1, x: 1 },
    });
  });

  test.each([
    ["xz", { y: [0, 5], x: [0, 60] }],
    ["yz", { y: [0, 40], x: [0, 5] }],
  ])("an %s section is as large as its axes", (direction, region) => {
    expect(checkPlaneRequest({ plane, section: { direction, at: 3 } }, lengths)).toMatchObject({ region });
  });

  test("Auto that was never pressed before", () => {
    expect(checkContrastRequest({ plane, method: "auto" }, lengths)).toEqual({
      plane,
      method: "auto",
      repeat: 0,
      percentiles: { low: 0.3, high: 99.7 },
    });
  });
});

test("only what is known is passed on", () => {
  const asked = {
    plane: { ...plane, path: "/" },
    section,
    layer: 7,
    path: "/etc",
    region: { y: [0, 5], x: [1, 2], q: 1 },
  };
  expect(checkPlaneRequest(asked, lengths)).toEqual({
    plane,
    section,
    region: { y: [0, 5], x: [1, 2] },
    step: { y: 1, x: 1 },
  });
});

const from = { y: 0, x: 0 };
test.each<[string, (value: unknown) => unknown, object]>([
  ["a section and a projection at once", CHECKS.picture, { plane, section, projection }],
  ["a section beyond the stack", CHECKS.picture, { plane, section: { direction: "xz", at: 40 } }],
  ["a section in a direction that is none", CHECKS.picture, { plane, section: { direction: "xy", at: 0 } }],
  ["a projection of no slices", CHECKS.picture, { plane, projection: { method: "max", z: [2, 2] } }],
  [
    "a projection by a method that is none",
    CHECKS.picture,
    { plane, projection: { method: "min", z: [0, 2] } },
  ],
  ["a step below one", CHECKS.pixels, { plane, step: { y: 1, x: 0.9375 } }],
  ["a step that is no sixteenth", CHECKS.pixels, { plane, step: { y: 1, x: 1.03 } }],
  ["a step that is a number", CHECKS.pixels, { plane, step: 2 }],
  ["Auto pressed ten times before", CHECKS.contrast, { plane, method: "auto", repeat: 10 }],
  ...(
    [
      { low: 50, high: 50 },
      { low: -1, high: 99 },
      { low: 1, high: 100.1 },
      { low: 1, high: NaN },
      { low: "1", high: 99 },
      [1, 99],
    ] as const
  ).map((percentiles): [string, (value: unknown) => unknown, object] => [
    `percentiles that are ${JSON.stringify(percentiles)}`,
    CHECKS.contrast,
    { plane, method: "percentile", percentiles },
  ]),
  ["a line that never ends", CHECKS.profile, { plane, from, to: { y: 1e9, x: 0 } }],
  ["a line to nowhere", CHECKS.profile, { plane, from, to: { y: NaN, x: 0 } }],
  [
    "a rectangle outside of a section",
    CHECKS.statistics,
    { plane, section, region: { y: [0, 6], x: [0, 1] } },
  ],
  [
    "a section slice by slice",
    CHECKS.statistics,
    { plane, section, region: { y: [0, 1], x: [0, 1] }, overDepth: true },
  ],
])("%s is refused", (_, check, value) => {
  expect(() => check(value)).toThrow(TilewrightError);
});

test("more pixels than fit into a message, and lines longer than anybody looks at, are refused", () => {
  const large = { ...lengths, y: 2 ** 30, x: 2 ** 30 };
  expect(() => checkPlaneRequest({ plane }, large)).toThrow(/too many/);
  const step = { y: 2 ** 18, x: 2 ** 18 };
  expect(sampledSize(checkPlaneRequest({ plane, step }, large).region, step)).toEqual({
    width: 4096,
    height: 4096,
  });
  expect(() => checkProfileRequest({ plane, from, to: { y: 2 ** 30, x: 0 } }, large)).toThrow(/too long/);
});

test("what a viewer says it shows is used only when all of it is right", () => {
  const report = { plane, region: { y: [0, 40], x: [3, 60] }, contrast: { low: 0, high: 1 }, zoom: 0.5 };
  expect(checkViewReport({ ...report, more: 1 }, lengths)).toEqual(report);
  expect(checkViewReport({ ...report, zoom: "1" }, lengths)).toBeNull();
  expect(checkViewReport({ ...report, region: { y: [0, 41], x: [3, 60] } }, lengths)).toBeNull();
  fc.assert(
    fc.property(fc.anything(), (value) => {
      checkViewReport(value, lengths);
    }),
  );
});
