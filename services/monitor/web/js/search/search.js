/** All series that match what stands in the search box: names, labels, kinds, units, help, last values. */

import * as api from "../api.js";
import { h, setText } from "../dom.js";
import { labelText } from "../labels.js";
import { join, quantity } from "../number.js";
import { panel } from "../panel.js";
import { table } from "../table.js";
import { t } from "../words/index.js";
import { seriesLink } from "./series_link.js";

/** @import { Series } from "../types.js" */
/** @import { View } from "../view.js" */

const SERIES_MOST = 200;

/** @returns {View} */
export function searchView() {
  const status = h("p", { class: "nothing", role: "status" }, t("searching"));
  const count = h("span", { class: "hint" });
  const grid = found();
  grid.element.hidden = true;
  const element = h(
    "div",
    { class: "search-page" },
    h("h1", { class: "unseen" }, t("search")),
    panel(t("search"), "", [count], status, grid.element),
  );
  let match = "";
  let asking = new AbortController();

  /** @param {string} text */
  async function ask(text) {
    asking.abort();
    asking = new AbortController();
    const { signal } = asking;
    if (text === "") return say(t("search_empty"), []);
    try {
      const { series, more } = await api.series(text, SERIES_MOST, signal);
      if (signal.aborted) return;
      const note = more
        ? `${t("search_count", { count: `${series.length}+` })} · ${t("search_more")}`
        : t("search_count", { count: series.length });
      say(series.length === 0 ? t("search_none", { text }) : "", series, note);
    } catch (error) {
      if (!signal.aborted) say(t("failed", { reason: String(error instanceof Error ? error.message : error) }), []);
    }
  }

  /**
   * @param {string} text  in place of a list
   * @param {Series[]} series
   * @param {string} [note]
   */
  function say(text, series, note = "") {
    setText(status, text);
    status.hidden = text === "";
    grid.element.hidden = text !== "";
    setText(count, note);
    grid.update(series);
  }

  return {
    element,
    title: () => (match ? `${match} · ${t("search")}` : t("search")),
    route(params) {
      match = params.get("match") ?? "";
      ask(match);
    },
    destroy: () => asking.abort(),
  };
}

function found() {
  return table({
    caption: t("search"),
    keyOf: ({ name, labels }) => JSON.stringify([name, labels]),
    standard: () => 0,
    columns: [
      {
        key: "name",
        title: t("search_series"),
        order: ({ name }) => name,
        cell: (/** @type {Series} */ series) => ({
          text: series.name,
          href: seriesLink(series),
          below: labelText(series.labels),
          title: series.help,
        }),
      },
      {
        key: "labels",
        title: t("labels"),
        only: "wide",
        order: ({ labels }) => labelText(labels),
        cell: (series) => ({ text: labelText(series.labels), tone: "muted" }),
      },
      {
        key: "last",
        width: 96,
        title: t("line_last"),
        numeric: true,
        order: ({ last }) => last ?? -Infinity,
        cell: (series) => ({ text: join(quantity(series.last, series.unit)), href: seriesLink(series) }),
      },
      {
        key: "kind",
        width: 96,
        title: t("kind"),
        only: "wide",
        order: ({ kind }) => kind,
        cell: ({ kind }) => ({ text: kind, tone: "muted" }),
      },
      {
        key: "unit",
        width: 110,
        title: t("unit"),
        only: "wide",
        order: ({ unit }) => unit,
        cell: ({ unit }) => ({ text: unit, tone: "muted" }),
      },
      { key: "help", title: t("help"), only: "wide", cell: ({ help }) => ({ text: help, tone: "muted" }) },
    ],
  });
}
