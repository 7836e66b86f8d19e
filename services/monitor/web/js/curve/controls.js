/** What a curve view offers to choose: range, value, grouping, comparison. Choosing changes the address; the address shows the rest. */

import { choice } from "../choice.js";
import { h, setAttribute } from "../dom.js";
import { OVERLAYS, valuesOf } from "../query.js";
import { named, t } from "../words/index.js";
import { rangePicker } from "./range_picker.js";

/** @import { CurveQuery, Value } from "../query.js" */

const SCOPES = ["all", "service", "host", "instance"];

/** @param {(change: Partial<CurveQuery>) => void} onChange */
export function controls(onChange) {
  const ranges = rangePicker((range) => onChange({ range }));
  const values = h("div", { class: "control" });
  const groups = h("div", { class: "control" });
  const overlays = OVERLAYS.map((overlay) => ({
    overlay,
    button: h("button", { type: "button", on: { click: () => onChange({ overlays: toggled(overlay) }) } }, t(`overlay_${overlay}`)),
  }));
  /** @type {CurveQuery["overlays"]} */
  let chosenOverlays = [];
  let drawn = "";
  /** @type {{ element: HTMLElement, choose: (value: Value | null) => void } | null} */
  let valueChoice = null;
  /** @type {{ element: HTMLElement, choose: (value: string | null) => void } | null} */
  let groupChoice = null;

  /** @param {CurveQuery["overlays"][number]} overlay */
  function toggled(overlay) {
    const others = chosenOverlays.filter((other) => other !== overlay);
    return others.length < chosenOverlays.length ? others : [...others, overlay];
  }

  return {
    element: h(
      "div",
      { class: "controls" },
      ranges.element,
      values,
      groups,
      h(
        "div",
        { class: "control" },
        h("span", { class: "control-name" }, t("overlay")),
        h("div", { class: "choice", role: "group", "aria-label": t("overlay") }, ...overlays.map(({ button }) => button)),
      ),
    ),
    /**
     * @param {CurveQuery} query
     * @param {string} kind  empty while it is not known
     * @param {string[]} labelNames  of the series of this name
     */
    show(query, kind, labelNames) {
      ranges.show(query.range);
      chosenOverlays = query.overlays;
      for (const { overlay, button } of overlays) setAttribute(button, "aria-pressed", String(query.overlays.includes(overlay)));

      const offered = valuesOf(kind);
      const shownValues = offered.includes(query.value) ? offered : [query.value, ...offered];
      const shownGroups = [...new Set([...SCOPES, ...labelNames, query.by])];
      const state = JSON.stringify([shownValues, shownGroups]);
      if (state !== drawn) {
        valueChoice = choice(t("value"), options(shownValues, "value"), (value) => onChange({ value }));
        groupChoice = choice(t("by"), options(shownGroups, "by"), (by) => onChange({ by }));
        values.replaceChildren(h("span", { class: "control-name" }, t("value")), valueChoice.element);
        groups.replaceChildren(h("span", { class: "control-name" }, t("by")), groupChoice.element);
        drawn = state;
      }
      valueChoice?.choose(query.value);
      groupChoice?.choose(query.by);
    },
  };
}

/**
 * @template {string} Name
 * @param {Name[]} names
 * @param {string} prefix
 */
function options(names, prefix) {
  return names.map((value) => ({ value, text: named(prefix, value) }));
}
