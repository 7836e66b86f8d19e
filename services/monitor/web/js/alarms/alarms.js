/** The alarms: what is wrong now, what is silenced, what was, and by which rules. */

import * as api from "../api.js";
import { h, setText } from "../dom.js";
import { icon } from "../icon.js";
import { panel } from "../panel.js";
import { t } from "../words/index.js";
import { activeTable } from "./active.js";
import { historyTable } from "./history.js";
import { ruleTable } from "./rules.js";
import { editSilence } from "./silence_form.js";
import { silenceTable } from "./silences.js";

/** @import { Feed } from "../feed.js" */
/** @import { Alarms } from "../types.js" */
/** @import { View } from "../view.js" */

const REFRESH_MS = 5_000;

/**
 * @param {Feed} feed
 * @returns {View}
 */
export function alarmsView(feed) {
  /** @type {Alarms | null} */
  let alarms = null;
  let alive = true;
  let timer = 0;

  const problem = h("p", { class: "problem", role: "alert" });
  const edit = (/** @type {Record<string, string>} */ matcher) => editSilence(matcher, () => alarms?.active ?? [], load);
  const active = activeTable(edit);
  const silences = silenceTable(load);
  const history = historyTable();
  const rules = ruleTable();
  const create = h(
    "button",
    { type: "button", class: "button small", on: { click: () => edit({}) } },
    icon("plus"),
    t("silence_new"),
  );
  const element = h(
    "div",
    { class: "alarms figures waiting" },
    h("h1", { class: "unseen" }, t("alarms")),
    h("p", { class: "waiting-note nothing" }, t("waiting")),
    problem,
    panel(t("active"), "active", [], active.element),
    panel(t("silences"), "silences", [create], silences.element),
    panel(t("rules"), "rules", [], rules.element),
    panel(t("history"), "history", [], history.element),
  );

  async function load() {
    clearTimeout(timer);
    try {
      const answer = await api.alarms();
      if (!alive) return;
      alarms = answer;
      setText(problem, "");
      element.classList.remove("waiting");
      active.update(answer.active);
      silences.update(answer.silences);
      history.update(answer.history);
      rules.update(answer.rules);
    } catch (error) {
      if (alive) setText(problem, t("failed", { reason: String(error instanceof Error ? error.message : error) }));
    }
    clearTimeout(timer);
    if (alive) timer = setTimeout(load, REFRESH_MS);
  }

  // The stream is sooner than our own question when an alarm comes or goes.
  let states = "";
  const stop = feed.onOverview((overview) => {
    const next = JSON.stringify(overview.alarms.map(({ id, state, silenced }) => [id, state, silenced]));
    if (states !== "" && next !== states) load();
    states = next;
  });

  return {
    element,
    title: () => t("alarms"),
    route() {
      load();
    },
    destroy() {
      alive = false;
      clearTimeout(timer);
      stop();
    },
  };
}
