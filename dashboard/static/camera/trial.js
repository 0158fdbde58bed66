// "Tried on the last hour": what the drawn lines would have counted, and what the saved ones did, over the paths the box remembers.
import { part as piece, show, write } from "../floor/dom.js";
import * as box from "./box.js";
import { alike, find } from "./plan.js";
import { strip } from "./strip.js";
import { t, tn } from "./words.js";

const AFTER_MS = 1000; // a drawing must rest for so long before it is tried
const note = document.getElementById("trial");
const sum = document.getElementById("strip-sum");
const picture = document.getElementById("strip");
const under = document.getElementById("strip-note");

export function startTrial({ plan, saved, chosen, fault }) {
  let timer = 0;
  let stop = null;

  const say = (words, more = "") => {
    write(piece(note, "words"), words);
    write(piece(note, "more"), more);
    show(piece(note, "more"), Boolean(more));
  };

  function nothing(words) {
    say(words);
    write(sum, "");
    write(under, "");
    strip(picture, null, 3600, 0);
  }

  async function attempt() {
    stop?.abort();
    stop = new AbortController();
    const { signal } = stop;
    const drawn = plan();
    if (!drawn.lines.length) return nothing(t("camera.trial_no_line"));
    if (fault()) return nothing(t(fault()[0], { name: fault()[1] }));
    say(t("camera.trial_waits"));
    try {
      const found = await box.trial(drawn, signal);
      const before = saved() && saved().lines.length && !alike(drawn, saved()) ? await box.trial(saved(), signal) : null;
      return signal.aborted ? undefined : tell(drawn, found, before);
    } catch (wrong) {
      if (wrong.name === "AbortError" || signal.aborted) return undefined;
      return nothing(wrong.words ?? t("camera.no_connection"));
    }
  }

  function tell(drawn, found, before) {
    const id = (chosen()?.kind === "line" && find(drawn, chosen())?.id) || drawn.lines[0].id;
    const line = found.lines.find((each) => each.line === id) ?? found.lines[0];
    if (!line) return nothing(t("camera.trial_no_line"));
    const minutes = Math.floor(found.seconds / 60);
    const counted = { n_in: line.ins, n_out: line.outs };
    const old = before?.lines.find((each) => each.line === line.line);
    const said = [t("camera.trial_line", { name: line.line, ...counted })];
    if (line.turned) said.push(tn("camera.trial_turned", line.turned));
    if (old) said.push(old.ins === line.ins && old.outs === line.outs ? t("camera.trial_same") : t("camera.trial_saved", { n_in: old.ins, n_out: old.outs }));
    const memory = minutes >= 60 ? t("camera.remembers_hour") : minutes < 1 ? t("camera.remembers_little") : tn("camera.remembers", minutes);
    say(said.join(" "), memory);
    write(sum, [t("camera.sum", counted), line.turned ? tn("camera.sum_turned", line.turned) : ""].filter(Boolean).join(", "));
    strip(picture, line, found.seconds, Date.parse(found.now));
    const shown = line.ins_ago.length < line.ins || line.outs_ago.length < line.outs;
    write(under, [minutes < 59 ? t("camera.strip_unknown") : "", shown ? t("camera.strip_newest", { n: Math.max(line.ins_ago.length, line.outs_ago.length) }) : ""].filter(Boolean).join(" "));
    return undefined;
  }

  nothing(t("camera.trial_waits"));
  addEventListener("pagehide", () => stop?.abort());
  return {
    /** The drawing has changed: try it when it has rested. */
    later() {
      clearTimeout(timer);
      timer = setTimeout(attempt, AFTER_MS);
    },
  };
}
