/** The figures under the cursor, largest first, beside it. */

import { moment } from "../clock.js";
import { h, setText } from "../dom.js";
import { isFigure, join, quantity } from "../number.js";

/** @import { Picture } from "./chart.js" */

const ROWS_MOST = 10;
const GAP_PX = 14;

export function tooltip() {
  const time = h("p", { class: "tip-time" });
  const rows = Array.from({ length: ROWS_MOST }, row);
  const element = h("div", { class: "tip", hidden: true, "aria-hidden": "true" }, time, ...rows.map(({ element }) => element));
  return {
    element,
    /**
     * @param {Picture} picture
     * @param {number} index
     * @param {number} left  of the cursor, pixels
     * @param {number} width  of the field
     */
    show({ t, lines, unit }, index, left, width) {
      setText(time, moment(t[index] ?? 0));
      const found = lines
        .flatMap(({ title, colour, overlay, dashed, shown, v }) => {
          const value = v[index];
          return shown && isFigure(value) ? [{ title, colour, overlay, dashed, value }] : [];
        })
        .sort((a, b) => b.value - a.value);
      for (const [i, row] of rows.entries()) {
        const line = found[i];
        row.element.hidden = !line;
        if (!line) continue;
        row.swatch.style.setProperty("--line", `var(${line.colour})`);
        row.swatch.dataset.dashes = line.dashed ? (line.overlay ?? "") : "";
        setText(row.title, line.title);
        setText(row.value, join(quantity(line.value, unit)));
      }
      element.hidden = found.length === 0;
      const leftwards = left > width / 2;
      element.style.setProperty("left", leftwards ? "auto" : `${left + GAP_PX}px`);
      element.style.setProperty("right", leftwards ? `${width - left + GAP_PX}px` : "auto");
    },
    hide() {
      element.hidden = true;
    },
  };
}

function row() {
  const swatch = h("span", { class: "swatch" });
  const title = h("span", { class: "tip-title" });
  const value = h("span", { class: "tip-value" });
  return { element: h("p", { class: "tip-row", hidden: true }, swatch, title, value), swatch, title, value };
}
