/**
 * Lets tests inside the extension host use the window's keyboard, mouse and webviews: a small HTTP door on
 * 127.0.0.1 with a random port and a random secret, whose address the extension host gets as TILEWRIGHT_PAGE_DRIVER.
 * @module
 */
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const BODY_LIMIT = 1_000_000;

/**
 * What can be asked: POST <address>/<action> with a JSON body; the answer is `{value}` or `{error}`.
 * @type {Record<string, (workbench: import("./workbench.mjs").Workbench, body: any) => Promise<unknown> | unknown>}
 */
const ACTIONS = {
  key: (workbench, { press }) => workbench.press(press),
  type: (workbench, { text }) => workbench.type(text),
  click: (workbench, target) => workbench.click(target),
  drag: (workbench, target) => workbench.drag(target),
  text: (workbench, target) => workbench.text(target),
  eval: (workbench, target) => workbench.evaluate(target),
  wait: (workbench, target) => workbench.wait(target),
  pixel: (workbench, target) => workbench.pixel(target),
  palette: (workbench, { title }) => workbench.palette(title),
  pick: (workbench, { label }) => workbench.pick(label),
  answer: (workbench, { value }) => workbench.answer(value),
  "open-file": (workbench, { name }) => workbench.openFile(name),
  notifications: (workbench) => workbench.notifications(),
  console: (workbench) => workbench.console,
  "csp-violations": (workbench) => workbench.cspViolations(),
  screenshot: (workbench, { name }) => workbench.screenshot(name),
};

/**
 * Opens the door. It can be opened before the window exists: requests wait for it.
 * @param {Promise<import("./workbench.mjs").Workbench>} workbench the window to drive
 * @param {(text: string) => void} print called for POST <address>/print, with the text to show to the developer
 * @returns {Promise<{url: string, close: () => void}>} url: to be handed to the extension host
 */
export async function startPageDriver(workbench, print) {
  const secret = randomBytes(16).toString("hex");
  const server = createServer((request, response) => {
    respond(request, { secret, workbench, print }).then(
      (value) => send(response, 200, { value: value ?? null }),
      (error) => send(response, 500, { error: error instanceof Error ? error.message : String(error) }),
    );
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", () => resolve(undefined));
  });
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const close = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://127.0.0.1:${port}/${secret}`, close };
}

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {{secret: string, workbench: Promise<import("./workbench.mjs").Workbench>, print: (text: string) => void}} door
 */
async function respond(request, { secret, workbench, print }) {
  const [, given, name = ""] = (request.url ?? "").split("/");
  const known =
    given === secret && request.method === "POST" && (name === "print" || Object.hasOwn(ACTIONS, name));
  if (!known) throw new Error(`The page driver has no "${name}".`);
  let body = "";
  for await (const chunk of request.setEncoding("utf8")) {
    body += chunk;
    if (body.length > BODY_LIMIT) throw new Error("The request to the page driver is too long.");
  }
  const message = body ? JSON.parse(body) : {};
  return name === "print" ? print(String(message.text)) : ACTIONS[name]?.(await workbench, message);
}

/**
 * @param {import("node:http").ServerResponse} response
 * @param {number} status
 * @param {unknown} body
 */
function send(response, status, body) {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}
