/** The edges of the call graph as a table. */

import { edgeCurve } from "../curves.js";
import { errorLevel, graphLevel, worseEdge } from "../health.js";
import { duration, number, percent } from "../number.js";
import { table } from "../table.js";
import { t } from "../words/index.js";
import { shortService } from "./service_name.js";

/** @import { GraphEdge } from "../types.js" */

const SHORT_ROWS = 12;

export function graphList() {
  return table({
    caption: t("graph"),
    keyOf: ({ from, to }) => JSON.stringify([from, to]),
    standard: worseEdge,
    level: graphLevel,
    short: SHORT_ROWS,
    empty: t("graph_none"),
    columns: [
      {
        key: "from",
        title: t("caller"),
        order: ({ from }) => from,
        cell: ({ from }) => ({ text: shortService(from), title: from }),
      },
      {
        key: "to",
        title: t("callee"),
        order: ({ to }) => to,
        cell: ({ to }) => ({ text: shortService(to), title: to }),
      },
      {
        key: "calls",
        title: t("calls"),
        numeric: true,
        order: ({ qps }) => qps,
        cell: (/** @type {GraphEdge} */ edge) => ({ text: number(edge.qps), href: edgeCurve(edge, "calls") }),
      },
      {
        key: "errors",
        title: t("errors"),
        numeric: true,
        order: ({ errors }) => errors,
        cell: (edge) => ({ text: percent(edge.errors), href: edgeCurve(edge, "errors"), tone: errorLevel(edge.errors) }),
      },
      {
        key: "p99",
        title: t("p99"),
        numeric: true,
        order: ({ p99_us }) => p99_us ?? -1,
        cell: (edge) => ({ text: duration(edge.p99_us), href: edgeCurve(edge, "p99") }),
      },
    ],
  });
}
