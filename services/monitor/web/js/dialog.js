/** A modal box with a form in it: the browser's own `<dialog>`, which holds focus and closes by Escape. */

import { h } from "./dom.js";
import { icon } from "./icon.js";
import { t } from "./words/index.js";

/** @import { Child } from "./dom.js" */

let serial = 0;

/**
 * @param {Object} options
 * @param {string} options.title
 * @param {Child[]} options.body
 * @param {Child[]} [options.buttons]  after "Cancel"; without any there is only a way to close
 * @param {string} [options.className]
 * @param {() => void} [options.onSubmit]
 * @param {() => void} [options.onClose]  however it was closed
 * @returns {{ close: () => void }}
 */
export function dialog({ title, body, buttons = [], className = "", onSubmit, onClose }) {
  const titleId = `dialog-${++serial}`;
  const close = () => element.close();
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    onSubmit?.();
  };
  const element = h(
    "dialog",
    { class: `dialog ${className}`, "aria-labelledby": titleId },
    h(
      "form",
      { novalidate: true, on: { submit } },
      h(
        "header",
        {},
        h("h2", { id: titleId }, title),
        h("button", { type: "button", class: "button bare", "aria-label": t("close"), on: { click: close } }, icon("close")),
      ),
      h("div", { class: "dialog-body" }, ...body),
      buttons.length > 0 &&
        h("footer", {}, h("button", { type: "button", class: "button", on: { click: close } }, t("cancel")), ...buttons),
    ),
  );
  element.addEventListener("close", () => {
    element.remove();
    onClose?.();
  });
  // A press outside the form is on the dialog itself, which fills the backdrop.
  element.addEventListener("pointerdown", (event) => {
    if (event.target === element) close();
  });
  document.body.append(element);
  element.showModal();
  return { close };
}
