/**
 * Elements made from values. Text goes in as text nodes and attributes by name; nothing here parses HTML, so whatever a server
 * calls itself stays text. Styles go through the object model, which the content policy allows, never through an attribute.
 *
 * @typedef {Node | string | null | undefined | false} Child
 *
 * @typedef {Object} Extra
 * @property {Record<string, (event: any) => void>} [on]  listeners by event name
 * @property {Record<string, string>} [style]  style properties, custom ones too
 *
 * @typedef {Extra & { [attribute: string]: unknown }} Attributes
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. An attribute of `true` is set empty; of `false`, `null` or `undefined` it is left out.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, attributes, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/**
 * An SVG element, made the same way.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function svg(tag, attributes, ...children) {
  const element = /** @type {SVGElementTagNameMap[Tag]} */ (document.createElementNS(SVG, tag));
  return furnish(element, attributes, children);
}

/**
 * Sets an attribute if it differs, so that an update without news touches nothing.
 *
 * @param {Element} element
 * @param {string} name
 * @param {string | null} value  null removes it
 */
export function setAttribute(element, name, value) {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/**
 * Sets the text of an element if it differs; keeps its one text node, so that a selection in it survives.
 *
 * @param {Element} element
 * @param {string} text
 */
export function setText(element, text) {
  const first = element.firstChild;
  if (first instanceof Text && !first.nextSibling) {
    if (first.data !== text) first.data = text;
  } else {
    element.textContent = text;
  }
}

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes | undefined} attributes
 * @param {Child[]} children
 * @returns {E}
 */
function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(attributes?.on ?? {})) element.addEventListener(event, listener);
    } else if (name === "style") {
      const { style } = /** @type {HTMLElement} */ (/** @type {unknown} */ (element));
      for (const [property, text] of Object.entries(attributes?.style ?? {})) style.setProperty(property, text);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, String(value));
    }
  }
  for (const child of children) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
  return element;
}
