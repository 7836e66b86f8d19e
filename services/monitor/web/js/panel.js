/** A titled box of a page. */

import { h } from "./dom.js";

/** @import { Child } from "./dom.js" */

let serial = 0;

/**
 * @param {string} title
 * @param {string} className
 * @param {Child[]} aside  at the right of the title
 * @param {...Child} body
 */
export function panel(title, className, aside, ...body) {
  const id = `panel-${++serial}`;
  return h(
    "section",
    { class: `panel ${className}`, "aria-labelledby": id },
    h("header", {}, h("h2", { id }, title), h("div", { class: "aside" }, ...aside)),
    h("div", { class: "panel-body" }, ...body),
  );
}
