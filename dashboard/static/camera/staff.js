// How people who work here are told from customers: badges, the colours of the uniform, and whether their greeting is seen.
import { attribute, show, write } from "../floor/dom.js";
import * as box from "./box.js";
import { paint } from "./swatches.js";
import { t } from "./words.js";

const page = Object.fromEntries(["badges", "greets", "uniform-is", "swatches", "calibrate", "no-uniform"].map((id) => [id, document.getElementById(id)]));

const still = document.getElementById("still");
const veil = still.querySelector(".veil");

export function startStaff({ plan, edit, trouble, tell }) {
  let drawing = false;
  let painted = null;

  const set = (fields) => edit((now) => ({ ...now, staff: { ...now.staff, ...fields } }));

  function wait(on) {
    drawing = on;
    attribute(page.calibrate, "aria-pressed", String(on));
    still.classList.toggle("boxing", on);
    show(veil, on || !still.classList.contains("seen"));
    if (on) {
      write(veil.firstElementChild, t("camera.draw_box"));
      still.scrollIntoView({ block: "nearest" });
      tell(t("camera.draw_box"));
    }
    write(page["uniform-is"], on ? t("camera.draw_box") : is());
  }

  const is = () => t(plan().staff.uniform.length ? "camera.uniform_is" : "camera.uniform_none");

  for (const sign of ["badges", "greets"]) page[sign].addEventListener("change", () => set({ [sign]: page[sign].checked }));
  page.calibrate.addEventListener("click", () => still.classList.contains("seen") && wait(!drawing));
  page["no-uniform"].addEventListener("click", () => set({ uniform: [] }));
  addEventListener("keydown", (event) => event.key === "Escape" && drawing && wait(false));

  return {
    boxing: () => drawing,
    async box(from, to) {
      wait(false);
      try {
        const uniform = await box.uniform([from, to]);
        set({ uniform });
        tell(page.swatches.getAttribute("aria-label"));
      } catch (wrong) {
        trouble(wrong.words ?? t("camera.no_connection"));
      }
    },
    draw() {
      const { badges, greets, uniform } = plan().staff;
      page.badges.checked = badges;
      page.greets.checked = greets;
      if (!drawing) write(page["uniform-is"], is());
      show(page["no-uniform"], uniform.length > 0);
      page.swatches.toggleAttribute("hidden", !uniform.length);
      if (uniform.length && painted !== uniform) paint(page.swatches, uniform);
      painted = uniform;
    },
  };
}
