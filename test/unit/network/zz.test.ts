import { readFileSync } from "node:fs";
import { test } from "vitest";
import { analyseNetwork } from "../../../src/network/analysis";
import { readOnnx } from "../../../src/network/onnx/read";
import { sharedPath } from "../../support/shared";
import { readNpy } from "../../support/npy";
import { runOnce } from "../../support/interpreter";
test("x", () => {
  const n = readOnnx(readFileSync(sharedPath("models/unet2d_nuclei_broad_onnx/weights.onnx")), "w.onnx");
  console.log(n.nodes.map((x) => x.op + ":" + x.name).join("\n"), n.inputs, n.outputs, n.fixedShape, analyseNetwork(n));
});
