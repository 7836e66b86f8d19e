/**
 * The live overview: one stream of server-sent events for the whole page. It reconnects by itself, later each time; says when what
 * is shown has grown old; and rests while nobody looks.
 *
 * @import { Overview } from "./types.js"
 * @typedef {"connecting" | "live" | "stale"} FeedState
 */

import * as api from "./api.js";
import { setNow } from "./clock.js";

/** Without news for this long, or for three times the centre's own pace if that is slower, what is shown is called stale. */
const STALE_LEAST_MS = 15_000;
const STALE_PACES = 3;
/** Of the time since the news before, more than this is a pause and no pace. */
const PACE_MOST_MS = 60_000;
/** An open stream that says nothing for this long after that is taken for dead. */
const DEAD_AFTER_MS = 20_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MOST_MS = 20_000;
/** A page in a hidden tab lets its stream go after this long. */
const REST_AFTER_MS = 30_000;

export class Feed {
  /** @type {Overview | null} */
  latest = null;
  /** @type {FeedState} */
  state = "connecting";
  range_s = 3600;

  /** @type {EventSource | null} */
  #source = null;
  /** @type {Set<(overview: Overview) => void>} */
  #listeners = new Set();
  /** @type {Set<() => void>} */
  #stateListeners = new Set();
  #newsAt_ms = performance.now();
  #openedAt_ms = 0;
  #pace_ms = 0;
  #retry_ms = RETRY_FIRST_MS;
  #retryTimer = 0;
  #restTimer = 0;

  start() {
    this.#open();
    setInterval(() => this.#watch(), 1_000);
    addEventListener("online", () => this.#open());
    document.addEventListener("visibilitychange", () => this.#visibility());
  }

  /** How old the newest figures are, in seconds. */
  age_s() {
    return (performance.now() - this.#newsAt_ms) / 1000;
  }

  /** @param {number} range_s  of the sparklines */
  setRange(range_s) {
    if (range_s === this.range_s) return;
    this.range_s = range_s;
    this.#open();
  }

  /**
   * @param {(overview: Overview) => void} listener
   * @returns {() => void}  ends it
   */
  onOverview(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Called when the state changes, and each second while it is stale, for its age.
   *
   * @param {() => void} listener
   */
  onState(listener) {
    this.#stateListeners.add(listener);
  }

  #open() {
    this.#close();
    this.#openedAt_ms = performance.now();
    const range_s = this.range_s;
    const source = new EventSource(api.livePath(range_s));
    source.addEventListener("overview", (event) => {
      this.#retry_ms = RETRY_FIRST_MS;
      this.#pace_ms = Math.min(performance.now() - this.#newsAt_ms, PACE_MOST_MS);
      this.#take(event.data);
    });
    source.addEventListener("error", () => this.#retry());
    this.#source = source;
    // The stream's first event may be seconds away; a plain answer is not.
    api.overview(range_s).then(
      (overview) => {
        if (this.#source === source) this.#show(overview);
      },
      () => {}, // The stream's own failure tells it.
    );
  }

  #close() {
    clearTimeout(this.#retryTimer);
    this.#source?.close();
    this.#source = null;
  }

  #retry() {
    this.#close();
    const jitter = 0.5 + Math.random();
    this.#retryTimer = setTimeout(() => this.#open(), this.#retry_ms * jitter);
    this.#retry_ms = Math.min(this.#retry_ms * 2, RETRY_MOST_MS);
  }

  /** @param {string} data */
  #take(data) {
    try {
      this.#show(JSON.parse(data));
    } catch (error) {
      console.error("the centre sent an overview that cannot be shown", error);
    }
  }

  /** @param {Overview} overview */
  #show(overview) {
    setNow(overview.now);
    this.latest = overview;
    this.#newsAt_ms = performance.now();
    this.#enter("live");
    for (const listener of this.#listeners) listener(overview);
  }

  #watch() {
    const at = performance.now();
    const staleAfter_ms = Math.max(STALE_LEAST_MS, STALE_PACES * this.#pace_ms);
    if (at - this.#newsAt_ms > staleAfter_ms) this.#enter("stale");
    const quiet_ms = at - Math.max(this.#newsAt_ms, this.#openedAt_ms);
    if (this.#source && quiet_ms > staleAfter_ms + DEAD_AFTER_MS) this.#retry();
  }

  #visibility() {
    clearTimeout(this.#restTimer);
    if (document.hidden) this.#restTimer = setTimeout(() => this.#close(), REST_AFTER_MS);
    else if (!this.#source) this.#open();
  }

  /** @param {FeedState} state */
  #enter(state) {
    if (state === this.state && state !== "stale") return;
    this.state = state;
    for (const listener of this.#stateListeners) listener();
  }
}
