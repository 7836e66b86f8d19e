/** Alarms that have ended, the latest first. */

import { moment, span } from "../clock.js";
import { labelText } from "../labels.js";
import { number } from "../number.js";
import { table } from "../table.js";
import { t } from "../words/index.js";

/** @import { PastAlarm } from "../types.js" */

export function historyTable() {
  return table({
    caption: t("history"),
    keyOf: ({ rule, labels, from }) => JSON.stringify([rule, labels, from]),
    standard: (a, b) => b.from - a.from,
    empty: t("history_none"),
    columns: [
      {
        key: "rule",
        title: t("rule"),
        order: ({ rule }) => rule,
        cell: (/** @type {PastAlarm} */ { rule, labels }) => ({ text: rule, below: labelText(labels) }),
      },
      {
        key: "labels",
        title: t("labels"),
        only: "wide",
        order: ({ labels }) => labelText(labels),
        cell: ({ labels }) => ({ text: labelText(labels), title: labelText(labels), tone: "muted" }),
      },
      {
        key: "from",
        width: 120,
        title: t("from"),
        numeric: true,
        order: ({ from }) => from,
        cell: ({ from }) => ({ text: moment(from) }),
      },
      {
        key: "lasted",
        width: 96,
        title: t("lasted"),
        numeric: true,
        order: ({ from, to }) => to - from,
        cell: ({ from, to }) => ({ text: span(to - from), title: moment(to) }),
      },
      {
        key: "peak",
        width: 92,
        title: t("peak"),
        numeric: true,
        only: "wide",
        order: ({ peak }) => peak ?? 0,
        cell: ({ peak }) => ({ text: number(peak) }),
      },
    ],
  });
}
