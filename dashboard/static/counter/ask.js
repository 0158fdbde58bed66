// A sheet with something to fill in: what is needed is said at the field, and nothing is sent without it.
import { closeSheet, openSheet } from "../floor/sheet.js";
import { made, part, write } from "../floor/dom.js";
import { t } from "../floor/here.js";

/** One field of a sheet: `kind` is field (some lines), line-field, time-field or choice-field with `choices` [{id, name}]. */
export function field(kind, label, { value = "", needed = true, choices = [] } = {}) {
  const node = made(kind);
  const input = part(node, "input");
  write(part(node, "label"), needed ? label : t("counter.optional", { label }));
  for (const { id, name } of choices) input.append(new Option(name, id));
  input.value = value;
  input.addEventListener("input", () => input.removeAttribute("aria-invalid"));
  return { node, input, needed, get value() { return input.value.trim(); } };
}

/** Open a sheet with `fields` and one button; `done(values)` is called once everything that is needed is there. */
export function ask(title, fields, { label, symbol = "check", ready = true, note = null, groups = () => [], done }) {
  const form = document.createElement("div");
  form.className = "fields";
  form.append(...fields.map(({ node }) => node));
  const act = () => {
    const missing = fields.find((one) => one.needed && !one.value);
    if (missing) {
      missing.input.setAttribute("aria-invalid", "true");
      return missing.input.focus();
    }
    closeSheet();
    return done(fields.map((one) => one.value));
  };
  openSheet(title, () => [
    ...groups(),
    { row: "row", node: form, note },
    { row: "row", buttons: [{ text: label, symbol, look: ready ? "main grow" : "grow unready", act }] },
  ]);
  fields[0]?.input.focus();
}
