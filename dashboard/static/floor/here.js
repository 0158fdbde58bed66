// What the page was made for: who acts, which screen this is, which shop, and the words in the person's language.

const read = (id) => JSON.parse(document.getElementById(id).textContent);

export const here = read("here");
const texts = read("texts");
const plural = new Intl.PluralRules(here.language);

// Catalogues list the plural forms in this order: [other], [one, other] or [zero, one, other].
const FORMS = { 1: ["other"], 2: ["one", "other"], 3: ["zero", "one", "other"] };

function filled(text, values) {
  return text.replace(/%\((\w+)\)[ds]|%%/g, (all, name) => (name ? String(values[name] ?? "") : "%"));
}

const section = here.section ?? "floor";

/** What the catalogue has under `key`: of this page, else of the floor, whose parts other pages use too. */
const found = (key) => texts[`${section}.${key}`] ?? texts[`floor.${key}`] ?? texts[key];

/** The words of `key`, with `%(name)s` filled from `values`. An unknown key shows as itself, so that it is seen. */
export function t(key, values = {}) {
  const text = found(key);
  return filled(Array.isArray(text) ? text.at(-1) : text ?? key, values);
}

/** The plural form of `key` for `n`. */
export function tn(key, n, values = {}) {
  const forms = found(key);
  if (!Array.isArray(forms)) return t(key, { n, ...values });
  const place = FORMS[forms.length].indexOf(plural.select(n));
  return filled(forms[place < 0 ? forms.length - 1 : place], { n, ...values });
}

const listing = new Intl.ListFormat(here.language, { type: "conjunction" });
export const listed = (names) => listing.format(names);
