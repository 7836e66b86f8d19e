/** The range of a curve: the usual ones, two times of one's own, and steps back, forth, in and out. */

import { choice } from "../choice.js";
import { inputValue, now } from "../clock.js";
import { h, setText } from "../dom.js";
import { RANGES_S, bounds } from "../query.js";
import { t } from "../words/index.js";

/** @import { Option } from "../choice.js" */
/** @import { Range } from "../query.js" */

/** @param {(range: Range) => void} onRange */
export function rangePicker(onRange) {
  /** @type {Range} */
  let range = { last_s: 3600 };
  const usual = choice(
    t("range"),
    /** @type {Option<number>[]} */ ([
      ...RANGES_S.map((value) => ({ value, text: t(`range_${value}`) })),
      { value: 0, text: t("custom_range") },
    ]),
    (value) => (value === 0 ? toggle() : onRange({ last_s: value })),
  );
  const from = h("input", { type: "datetime-local", "aria-label": t("range_from") });
  const to = h("input", { type: "datetime-local", "aria-label": t("range_to") });
  const problem = h("span", { class: "problem", role: "alert" });
  const form = h(
    "form",
    { class: "custom-range", hidden: true, novalidate: true, on: { submit: apply } },
    from,
    h("span", {}, "–"),
    to,
    h("button", { type: "submit", class: "button small primary" }, t("range_apply")),
    problem,
  );

  function toggle() {
    form.hidden = !form.hidden;
    if (!form.hidden) from.focus();
  }

  /** @param {SubmitEvent} event */
  function apply(event) {
    event.preventDefault();
    const wanted = { from: Date.parse(from.value) / 1000, to: Date.parse(to.value) / 1000 };
    const good = wanted.to > wanted.from;
    setText(problem, good ? "" : t("range_wrong"));
    if (good) onRange(wanted);
  }

  return {
    element: h("div", { class: "ranges" }, usual.element, form),
    /** @param {Range} next */
    show(next) {
      range = next;
      const fixed = "from" in range;
      usual.choose("last_s" in range ? range.last_s : 0);
      const shown = bounds(range, now());
      if (document.activeElement !== from && document.activeElement !== to) {
        from.value = inputValue(shown.from);
        to.value = inputValue(shown.to);
      }
      if (fixed) form.hidden = false;
      else if (!form.contains(document.activeElement)) form.hidden = true;
      setText(problem, "");
    },
  };
}

/**
 * The range moved by half of itself, never past now.
 *
 * @param {Range} range
 * @param {-1 | 1} way
 * @returns {Range}
 */
export function moved(range, way) {
  const { from, to } = bounds(range, now());
  const by = Math.min(Math.floor((to - from) / 2) * way, now() - to);
  return by === 0 ? range : { from: from + by, to: to + by };
}

/**
 * The range made half or double around its middle, never past now.
 *
 * @param {Range} range
 * @param {0.5 | 2} factor
 * @returns {Range}
 */
export function zoomed(range, factor) {
  if ("last_s" in range) return { last_s: range.last_s * factor };
  const { from, to } = range;
  const half = ((to - from) * factor) / 2;
  const end = Math.min(now(), Math.round((from + to) / 2 + half));
  return { from: Math.round(end - 2 * half), to: end };
}
