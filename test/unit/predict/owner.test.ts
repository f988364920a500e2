import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { journalOwner, requireNoOtherOwner, requireStillOwner, thisOwner } from "../../../src/predict/owner";
import type { Job } from "../../../src/job";
import { temporaryFolder } from "../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

let count = 0;
function journal(...owners: readonly object[]): string {
  const path = join(folder.path, `${count++}.journal`);
  writeFileSync(path, '{"schema":"first line"}\n');
  for (const owner of owners) appendFileSync(path, `${JSON.stringify({ owner })}\n{"tile":0,"seams":[]}\n`);
  return path;
}

const dead = spawnSync(process.execPath, ["-e", ""]).pid;
const host = hostname();
const job: Job = { signal: new AbortController().signal, report: () => undefined, log: () => undefined };

describe("the process that writes a run", () => {
  test("is the last one the journal names", async () => {
    const [one, two] = [
      { pid: 1, parent: 3, host: "a" },
      { pid: 2, parent: 4, host: "b" },
    ];
    expect(await journalOwner(journal(one, two))).toEqual(two);
    expect(await journalOwner(journal())).toBeNull();
    expect(await journalOwner(join(folder.path, "missing"))).toBeNull();
  });

  test("keeps others out while it lives", async () => {
    const path = journal({ pid: process.ppid, parent: process.ppid, host });
    await expect(requireNoOtherOwner("out.tif", path, job)).rejects.toMatchObject({
      code: "out.busy",
      message: expect.stringContaining(String(process.ppid)),
    });
  });

  test.each([
    ["is this one", [thisOwner()]],
    ["is dead", [{ pid: dead, parent: process.ppid, host }]],
    ["is of another computer", [{ pid: process.ppid, parent: process.ppid, host: `not ${host}` }]],
    ["is none", []],
    ["is nonsense", [{ pid: "1", parent: 1, host }]],
  ])("keeps nobody out when it %s", async (_, owners) => {
    await expect(requireNoOtherOwner("out.tif", journal(...owners), job)).resolves.toBeUndefined();
  });

  test("is waited for when its run was killed and it has not noticed yet", async () => {
    const orphan = spawn(process.execPath, ["-e", "setTimeout(() => {}, 400)"]);
    let ended = false;
    orphan.once("exit", () => (ended = true));
    const path = journal({ pid: orphan.pid, parent: dead, host });
    await requireNoOtherOwner("out.tif", path, job);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ended).toBe(true);
  });

  test("cannot finish what another has taken over", async () => {
    const taken = journal(thisOwner(), { pid: process.ppid, parent: 1, host });
    await expect(requireStillOwner("out.tif", taken)).rejects.toMatchObject({ code: "out.takenOver" });
    await expect(requireStillOwner("out.tif", journal(thisOwner()))).resolves.toBeUndefined();
    await expect(requireStillOwner("out.tif", join(folder.path, "missing"))).rejects.toMatchObject({
      code: "out.takenOver",
    });
  });
});
