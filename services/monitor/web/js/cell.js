/**
 * One cell of a table, as a value: what it shows and where it leads. Drawn once, then patched where it differs.
 *
 * @import { Level } from "./health.js"
 *
 * @typedef {Object} Action
 * @property {string} text
 * @property {string} [label]  for screen readers, where the text alone would be the same in each row
 * @property {string} [href]
 * @property {() => void} [run]
 *
 * @typedef {Object} Cell
 * @property {string} text
 * @property {string} [href]  a link made by `link`
 * @property {string} [title]
 * @property {Level | "muted"} [tone]
 * @property {string} [below]  a second line, shown where the table is too narrow for the column that says the same
 * @property {number} [bar]  a share of one, drawn beneath the figure
 * @property {string} [badge]  at the right end of the cell
 * @property {Level} [badgeTone]
 * @property {Action[]} [actions]
 */

import { h, setAttribute, setText } from "./dom.js";

/**
 * @param {"td" | "th"} tag
 * @param {string} className
 * @returns {{ element: HTMLTableCellElement, update: (cell: Cell) => void }}
 */
export function drawCell(tag, className) {
  const text = h("a", {});
  const element = h(tag, { class: className, scope: tag === "th" && "row" }, text);
  const below = lazily(element, () => h("span", { class: "below" }));
  const badge = lazily(element, () => h("span", { class: "badge" }), text);
  /** @type {HTMLElement | null} */
  let actions = null;
  let actionsDrawn = "";

  return {
    element,
    update(cell) {
      setText(text, cell.text);
      setAttribute(text, "href", cell.href ?? null);
      setAttribute(element, "title", cell.title ?? null);
      setAttribute(element, "data-tone", cell.tone && cell.tone !== "ok" ? cell.tone : null);
      below(cell.below);
      badge(cell.badge, cell.badgeTone);
      if (cell.bar !== undefined) {
        element.classList.add("bar");
        element.style.setProperty("--bar", Math.min(1, cell.bar).toFixed(3));
      }
      if (cell.actions) {
        // Listeners close over their row, so other actions mean other buttons; the same ones are left alone.
        const wanted = JSON.stringify(cell.actions.map(({ text, label, href }) => [text, label, href]));
        if (wanted !== actionsDrawn) {
          actions?.remove();
          actions = h("span", { class: "actions" }, ...cell.actions.map(drawAction));
          element.append(actions);
          actionsDrawn = wanted;
        }
      }
    },
  };
}

/** @param {Action} action */
function drawAction({ text, label, href, run }) {
  if (href) return h("a", { class: "button small", href, "aria-label": label }, text);
  return h("button", { type: "button", class: "button small", "aria-label": label, on: { click: () => run?.() } }, text);
}

/**
 * A part of a cell that most cells do without: made when first wanted.
 *
 * @param {HTMLElement} parent
 * @param {() => HTMLElement} make
 * @param {Node | null} [before]
 * @returns {(text: string | undefined, tone?: Level) => void}
 */
function lazily(parent, make, before = null) {
  /** @type {HTMLElement | null} */
  let element = null;
  return (text, tone) => {
    if (!element && !text) return;
    if (!element) parent.insertBefore((element = make()), before);
    element.hidden = !text;
    setText(element, text ?? "");
    setAttribute(element, "data-tone", tone ?? null);
  };
}
