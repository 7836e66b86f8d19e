/** What a browser remembers of its user: theme, language, his name under silences. Without storage it lasts as long as the page. */

/** @typedef {"theme" | "language" | "author"} Setting */

/** @type {Map<Setting, string>} */
const held = new Map();

/**
 * @param {Setting} name
 * @returns {string | null}
 */
export function remembered(name) {
  const value = held.get(name);
  if (value !== undefined) return value;
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

/**
 * @param {Setting} name
 * @param {string} value
 */
export function remember(name, value) {
  held.set(name, value);
  try {
    localStorage.setItem(name, value);
  } catch {
    // Storage is full or closed to us; `held` has it.
  }
}
