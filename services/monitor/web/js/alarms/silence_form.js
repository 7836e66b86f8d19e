/** The form for a new silence: which labels, how long, who, why. It says how many active alarms it would match. */

import * as api from "../api.js";
import { choice } from "../choice.js";
import { dialog } from "../dialog.js";
import { h, setText } from "../dom.js";
import { icon } from "../icon.js";
import { remember, remembered } from "../settings.js";
import { toast } from "../toast.js";
import { withToken } from "../token.js";
import { t } from "../words/index.js";
import { matches } from "./matcher.js";

/** @import { Alarm } from "../types.js" */

const MINUTES = [30, 120, 480, 1440, 10_080];
const MINUTES_DEFAULT = 120;
const MINUTES_MOST = 30 * 24 * 60;
const AUTHOR_LETTERS_MOST = 100;
const COMMENT_LETTERS_MOST = 1000;
const LABEL_LETTERS_MOST = 200;

/**
 * @param {Record<string, string>} matcher  to begin with
 * @param {() => Alarm[]} active
 * @param {() => void} onMade
 */
export function editSilence(matcher, active, onMade) {
  const pairs = h("div", { class: "pairs", on: { input: tellMatches } });
  const holds = h("p", { class: "hint", role: "status" });
  const minutes = h("input", {
    type: "number",
    name: "minutes",
    min: 1,
    max: MINUTES_MOST,
    value: MINUTES_DEFAULT,
    "aria-label": t("minutes"),
    on: { input: () => usual.choose(Number(minutes.value)) },
  });
  const usual = choice(
    t("lasts"),
    MINUTES.map((value) => ({ value, text: t(/** @type {"minutes_30"} */ (`minutes_${value}`)) })),
    (value) => {
      minutes.value = String(value);
      usual.choose(value);
    },
  );
  const author = h("input", {
    name: "author",
    maxlength: AUTHOR_LETTERS_MOST,
    autocomplete: "name",
    value: remembered("author") ?? "",
  });
  const comment = h("input", { name: "comment", maxlength: COMMENT_LETTERS_MOST, autocomplete: "off" });
  const problem = h("p", { class: "problem", role: "alert" });
  const submit = h("button", { type: "submit", class: "button primary" }, t("silence"));

  const box = dialog({
    title: t("silence_new"),
    className: "silence-form",
    body: [
      h("p", { class: "hint" }, t("silence_edit_hint")),
      h(
        "fieldset",
        {},
        h("legend", {}, t("matcher")),
        pairs,
        h(
          "button",
          { type: "button", class: "button small", on: { click: () => add("", "").focus() } },
          icon("plus"),
          t("matcher_add"),
        ),
      ),
      holds,
      h(
        "fieldset",
        {},
        h("legend", {}, t("lasts")),
        h("div", { class: "lasts" }, usual.element, minutes, h("span", { class: "hint" }, t("minutes"))),
      ),
      h("label", { class: "field" }, h("span", {}, t("author")), author),
      h("label", { class: "field" }, h("span", {}, t("comment")), comment),
      problem,
    ],
    buttons: [submit],
    onSubmit: make,
  });

  /**
   * @param {string} name
   * @param {string} value
   * @returns {HTMLInputElement}  of the name
   */
  function add(name, value) {
    const usual = { maxlength: LABEL_LETTERS_MOST, autocomplete: "off", spellcheck: "false" };
    const nameInput = h("input", {
      ...usual,
      name: "label",
      value: name,
      placeholder: t("matcher_name"),
      "aria-label": t("matcher_name"),
    });
    const valueInput = h("input", {
      ...usual,
      name: "value",
      value,
      placeholder: t("matcher_value"),
      "aria-label": t("matcher_value"),
    });
    const remove = () => {
      pair.remove();
      tellMatches();
    };
    const button = h(
      "button",
      { type: "button", class: "button bare", "aria-label": t("matcher_remove"), on: { click: remove } },
      icon("close"),
    );
    const pair = h("div", { class: "pair" }, nameInput, h("span", { "aria-hidden": "true" }, "="), valueInput, button);
    pairs.append(pair);
    return nameInput;
  }

  /** @returns {Record<string, string>} */
  function written() {
    const entries = [...pairs.children].map((pair) => [...pair.querySelectorAll("input")].map(({ value }) => value.trim()));
    return Object.fromEntries(entries.filter(([name, value]) => name && value));
  }

  function tellMatches() {
    const alarms = active();
    const matcher = written();
    const count = alarms.filter((alarm) => matches(matcher, alarm)).length;
    setText(holds, t("matcher_holds", { count, all: alarms.length }));
  }

  async function make() {
    const silence = {
      matcher: written(),
      minutes: Number(minutes.value),
      author: author.value.trim(),
      comment: comment.value.trim(),
    };
    const wanting = wants(silence);
    setText(problem, wanting ?? "");
    if (wanting) return;
    submit.disabled = true;
    try {
      if (await withToken((token) => api.createSilence(silence, token))) {
        remember("author", silence.author);
        toast(t("silence_made"));
        box.close();
        onMade();
      }
    } catch (error) {
      setText(problem, t("refused", { reason: String(error instanceof Error ? error.message : error) }));
    }
    submit.disabled = false;
  }

  for (const [name, value] of Object.entries(matcher)) add(name, value);
  if (Object.keys(matcher).length === 0) add("", "");
  usual.choose(MINUTES_DEFAULT);
  tellMatches();
  (Object.keys(matcher).length === 0 ? pairs.querySelector("input") : author.value ? comment : author)?.focus();
}

/**
 * @param {api.NewSilence} silence
 * @returns {string | null}  what is missing
 */
function wants({ matcher, minutes, author, comment }) {
  if (Object.keys(matcher).length === 0) return t("matcher_wanted");
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > MINUTES_MOST) return t("minutes_wanted");
  if (author === "") return t("author_wanted");
  return comment === "" ? t("comment_wanted") : null;
}
