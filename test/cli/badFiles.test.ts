import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { BAD_ENDINGS, badFiles } from "../support/badFiles";
import { hasShared, sharedPath } from "../support/shared";
import { makeTiff } from "../support/tiff";

const folder = mkdtempSync(join(tmpdir(), "tilewright-bad-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CLI = join(import.meta.dirname, "../../dist/cli.cjs");
const PRELOADED = join(import.meta.dirname, "../fixtures/reportUsage.cjs");

interface Measured {
  readonly code: number | null;
  readonly entry: {
    readonly error?: { readonly code: string };
    readonly planeSha256?: readonly string[];
    readonly warnings?: readonly string[];
  };
  /** Of a processor, the start of the program included. */
  readonly seconds: number;
  readonly maxBytes: number;
}

/** `info --hash` of one file in a process of its own. */
async function inspect(file: string): Promise<Measured> {
  const args = ["-r", PRELOADED, CLI, "info", "--hash", "--json", file];
  // A busy machine makes everything slow; a hang is longer than that.
  const child = spawn(process.execPath, args, { timeout: 30_000, killSignal: "SIGKILL" });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  expect(stderr, file).not.toMatch(/^\s+at /m);
  const seconds = Number(/^cpu (\d+)$/m.exec(stderr)?.[1]) / 1e6;
  const maxBytes = 1024 * Number(/^maxRSS (\d+)$/m.exec(stderr)?.[1]);
  expect(stdout, `${file}: ${stderr}`).not.toBe("");
  return { code, entry: (JSON.parse(stdout) as Measured["entry"][])[0], seconds, maxBytes };
}

test.skipIf(!hasShared)(
  "each damaged or hostile file ends within 2 s and 256 MB in a process of its own",
  async () => {
    const sound = join(folder, "sound.tif");
    writeFileSync(sound, makeTiff([{ width: 16, height: 16, value: () => 1 }]));
    const base = await inspect(sound);
    expect(base.code).toBe(0);
    expect(base.maxBytes).toBeGreaterThan(2 ** 20);
    for (const { file } of badFiles()) {
      const { code, entry, seconds, maxBytes } = await inspect(sharedPath("tiffs-bad", file));
      const [ending] = BAD_ENDINGS[file];
      expect(code, file).toBe(ending.startsWith("stack.") ? 1 : 0);
      if (ending.startsWith("stack.")) expect(entry.error?.code, file).toBe(ending);
      else
        expect([entry.planeSha256?.length, (entry.warnings ?? []).length > 0], file).toEqual([
          1,
          ending === "warned",
        ]);
      expect(seconds, file).toBeLessThan(2);
      expect(maxBytes - base.maxBytes, file).toBeLessThan(256 * 2 ** 20);
    }
  },
);
