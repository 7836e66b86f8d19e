/** The rules that are loaded, and how each stands. */

import { table } from "../table.js";
import { named, t } from "../words/index.js";

/** @import { Level } from "../health.js" */
/** @import { Rule } from "../types.js" */

/** @type {Record<string, Level>} */
const TONES = { firing: "bad", pending: "warning", recovering: "warning", error: "warning", no_data: "warning" };

export function ruleTable() {
  return table({
    caption: t("rules"),
    keyOf: ({ name }) => name,
    standard: (a, b) => Number(b.state in TONES) - Number(a.state in TONES) || a.name.localeCompare(b.name),
    empty: t("rules_none"),
    columns: [
      {
        key: "rule",
        title: t("rule"),
        order: ({ name }) => name,
        cell: (/** @type {Rule} */ { name, summary }) => ({ text: name, below: summary, title: summary }),
      },
      {
        key: "summary",
        title: t("summary"),
        only: "wide",
        cell: ({ summary }) => ({ text: summary, title: summary, tone: "muted" }),
      },
      {
        key: "state",
        width: 104,
        title: t("state"),
        order: ({ state }) => state,
        cell: ({ state }) => ({ text: named("state", state), tone: TONES[state] ?? "muted" }),
      },
    ],
  });
}
