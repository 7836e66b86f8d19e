/**
 * A row of buttons of which one is pressed: ranges, values, groupings.
 *
 * @template {string | number} Value
 * @typedef {{ value: Value, text: string }} Option
 */

import { h, setAttribute } from "./dom.js";

/**
 * @template {string | number} Value
 * @param {string} label
 * @param {Option<Value>[]} options
 * @param {(value: Value) => void} onChoose
 * @returns {{ element: HTMLElement, choose: (value: Value | null) => void }}  `choose` presses without telling
 */
export function choice(label, options, onChoose) {
  const buttons = options.map(({ value, text }) => {
    const press = () => onChoose(value);
    return { value, element: h("button", { type: "button", "aria-pressed": "false", on: { click: press } }, text) };
  });
  return {
    element: h("div", { class: "choice", role: "group", "aria-label": label }, ...buttons.map(({ element }) => element)),
    choose(chosen) {
      for (const { value, element } of buttons) setAttribute(element, "aria-pressed", String(value === chosen));
    },
  };
}
