/**
 * The slice viewer: opens the stack of its editor and shows it. Draws and asks; computes nothing that has units.
 * @module
 */
import { TilewrightError } from "../src/errors";
import { Channel } from "../src/protocol/channel";
import type {
  Host,
  Layer,
  StackDescription,
  TileGrid,
  Viewer,
  ViewerPreferences,
} from "../src/protocol/viewer";
import { tellFaults } from "./faults";
import { listenToKeys } from "./keys";
import { Notice } from "./notice";
import { openHostDoor } from "./port";
import type { ViewerDoor } from "./port";
import { savedSeries } from "./restore";
import { StackView } from "./stackView";

const LOADING_DELAY_MS = 200;

const hostDoor = openHostDoor();
const channel = new Channel<Viewer, Host>(hostDoor, {});
const door: ViewerDoor = {
  channel,
  load: () => hostDoor.load(),
  save: (state) => {
    hostDoor.save(state);
  },
};
const notice = new Notice();
const started = performance.now();
let current: StackView | null = null;
/** How often the stack was opened: of openings that overlap only the newest is shown. */
let openings = 0;

tellFaults({
  cspViolation: (event) => {
    channel.emit("cspViolation", event);
  },
  fault: (event) => {
    channel.emit("fault", event);
  },
});

function showFailure(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof TilewrightError ? error.hint : undefined;
  document.body.dataset.state = "error";
  notice.showError({
    message,
    ...(hint === undefined ? {} : { hint }),
    actions: [
      { id: "retry", text: "Retry", press: () => void open() },
      {
        id: "show-log",
        text: "Show Log",
        press: () => void channel.request("runCommand", { command: "showLog" }),
      },
      {
        id: "open-as-text",
        text: "Open with Another Editor…",
        press: () => void channel.request("runCommand", { command: "openAsText" }),
      },
    ],
  });
}

/** The stack of the file that was looked at before the window was reloaded, or the first. */
async function describeRemembered(): Promise<StackDescription> {
  const description = await channel.request("describe", undefined);
  const index = savedSeries(door.load(), description.series.count);
  if (current !== null || index === null || index === description.series.index) return description;
  await channel.request("chooseSeries", { index });
  return channel.request("describe", undefined);
}

/** Asks the host what the stack is, and shows it. */
async function open(): Promise<void> {
  const opening = ++openings;
  const slow = setTimeout(() => notice.showLoading("Opening…"), LOADING_DELAY_MS);
  document.body.dataset.state = "loading";
  if (!notice.element.isConnected) document.querySelector("#app")?.append(notice.element);
  try {
    const preferences = await channel.request("preferences", undefined);
    const description = await describeRemembered();
    const layers = await channel.request("layers", undefined);
    const grids = await channel.request("tileGrids", undefined);
    if (opening === openings) show({ description, preferences, layers, grids });
  } catch (error) {
    if (opening === openings) showFailure(error);
  } finally {
    clearTimeout(slow);
  }
}

function show(opened: {
  readonly description: StackDescription;
  readonly preferences: ViewerPreferences;
  readonly layers: readonly Layer[];
  readonly grids: readonly TileGrid[];
}): void {
  const focused = document.activeElement?.id ?? "";
  const pointer = current?.pointer ?? null;
  current?.dispose();
  const view = new StackView(
    {
      ...opened,
      door,
      ready: () => {
        const milliseconds = performance.now() - started;
        document.body.dataset.firstPicture ??= String(Math.round(milliseconds));
        channel.emit("ready", { milliseconds });
      },
      drawn: () => {
        document.body.dataset.state = "ready";
        notice.clear();
      },
      failed: (error) => showFailure(error),
      complain: (error) => notice.complain(error instanceof Error ? error.message : String(error)),
    },
    pointer,
  );
  current = view;
  const root = document.querySelector("#app");
  if (root !== null) view.attach(root, notice.element);
  // Not while the user is elsewhere: a list that is open at the top of the window would lose the keyboard.
  if (focused !== "" && document.hasFocus()) document.getElementById(focused)?.focus();
}

listenToKeys(() => current?.actions ?? null);
channel.on("stackChanged", () => void open());
channel.on("showPlane", ({ plane }) => current?.actions.showPlane(plane));
channel.on("goTo", ({ place }) => current?.actions.goTo(place));
channel.on("layersChanged", ({ compare }) => {
  channel.request("layers", undefined).then(
    (layers) => current?.showLayers(layers, compare),
    (error: unknown) => notice.complain(String(error)),
  );
});
channel.on("tileGridsChanged", () => {
  channel.request("tileGrids", undefined).then(
    (grids) => current?.showGrids(grids),
    () => undefined,
  );
});
void open();
