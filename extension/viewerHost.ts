/**
 * What the host answers to one viewer. Requests for pictures go on to the reader unchecked: it knows the lengths, and
 * checks.
 * @module
 */
import * as vscode from "vscode";
import { failureLine, isAbort, toFailure } from "../src/errors";
import type { Handlers } from "../src/protocol/channel";
import type { Host, ViewerCommand } from "../src/protocol/viewer";
import { checkSeriesChoice, checkViewerCommand, refuse } from "../src/protocol/viewerChecks";
import type { KnownTilings } from "./knownTilings";
import { Pictures } from "./pictures";
import type { StackFile } from "./readerThread";
import { readSettings } from "./settings";
import type { StackDocument } from "./stackDocument";
import { fieldsOf, splitLayer } from "./viewerRequest";

const MOST_TEXT = 16 * 2 ** 20;

/** What the answers come from. */
export interface ViewerHostParts {
  readonly document: StackDocument;
  readonly tilings: KnownTilings;
  readonly log: vscode.LogOutputChannel;
}

/** The answers to one viewer; failures are logged on the way. */
export function viewerHost(parts: ViewerHostParts): Handlers<Host> {
  const { document, log } = parts;
  const told = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!isAbort(error)) log.error(`${document.uri.fsPath}: ${failureLine(toFailure(error))}`);
      throw error;
    }
  };
  return {
    ...pictureAnswers(document, told),
    ...stackAnswers(parts, told),
    ...savingAnswers(document, told),
  };
}

type Told = <T>(answer: Promise<T>) => Promise<T>;

function pictureAnswers(
  document: StackDocument,
  told: Told,
): Pick<Handlers<Host>, "readPlane" | "contrast" | "histogram" | "profile" | "statistics"> {
  const of = async <P extends object, T>(
    params: P,
    question: (file: StackFile, rest: Omit<P, "layer">) => Promise<T>,
  ): Promise<T> => {
    const { layer, rest } = splitLayer(params);
    return question(layer === 0 ? document.file : await document.layers.file(layer), rest);
  };
  return {
    readPlane: (params, signal) => told(of(params, (file, rest) => file.readPlane(rest, signal))),
    contrast: (params, signal) => told(of(params, (file, rest) => file.contrast(rest, signal))),
    histogram: (params, signal) => told(of(params, (file, rest) => file.histogram(rest, signal))),
    profile: (params, signal) => told(of(params, (file, rest) => file.profile(rest, signal))),
    statistics: (params, signal) => told(of(params, (file, rest) => file.statistics(rest, signal))),
  };
}

function stackAnswers(
  { document, tilings, log }: ViewerHostParts,
  told: Told,
): Pick<
  Handlers<Host>,
  | "describe"
  | "preferences"
  | "metadata"
  | "layers"
  | "removeLayer"
  | "tileGrids"
  | "chooseSeries"
  | "runCommand"
> {
  return {
    describe: () => told(document.describe()),
    preferences: () => {
      const settings = readSettings(document.uri);
      return {
        contrast: settings.viewerContrast,
        keepContrast: settings.viewerKeepContrast,
        engine: settings.engine,
        canPredict: vscode.workspace.isTrusted,
      };
    },
    metadata: async (_, signal) => told(document.file.metadata(signal)),
    layers: () => told(document.layers.list()),
    removeLayer: async (params) => {
      const { layer } = splitLayer(params);
      await told(document.layers.remove(layer));
      return undefined;
    },
    tileGrids: () =>
      told(document.describe().then(({ lengths }) => tilings.gridsOf(document.file.path, lengths))),
    chooseSeries: async (params) => {
      const { series } = await document.describe();
      document.chooseSeries(checkSeriesChoice(params, series.count));
      return undefined;
    },
    runCommand: (params) => {
      run(checkViewerCommand(params), document.uri, log);
      return undefined;
    },
  };
}

function savingAnswers(
  document: StackDocument,
  told: Told,
): Pick<Handlers<Host>, "savePicture" | "chooseFolder" | "savePicturePart" | "copyText"> {
  const pictures = new Pictures(document.uri);
  return {
    savePicture: async (params) => {
      const { name, png } = fieldsOf(params);
      return told(pictures.save(name, png));
    },
    chooseFolder: async (params) => {
      const { name, count } = fieldsOf(params);
      return told(pictures.chooseFolder(name, count));
    },
    savePicturePart: async (params) => {
      const { key, index, png } = fieldsOf(params);
      await told(pictures.savePart(key, index, png));
      return undefined;
    },
    copyText: async (params) => {
      const { text } = fieldsOf(params);
      if (typeof text !== "string" || text.length > MOST_TEXT)
        throw refuse(`only text of at most ${MOST_TEXT} characters is copied`);
      await vscode.env.clipboard.writeText(text);
      return undefined;
    },
  };
}

const COMMAND_IDS: Readonly<Record<Exclude<ViewerCommand, "showLog">, string>> = {
  predictTiled: "tilewright.predictTiled",
  predictVisible: "tilewright.predictVisible",
  explainTiling: "tilewright.explainTiling",
  showRun: "tilewright.showRun",
  compareWith: "tilewright.compareStacks",
  addLayer: "tilewright.addLayer",
  openAsText: "workbench.action.reopenWithEditor",
};

/** Commands answer for themselves: the viewer does not wait for a prediction. */
function run(command: ViewerCommand, uri: vscode.Uri, log: vscode.LogOutputChannel): void {
  if (command === "showLog") log.show();
  else if (command === "openAsText") void vscode.commands.executeCommand(COMMAND_IDS.openAsText);
  else void vscode.commands.executeCommand(COMMAND_IDS[command], uri);
}
