/**
 * `node tools/screenshots.mjs [theme…] [scene…]`: takes the pictures of the README, of docs/viewer.md and of
 * docs/diagnose.md, in a real VS Code with the sample stack. Without a theme it writes docs/images/*.png; with themes
 * ("dark", "light", "contrast", "contrastLight") it writes one set for each to test-output/, to be looked at; with
 * scenes ("prediction", "viewer", "diagnose") only theirs.
 * Run `npm run build` first.
 * @module
 */
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { openSession } from "../test/vscode-host/session.mjs";
import { MARKING, takeDiagnosis } from "./screenshots/diagnose.mjs";
import { makeStacks, takeViewer } from "./screenshots/viewer.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../..");
const SAMPLE = join(ROOT, "media", "sample");
const LIMIT_BYTES = 300_000;
const THEMES = {
  dark: "Default Dark Modern",
  light: "Default Light Modern",
  contrast: "Default High Contrast",
  contrastLight: "Default High Contrast Light",
};
/** Pictures that documents show. */
const SHOWN = new Set([
  ...["viewer", "explain", "models", "plan", "progress", "result"],
  ...["orthogonal", "channels", "profile", "difference"],
  ...["diagnosis", "diagnosis-seams"],
]);
const ROW = ".quick-input-list .monaco-list-row";

/** What is played, with settings of its own. */
const SCENES = {
  prediction: { settings: {}, take: takePrediction },
  viewer: { settings: {}, take: takeViewer },
  diagnose: { settings: MARKING, take: takeDiagnosis },
};

/**
 * @param {keyof typeof THEMES} theme
 * @param {keyof typeof SCENES} scene
 * @param {(name: string, png: string) => void} keep gets the path of every picture
 */
async function shoot(theme, scene, keep) {
  const workspace = join(mkdtempSync(join(tmpdir(), "tilewright-pictures-")), "experiment");
  mkdirSync(workspace);
  copyFileSync(join(SAMPLE, "stack.tif"), join(workspace, "stack.tif"));
  // Settings about the machine count in a remote window only when they are the workspace's.
  mkdirSync(join(workspace, ".vscode"));
  const engine = { "tilewright.engine.preferred": "cpu", "tilewright.engine.threads": 1 };
  writeFileSync(join(workspace, ".vscode", "settings.json"), JSON.stringify(engine));
  await makeStacks(SAMPLE, workspace);
  cpSync(join(SAMPLE, "models"), join(workspace, "models"), { recursive: true });
  const session = await openSession({
    workspace,
    extension: ROOT,
    viewport: { width: 1200, height: 760 },
    settings: {
      "workbench.colorTheme": THEMES[theme],
      "window.commandCenter": false,
      "tilewright.tiling.tiles": { Y: 3, X: 4 },
      "editor.minimap.enabled": false,
      "files.exclude": { "**/*.partial*": true, "**/.vscode": true },
      ...SCENES[scene].settings,
    },
  });
  const shot = async (/** @type {string} */ name) => {
    await session.page.waitForTimeout(700);
    keep(name, await session.screenshot(`picture-${theme}-${name}`));
  };
  try {
    await SCENES[scene].take(session, shot);
  } finally {
    await session.close();
    rmSync(resolve(workspace, ".."), { recursive: true, force: true });
  }
}

/**
 * @param {import("../test/vscode-host/session.mjs").Session} session
 * @param {(name: string) => Promise<void>} shot
 */
async function takePrediction(session, shot) {
  const { page } = session;
  await session.openFile("stack.tif");
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  const box = await session.webview().locator("#picture").boundingBox();
  await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + (box?.height ?? 0) / 2);
  await page.waitForTimeout(700);
  await shot("viewer");
  await session.palette("Tilewright: Explain Tiling…");
  await session.pick("care3d");
  await page.locator(".tabs-container .tab", { hasText: "tiling.txt" }).waitFor({ timeout: 60_000 });
  await shot("explain");
  await page.locator(".tabs-container .tab.active").click({ button: "middle" });
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.palette("Tilewright: Predict Tiled…");
  await page.locator(ROW, { hasText: "care3d" }).first().waitFor();
  await shot("models");
  await session.pick("care3d");
  await page.locator(ROW, { hasText: "Change tiles…" }).waitFor({ timeout: 60_000 });
  await shot("plan");
  await session.press("Enter");
  await page.locator('[id="status.notifications"]').click();
  await page
    .locator(".notifications-center", { hasText: /[1-9]\d? of 12 tiles/ })
    .waitFor({ timeout: 60_000 });
  await page.mouse.move(500, 300);
  await shot("progress");
  await page.locator(".tabs-container .tab", { hasText: "stack_care3d.tif" }).waitFor({ timeout: 120_000 });
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.press("Escape");
  await shot("result");
}

const words = process.argv.slice(2);
const allScenes = /** @type {(keyof typeof SCENES)[]} */ (Object.keys(SCENES));
const wanted = allScenes.filter((scene) => words.includes(scene));
const scenes = wanted.length > 0 ? wanted : allScenes;
const themes = /** @type {(keyof typeof THEMES)[]} */ (words.filter((word) => !Object.hasOwn(SCENES, word)));
const unknown = themes.find((theme) => !Object.hasOwn(THEMES, theme));
if (unknown !== undefined) {
  const known = [...Object.keys(THEMES), ...allScenes].join(", ");
  console.error(`screenshots: "${unknown}" is neither a theme nor a scene; there are ${known}`);
  process.exit(2);
}
if (themes.length > 0) {
  for (const theme of themes)
    for (const scene of scenes) await shoot(theme, scene, (_, png) => console.log(png));
} else {
  const folder = join(ROOT, "docs", "images");
  mkdirSync(folder, { recursive: true });
  const keep = (/** @type {string} */ name, /** @type {string} */ png) => {
    if (!SHOWN.has(name)) return;
    const target = join(folder, `${name}.png`);
    renameSync(png, target);
    const { size } = statSync(target);
    console.log(`docs/images/${name}.png ${Math.round(size / 1000)} kB`);
    if (size > LIMIT_BYTES) process.exitCode = 1;
  };
  for (const scene of scenes) await shoot("dark", scene, keep);
}
