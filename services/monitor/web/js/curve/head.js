/** What a curve is of: name, kind, unit, help, and the labels that narrow it, each of which can be taken away. */

import { h, setText } from "../dom.js";
import { icon } from "../icon.js";
import { keyed } from "../keyed.js";
import { t } from "../words/index.js";

/** @import { CurveQuery } from "../query.js" */
/** @import { Curve } from "../types.js" */

/** @param {(labels: Record<string, string>) => void} onLabels */
export function curveHead(onLabels) {
  const name = h("h1", {});
  const kind = h("span", { class: "badge plain" });
  const help = h("p", { class: "curve-help" });
  const labels = h("div", { class: "label-chips" });
  /** @type {CurveQuery["labels"]} */
  let shown = {};
  const draw = keyed(labels, (/** @type {[string, string]} */ [label]) => label, labelChip);

  /** @param {[string, string]} pair */
  function labelChip([label]) {
    const text = h("span", {});
    const remove = () => onLabels(Object.fromEntries(Object.entries(shown).filter(([other]) => other !== label)));
    const button = h("button", { type: "button", class: "button bare", on: { click: remove } }, icon("close"));
    return {
      element: h("span", { class: "label-chip" }, text, button),
      /** @param {[string, string]} pair */
      update([label, value]) {
        setText(text, `${label} = ${value}`);
        button.setAttribute("aria-label", t("remove_label", { label }));
      },
    };
  }

  return {
    element: h(
      "div",
      { class: "curve-head" },
      h("div", { class: "curve-title" }, name, kind, labels),
      h("div", { class: "curve-about" }, help, h("p", { class: "hint chart-hint" }, t("drag_to_zoom"))),
    ),
    /**
     * @param {CurveQuery} query
     * @param {Curve | null} curve
     */
    show(query, curve) {
      shown = query.labels;
      setText(name, query.name);
      setText(kind, [curve?.kind, curve?.unit].filter(Boolean).join(" · "));
      kind.hidden = !curve?.kind;
      setText(help, curve?.help ?? "");
      draw(Object.entries(query.labels));
    },
  };
}
