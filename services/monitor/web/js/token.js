/** The token for changes: asked for when a change is refused without it, kept until the tab closes, never in an address. */

import { ApiError } from "./api.js";
import { dialog } from "./dialog.js";
import { h, setText } from "./dom.js";
import { t } from "./words/index.js";

const KEY = "token";
const UNAUTHORIZED = 401;
const FORBIDDEN = 403;

/** @type {Set<() => void>} */
const watchers = new Set();

/** @returns {string | null} */
export function heldToken() {
  return sessionStorage.getItem(KEY);
}

export function forgetToken() {
  sessionStorage.removeItem(KEY);
  tell();
}

/** @param {() => void} watcher  called when a token came or went */
export function onToken(watcher) {
  watchers.add(watcher);
}

/**
 * Does a change with the token held; where it is refused, asks for one until it is taken or the user gives up.
 *
 * @param {(token: string | null) => Promise<unknown>} change
 * @returns {Promise<boolean>}  false: given up
 * @throws {ApiError} when the change fails for another reason
 */
export async function withToken(change) {
  const held = heldToken();
  if (await taken(change, held)) return true;
  if (held !== null) forgetToken();
  return askUntilTaken(change, held !== null);
}

/**
 * @param {(token: string | null) => Promise<unknown>} change
 * @param {boolean} refusedBefore
 * @returns {Promise<boolean>}
 */
function askUntilTaken(change, refusedBefore) {
  return new Promise((resolve, reject) => {
    const input = h("input", {
      type: "password",
      name: "token",
      autocomplete: "off",
      required: true,
      "aria-describedby": "token-error",
    });
    const problem = h("p", { class: "problem", id: "token-error", role: "alert" }, refusedBefore && t("token_refused"));
    const submit = h("button", { type: "submit", class: "button primary" }, t("token_use"));
    const box = dialog({
      title: t("token_title"),
      className: "token",
      body: [h("label", { class: "field" }, h("span", {}, t("token")), input), h("p", { class: "hint" }, t("token_hint")), problem],
      buttons: [submit],
      onClose: () => resolve(false),
      onSubmit: async () => {
        submit.disabled = true;
        const token = input.value.trim();
        try {
          if (await taken(change, token)) {
            sessionStorage.setItem(KEY, token);
            tell();
            resolve(true);
            box.close();
            return;
          }
          setText(problem, t("token_refused"));
          input.select();
        } catch (error) {
          reject(error);
          box.close();
        } finally {
          submit.disabled = false;
        }
      },
    });
    input.focus();
  });
}

/**
 * @param {(token: string | null) => Promise<unknown>} change
 * @param {string | null} token
 * @returns {Promise<boolean>}
 */
async function taken(change, token) {
  try {
    await change(token);
    return true;
  } catch (error) {
    if (error instanceof ApiError && (error.status === UNAUTHORIZED || error.status === FORBIDDEN)) return false;
    throw error;
  }
}

function tell() {
  for (const watcher of watchers) watcher();
}
