import { expect, test } from "vitest";
import { cpuEngine } from "../../../src/engines/cpu";
import { webgpuEngine } from "../../../src/engines/webgpu";

test("the CPU gives the known answer", async () => {
  expect(await cpuEngine.status()).toMatchObject({ available: true });
});
test("gpu", async () => {
  console.log(await webgpuEngine.status());
});
