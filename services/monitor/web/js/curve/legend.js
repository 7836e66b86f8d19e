/** The lines below a chart with their figures; a press draws or hides one. */

import { h, setAttribute, setText } from "../dom.js";
import { keyed } from "../keyed.js";
import { join, quantity } from "../number.js";
import { t } from "../words/index.js";
import { summary } from "./line.js";

/** @import { Picture } from "./chart.js" */
/** @import { DrawnLine, Summary } from "./line.js" */

const FIGURES = /** @type {const} */ (["last", "min", "avg", "max"]);

/**
 * @typedef {Object} LegendEvents
 * @property {(key: string, shown: boolean) => void} toggle
 * @property {(index: number | null) => void} point  at a line
 */

/** @param {LegendEvents} events */
export function legend(events) {
  const body = h("tbody");
  const note = h("p", { class: "hint", hidden: true });
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, t("line")),
    ...FIGURES.map((figure) => h("th", { scope: "col", class: classOf(figure) }, t(`line_${figure}`))),
    h("th", { scope: "col", class: "numeric at" }, t("line_at")),
  );
  const element = h("div", { class: "table legend" }, h("table", {}, h("thead", {}, head), body), note);
  /** @type {Picture | null} */
  let picture = null;
  /** @type {number | null} */
  let cursor = null;

  const draw = keyed(body, (/** @type {DrawnLine} */ line) => line.key, lineRow);

  function lineRow() {
    /** @type {DrawnLine | null} */
    let line = null;
    const swatch = h("span", { class: "swatch" });
    const title = h("span", { class: "legend-title" });
    const press = () => line && events.toggle(line.key, !line.shown);
    const button = h("button", { type: "button", class: "legend-line", on: { click: press } }, swatch, title);
    const figures = FIGURES.map((figure) => ({ figure, cell: h("td", { class: classOf(figure) }) }));
    const at = h("td", { class: "numeric at" });
    const point = (/** @type {boolean} */ here) => () => events.point(here && line ? (picture?.lines.indexOf(line) ?? null) : null);
    const row = h(
      "tr",
      { on: { pointerenter: point(true), pointerleave: point(false), focusin: point(true), focusout: point(false) } },
      h("th", { scope: "row" }, button),
      ...figures.map(({ cell }) => cell),
      at,
    );
    return {
      element: row,
      /** @param {DrawnLine} next */
      update(next) {
        line = next;
        const unit = picture?.unit ?? "";
        const figuresOf = /** @type {Summary} */ (summary(next.v));
        swatch.style.setProperty("--line", `var(${next.colour})`);
        swatch.dataset.dashes = next.dashed ? (next.overlay ?? "") : "";
        setText(title, next.title);
        setAttribute(title, "title", next.title);
        setAttribute(button, "aria-pressed", String(next.shown));
        setAttribute(button, "aria-label", t("line_toggle", { line: next.title }));
        for (const { figure, cell } of figures) setText(cell, join(quantity(figuresOf[figure], unit)));
        setText(at, cursor === null ? "" : join(quantity(next.v[cursor] ?? null, unit)));
      },
    };
  }

  function show() {
    if (!picture) return;
    const { lines, dropped } = picture;
    draw(lines);
    const shown = lines.filter((line) => line.shown).length;
    const notes = [
      shown < lines.length ? t("lines_hidden", { shown, count: lines.length }) : "",
      dropped > 0 ? t("lines_dropped", { count: dropped }) : "",
    ].filter(Boolean);
    note.hidden = notes.length === 0;
    setText(note, notes.join(" "));
  }

  return {
    element,
    /** @param {Picture} next */
    show(next) {
      picture = next;
      show();
    },
    /** @param {number | null} index */
    cursor(index) {
      if (index === cursor) return;
      cursor = index;
      show();
    },
  };
}

/** @param {(typeof FIGURES)[number]} figure */
function classOf(figure) {
  return figure === "avg" ? "numeric only-wide" : "numeric";
}
