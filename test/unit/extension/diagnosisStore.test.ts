import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { DiagnosisStore } from "../../../extension/diagnosisStore";
import type { KeptDiagnosis } from "../../../extension/diagnosisStore";
import { Faults } from "../../../extension/faults";
import { MARKED } from "../../support/diagnosis";
import { temporaryFolder } from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
let stores = 0;
function fresh(): { store: DiagnosisStore; path: string } {
  const path = join(folder.path, `store-${++stores}`);
  return { store: new DiagnosisStore(path), path };
}
const kept = (key: string): KeptDiagnosis => ({
  ...{ key, diagnosis: MARKED, more: null },
  request: { file: "/data/a.tif" },
});

describe("the store of diagnoses", () => {
  test("gives back what was kept of a stack, and nothing for another", async () => {
    const { store } = fresh();
    expect(await store.load("file:///data/a.tif")).toBeNull();
    await store.save(kept("file:///data/a.tif"));
    expect(await store.load("file:///data/a.tif")).toMatchObject(kept("file:///data/a.tif"));
    expect(await store.load("file:///data/b.tif")).toBeNull();
    expect(await store.load("../../../etc/passwd")).toBeNull();
  });

  test("forgets those of another version, and what is damaged", async () => {
    const { store, path } = fresh();
    await store.save(kept("k"));
    const [file] = readdirSync(path);
    const text = readFileSync(join(path, file), "utf8");
    writeFileSync(join(path, file), text.replace(/"version":"[^"]+"/, '"version":"0.0.0"'));
    expect(await store.load("k")).toBeNull();
    writeFileSync(join(path, file), text.slice(0, 100));
    expect(await store.load("k")).toBeNull();
  });

  test("keeps the latest and no more", async () => {
    const { store, path } = fresh();
    for (let i = 0; i < 30; i++) {
      await store.save(kept(`k${i}`));
      const newest = readdirSync(path).length;
      expect(newest).toBeLessThanOrEqual(24);
      for (const file of readdirSync(path)) {
        const known = JSON.parse(readFileSync(join(path, file), "utf8")) as KeptDiagnosis;
        utimesSync(join(path, file), 1e6, 1e6 + Number(known.key.slice(1)));
      }
    }
    expect(await store.load("k29")).not.toBeNull();
    expect(await store.load("k0")).toBeNull();
  });

  test("names heat maps after their stack, in its own folder whatever the stack is called", async () => {
    const { store, path } = fresh();
    const map = await store.heatMapPath("file:///data/my%20stack%2F..%2F..%2Fx.tif");
    expect(map.startsWith(join(path, "marks of my-stack-"))).toBe(true);
    expect(map.slice(path.length + 1)).not.toMatch(/[\\/]/);
    expect(existsSync(path)).toBe(true);
    expect(await store.heatMapPath("file:///data/100%.tif")).toMatch(/marks of/);
    expect(await store.heatMapPath("file:///other/stack.tif")).not.toBe(
      await store.heatMapPath("file:///data/stack.tif"),
    );
  });
});

test("faults of a page that goes mad are not kept without end", () => {
  const faults = new Faults();
  const heard = new Map<string, (payload: unknown) => void>();
  const log = { error: () => undefined } as unknown as Parameters<Faults["hear"]>[2];
  faults.hear({ on: (event, listener) => heard.set(event, listener) }, "a page", log);
  for (let i = 0; i < 500; i++) {
    heard.get("fault")?.({ message: "x".repeat(10_000) });
    heard.get("cspViolation")?.(i % 2 === 0 ? null : { directive: "img-src", blocked: 5 });
  }
  expect(faults.faults).toHaveLength(100);
  expect(faults.faults[0]).toHaveLength(500);
  expect(faults.cspViolations).toHaveLength(100);
});
