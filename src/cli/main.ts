/**
 * The command line `tilewright`.
 * @module
 */
import { Command, CommanderError } from "commander";
import { version } from "../version";
import { ExitCode } from "./exitCode";
import { addInspectionCommands } from "./inspect";
import { addPredictionCommands } from "./predicting";
import { EXIT, reportError } from "./terminal";

const program = new Command("tilewright")
  .description("Predict microscopy TIFF stacks tile by tile, exactly, and find out about tiling.")
  .version(version)
  .option("--verbose", "add a stack trace to errors")
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

addInspectionCommands(program);
addPredictionCommands(program);
for (const command of program.commands) command.exitOverride();

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
