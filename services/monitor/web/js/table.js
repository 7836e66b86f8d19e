/**
 * A table that is sorted by its heads, filtered by a text, and updated in place. Rows do not change places under the hand: while
 * somebody points at them or has focus there, the order stays.
 *
 * @import { Cell } from "./cell.js"
 * @import { Level } from "./health.js"
 */

/**
 * @template Row
 * @typedef {Object} Column
 * @property {string} key
 * @property {string} title
 * @property {string} [hint]
 * @property {boolean} [numeric]
 * @property {number} [width]  pixels; columns of text without one share what is left
 * @property {"wide" | "roomy" | "wider"} [only]  left out where the table is narrower than that: `style/table.css`
 * @property {(row: Row) => number | string} [order]  what it is sorted by; without it, it is not
 * @property {(row: Row) => Cell} cell
 */

/**
 * @template Row
 * @typedef {Object} TableOptions
 * @property {string} caption  for screen readers
 * @property {Column<Row>[]} columns  the first heads the row
 * @property {(row: Row) => string} keyOf
 * @property {(a: Row, b: Row) => number} standard  the order until a head is pressed
 * @property {(row: Row) => Level} [level]  colours the row's edge
 * @property {(row: Row) => string} [words]  what the filter looks through
 * @property {string} [empty]  shown in place of no rows
 * @property {(standard: boolean) => void} [onOrder]
 * @property {number} [short]  on narrow screens so many rows are shown until asked for all
 */

import { drawCell } from "./cell.js";
import { h, setAttribute, setText } from "./dom.js";
import { keyed } from "./keyed.js";
import { t } from "./words/index.js";

/** Widths are fixed, so that a figure that grows a digit moves nothing. */
const FIGURE_WIDTH_PX = 74;
/** More rows than this are not drawn: the filter finds them, and an update must not take long. */
const ROWS_MOST = 200;
/** A pointer that rested for this long is not about to press. */
const HAND_RESTS_MS = 4_000;

/**
 * @template Row
 * @param {TableOptions<Row>} options
 */
export function table(options) {
  const { caption, columns, keyOf, standard, level, words, short } = options;
  /** @type {Row[]} */
  let rows = [];
  /** @type {{ column: Column<Row>, down: boolean } | null} */
  let order = null;
  let filter = "";
  /** @type {string[]} */
  let shownKeys = [];
  let touched_ms = -Infinity;

  const heads = columns.map((column) => {
    const press = () => sortBy(column);
    const content = column.order
      ? h("button", { type: "button", title: column.hint, on: { click: press } }, column.title)
      : h("span", { title: column.hint }, column.title);
    const width = column.width ?? (column.numeric ? FIGURE_WIDTH_PX : null);
    const style = { "--width": width === null ? "auto" : `${width}px` };
    return h("th", { scope: "col", class: classOf(column), style }, content);
  });
  const body = h("tbody");
  const nothing = h("p", { class: "nothing", hidden: true }, options.empty ?? t("nothing_matches"));
  const more = h("button", { type: "button", class: "button small more", on: { click: toggleShort } });
  const beyond = h("p", { class: "hint beyond-note", hidden: true });
  const grid = h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, ...heads)), body);
  const element = h("div", { class: short ? "table short" : "table" }, grid, nothing, more, beyond);
  if (short) grid.style.setProperty("--short", String(short));

  for (const event of ["pointermove", "pointerdown", "keydown", "focusin"]) {
    body.addEventListener(event, () => (touched_ms = performance.now()));
  }
  body.addEventListener("pointerleave", () => (touched_ms = -Infinity));
  body.addEventListener("keydown", moveByKey);

  const draw = keyed(body, keyOf, (/** @type {Row} */ first) => {
    const cells = columns.map((column, i) => ({ column, part: drawCell(i === 0 ? "th" : "td", classOf(column)) }));
    const element = h("tr", { "data-key": keyOf(first) }, ...cells.map(({ part }) => part.element));
    return {
      element,
      update(/** @type {Row} */ row) {
        for (const { column, part } of cells) part.update(column.cell(row));
        if (level) setAttribute(element, "data-level", level(row));
      },
    };
  });

  /** @param {boolean} keepPlaces */
  function show(keepPlaces) {
    const wanted = rows.filter(matches).sort(order ? byColumn(order.column, order.down) : standard);
    const all = keepPlaces ? inPlace(wanted) : wanted;
    const shown = all.slice(0, ROWS_MOST);
    draw(shown);
    shownKeys = shown.map(keyOf);
    beyond.hidden = all.length === shown.length;
    setText(beyond, t("rows_beyond", { count: all.length - shown.length }));
    nothing.hidden = shown.length > 0;
    grid.hidden = shown.length === 0;
    more.hidden = !short || shown.length <= short;
    setText(more, element.classList.contains("short") ? t("show_all", { count: shown.length }) : t("show_fewer"));
    if (short) for (const [i, row] of [...body.rows].entries()) row.classList.toggle("beyond", i >= short);
  }

  /** @param {Row[]} wanted */
  function inPlace(wanted) {
    const places = new Map(shownKeys.map((key, i) => [key, i]));
    return wanted.toSorted((a, b) => (places.get(keyOf(a)) ?? Infinity) - (places.get(keyOf(b)) ?? Infinity) || 0);
  }

  /** @param {Row} row */
  function matches(row) {
    if (!filter || !words) return true;
    const text = words(row).toLowerCase();
    return filter.split(/\s+/).every((word) => text.includes(word));
  }

  /** @param {Column<Row>} column  first press: largest first for figures, A first for names; second: the other way; third: standard */
  function sortBy(column) {
    const down = Boolean(column.numeric);
    if (order?.column !== column) order = { column, down };
    else if (order.down === down) order = { column, down: !down };
    else order = null;
    ordered();
  }

  function ordered() {
    for (const [i, head] of heads.entries()) {
      const sorted = order && columns[i] === order.column ? (order.down ? "descending" : "ascending") : null;
      setAttribute(head, "aria-sort", sorted);
    }
    options.onOrder?.(order === null);
    show(false);
  }

  function toggleShort() {
    element.classList.toggle("short");
    show(true);
  }

  return {
    element,
    /** @param {Row[]} next */
    update(next) {
      rows = next;
      show(performance.now() - touched_ms < HAND_RESTS_MS);
    },
    /** @param {string} text */
    filter(text) {
      filter = text.trim().toLowerCase();
      show(false);
    },
    /** Back to the standard order. */
    reset() {
      order = null;
      ordered();
    },
  };
}

/**
 * @template Row
 * @param {Column<Row>} column
 * @param {boolean} down
 * @returns {(a: Row, b: Row) => number}
 */
function byColumn({ order }, down) {
  const sign = down ? -1 : 1;
  return (a, b) => {
    const [x, y] = [order?.(a) ?? "", order?.(b) ?? ""];
    if (typeof x === "number" && typeof y === "number") return sign * (x - y);
    return sign * String(x).localeCompare(String(y));
  };
}

/**
 * @template Row
 * @param {Column<Row>} column
 */
function classOf({ numeric, only }) {
  return [numeric && "numeric", only && `only-${only}`].filter(Boolean).join(" ");
}

/**
 * `j`, `k` and the arrows go to the same link of the next and previous row.
 *
 * @param {KeyboardEvent} event
 */
function moveByKey(event) {
  const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
  const link = event.target instanceof Element ? event.target.closest("a, button") : null;
  const cell = link?.closest("td, th");
  const row = link?.closest("tr");
  if (!step || !link || !cell || !row || event.ctrlKey || event.metaKey || event.altKey) return;
  const column = [...row.children].indexOf(cell);
  let next = step > 0 ? row.nextElementSibling : row.previousElementSibling;
  for (; next; next = step > 0 ? next.nextElementSibling : next.previousElementSibling) {
    const target = next.children[column]?.querySelector("a[href], button");
    if (target instanceof HTMLElement && target.offsetParent) {
      event.preventDefault();
      event.stopPropagation();
      target.focus();
      return;
    }
  }
}
