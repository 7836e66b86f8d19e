/**
 * Keeps the children of an element in step with a list: one part a key, made once, updated after, moved only when its place changed.
 * Focus, hover and selection therefore survive live updates.
 *
 * @template Item
 * @typedef {Object} Part
 * @property {Element} element
 * @property {(item: Item) => void} update
 */

/**
 * @template Item
 * @param {Element} parent  holds nothing but the parts
 * @param {(item: Item) => string} keyOf  of two items with one key the first is shown
 * @param {(item: Item) => Part<Item>} create
 * @returns {(items: Item[]) => void}
 */
export function keyed(parent, keyOf, create) {
  /** @type {Map<string, Part<Item>>} */
  let parts = new Map();
  return (items) => {
    /** @type {Map<string, Part<Item>>} */
    const next = new Map();
    for (const item of items) {
      const key = keyOf(item);
      if (next.has(key)) continue;
      const part = parts.get(key) ?? create(item);
      part.update(item);
      next.set(key, part);
    }
    for (const [key, part] of parts) {
      if (!next.has(key)) part.element.remove();
    }
    let place = parent.firstElementChild;
    for (const { element } of next.values()) {
      if (element === place) place = place.nextElementSibling;
      else parent.insertBefore(element, place);
    }
    parts = next;
  };
}
