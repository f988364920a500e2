/**
 * Diagnoses as they could come from a real run, for tests of what people see of them.
 * @module
 */
import type { Diagnosis, SeamFigures, SliceFigures } from "../../src/diagnose/diagnosis";

/** A diagnosis in which there is nothing. */
export const EMPTY: Diagnosis = {
  verdict: "undecided",
  mode: "blind",
  summary: "The stack is constant: a mark could not be seen.",
  file: "/data/constant.tif",
  axes: "YX",
  shape: [1, 1],
  dtype: "uint8",
  range: null,
  findings: [],
  seams: [],
  slices: [],
  grid: {},
  excess: {},
  probe: null,
  reference: null,
  notes: [],
};

const Z = 24;
const LENGTH = 256;
const PERIOD = 64;

const wave = (i: number, of = 1): number => Math.abs(Math.sin(i * 12.9898 * of) * 43758.5453) % 1;

const seam = (axis: string, position: number, size: number): SeamFigures => ({
  axis,
  position,
  known: true,
  disagreement: size,
  profile: {
    start: -8,
    mean: Array.from({ length: 16 }, (_, i) => size * (0.4 + 0.02 * (i - 7.5) ** 2) * (0.8 + 0.4 * wave(i))),
  },
  excess: 3 + 400 * size,
  pValue: size > 0.01 ? 1e-9 : 0.02,
  error: size * 1.6,
});

const seams = (axis: string): SeamFigures[] =>
  [1, 2, 3].map((n) => seam(axis, n * PERIOD, 0.006 + 0.02 * wave(n, axis === "Y" ? 1 : 3)));

const excessOf = (): (number | null)[] =>
  Array.from({ length: LENGTH }, (_, i) =>
    i < 3 || i > LENGTH - 3 ? null : i % PERIOD === 0 ? 9 + 6 * wave(i) : 2.4 * (wave(i) - 0.5),
  );

const slices: SliceFigures[] = Array.from({ length: Z }, (_, index) => ({
  axis: "Z",
  index,
  mean: 310 + 60 * Math.sin(index / 5),
  sd: 80 + 10 * Math.cos(index / 3),
  excess: index === 0 ? 6.2 : 1.5 * (wave(index) - 0.5),
  error: null,
}));

/** A run with an overlap of 8 px where 22 are needed, diagnosed with its model. */
export const MARKED: Diagnosis = {
  verdict: "artifacts",
  mode: "record+model",
  summary:
    "Tiles were joined with 8 px of overlap where the network needs 22: at the seams the result differs from untiled prediction by up to 4.1 % of the range.",
  file: "/data/experiment/stack_care2d.tif",
  axes: "ZYX",
  shape: [Z, LENGTH, LENGTH],
  dtype: "float32",
  range: 1432.5,
  findings: [
    {
      cause: "overlap-too-small",
      certainty: "certain",
      axis: "Y",
      where: { Y: [56, 72] },
      magnitude: 0.041,
      evidence:
        "The network sees 22 px beyond a tile, 8 px were kept for it on Y. At the probes the largest error is 4.1 % of the range; with 24 px it is 2.1e−7.",
      cure: {
        text: "Predict again with an overlap of 24 px: 1.4 times the work.",
        options: { overlap: 24 },
        command:
          "tilewright predict stack.tif --model models/care2d --out stack_care2d.tif --tiles Y=4,X=4 --overlap 24",
      },
    },
    {
      cause: "border-padding",
      certainty: "measured",
      axis: "Z",
      where: { Z: [0, 3] },
      magnitude: 0.0124,
      evidence: "Prediction with other padding differs by up to 1.2 % of the range in the first 3 slices.",
      cure: {
        text: "No padding is right: record more slices than you need, and leave 3 out at either end.",
        options: null,
        command: null,
      },
    },
    {
      cause: "tile-normalization",
      certainty: "suspected",
      axis: null,
      where: {},
      magnitude: null,
      evidence: "Tiles differ in gain by 3 % (sd), which neighbours of the same scene do not.",
      cure: {
        text: "Normalise over the whole stack.",
        options: { normalizeScope: "stack" },
        command: "tilewright predict stack.tif --model models/care2d --out again.tif --normalize-scope stack",
      },
    },
  ],
  seams: [...seams("Y"), ...seams("X")],
  slices,
  grid: { Y: { period: PERIOD, offset: 0 }, X: { period: PERIOD, offset: 0 }, Z: null },
  excess: { Y: excessOf(), X: excessOf() },
  probe: {
    places: [
      {
        why: "crossing",
        where: { Z: [11, 12], Y: [48, 80], X: [48, 80] },
        max: 0.041,
        mean: 0.0021,
        worst: { Z: 11, Y: 63, X: 65 },
      },
      {
        why: "stack end",
        where: { Z: [0, 1], Y: [0, 32], X: [0, 32] },
        max: 0,
        mean: 0,
        worst: { Z: 0, Y: 0, X: 0 },
      },
    ],
    curve: [0, 4, 8, 12, 16, 20, 24].map((px) => ({
      overlap: { Y: px, X: px },
      max: px >= 24 ? 2.1e-7 : 0.11 * Math.exp(-px / 5.5),
      cost: Number(((PERIOD + 2 * px) ** 2 / PERIOD ** 2).toFixed(2)),
    })),
    recommended: [
      { tolerance: 0.01, overlap: { overlap: { Y: 16, X: 16 }, max: 0.006, cost: 2.25 } },
      { tolerance: 1e-6, overlap: { overlap: { Y: 24, X: 24 }, max: 2.1e-7, cost: 3.06 } },
      { tolerance: 1e-9, overlap: null },
    ],
    borders: (["start", "stop"] as const).map((end) => ({
      axis: "Z",
      end,
      depth: 3,
      profile: Array.from({ length: 8 }, (_, i) => 0.0124 * Math.exp(-i * (end === "start" ? 1 : 1.2))),
      modes: ["reflect", "edge", "zero"],
    })),
  },
  reference: null,
  notes: ["Time points were not looked at: the stack has none."],
};

/** A diagnosis whose every text tries to be markup. */
export const HOSTILE: Diagnosis = {
  ...MARKED,
  file: '/data/<img src=x onerror=alert(1)>"](javascript:alert(1)).tif',
  summary: "</strong><script>alert(1)</script> **bold** | [link](http://example.org) \u202e\u0000\n# heading",
  findings: MARKED.findings.map((finding) => ({
    ...finding,
    evidence: "<script>alert(2)</script>`code` &amp; ]]> <!-- \n\n- item",
    where: { "<b>": [0, 3] },
    axis: "<i>",
    cure: {
      text: "<a href='x'>y</a>",
      options: { "<u>": "<script>" },
      command: "rm ```\n```\n<script>alert(3)</script>",
    },
  })),
  notes: ["1. <script>alert(4)</script>", "- a\n| b | c |\n|---|---|"],
  excess: { "<s>": [1, 2, 3], ...MARKED.excess },
};

/** A diagnosis of many seams, such as a large stack has. */
export function manySeams(count: number): Diagnosis {
  const one = (i: number): SeamFigures => ({
    ...seam("Y", (i + 1) * 16, wave(i)),
    error: null,
    profile: null,
  });
  return {
    ...MARKED,
    shape: [Z, (count + 2) * 16, LENGTH],
    seams: Array.from({ length: count }, (_, i) => one(i)),
  };
}
