import assert from "node:assert/strict";
import { ConfigurationTarget, commands, window, workspace } from "vscode";
import { closeAll, copySample, sampleModel, testFolder } from "./support";

describe("settings", () => {
  const uri = copySample(testFolder("settings"));
  const explain = async (): Promise<string> =>
    commands.executeCommand<string>("tilewright.explainTiling", uri, { model: sampleModel("care3d") });
  const set = (key: string, value: unknown): Thenable<void> =>
    workspace.getConfiguration("tilewright").update(key, value, ConfigurationTarget.Workspace);

  afterEach(async () => {
    for (const key of ["tiling.tiles", "tiling.overlap", "padding.mode"]) await set(key, undefined);
    await closeAll();
  });

  it("change the plan, which opens as a text", async () => {
    const before = await explain();
    await set("tiling.tiles", { Y: 3, X: 4 });
    const after = await explain();
    assert.notEqual(after, before);
    assert.match(after, /12/);
    assert.equal(window.activeTextEditor?.document.getText(), after);
  });

  it("that make the result differ from untiled prediction are warned of", async () => {
    await set("tiling.tiles", { Y: 3, X: 3 });
    assert.doesNotMatch(await explain(), /warning/i);
    await set("tiling.overlap", 4);
    assert.match(await explain(), /warning/i);
  });

  it("are read anew for every command", async () => {
    await set("tiling.tiles", { Y: 2 });
    const two = await explain();
    await set("tiling.tiles", { Y: 3 });
    assert.notEqual(await explain(), two);
  });
});
