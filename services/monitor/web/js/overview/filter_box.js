/** A small input that filters the table beside it. */

import { h } from "../dom.js";
import { t } from "../words/index.js";

/**
 * @param {string} label
 * @param {(text: string) => void} onFilter
 */
export function filterBox(label, onFilter) {
  return h("input", {
    type: "search",
    class: "filter",
    placeholder: t("filter"),
    "aria-label": label,
    spellcheck: "false",
    autocomplete: "off",
    on: { input: (event) => onFilter(event.target.value) },
  });
}
