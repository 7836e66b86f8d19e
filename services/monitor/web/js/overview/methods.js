/** Every method of every service, the worst first. */

import { choice } from "../choice.js";
import { methodCurve, queryLink } from "../curves.js";
import { errorLevel, methodLevel, queueLevel, rejectedLevel, worseMethod } from "../health.js";
import { duration, number, percent } from "../number.js";
import { panel } from "../panel.js";
import { table } from "../table.js";
import { t } from "../words/index.js";
import { shortService } from "./service_name.js";
import { filterBox } from "./filter_box.js";

/** @import { Method } from "../types.js" */
/** @import { Column } from "../table.js" */

const SHORT_ROWS = 10;

/** @returns {{ element: HTMLElement, update: (methods: Method[]) => void }} */
export function methods() {
  let most = 1;
  const grid = table({
    caption: t("methods_caption"),
    columns: columns(() => most),
    keyOf: ({ service, method, side }) => JSON.stringify([side, service, method]),
    standard: worseMethod,
    level: methodLevel,
    words: ({ service, method }) => `${service} ${method}`,
    onOrder: (standard) => worst.choose(standard ? "worst" : null),
    short: SHORT_ROWS,
  });
  const worst = choice(t("methods"), [{ value: "worst", text: t("worst_first") }], () => grid.reset());
  worst.choose("worst");
  const filter = filterBox(t("filter_methods"), grid.filter);
  return {
    element: panel(t("methods"), "methods", [filter, worst.element], grid.element),
    update(methods) {
      most = Math.max(1, ...methods.map(({ qps }) => qps));
      grid.update(methods);
    },
  };
}

/**
 * @param {() => number} most  calls a second of the busiest method
 * @returns {Column<Method>[]}
 */
function columns(most) {
  const figure = { numeric: true };
  return [
    {
      key: "method",
      title: t("method"),
      order: ({ method }) => method,
      cell: (row) => ({
        text: row.method,
        href: queryLink(row.query),
        below: row.service,
        title: `${row.service}/${row.method}`,
        badge: row.side === "client" ? t("caller") : "",
      }),
    },
    {
      key: "service",
      title: t("service"),
      only: "wide",
      order: ({ service }) => service,
      cell: ({ service }) => ({ text: shortService(service), title: service, tone: "muted" }),
    },
    {
      ...figure,
      key: "calls",
      width: 62,
      title: t("calls"),
      hint: t("calls_hint"),
      order: ({ qps }) => qps,
      // A bar by the root: the busiest is a thousand times the rest, and the rest should not look alike.
      cell: (row) => ({ text: number(row.qps), href: queryLink(row.query), bar: Math.sqrt(row.qps / most()) }),
    },
    {
      ...figure,
      key: "success",
      width: 78,
      title: t("success"),
      hint: t("success_hint"),
      order: ({ success }) => success,
      cell: (row) => ({ text: percent(row.success), href: methodCurve(row, "codes"), tone: errorLevel(1 - row.success) }),
    },
    {
      ...figure,
      key: "p50",
      width: 66,
      title: t("p50"),
      hint: t("p50_hint"),
      only: "roomy",
      order: ({ p50_us }) => p50_us ?? -1,
      cell: (row) => ({ text: duration(row.p50_us), href: methodCurve(row, "p50") }),
    },
    {
      ...figure,
      key: "p99",
      width: 66,
      title: t("p99"),
      hint: t("p99_hint"),
      order: ({ p99_us }) => p99_us ?? -1,
      cell: (row) => ({ text: duration(row.p99_us), href: methodCurve(row, "p99") }),
    },
    {
      ...figure,
      key: "queue",
      width: 66,
      title: t("queue"),
      hint: t("queue_hint"),
      only: "wide",
      order: ({ queue_us }) => queue_us ?? -1,
      cell: (row) => ({ text: duration(row.queue_us), href: methodCurve(row, "queue"), tone: queueLevel(row.queue_us) }),
    },
    {
      ...figure,
      key: "rejected",
      width: 78,
      title: t("rejected"),
      hint: t("rejected_hint"),
      only: "wide",
      order: ({ rejected }) => rejected,
      cell: (row) => ({ ...nought(row.rejected), href: methodCurve(row, "rejected"), tone: rejectedTone(row) }),
    },
    {
      ...figure,
      key: "retries",
      width: 74,
      title: t("retries"),
      hint: t("retries_hint"),
      only: "wide",
      order: ({ retries }) => retries,
      cell: (row) => ({ ...nought(row.retries), href: methodCurve(row, "retries") }),
    },
    {
      ...figure,
      key: "hedges",
      width: 74,
      title: t("hedges"),
      hint: t("hedges_hint"),
      only: "wide",
      order: ({ hedges }) => hedges,
      cell: (row) => ({ ...nought(row.hedges), href: methodCurve(row, "hedges") }),
    },
  ];
}

/** @param {Method} row */
function rejectedTone(row) {
  return row.rejected === 0 ? "muted" : rejectedLevel(row);
}

/**
 * A column that is nought nearly everywhere is read by what is not.
 *
 * @param {number} value
 * @returns {{ text: string, tone?: "muted" }}
 */
function nought(value) {
  return value === 0 ? { text: "0", tone: "muted" } : { text: number(value) };
}
