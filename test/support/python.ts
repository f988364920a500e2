import { spawnSync } from "node:child_process";

/** The variable that names a Python interpreter for checks against other programs; see CONTRIBUTING.md. */
export const PYTHON_VARIABLE = "TILEWRIGHT_PYTHON";

/** That interpreter when it has all of `modules`, else undefined. */
export function pythonWith(...modules: readonly string[]): string | undefined {
  const python = process.env[PYTHON_VARIABLE];
  if (python === undefined || python === "") return undefined;
  const { status } = spawnSync(python, ["-c", `import ${modules.join(", ")}`], { stdio: "ignore" });
  return status === 0 ? python : undefined;
}
