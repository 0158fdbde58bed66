// Live counts over the still for a minute, by the plan as it is drawn. One at a time; it stops when the page is left.
import { part as piece, show, write } from "../floor/dom.js";
import * as box from "./box.js";
import { t, tn } from "./words.js";

const LASTS_S = 60;
const button = document.getElementById("live");
const more = document.getElementById("live-more");

export function startLive({ plan, stage, trouble, tell, fault }) {
  let stop = null;

  function look(running) {
    button.setAttribute("aria-pressed", String(running));
    write(piece(button, "words"), t(running ? "camera.stop_live" : "camera.count_live"));
  }

  function end(words) {
    stop?.abort();
    stop = null;
    look(false);
    write(more, words);
    show(more, Boolean(words));
  }

  async function run() {
    if (fault()) return trouble(t(fault()[0], { name: fault()[1] }));
    const mine = (stop = new AbortController());
    look(true);
    show(more, true);
    write(more, t("camera.live_begins"));
    let last = null;
    try {
      for await (const said of box.counting(plan(), mine.signal)) {
        if (said.cut) throw new Error("cut");
        last = said;
        stage.counts(said);
        write(more, tn("camera.live_left", Math.max(0, Math.round(LASTS_S - said.seconds))));
      }
    } catch (wrong) {
      if (mine.signal.aborted) return undefined;
      return end(wrong.words ?? t("camera.live_cut"));
    }
    if (mine.signal.aborted) return undefined;
    const all = last ? last.lines.reduce((sum, line) => [sum[0] + line.ins, sum[1] + line.outs], [0, 0]) : [0, 0];
    const words = t("camera.live_done", { n_in: all[0], n_out: all[1] });
    tell(words);
    return end(words);
  }

  button.addEventListener("click", () => {
    if (!stop) return run();
    end("");
    return stage.counts(null);
  });
  addEventListener("pagehide", () => stop?.abort());
}
