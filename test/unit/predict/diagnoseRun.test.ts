import { afterAll, test } from "vitest";
import { join } from "node:path";
import { builtinRegistries } from "../../../src/builtins";
import { quietJob } from "../../../src/job";
import { diagnoseFiles } from "../../../src/predict/diagnoseRun";
import { Sessions } from "../../../src/predict/sessions";
import { TINY_2D, noisyVolume, predictHere, temporaryFolder, writeStack } from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const RUNS: Record<string, Record<string, unknown>> = {
  exact: { tiles: "4,4" },
  overlap: { tiles: "4,4", overlap: 2 },
  misaligned: { tiles: "4,4", block: 1, overlap: 9 },
  tile: { tiles: "4,4", normalizeScope: "tile" },
  both: { tiles: "4,4", normalizeScope: "tile", overlap: 2 },
  padding: { tiles: "4,4", padExtra: 6, pad: "symmetric" },
  blend: { tiles: "4,4", overlap: 4, blend: "linear" },
  roi: { tiles: "2,2", roi: "Y=20:90,X=11:100", overlap: 2 },
  roiExact: { tiles: "2,2", roi: "Y=20:90,X=11:100" },
  untiled: { untiled: true },
  uint8: { tiles: "4,4", dtype: "uint8" },
};
test.each(Object.keys(RUNS))("%s", async (name) => {
  const input = await writeStack(join(folder.path, `${name}-in.tif`), noisyVolume("YX", [131, 150]));
  const out = join(folder.path, `${name}.tif`);
  await predictHere(input, TINY_2D, out, RUNS[name]);
  for (const model of [undefined, TINY_2D]) {
    const sessions = new Sessions(builtinRegistries());
    const d = await diagnoseFiles({ file: out, run: `${out}.run.json`, model }, sessions, quietJob());
    await sessions.dispose();
    if (name==="exact"&&!model) console.log(d.seams, d.range);
    console.log(name, d.verdict, d.mode, d.summary, "\n", d.findings.map((f) => [f.cause, f.axis, f.certainty, f.magnitude, f.evidence, f.cure.command]), d.notes, d.probe?.places.map((p)=>[p.why,p.max]), JSON.stringify(d.probe?.curve), JSON.stringify(d.probe?.borders));
  }
});
