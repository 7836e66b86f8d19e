/** One line that says whether anything is wrong. Its height never changes, so a new alarm pushes nothing away. */

import { STATES, alarmAge, alarmFigure, alarmIcon, alarmTone, moreUrgent } from "../alarms/words.js";
import { alarmCurve } from "../curves.js";
import { h, setAttribute, setText } from "../dom.js";
import { icon } from "../icon.js";
import { keyed } from "../keyed.js";
import { isFigure } from "../number.js";
import { link } from "../route.js";
import { named, t } from "../words/index.js";

/** @import { Alarm } from "../types.js" */

/** @returns {{ element: HTMLElement, update: (alarms: Alarm[]) => void }} */
export function alarmStrip() {
  const sign = h("span", { class: "strip-sign" });
  const count = h("a", { class: "strip-count", href: link("alarms") });
  const chips = h("div", { class: "strip-chips" });
  const element = h("section", { class: "strip", "aria-label": t("alarms") }, sign, h("span", { role: "status" }, count), chips);
  const draw = keyed(chips, (/** @type {Alarm} */ alarm) => alarm.id, chipOf);
  let signDrawn = "";
  return {
    element,
    update(alarms) {
      const sorted = alarms.toSorted(moreUrgent);
      const first = sorted[0];
      const tone = first ? alarmTone(first) : "ok";
      const name = first ? alarmIcon(first) : "check";
      if (name !== signDrawn) sign.replaceChildren(icon(name));
      signDrawn = name;
      setAttribute(element, "data-tone", tone);
      setText(count, summary(alarms));
      draw(sorted);
    },
  };
}

/** @param {Alarm[]} alarms */
function summary(alarms) {
  if (alarms.length === 0) return t("alarms_none");
  const loud = alarms.filter(({ silenced }) => !silenced);
  const parts = STATES.map((state) => ({ state, count: loud.filter((alarm) => alarm.state === state).length }))
    .filter(({ count }) => count > 0)
    .map(({ state, count }) => t(`count_${state}`, { count }));
  const silenced = alarms.length - loud.length;
  if (silenced > 0) parts.push(t("count_silenced", { count: silenced }));
  return parts.join(" · ");
}

/** @param {Alarm} first */
function chipOf(first) {
  const sign = h("span", { class: "chip-sign" });
  const state = h("span", { class: "unseen" });
  const rule = h("strong", {});
  const about = h("span", { class: "chip-about" });
  const figures = h("span", { class: "chip-figures" });
  const element = h("a", { class: "chip", href: alarmCurve(first) ?? link("alarms") }, sign, state, rule, about, figures);
  let signDrawn = "";
  return {
    element,
    /** @param {Alarm} alarm */
    update(alarm) {
      const name = alarmIcon(alarm);
      if (name !== signDrawn) sign.replaceChildren(icon(name));
      signDrawn = name;
      setText(rule, alarm.rule);
      setText(about, Object.values(alarm.labels).join(" "));
      setText(figures, isFigure(alarm.value) ? `${alarmFigure(alarm, "value")} · ${alarmAge(alarm)}` : alarmAge(alarm));
      setAttribute(element, "data-tone", alarmTone(alarm));
      setAttribute(element, "data-state", alarm.state);
      setAttribute(element, "title", `${alarm.summary}\n${t("limit")}: ${alarmFigure(alarm, "threshold")}`);
      setText(state, `${alarm.silenced ? t("silenced") : named("state", alarm.state)} `);
    },
  };
}
