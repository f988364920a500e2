/**
 * @module
 * The forum's case, rebuilt: 31 slices, a MultiRes U-Net, tiles of 96³ with 16 px of overlap, z padded by 32 and 33
 * mirrored slices, int8 — against one call on the image padded by one slice. Everything but the int8 is our own
 * command line. Writes the pictures and figures of docs/case-z-halo.md.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { diagnosisText } from "../../src/cli/diagnose";
import type { Diagnosis } from "../../src/diagnose/diagnosis";
import { fractionText } from "../../src/diagnose/words";
import { writeOnnx } from "../../src/network/onnx/write";
import type { RunRecord } from "../../src/predict/record";
import { generateSample } from "../sample/generate";
import { chartSvg } from "./chart";
import { readWhole, tilewright, writeZyx } from "./files";
import { multiResUnet } from "./network";
import { beside, gray, heat, pngBytes } from "./png";

const SHAPE = [31, 256, 256] as const;
const PLANE = SHAPE[1] * SHAPE[2];
/** The slice that is shown. */
const SHOWN = 15;
/** Rows and columns of it that are shown. */
const SIDE = 152;
const NETWORK = { seed: 11, filters: 4, gain: 2, shift: -3.6 };
/** What the script does, in words of the command line. */
const AS_THE_SCRIPT = ["--tile-size", "Z=96,Y=96,X=96", "--overlap", "16", "--pad-extra", "Z=32,Y=16,X=16"];
const COMMON = ["--normalize", "minmax", "--pad", "symmetric", "--engine", "cpu", "--overwrite"];
const TRAINED_ON = "Z=16,Y=64,X=64";

async function main(root: string, work: string): Promise<void> {
  mkdirSync(work, { recursive: true });
  const at = (name: string): string => join(work, name);
  console.log("making the stack and the network");
  const { noisy } = generateSample({ seed: 31, shape: SHAPE });
  await writeZyx(at("stack.tif"), noisy, SHAPE);
  writeFileSync(at("network.onnx"), writeOnnx(multiResUnet(NETWORK)));
  const predict = ["predict", at("stack.tif"), "--model", at("network.onnx"), ...COMMON];
  console.log("predicting as the script does, and untiled");
  const tiledText = tilewright(root, ...predict, ...AS_THE_SCRIPT, "--out", at("tiled.tif"));
  tilewright(root, ...predict, "--untiled", "--out", at("untiled.tif"));
  const tiled = (await readWhole(at("tiled.tif"))) as Float32Array;
  const untiled = (await readWhole(at("untiled.tif"))) as Float32Array;
  await writeWrapped(at, tiled);
  console.log("diagnosing");
  const diagnose = (...words: string[]): Diagnosis =>
    JSON.parse(tilewright(root, "diagnose", at("int8.tif"), ...words, "--json")) as Diagnosis;
  const known = ["--run", at("int8.tif.run.json"), "--training-patch", TRAINED_ON];
  const all = [diagnose(), diagnose(...known), diagnose(...known, "--model", at("network.onnx"))];
  const [, , diagnosis] = all;
  const compared = JSON.parse(
    tilewright(root, "diagnose", at("tiled.tif"), "--reference", at("untiled.tif"), "--json"),
  ) as Diagnosis;
  const texts = all.map(diagnosisText);
  texts.forEach((text, i) => writeFileSync(at(`diagnosis-${i}.txt`), text));
  writeFileSync(at("diagnosis.json"), JSON.stringify(diagnosis, null, 1));
  console.log(tiledText, texts.join("\n\n"));
  const images = join(root, "docs/images");
  draw(images, { tiled, untiled, diagnosis, compared });
  const folder = new RegExp(`${resolve(work)}/|${work}/`, "g");
  tell(join(root, "docs/case-z-halo.md"), texts[2].replace(folder, ""));
}

/** The script's last step: truncated, cast to int8, values above 127 wrapped around; its record is that of the run. */
async function writeWrapped(at: (name: string) => string, tiled: Float32Array): Promise<void> {
  await writeZyx(
    at("int8.tif"),
    Int8Array.from(tiled, (value) => (Math.trunc(value) << 24) >> 24),
    SHAPE,
  );
  const record = JSON.parse(readFileSync(at("tiled.tif.run.json"), "utf8")) as RunRecord;
  const wrapped = { ...record, output: { ...record.output, path: "int8.tif", dtype: "int8" } };
  writeFileSync(at("int8.tif.run.json"), JSON.stringify(wrapped));
}

interface Results {
  readonly tiled: Float32Array;
  readonly untiled: Float32Array;
  readonly diagnosis: Diagnosis;
  readonly compared: Diagnosis;
}

function draw(images: string, { tiled, untiled, diagnosis, compared }: Results): void {
  const slice = (data: Float32Array): Float32Array => {
    const rows = Array.from({ length: SIDE }, (_, y) => SHOWN * PLANE + y * SHAPE[2]);
    return Float32Array.from(rows.flatMap((start) => [...data.subarray(start, start + SIDE)]));
  };
  const [a, b] = [slice(tiled), slice(untiled)];
  const difference = a.map((value, i) => Math.min(1, Math.abs(value - b[i]) / 64));
  const three = beside([gray(b, SIDE, [0, 255]), gray(a, SIDE, [0, 255]), heat(difference, SIDE)]);
  writeFileSync(join(images, "case-tiled.png"), pngBytes(three));
  const wrapped = a.map((value) => (Math.trunc(value) << 24) >> 24);
  const two = beside([gray(a, SIDE, [0, 255]), gray(wrapped, SIDE, [-128, 127])]);
  writeFileSync(join(images, "case-int8.png"), pngBytes(two));
  const curve = diagnosis.probe?.curve ?? [];
  const overlaps = curve.map(({ overlap }) => overlap.Y ?? 0);
  const error = chartSvg({
    title: "Largest error at the probes against the overlap",
    x: { label: "overlap, px", values: overlaps },
    y: { label: "fraction of the range", log: true },
    lines: [{ name: "error", values: curve.map(({ max }) => max) }],
    marks: [{ name: "the script", x: 16 }],
  });
  writeFileSync(join(images, "case-overlap.svg"), error);
  const perSlice = compared.reference?.perAxis.Z ?? [];
  const profile = chartSvg({
    title: "Mean difference between the tiled and the untiled run, slice by slice",
    x: { label: "slice", values: perSlice.map((_, z) => z) },
    y: { label: "fraction of the range", log: false },
    lines: [{ name: "difference", values: perSlice }],
    marks: [],
  });
  writeFileSync(join(images, "case-slices.svg"), profile);
  console.log(
    `mean difference ${fractionText(compared.reference?.mean ?? 0)}, largest ${fractionText(compared.reference?.max ?? 0)}`,
  );
}

/** Puts the output of the command into the story, between its marks. */
function tell(path: string, text: string): void {
  const story = readFileSync(path, "utf8");
  const marks = /(<!-- diagnosis -->\n)[\s\S]*?(<!-- end -->)/;
  writeFileSync(
    path,
    story.replace(
      marks,
      (_, first: string, last: string) => `${first}\n\`\`\`text\n${text.trim()}\n\`\`\`\n\n${last}`,
    ),
  );
}

const [root = ".", work = "dist-test/case-z-halo"] = process.argv.slice(2);
void main(root, work);
