/** Whether the figures are of now: a light and a word in the header, and a mark on the page that pales them when they are not. */

import { span } from "../clock.js";
import { h, setAttribute, setText } from "../dom.js";
import { t } from "../words/index.js";

/** @import { Feed } from "../feed.js" */

/**
 * @param {Feed} feed
 * @returns {{ element: HTMLElement, update: () => void }}
 */
export function liveState(feed) {
  const word = h("span", { "aria-hidden": "true" });
  // Its age changes each second; a screen reader is told of the state alone.
  const said = h("span", { class: "unseen", role: "status" });
  const element = h("span", { class: "live" }, h("span", { class: "live-light" }), word, said);
  return {
    element,
    update() {
      const { state } = feed;
      const age = span(feed.age_s());
      setAttribute(element, "data-state", state);
      setAttribute(document.documentElement, "data-live", state);
      setText(said, t(`live_${state}`));
      setText(word, state === "stale" ? t("live_stale_for", { age }) : t(`live_${state}`));
      element.title = state === "stale" ? t("live_stale_hint", { age }) : t("live_hint");
    },
  };
}
