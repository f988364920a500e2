/**
 * The page of the channels: how they are shown, contrast or labels, what is drawn over the picture, saving, linking.
 * @module
 */
import { element } from "../dom";
import { makeChannelList } from "./channelList";
import { makeContrastPart } from "./contrast";
import { makeExtrasPart } from "./extras";
import { makeLabelsPart } from "./labels";
import type { Panel, PanelContext } from "./panel";

/** Builds the page. */
export function makeChannelsPanel(context: PanelContext): Panel {
  const list = makeChannelList(context);
  const contrast = makeContrastPart(context);
  const labels = makeLabelsPart(context);
  const extras = makeExtrasPart(context);
  return {
    element: element(
      "div",
      { id: "channels" },
      list.element,
      contrast.element,
      labels.element,
      extras.element,
    ),
    show: (view) => {
      const isLabels = view.state.mode === "labels";
      list.show(view);
      contrast.element.hidden = isLabels;
      labels.element.hidden = !isLabels;
      (isLabels ? labels : contrast).show(view);
      extras.show(view);
    },
    dispose: () => contrast.dispose?.(),
  };
}
