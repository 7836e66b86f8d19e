/** Every instance of every service, by host; those that fell silent first. */

import { span } from "../clock.js";
import { instanceCurve } from "../curves.js";
import { lagLevel, worseInstance } from "../health.js";
import { bytes, duration, number } from "../number.js";
import { panel } from "../panel.js";
import { table } from "../table.js";
import { t } from "../words/index.js";
import { filterBox } from "./filter_box.js";

/** @import { Instance } from "../types.js" */
/** @import { Column } from "../table.js" */

const SHORT_ROWS = 8;

/** @returns {{ element: HTMLElement, update: (instances: Instance[]) => void }} */
export function instances() {
  const grid = table({
    caption: t("instances_caption"),
    columns: columns(),
    keyOf: ({ host, instance }) => JSON.stringify([host, instance]),
    standard: worseInstance,
    level: (row) => (row.silent ? "bad" : "ok"),
    words: ({ host, instance, service, version, gray }) => `${host} ${instance} ${service} ${version} ${gray}`,
    short: SHORT_ROWS,
  });
  const filter = filterBox(t("filter_instances"), grid.filter);
  return { element: panel(t("instances"), "instances", [filter], grid.element), update: grid.update };
}

/** @returns {Column<Instance>[]} */
function columns() {
  const figure = { numeric: true };
  return [
    {
      key: "instance",
      title: t("instance"),
      order: ({ instance }) => instance,
      cell: (row) => ({
        text: row.instance,
        href: instanceCurve(row, "cpu"),
        title: `${row.service} · ${row.instance} · ${row.host}`,
        below: row.host,
        badge: row.silent ? t("silent") : row.gray,
        badgeTone: row.silent ? "bad" : "ok",
      }),
    },
    {
      key: "host",
      title: t("host"),
      only: "wide",
      order: ({ host, instance }) => `${host} ${instance}`,
      cell: ({ host }) => ({ text: host, title: host, tone: "muted" }),
    },
    {
      key: "version",
      width: 72,
      title: t("version"),
      only: "wide",
      order: ({ version }) => version,
      cell: ({ version }) => ({ text: version, title: version, tone: "muted" }),
    },
    {
      ...figure,
      key: "cpu",
      width: 60,
      title: t("cpu"),
      hint: t("cpu_hint"),
      order: ({ cpu }) => cpu ?? -1,
      cell: (row) => ({ text: number(row.cpu), href: instanceCurve(row, "cpu"), bar: row.cpu ?? 0 }),
    },
    {
      ...figure,
      key: "rss",
      width: 78,
      title: t("rss"),
      hint: t("rss_hint"),
      order: ({ rss }) => rss ?? -1,
      cell: (row) => ({ text: bytes(row.rss), href: instanceCurve(row, "rss") }),
    },
    {
      ...figure,
      key: "files",
      width: 60,
      title: t("files"),
      hint: t("files_hint"),
      only: "wide",
      order: ({ files }) => files ?? -1,
      cell: (row) => ({ text: number(whole(row.files)), href: instanceCurve(row, "files") }),
    },
    {
      ...figure,
      key: "lag",
      width: 70,
      title: t("lag"),
      hint: t("lag_hint"),
      only: "wider",
      order: ({ lag_us }) => lag_us ?? -1,
      cell: (row) => ({ text: duration(row.lag_us), href: instanceCurve(row, "lag"), tone: lagLevel(row.lag_us) }),
    },
    {
      ...figure,
      key: "uptime",
      width: 72,
      title: t("uptime"),
      only: "wide",
      order: ({ up_s }) => up_s ?? -1,
      cell: (row) => ({ text: span(row.up_s), href: instanceCurve(row, "uptime") }),
    },
    {
      ...figure,
      key: "report",
      width: 80,
      title: t("last_report"),
      hint: t("last_report_hint"),
      order: ({ last_report_s }) => last_report_s ?? -1,
      cell: (row) => ({
        text: span(row.last_report_s),
        href: instanceCurve(row, "uptime"),
        tone: row.silent ? "bad" : "ok",
      }),
    },
  ];
}

/**
 * Of several reports the mean may be a fraction; of files there is none.
 *
 * @param {number | null} figure
 */
function whole(figure) {
  return figure === null ? null : Math.round(figure);
}
