/** What is silenced, until when, by whom and why. */

import * as api from "../api.js";
import { moment, now, span } from "../clock.js";
import { labelText } from "../labels.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { withToken } from "../token.js";
import { t } from "../words/index.js";

/** @import { Silence } from "../types.js" */

/** @param {() => void} onChange */
export function silenceTable(onChange) {
  /** @param {string} id */
  async function expire(id) {
    try {
      const done = await withToken((token) => api.expireSilence(id, token));
      if (done) toast(t("silence_expired"));
    } catch (error) {
      toast(t("failed", { reason: String(error instanceof Error ? error.message : error) }), "problem");
    }
    onChange();
  }

  return table({
    caption: t("silences"),
    keyOf: ({ id }) => id,
    standard: (a, b) => a.until - b.until,
    empty: t("silences_none"),
    columns: [
      {
        key: "matcher",
        title: t("matcher"),
        cell: (/** @type {Silence} */ { matcher, author, comment }) => ({
          text: labelText(matcher),
          title: labelText(matcher),
          below: `${author}: ${comment}`,
        }),
      },
      {
        key: "until",
        width: 112,
        title: t("until"),
        order: ({ until }) => until,
        cell: ({ until }) => ({ text: t("ends_in", { age: span(until - now()) }), title: moment(until) }),
      },
      {
        key: "author",
        title: t("author"),
        only: "wide",
        order: ({ author }) => author,
        cell: ({ author }) => ({ text: author, title: author }),
      },
      {
        key: "comment",
        title: t("comment"),
        only: "wide",
        cell: ({ comment }) => ({ text: comment, title: comment, tone: "muted" }),
      },
      {
        key: "actions",
        numeric: true,
        width: 86,
        title: t("actions"),
        cell: ({ id, author }) => ({
          text: "",
          actions: [{ text: t("expire"), label: t("expire_named", { author }), run: () => expire(id) }],
        }),
      },
    ],
  });
}
