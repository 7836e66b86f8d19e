/** A sentence at the lower edge that says what a change led to, and goes away. */

import { h } from "./dom.js";

const SHOWN_MS = 5_000;

const region = h("div", { class: "toasts", role: "status", "aria-live": "polite" });

/**
 * @param {string} text
 * @param {"well" | "problem"} [kind]
 */
export function toast(text, kind = "well") {
  if (!region.isConnected) document.body.append(region);
  const element = h("p", { class: `toast ${kind}` }, text);
  region.append(element);
  setTimeout(() => element.remove(), SHOWN_MS);
}
