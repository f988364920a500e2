/**
 * What is drawn over the picture, saving and copying, linking with other viewers.
 * @module
 */
import { element } from "../dom";
import type { Extra } from "../state";
import { makeButton, makeToggle } from "../toolkit";
import type { Panel, PanelContext } from "./panel";

type ShownExtra = Exclude<Extra, "tiles">;

const EXTRA_TEXTS: Readonly<Record<ShownExtra, { readonly text: string; readonly title: string }>> = {
  scaleBar: { text: "Scale bar", title: "A bar of a round length, where the file says how large pixels are" },
  pixelGrid: { text: "Pixel grid", title: "Lines between pixels when they are large on the screen" },
  values: { text: "Values in pixels", title: "Numbers inside pixels that are large enough for them" },
  crosshair: { text: "Crosshair", title: "Where the orthogonal views cut" },
};

/** Builds the part. */
export function makeExtrasPart(context: PanelContext): Panel {
  const toggles = (Object.keys(EXTRA_TEXTS) as ShownExtra[]).map((extra) => ({
    extra,
    toggle: makeToggle({ id: `channels-${extra}`, ...EXTRA_TEXTS[extra] }, (isOn) =>
      context.change("extras", (state) => ({ ...state, extras: { ...state.extras, [extra]: isOn } })),
    ),
  }));
  const link = makeToggle(
    {
      id: "channels-link",
      text: "Link views",
      title: "Shares slice, zoom, place and contrast with all other stack viewers that are linked",
    },
    (isOn) => context.change("link", (state) => ({ ...state, isLinked: isOn })),
  );
  const saving = makeSavingPart(context);
  return {
    element: element(
      "section",
      { "aria-label": "View" },
      element("h3", {}, "Over the picture"),
      element("div", { class: "toggles" }, ...toggles.map(({ toggle }) => toggle.element)),
      element("h3", {}, "Other viewers"),
      link.element,
      saving.element,
    ),
    show: (view) => {
      const { state } = view;
      for (const { extra, toggle } of toggles) toggle.set(state.extras[extra]);
      link.set(state.isLinked);
      saving.show(view);
    },
  };
}

/** Builds the buttons that save and copy. */
function makeSavingPart(context: PanelContext): Panel {
  const button = (id: string, text: string, title: string, press: () => void): HTMLElement =>
    makeButton({ id: `channels-${id}`, text, title }, false, press);
  const picture = button("picture", "Save view as PNG…", "The picture as it is on the screen (S)", () =>
    context.savePicture(),
  );
  const views = button(
    "views",
    "Save all views as PNG…",
    "XY, XZ and YZ as they are on the screen (Shift+S)",
    () => context.saveViews(),
  );
  const movie = button("movie", "Save z-movie as PNGs…", "One PNG for each slice, as it is shown", () =>
    context.saveMovie(),
  );
  const copy = button("copy", "Copy values", "Place and values that were pointed at last (Ctrl+C)", () =>
    context.copyValues(),
  );
  const isDeep = context.description.lengths.z > 1;
  const buttons = [picture, ...(isDeep ? [views, movie] : []), copy];
  return {
    element: element(
      "div",
      {},
      element("h3", {}, "Save and copy"),
      element("div", { class: "buttons" }, ...buttons),
    ),
    show: ({ state }) => {
      views.hidden = !state.isOrthogonal;
    },
  };
}
