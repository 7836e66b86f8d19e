/** One curve: what is measured, over which range, against what. All of it stands in the address. */

import * as api from "../api.js";
import { moment, now } from "../clock.js";
import { h, setText } from "../dom.js";
import { bounds, formatQuery, parseQuery, stepFor, unitOf } from "../query.js";
import { go, link, replaceRoute } from "../route.js";
import { t } from "../words/index.js";
import { chart } from "./chart.js";
import { controls } from "./controls.js";
import { curveHead } from "./head.js";
import { legend } from "./legend.js";
import { drawnLines } from "./line.js";
import { moved, zoomed } from "./range_picker.js";

/** @import { Feed } from "../feed.js" */
/** @import { CurveQuery } from "../query.js" */
/** @import { Curve } from "../types.js" */
/** @import { View } from "../view.js" */

/** A curve that follows the newest is asked for this often at most: the finest step there is. */
const REFRESH_LEAST_S = 10;
const SERIES_MOST = 200;

/**
 * @param {Feed} feed
 * @returns {View}
 */
export function curveView(feed) {
  let query = parseQuery(new URLSearchParams());
  /** @type {Curve | null} */
  let curve = null;
  let shownBounds = { from: 0, to: 1 };
  /** @type {string[]} */
  let labelNames = [];
  let labelsOf = "";
  /** @type {Map<string, boolean>} Lines drawn or hidden by hand, by key. */
  const chosen = new Map();
  let asking = new AbortController();
  let askedAt_s = 0;

  const head = curveHead((labels) => change({ labels }));
  const choices = controls(change);
  const picture = chart({
    zoom: (from, to) => change({ range: { from, to: Math.max(to, from + 60) } }),
    zoomOut: () => change({ range: zoomed(query.range, 2) }),
    cursor: (index) => lines.cursor(index),
  });
  const lines = legend({
    toggle(key, shown) {
      chosen.set(key, shown);
      draw();
    },
    point: picture.focus,
  });
  const message = h("p", { class: "chart-message", role: "status" });
  const field = h(
    "div",
    { class: "chart-field" },
    picture.element,
    message,
    h("div", { class: "progress", "aria-hidden": "true" }),
  );
  const element = h(
    "div",
    { class: "curve figures" },
    head.element,
    choices.element,
    h("section", { class: "panel chart-panel", "aria-label": t("curve") }, field),
    h("section", { class: "panel", "aria-label": t("line") }, lines.element),
  );

  /** @param {Partial<CurveQuery>} part */
  function change(part) {
    go(link("curve", formatQuery({ ...query, ...part })));
  }

  async function ask() {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    askedAt_s = now();
    const wanted = bounds(query.range, now());
    const step = stepFor(wanted, query.overlays, now());
    element.dataset.loading = "";
    try {
      const answer = await api.curve({ ...query, ...wanted, step }, signal);
      if (signal.aborted) return;
      curve = answer;
      shownBounds = wanted;
      const empty = !answer.lines.some(({ v }) => v.some((value) => value !== null));
      setText(message, empty ? t("curve_empty") : "");
      draw();
    } catch (error) {
      if (!signal.aborted) setText(message, t("curve_failed", { reason: String(error instanceof Error ? error.message : error) }));
    }
    if (!signal.aborted) delete element.dataset.loading;
  }

  function draw() {
    if (!curve) return;
    const unit = unitOf(curve.unit, curve.kind, query.value);
    const { from, to } = shownBounds;
    const label = t("curve_aria", { name: query.name, from: moment(from), to: moment(to) });
    const shown = {
      t: curve.t,
      lines: drawnLines(curve, query.by, query.name, chosen),
      unit,
      dropped: curve.dropped ?? 0,
      from,
      to,
      threshold: query.threshold,
      label,
    };
    head.show(query, curve);
    choices.show(query, curve.kind, labelNames);
    picture.show(shown);
    lines.show(shown);
  }

  /** The labels that the series of this name have, to group by. */
  async function askLabels() {
    const { name } = query;
    if (name === labelsOf) return;
    labelsOf = name;
    labelNames = [];
    try {
      const { series } = await api.series(name, SERIES_MOST);
      if (labelsOf !== name) return;
      labelNames = [...new Set(series.filter((one) => one.name === name).flatMap(({ labels }) => Object.keys(labels)))].sort();
      choices.show(query, curve?.kind ?? "", labelNames);
    } catch {
      // Grouping by the usual scopes is still offered; the curve's own request tells of a centre that is away.
    }
  }

  const stop = feed.onOverview(() => {
    const step_s = stepFor(bounds(query.range, now()), query.overlays, now());
    const due = now() - askedAt_s >= Math.max(REFRESH_LEAST_S, step_s);
    if ("last_s" in query.range && query.name && due) ask();
  });

  return {
    element,
    title: () => query.name,
    route(params) {
      const next = parseQuery(params);
      if (next.name !== query.name || next.by !== query.by) {
        chosen.clear();
        curve = null;
      }
      query = next;
      head.show(query, curve);
      choices.show(query, curve?.kind ?? "", labelNames);
      element.classList.toggle("unnamed", query.name === "");
      setText(message, query.name === "" ? t("curve_none") : "");
      if (query.name === "") return;
      ask();
      askLabels();
    },
    key(key) {
      const toggled = (/** @type {"yesterday" | "lastweek"} */ overlay) =>
        query.overlays.includes(overlay) ? query.overlays.filter((other) => other !== overlay) : [...query.overlays, overlay];
      if (key === "[") change({ range: moved(query.range, -1) });
      else if (key === "]") change({ range: moved(query.range, 1) });
      else if (key === "+" || key === "=") change({ range: zoomed(query.range, 0.5) });
      else if (key === "-") change({ range: zoomed(query.range, 2) });
      else if (key === "y") change({ overlays: toggled("yesterday") });
      else if (key === "w") change({ overlays: toggled("lastweek") });
      else if (key === "n") replaceRoute(link("curve", formatQuery({ ...query, range: { last_s: 3600 } })));
      else return false;
      return true;
    },
    destroy() {
      stop();
      asking.abort();
      picture.destroy();
    },
  };
}
