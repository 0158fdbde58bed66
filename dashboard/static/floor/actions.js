// What a tap does: it is shown at once, written down, sent, and taken back with words when somebody was first.
import { hide, say } from "./toast.js";
import { t } from "./here.js";
import { newKey } from "./outbox.js";
import { age, serverNow } from "./time.js";

export class Actions {
  constructor({ floor, me, redraw }) {
    Object.assign(this, { floor, me, redraw });
  }

  /** Answers are sent through `outbox`; those an earlier page left behind are shown as on their way again. */
  async begin(outbox) {
    this.outbox = outbox;
    for (const answer of await outbox.open()) if (answer.visit) this.floor.expect(answer);
    this.redraw();
  }

  #say(move, path, { visit = null, body = {} }) {
    const answer = { key: newKey(), move, path, visit: visit?.id ?? null, zone: visit?.zone_name ?? "", body };
    Object.assign(answer, { at: Date.now(), tapped_at: new Date(serverNow()).toISOString(), person: this.me.id });
    if (visit) this.floor.expect(answer);
    this.outbox.add(answer);
    this.redraw();
  }

  /** Make one move of a visit. */
  move(move, visit, body = {}) {
    this.#say(move, `/api/v1/visits/${visit.id}/${move}`, { visit, body });
  }

  greet(visit) {
    this.move("greet", visit);
    say(t("greeted_after", { zone: visit.zone_name, s: age(visit.t0, serverNow()) }), () => this.move("undo", visit));
  }

  dismiss(visit, reason) {
    this.move("dismiss", visit, { reason });
    say(t("dismissed", { zone: visit.zone_name }), () => this.move("undo", visit));
  }

  merge(visit, into) {
    this.move("merge", visit, { into: into.id });
    say(t("merged_with", { zone: into.zone_name }), () => this.move("undo", visit));
  }

  send(visit, zone) {
    this.move("send", visit, { zone: zone.id });
    say(t("sent_to", { zone: zone.name }), () => this.move("send", { ...visit, zone_name: zone.name }, { zone: visit.zone }));
  }

  help(visit) {
    if (visit.help) return say(t("help_called"));
    this.move("help", visit);
    return say(t("help_called"));
  }

  add(zone, size) {
    this.#say("add", "/api/v1/visits", { body: { zone: zone.id, size } });
    say(t("added", { zone: zone.name }));
  }

  /** They are upset: the lead comes, briefed. */
  upset(visit, briefing) {
    this.move("upset", visit, briefing);
    say(t("lead_asked"));
  }

  /** Something about a problem record: written down, told, closed. */
  problem(what, path, body = {}) {
    this.#say(`problem-${what}`, path, { body });
  }

  pause(zone, minutes, reason) {
    this.#say("pause", `/api/v1/zones/${zone.id}/pause`, { body: { minutes, reason } });
  }

  resume(zone) {
    this.#say("resume", `/api/v1/zones/${zone}/resume`, {});
  }

  alert(id, what) {
    this.#say(what, `/api/v1/alerts/${id}/${what}`, {});
  }

  /** The shop has answered: take what it says, or say why it was too late. */
  answered(answer, { status, body }) {
    if (answer.visit) this.floor.settle(answer);
    if (status >= 200 && status < 300) this.#done(answer, body ?? {});
    else this.#refused(answer, status, body ?? {});
    this.redraw();
  }

  #done(answer, body) {
    if (answer.move === "merge") this.#merged(answer.visit);
    if (body.visit) this.floor.visit(body.visit);
    if (answer.move.startsWith("problem-")) say(t(`done_${answer.move.slice(8)}`));
    if (body.pauses) this.floor.take("pauses", body);
    if (body.alert) {
      const rest = this.floor.alerts.filter((alert) => alert.id !== body.alert.id);
      const live = !["resolved", "clearing"].includes(body.alert.state);
      this.floor.take("alerts", { alerts: live ? [...rest, body.alert] : rest });
    }
  }

  /** The answer holds the visit that was kept; the news of the other one comes by the stream a moment later. */
  #merged(id) {
    const row = this.floor.visits.get(id);
    if (row) this.floor.visit({ ...row, waiting: false, state: "merged" });
  }

  #refused(answer, status, problem) {
    if (problem.visit) this.floor.visit(problem.visit);
    hide();
    say(problem.detail ?? t(status ? "refused" : "answer_expired"));
  }
}
