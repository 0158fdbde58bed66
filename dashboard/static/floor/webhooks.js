// A webhook that was disabled because nobody took what it was to say: somebody else's program hears nothing more, and the manager should know.
import { t } from "./here.js";

const ABOUT = "webhook:";
const TOLD = new Set(["raised", "acknowledged", "clearing"]); // before that it may pass by itself

/** A bar for each webhook that is disabled; `floor` has the alerts. */
export function webhookBars(floor) {
  return floor.alerts.filter((alert) => alert.kind === "device" && alert.about.startsWith(ABOUT) && TOLD.has(alert.state)).map((alert) => {
    const name = alert.about.slice(ABOUT.length);
    const coming = alert.state === "acknowledged" ? ` ${t("help_coming", { name: alert.acknowledged_name ?? "" })}` : "";
    return {
      key: `webhook:${alert.id}`, look: "webhook", about: alert.id, act: alert.state === "raised" ? "acknowledge" : null,
      strong: t("webhook_off", { name }), text: t("webhook_off_do") + coming, label: t("help_go"), symbol: "go", main: false,
    };
  });
}
