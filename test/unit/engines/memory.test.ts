import { describe, expect, test } from "vitest";
import { estimateTileBytes } from "../../../src/engines/memory";
import { careUnet } from "../../support/networks";

const MIB = 2 ** 20;

describe("memory of a tile", () => {
  /** Resident memory ONNX Runtime took on top of a process without a session, MiB: docs/decisions/0002-onnxruntime.md. */
  const measured = [
    [{ spatialAxes: "YX", depth: 2, kernel: 3, first: 32 }, [512, 512], 144],
    [{ spatialAxes: "YX", depth: 2, kernel: 3, first: 32 }, [1024, 1024], 553],
    [{ spatialAxes: "YX", depth: 2, kernel: 3, first: 32 }, [2048, 2048], 2160],
    [{ spatialAxes: "YX", depth: 4, kernel: 3, first: 16 }, [512, 512], 98],
    [{ spatialAxes: "YX", depth: 2, kernel: 3, first: 8 }, [512, 512], 71],
    [{ spatialAxes: "ZYX", depth: 2, kernel: 3, first: 32 }, [16, 128, 128], 215],
    [{ spatialAxes: "ZYX", depth: 2, kernel: 3, first: 32 }, [32, 192, 192], 919],
    [{ spatialAxes: "ZYX", depth: 2, kernel: 3, first: 32 }, [48, 256, 256], 2753],
    [{ spatialAxes: "ZYX", depth: 2, kernel: 3, first: 4 }, [32, 128, 128], 189],
  ] as const;
  test.each(measured)("%j at %j is estimated from above, by at most 40 %%", (form, shape, mib) => {
    const estimate = estimateTileBytes(careUnet(form), shape, "cpu") / MIB;
    expect(estimate).toBeGreaterThanOrEqual(mib);
    expect(estimate).toBeLessThanOrEqual(1.4 * mib);
  });

  test("a larger tile never takes less", () => {
    const network = careUnet();
    let last = 0;
    for (let side = 4; side <= 512; side += 4) {
      const bytes = estimateTileBytes(network, [side, 64], "cpu");
      expect(bytes).toBeGreaterThan(last);
      last = bytes;
    }
  });

  test("a shape the network cannot take is an error", () => {
    expect(() => estimateTileBytes(careUnet(), [5, 7], "cpu")).toThrow(/multiple/);
  });
});
