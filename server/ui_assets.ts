/**
 * The files of the start page, embedded as text so that the binary carries them.
 *
 * @module
 */
import script from "../ui/app.js" with { type: "text" };
import page from "../ui/index.html" with { type: "text" };
import style from "../ui/style.css" with { type: "text" };

/** A file that the server hands out. */
export interface UiAsset {
  readonly type: string;
  readonly text: string;
}

/** By path. */
export const UI_ASSETS: Readonly<Record<string, UiAsset>> = {
  "/": { type: "text/html; charset=utf-8", text: page as unknown as string },
  "/ui/app.js": { type: "text/javascript; charset=utf-8", text: script as unknown as string },
  "/ui/style.css": { type: "text/css; charset=utf-8", text: style as unknown as string },
};
