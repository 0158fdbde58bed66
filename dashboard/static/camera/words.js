// What the page was made for, and the words in the person's language.

const read = (id) => JSON.parse(document.getElementById(id).textContent);

export const here = read("here");
const texts = read("texts");
const plural = new Intl.PluralRules(here.language);

// Catalogues list the plural forms in this order: [other], [one, other] or [zero, one, other].
const FORMS = { 1: ["other"], 2: ["one", "other"], 3: ["zero", "one", "other"] };

function filled(text, values) {
  return text.replace(/%\((\w+)\)[ds]|%%/g, (all, name) => (name ? String(values[name] ?? "") : "%"));
}

/** The words of `key`, with `%(name)s` filled from `values`. An unknown key shows as itself, so that it is seen. */
export function t(key, values = {}) {
  const text = texts[key];
  return filled(Array.isArray(text) ? text.at(-1) : text ?? key, values);
}

/** The plural form of `key` for `n`. */
export function tn(key, n, values = {}) {
  const forms = texts[key];
  if (!Array.isArray(forms)) return t(key, { n, ...values });
  const place = FORMS[forms.length].indexOf(plural.select(n));
  return filled(forms[place < 0 ? forms.length - 1 : place], { n, ...values });
}

const zone = here.timezone ? { timeZone: here.timezone } : {};
const shown = (parts) => new Intl.DateTimeFormat("en-GB", { ...zone, hourCycle: "h23", ...parts });
const short = shown({ hour: "2-digit", minute: "2-digit" });
const long = shown({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
/** 14:05 on the shop's clock, of ms since 1970. */
export const hm = (at) => short.format(at);
/** 14:05:12 on the shop's clock. */
export const hms = (at) => long.format(at);
