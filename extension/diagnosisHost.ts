/**
 * What the host answers to the panel of a diagnosis. The panel names findings, plots and places; what is done with them
 * is known here.
 * @module
 */
import { basename } from "node:path";
import * as vscode from "vscode";
import { chartSvg } from "../src/diagnose/report/charts";
import { figuresOf } from "../src/diagnose/report/plots";
import { failureLine, isAbort, toFailure } from "../src/errors";
import { checkFigure, checkFinding, checkFormat, checkPlace } from "../src/protocol/diagnosis";
import type { DiagnosisHost, SavedFormat } from "../src/protocol/diagnosis";
import type { Handlers } from "../src/protocol/channel";
import { stackStem } from "../src/stack/names";
import { columnBeside } from "./columns";
import type { DiagnosisPanelParts } from "./diagnosisPanels";
import type { KeptDiagnosis } from "./diagnosisStore";
import { signalOf } from "./job";
import { showFailure } from "./log";
import { plainName } from "./pictureFiles";
import { Pictures } from "./pictures";
import type { AskWorker } from "./predictionWorkers";
import { progressText } from "./progressText";
import { fieldsOf } from "./viewerRequest";

/** What the answers come from. */
export interface DiagnosisHostParts extends DiagnosisPanelParts {
  readonly panel: vscode.WebviewPanel;
  /** What the panel shows now. */
  readonly kept: () => KeptDiagnosis;
}

/** The answers to one panel; failures are logged on the way. */
export function diagnosisHost(parts: DiagnosisHostParts): Handlers<DiagnosisHost> {
  const { kept, log } = parts;
  const told = async <T>(answer: Promise<T>): Promise<T> => {
    try {
      return await answer;
    } catch (error) {
      if (!isAbort(error)) log.error(`${kept().request.file}: ${failureLine(toFailure(error))}`);
      throw error;
    }
  };
  return {
    diagnosis: () => {
      const { diagnosis, request, key, more } = kept();
      const canPredict = request.run !== undefined && vscode.workspace.isTrusted;
      return { diagnosis, name: basename(request.file), key, more, canPredict };
    },
    goTo: async (params) => {
      await told(goTo(parts, fieldsOf(params).place));
      return undefined;
    },
    showHeatMap: async () => {
      await told(showHeatMap(parts));
      return undefined;
    },
    predictAgain: (params) => {
      const { request, cure } = cureOf(kept(), fieldsOf(params).finding);
      if (request.run !== undefined && cure.options !== null) {
        // The panel does not wait for a prediction; it has a notification of its own.
        parts.predictAgain(request.run, cure.options).catch((error: unknown) => {
          void showFailure("Predict Again", error, log);
        });
      }
      return undefined;
    },
    copyCommand: async (params) => {
      await vscode.env.clipboard.writeText(cureOf(kept(), fieldsOf(params).finding).cure.command ?? "");
      return undefined;
    },
    diagnoseAgain: () => {
      void vscode.commands.executeCommand("tilewright.diagnoseSeams", vscode.Uri.parse(kept().key));
      return undefined;
    },
    ...savingAnswers(parts, told),
    showLog: () => {
      log.show();
      return undefined;
    },
  };
}

function savingAnswers(
  parts: DiagnosisHostParts,
  told: <T>(answer: Promise<T>) => Promise<T>,
): Pick<Handlers<DiagnosisHost>, "saveReport" | "saveFigure" | "savePicture"> {
  const { kept } = parts;
  return {
    saveReport: async (params) => told(saveReport(parts, checkFormat(fieldsOf(params).format))),
    saveFigure: async (params) => {
      const figures = figuresOf(kept().diagnosis);
      const id = checkFigure(
        fieldsOf(params).figure,
        figures.map((figure) => figure.id),
      );
      const figure = figures.find((one) => one.id === id) ?? figures[0];
      return told(saveText(kept(), { ending: "svg", kind: "SVG pictures", name: id }, chartSvg(figure)));
    },
    savePicture: async (params) => {
      const { name, png } = fieldsOf(params);
      const stem = stackStem(basename(kept().request.file));
      const pictures = new Pictures(vscode.Uri.parse(kept().key));
      return told(pictures.save(`${stem}-${plainName(name)}`, png));
    },
  };
}

function cureOf(kept: KeptDiagnosis, asked: unknown) {
  const { diagnosis, request } = kept;
  const { cure } = diagnosis.findings[checkFinding(asked, diagnosis.findings.length)];
  return { cure, request };
}

/** The viewer goes to a place; the panel keeps the keyboard. */
async function goTo({ editors, kept, panel }: DiagnosisHostParts, asked: unknown): Promise<void> {
  const { diagnosis, key } = kept();
  const place = checkPlace(asked, diagnosis);
  const editor = await editors.show(vscode.Uri.parse(key), besides(panel));
  editor.goTo(place);
}

/** A column beside that of the panel, which keeps the focus. */
function besides({ viewColumn }: vscode.WebviewPanel): vscode.TextDocumentShowOptions {
  return { viewColumn: columnBeside(viewColumn), preserveFocus: true };
}

async function showHeatMap(parts: DiagnosisHostParts): Promise<void> {
  const { kept, store, editors, panel } = parts;
  const { key, diagnosis, request } = kept();
  const { file, series, reference } = request;
  const path = await store.heatMapPath(key);
  const which = {
    ...(series === undefined ? {} : { series }),
    ...(reference === undefined ? {} : { reference }),
  };
  await inWorker(parts, "Drawing the heat map", (ask) => ask("heatMap", { path, diagnosis, file, ...which }));
  const editor = await editors.show(vscode.Uri.parse(key), besides(panel));
  await editor.document.layers.add(vscode.Uri.file(path));
}

interface NewFile {
  readonly ending: string;
  readonly kind: string;
  readonly name: string;
}

async function askPath(
  kept: KeptDiagnosis,
  { ending, kind, name }: NewFile,
): Promise<vscode.Uri | undefined> {
  const folder = vscode.Uri.joinPath(vscode.Uri.parse(kept.key), "..");
  const stem = stackStem(basename(kept.request.file));
  return vscode.window.showSaveDialog({
    title: "Save",
    defaultUri: vscode.Uri.joinPath(folder, `${plainName(`${stem}-${name}`)}.${ending}`),
    filters: { [kind]: [ending] },
  });
}

async function saveText(kept: KeptDiagnosis, file: NewFile, text: string): Promise<boolean> {
  const target = await askPath(kept, file);
  if (target === undefined) return false;
  await vscode.workspace.fs.writeFile(target, Buffer.from(text));
  return true;
}

const REPORT_FILES: Readonly<Record<SavedFormat, Pick<NewFile, "ending" | "kind">>> = {
  html: { ending: "html", kind: "Web pages" },
  markdown: { ending: "md", kind: "Markdown files" },
};

async function saveReport(parts: DiagnosisHostParts, format: SavedFormat): Promise<boolean> {
  const kept = parts.kept();
  const target = await askPath(kept, { ...REPORT_FILES[format], name: "seams" });
  if (target === undefined) return false;
  const { file, series } = kept.request;
  const which = series === undefined ? {} : { series };
  await inWorker(parts, "Writing the report", (ask) =>
    ask("report", { path: target.fsPath, diagnosis: kept.diagnosis, file, ...which }),
  );
  return true;
}

async function inWorker(
  { workers, log }: DiagnosisHostParts,
  title: string,
  work: (ask: AskWorker) => Promise<unknown>,
): Promise<void> {
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      const stop = signalOf(token);
      const report = (now: Parameters<typeof progressText>[0]): void =>
        progress.report({ message: progressText(now) });
      try {
        await workers.asking({ signal: stop.signal, report, log: (line) => log.info(line) }, work);
      } finally {
        stop.dispose();
      }
    },
  );
}
