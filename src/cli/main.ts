/**
 * The command line `tilewright`.
 * @module
 */
import { Command, CommanderError } from "commander";
import { version } from "../version";
import { addDiagnosisCommand } from "./diagnose";
import { ExitCode } from "./exitCode";
import { addInspectionCommands } from "./inspect";
import { addPredictionCommands } from "./predicting";
import { EXIT, reportError } from "./terminal";

const program = new Command("tilewright")
  .description("Predict microscopy TIFF stacks tile by tile, exactly, and find out about tiling.")
  .version(version)
  .option("--verbose", "add a stack trace to errors")
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(usageLine(text)) });

addInspectionCommands(program);
addPredictionCommands(program);
addDiagnosisCommand(program);
for (const command of program.commands) command.exitOverride();

/** A complaint of the command line parser, in the form of all other errors. */
function usageLine(text: string): string {
  const why = text
    .replace(/^error: /, "")
    .trim()
    .replace(/\s*\n\s*/g, " ");
  const what = program.commands.find((command) => command.name() === process.argv[2])?.name() ?? "usage";
  return `tilewright: ${what}: ${why} (see tilewright ${what === "usage" ? "" : `${what} `}--help)\n`;
}

// A closed pipe (`tilewright … | head`) is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

void run();

async function run(): Promise<void> {
  try {
    await program.parseAsync();
  } catch (error) {
    process.exitCode = exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof ExitCode) return error.code;
  const verbose = program.opts<{ verbose?: boolean }>().verbose === true;
  return reportError(program.args[0] ?? "", error, verbose);
}
