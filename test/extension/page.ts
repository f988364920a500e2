/**
 * Hands and eyes for tests inside the extension host: keyboard, palette and webviews of the window that the tests run
 * in. Exists where the stand-in (test/vscode-host) runs the tests; a desktop VS Code has no page driver.
 * @module
 */
import type { Context } from "mocha";

/** What to look at. */
export interface Target {
  /** A Playwright selector such as "#readout" or "button:has-text('Next')"; the first match is meant. */
  selector: string;
  /** The workbench itself (default) or the content of a webview. */
  frame?: "page" | "webview";
  /** Which of the visible webviews, 0 being the oldest; default: the last one. */
  index?: number;
  /** Milliseconds to wait, default 30 000. */
  timeout?: number;
}

/** A line that the page or a webview wrote to the browser's console. */
export interface ConsoleLine {
  type: string;
  text: string;
  /** Address of the script or document it came from. */
  url: string;
}

/**
 * The window that the tests run in. Every method waits until it can be done and rejects with the driver's message
 * when it cannot. The window cannot be reloaded from here, because the tests would go with it: that is a scenario
 * (test/extension/scenarios).
 */
export class Page {
  readonly #address: string;

  private constructor(address: string) {
    this.#address = address;
  }

  /** The window, or undefined in a desktop VS Code. */
  static current(): Page | undefined {
    const address = process.env.TILEWRIGHT_PAGE_DRIVER;
    return address === undefined ? undefined : new Page(address);
  }

  /** The window; in a desktop VS Code the test that asks is skipped. Use as `Page.for(this)` in a `function ()`. */
  static for(test: Context): Page {
    return Page.current() ?? test.skip();
  }

  /** Presses keys where the focus is, such as "F1", "Control+Shift+P" or "ArrowRight". */
  async press(keys: string): Promise<void> {
    await this.#ask("key", { press: keys });
  }

  /** Types text key by key where the focus is. */
  async type(text: string): Promise<void> {
    await this.#ask("type", { text });
  }

  /** Clicks on an element. */
  async click(target: Target & { button?: "left" | "right"; double?: boolean }): Promise<void> {
    await this.#ask("click", target);
  }

  /**
   * Presses the left button of the mouse at one place, moves to others and lets go at the last; places are CSS px from
   * the element's top left corner. With one place it is a click.
   */
  async drag(target: Target, ...places: readonly (readonly [x: number, y: number])[]): Promise<void> {
    await this.#ask("drag", { ...target, places });
  }

  /** Moves the mouse over a place of an element, CSS px from its top left corner. */
  async hover(target: Target, place: readonly [x: number, y: number]): Promise<void> {
    await this.#ask("drag", { ...target, places: [place], hover: true });
  }

  /** The text of an element as the user sees it. */
  async text(target: Target): Promise<string> {
    return (await this.#ask("text", target)) as string;
  }

  /**
   * The value of a JavaScript expression in the page or in a webview; promises are awaited, and the value must be
   * something JSON can carry. Works under any content security policy.
   */
  async evaluate(expression: string, where: Pick<Target, "frame" | "index"> = {}): Promise<unknown> {
    return this.#ask("eval", { ...where, expression });
  }

  /** Waits until an element that can be seen matches. */
  async waitFor(target: Target): Promise<void> {
    await this.#ask("wait", target);
  }

  /**
   * The colour that is on the screen at x, y (CSS px from the element's top left corner): red, green, blue, alpha,
   * 0 to 255. Works for WebGL too, because it looks at a screenshot.
   */
  async pixel(target: Target & { x: number; y: number }): Promise<[number, number, number, number]> {
    return (await this.#ask("pixel", target)) as [number, number, number, number];
  }

  /** Runs a command the way a person does: F1, its title as the palette shows it, Enter. */
  async palette(title: string): Promise<void> {
    await this.#ask("palette", { title });
  }

  /** Chooses the entry that contains `label` in the list that is open at the top of the window. */
  async pick(label: string): Promise<void> {
    await this.#ask("pick", { label });
  }

  /** Answers the input box at the top of the window. */
  async answer(value: string): Promise<void> {
    await this.#ask("answer", { value });
  }

  /** Opens a file at the top level of the workspace with a double click in the explorer. */
  async openFile(name: string): Promise<void> {
    await this.#ask("open-file", { name });
  }

  /** The notifications that are open, newest first. */
  async notifications(): Promise<string[]> {
    return (await this.#ask("notifications", {})) as string[];
  }

  /** Everything that the page and its webviews wrote to the console since the window opened. */
  async console(): Promise<ConsoleLine[]> {
    return (await this.#ask("console", {})) as ConsoleLine[];
  }

  /** Every violation of a content security policy since the window opened. */
  async cspViolations(): Promise<string[]> {
    return (await this.#ask("csp-violations", {})) as string[];
  }

  /** Writes test-output/<name>.png and returns its path. */
  async screenshot(name: string): Promise<string> {
    return (await this.#ask("screenshot", { name })) as string;
  }

  /** Shows a line to the developer who runs the tests. */
  async print(text: string): Promise<void> {
    await this.#ask("print", { text });
  }

  async #ask(action: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.#address}/${action}`, {
      method: "POST",
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { value?: unknown; error?: string };
    if (answer.error !== undefined) throw new Error(`${action} ${JSON.stringify(body)}: ${answer.error}`);
    return answer.value;
  }
}
