/**
 * The page that a webview shows: a strict content security policy around the bundled viewer.
 * @module
 */
import { randomBytes } from "node:crypto";
import type * as vscode from "vscode";

/** Addresses of the viewer's files as its webview sees them. */
export interface ViewerFiles {
  readonly script: vscode.Uri;
  readonly style: vscode.Uri;
}

/** HTML of the viewer: its own script and style sheets only, nothing inline, no evaluation, no network. */
export function viewerPage(webview: vscode.Webview, { script, style }: ViewerFiles): string {
  const nonce = randomBytes(16).toString("base64url");
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `img-src ${webview.cspSource} blob: data:`,
    `font-src ${webview.cspSource}`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta property="csp-nonce" content="${nonce}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${webview.asWebviewUri(style).toString()}">
<title>Tilewright</title>
</head>
<body data-state="loading">
<div id="app"></div>
<script nonce="${nonce}" src="${webview.asWebviewUri(script).toString()}"></script>
</body>
</html>`;
}
