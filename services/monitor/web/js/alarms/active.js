/** Alarms that are pending, firing or recovering, the most urgent first. */

import { moment, now } from "../clock.js";
import { alarmCurve } from "../curves.js";
import { labelText } from "../labels.js";
import { table } from "../table.js";
import { named, t } from "../words/index.js";
import { alarmAge, alarmFigure, alarmTone, moreUrgent } from "./words.js";

/** @import { Alarm } from "../types.js" */

/** @param {(matcher: Record<string, string>) => void} onSilence  with what matches the alarm exactly */
export function activeTable(onSilence) {
  return table({
    caption: t("active"),
    keyOf: ({ id }) => id,
    standard: moreUrgent,
    level: (alarm) => {
      const tone = alarmTone(alarm);
      return tone === "muted" ? "ok" : tone;
    },
    empty: t("alarms_none_long"),
    columns: [
      {
        key: "rule",
        title: t("rule"),
        order: ({ rule }) => rule,
        cell: (/** @type {Alarm} */ alarm) => ({
          text: alarm.rule,
          href: alarmCurve(alarm) ?? undefined,
          badge: alarm.silenced ? t("silenced") : "",
          below: `${alarmAge(alarm)} · ${alarm.summary} ${labelText(alarm.labels)}`,
        }),
      },
      {
        key: "state",
        width: 150,
        title: t("state"),
        order: ({ state, severity }) => `${state} ${severity}`,
        cell: (alarm) => ({
          text: `${named("state", alarm.state)} · ${named("severity", alarm.severity)}`,
          tone: alarmTone(alarm),
        }),
      },
      { key: "summary", title: t("summary"), only: "wide", cell: ({ summary }) => ({ text: summary, title: summary }) },
      {
        key: "labels",
        title: t("labels"),
        only: "wide",
        cell: ({ labels }) => ({ text: labelText(labels), title: labelText(labels), tone: "muted" }),
      },
      {
        key: "value",
        width: 92,
        title: t("measured"),
        numeric: true,
        only: "wide",
        cell: (alarm) => ({ text: alarmFigure(alarm, "value"), href: alarmCurve(alarm) ?? undefined }),
      },
      {
        key: "limit",
        width: 92,
        title: t("limit"),
        numeric: true,
        only: "wide",
        cell: (alarm) => ({ text: alarmFigure(alarm, "threshold"), tone: "muted" }),
      },
      {
        key: "since",
        width: 96,
        title: t("since"),
        numeric: true,
        only: "wide",
        order: ({ since }) => now() - (since ?? now()),
        cell: (alarm) => ({ text: alarmAge(alarm), title: alarm.since === null ? "" : moment(alarm.since) }),
      },
      {
        key: "actions",
        numeric: true,
        width: 92,
        title: t("actions"),
        cell: ({ rule, labels }) => ({
          text: "",
          actions: [{ text: t("silence"), label: t("silence_named", { rule }), run: () => onSilence({ rule, ...labels }) }],
        }),
      },
    ],
  });
}
