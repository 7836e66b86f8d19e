/** The list of keys, shown by `?`. */

import { dialog } from "./dialog.js";
import { h } from "./dom.js";
import { t } from "./words/index.js";

/** @import { Word } from "./words/index.js" */

/** @type {[Word, [string[], Word][]][]} */
const GROUPS = [
  [
    "keys_anywhere",
    [
      [["/"], "key_search"],
      [["g", "o"], "key_overview"],
      [["g", "a"], "key_alarms"],
      [["j", "k"], "key_rows"],
      [["t"], "key_theme"],
      [["l"], "key_language"],
      [["?"], "key_help"],
    ],
  ],
  [
    "keys_on_curve",
    [
      [["[", "]"], "key_back"],
      [["+", "-"], "key_zoom"],
      [["y"], "key_yesterday"],
      [["w"], "key_lastweek"],
      [["n"], "key_now"],
    ],
  ],
];

export function showShortcuts() {
  const groups = GROUPS.map(([title, keys]) =>
    h(
      "section",
      {},
      h("h3", {}, t(title)),
      h(
        "dl",
        {},
        ...keys.map(([strokes, word]) =>
          h("div", {}, h("dt", {}, ...strokes.map((key) => h("kbd", {}, key))), h("dd", {}, t(word))),
        ),
      ),
    ),
  );
  dialog({ title: t("shortcuts"), className: "shortcuts", body: groups });
}
