// The printer for numbers, when it needs a hand: what is wrong, what to do, and who goes.
import { t } from "./here.js";

const TOLD = new Set(["raised", "acknowledged", "clearing"]); // before that it may pass by itself

/** A bar for the printer while it needs somebody; `floor` has the alerts. */
export function printerBars(floor) {
  return floor.alerts.filter((alert) => alert.kind === "device" && alert.about.startsWith("printer:") && TOLD.has(alert.state)).map((alert) => {
    const taken = alert.state === "acknowledged";
    const coming = taken ? ` ${t("help_coming", { name: alert.acknowledged_name ?? "" })}` : "";
    return {
      key: `printer:${alert.id}`, look: "printer", about: alert.id, act: alert.state === "raised" ? "acknowledge" : null,
      strong: t(`print_${alert.detail}`), text: t(`print_${alert.detail}_do`) + coming, label: t("help_go"), symbol: "go", main: false,
    };
  });
}
