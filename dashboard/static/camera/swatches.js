// The colours of a calibrated uniform, most of it first. The numbers stand as edge/staff.py writes them: 16 hues by 3 tones,
// hue by hue, then 16 grays, each 255 times the root of its share; colours are told apart from the picture's own light, so
// what is drawn here is what they look like in even light.
import { svg } from "../floor/dom.js";
import { t } from "./words.js";

const HUES = 16;
const TONES = [0.4, 1, 1.75]; // darker than the picture, about the same, lighter
const NAMES = ["red", "orange", "yellow", "green", "turquoise", "blue", "violet", "pink"];
const LIGHT = 130;
const CHROMA = 0.62;
const SHOWN = 6;
const LEAST_SHARE = 0.02;

function coloured(hue, tone) {
  const angle = (hue / HUES) * 2 * Math.PI;
  const [across, along] = [CHROMA * Math.cos(angle), CHROMA * Math.sin(angle)];
  const green = (along * Math.sqrt(6)) / 3;
  const [red, blue] = [(-green + Math.SQRT2 * across) / 2, (-green - Math.SQRT2 * across) / 2];
  return [red, green, blue].map((log) => Math.min(255, Math.round(LIGHT * TONES[tone] * Math.exp(log))));
}

const hex = (rgb) => `#${rgb.map((value) => value.toString(16).padStart(2, "0")).join("")}`;

function name([red, green, blue]) {
  const most = Math.max(red, green, blue);
  const least = Math.min(red, green, blue);
  if (most - least < 24) return most < 60 ? "black" : most > 190 ? "white" : "gray";
  const step = most === red ? ((green - blue) / (most - least) + 6) % 6 : most === green ? (blue - red) / (most - least) + 2 : (red - green) / (most - least) + 4;
  const degrees = step * 60;
  const edges = [18, 42, 70, 160, 195, 260, 300, 345];
  return NAMES[edges.findIndex((edge) => degrees < edge)] ?? NAMES[0];
}

/** The colours of `uniform` as [{ colour, share, word }], most first. */
export function colours(uniform) {
  const bins = uniform.map((value, n) => {
    const rgb = n < HUES * 3 ? coloured(Math.floor(n / 3), n % 3) : Array(3).fill(Math.round(((n - HUES * 3) / 15) * 235 + 10));
    return { colour: hex(rgb), share: (value / 255) ** 2, word: t(`camera.colour_${name(rgb)}`) };
  });
  return bins.filter((bin) => bin.share >= LEAST_SHARE).sort((a, b) => b.share - a.share).slice(0, SHOWN);
}

/** Draw them into `picture`, an SVG 280 by 40, each as wide as its share, and say them in its label. */
export function paint(picture, uniform) {
  const found = colours(uniform);
  const whole = found.reduce((sum, each) => sum + each.share, 0) || 1;
  let x = 0;
  const parts = found.map(({ colour, share }) => {
    const width = (share / whole) * 280;
    const part = svg("rect", { x: x.toFixed(1), y: 0, width: Math.max(0, width - 3).toFixed(1), height: 40, rx: 6, fill: colour });
    x += width;
    return part;
  });
  picture.replaceChildren(...parts);
  const words = [...new Set(found.map((each) => each.word))];
  picture.setAttribute("aria-label", t("camera.swatches", { colours: words.join(", ") }));
  return words;
}
