// A group of buttons of which one is chosen: arrows move, as in any radio group, and only one of them is in the tab order.
import { made, write } from "../floor/dom.js";

export class Radio {
  constructor(group, choose) {
    Object.assign(this, { group, choose });
    group.addEventListener("keydown", (key) => this.#arrow(key));
  }

  /** Show `choices` [{id, text, name}] with `chosen` checked; `act` of a choice is done instead of choosing it. */
  draw(choices, chosen) {
    while (this.group.children.length > choices.length) this.group.lastElementChild.remove();
    while (this.group.children.length < choices.length) this.group.append(this.#button());
    const stop = choices.some(({ id }) => id === chosen) ? chosen : choices[0]?.id;
    choices.forEach((choice, place) => {
      const button = this.group.children[place];
      button.choice = choice;
      button.dataset.choice = choice.id;
      write(button, choice.text);
      button.setAttribute("aria-checked", String(choice.id === chosen));
      button.tabIndex = choice.id === stop ? 0 : -1;
    });
  }

  focus() {
    [...this.group.children].find((button) => button.tabIndex === 0)?.focus();
  }

  #button() {
    const button = made("radio");
    button.addEventListener("click", () => (button.choice.act ?? (() => this.choose(button.choice.id)))());
    return button;
  }

  #arrow(key) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key.key];
    const all = [...this.group.children];
    const place = all.indexOf(document.activeElement);
    if (!step || place < 0) return;
    key.preventDefault();
    const next = all[(place + step + all.length) % all.length];
    next.focus();
    if (!next.choice.act) this.choose(next.choice.id);
  }
}
