// The drawings of the themes: 1200 by 300 units, the lower edge is the ground. Colours come from
// the palette (styles/themes.css): sky to near, a1 to a4; g is what glows.
import { svg, type SVGTemplateResult } from "lit";

/** The same drawing each time: a small generator of numbers in [0, 1). */
function dice(seed: number) {
  let s = seed;
  return () => {
    s = Math.imul(s ^ (s >>> 15), 2246822507) + 0x9e3779b9;
    s ^= s >>> 13;
    return (s >>> 0) / 4294967296;
  };
}

const whole = (n: number) => n.toFixed(0);

/** A line of hills: its height at each step, drawn as smooth curves down to the ground. */
function ridge(y: number, swing: number, steps: number, seed: number): string {
  const roll = dice(seed);
  const width = 1200 / steps;
  let path = `M0 300V${whole(y + (roll() - 0.5) * swing)}`;
  for (let i = 0; i < steps; i++) {
    const x = i * width;
    const bend = y + (roll() - 0.5) * 2 * swing;
    const end = y + (roll() - 0.5) * swing;
    path += `S${whole(x + width * 0.5)} ${whole(bend)} ${whole(x + width)} ${whole(end)}`;
  }
  return path + "V300Z";
}

const fill = (d: string, color: string) => svg`<path d=${d} fill=${`var(--${color})`}/>`;
const disc = (x: number, y: number, r: number, color: string, opacity = 1) =>
  svg`<circle cx=${x} cy=${y} r=${r} fill=${`var(--${color})`} opacity=${opacity}/>`;

function hearth() {
  const house = (
    x: number,
    y: number,
    s: number,
    lit: boolean,
  ) => svg`<g transform=${`translate(${x} ${y}) scale(${s})`}>
    <path d="M0 60V22L34 0l34 22v38Z" fill="var(--a4)"/><path d="M48 10V-8h9v24Z" fill="var(--a4)"/>
    <rect x="14" y="30" width="13" height="15" fill="var(--g)" opacity=${lit ? 1 : 0.25}/>
    <rect x="40" y="30" width="13" height="15" fill="var(--g)" opacity=${lit ? 0.8 : 0.2}/></g>`;
  return [
    disc(905, 150, 210, "g", 0.1), disc(905, 150, 120, "g", 0.14),
    fill(ridge(185, 60, 5, 11), "a1"), fill(ridge(222, 40, 6, 5), "a2"),
    house(690, 196, 0.8, false), house(870, 176, 1.25, true),
    house(1010, 200, 0.9, true), house(250, 208, 0.7, true),
    svg`<path
        d="M936 164c-14-16 10-26-2-44s12-28 2-50"
        fill="none"
        stroke="var(--a2)"
        stroke-width="7"
        stroke-linecap="round"
        opacity=".8"/>`,
    fill(ridge(262, 20, 5, 23), "a3"), fill(ridge(284, 10, 7, 8), "a4"),
  ]; // prettier-ignore
}

function tide() {
  const wave = (y: number, length: number, height: number, shift: number) => {
    let d = `M${-shift} 300V${y}`;
    for (let x = -shift; x < 1200 + length; x += length)
      d += `q${length / 4} ${-height} ${length / 2} 0t${length / 2} 0`;
    return d + "V300Z";
  };
  return [
    disc(860, 150, 66, "g", 0.9),
    disc(860, 150, 120, "g", 0.13),
    fill(wave(150, 620, 16, 40), "a1"),
    fill(wave(186, 480, 22, 180), "a2"),
    fill(wave(224, 400, 24, 60), "a3"),
    fill(wave(264, 330, 20, 210), "a4"),
  ];
}

function firs(y: number, n: number, size: number, seed: number, color: string) {
  const roll = dice(seed);
  let d = "";
  for (let i = 0; i < n; i++) {
    const x = ((i + roll() * 0.8) * 1240) / n - 20;
    const h = size * (0.6 + roll() * 0.7);
    const w = h * 0.34;
    const base = y + roll() * 14;
    d += `M${whole(x)} ${whole(base - h)}l${whole(w * 0.55)} ${whole(h * 0.42)}h${whole(-w * 0.2)}`;
    d += `l${whole(w * 0.65)} ${whole(h * 0.58)}h${whole(-w * 2)}`;
    d += `l${whole(w * 0.65)} ${whole(-h * 0.58)}h${whole(-w * 0.2)}Z`;
  }
  return fill(d, color);
}

function moss() {
  return [
    disc(300, 110, 54, "g", 0.55),
    disc(300, 110, 110, "g", 0.13),
    fill(ridge(180, 60, 4, 3), "a1"),
    firs(215, 44, 62, 7, "a2"),
    fill(ridge(226, 24, 5, 9), "a2"),
    firs(262, 30, 92, 21, "a3"),
    fill(ridge(262, 14, 5, 2), "a3"),
    firs(312, 20, 104, 5, "a4"),
    fill(ridge(290, 8, 6, 4), "a4"),
  ];
}

function dusk() {
  const roll = dice(77);
  const stars = Array.from({ length: 60 }, () =>
    disc(
      Math.round(roll() * 1200),
      Math.round(roll() * 130),
      0.7 + roll() * 1.5,
      "g",
      0.25 + roll() * 0.6,
    ),
  );
  const peaks = (points: number[][], color: string) =>
    fill(`M0 300V${points[0]![1]}` + points.map(p => `L${p[0]} ${p[1]}`).join("") + "V300Z", color);
  return [
    ...stars, disc(250, 84, 34, "g", 0.95), disc(264, 76, 30, "sky", 1),
    peaks([
      [0, 210], [120, 150], [210, 196], [360, 96], [480, 186], [590, 132], [700, 196], [860, 84],
      [1000, 186], [1090, 140], [1200, 190],
    ], "a1"),
    peaks([
      [0, 240], [150, 190], [290, 236], [430, 168], [560, 232], [760, 160], [920, 232],
      [1060, 176], [1200, 230],
    ], "a2"),
    fill(ridge(250, 26, 6, 15), "a3"), fill(ridge(280, 12, 5, 31), "a4"),
  ]; // prettier-ignore
}

function dune() {
  return [
    disc(930, 104, 58, "g", 0.95), disc(930, 104, 112, "g", 0.15),
    fill("M0 300V206C180 150 340 150 520 204s420 40 680-34V300Z", "a1"),
    fill("M0 300V238c210-74 380-40 560 8s420 8 640-58V300Z", "a2"),
    fill("M0 300v-50c150 32 330 6 470-20s250 26 330 36c-130 12-210 34-240 34Z", "a3"),
    fill("M1200 300v-66c-150 0-260 26-400 32 90 10 150 18 190 34Z", "a3"),
    fill("M0 300v-20c260 22 520-14 700-6s330 14 500 6v20Z", "a4"),
  ]; // prettier-ignore
}

function frost() {
  const roll = dice(19);
  const trunk = (x: number, w: number) =>
    svg`<rect x=${x} y="0" width=${w} height="292" fill="var(--a3)"/>${Array.from(
      { length: 6 },
      () =>
        svg`<rect
            x=${x}
            y=${Math.round(roll() * 260)}
            width=${(w * (0.4 + roll() * 0.4)).toFixed(1)}
            height="4"
            fill="var(--a4)"/>`,
    )}`;
  const flakes = Array.from({ length: 70 }, () =>
    disc(
      Math.round(roll() * 1200),
      Math.round(roll() * 260),
      1 + roll() * 2.4,
      "g",
      0.35 + roll() * 0.6,
    ),
  );
  return [
    fill(ridge(200, 50, 4, 6), "a1"),
    ...[70, 150, 205, 330, 720, 815, 930, 985, 1110].map((x, i) => trunk(x, 9 + ((i * 7) % 11))),
    fill(ridge(246, 26, 5, 17), "a2"),
    fill(ridge(280, 16, 4, 3), "a1"),
    ...flakes,
  ];
}

function poppy() {
  const roll = dice(5);
  const flower = () => {
    const x = Math.round(roll() * 1200);
    const y = Math.round(196 + roll() * 84);
    const r = 5 + ((y - 190) / 90) * 9;
    const lean = Math.round(roll() * 16 - 8);
    const stem = `M${x} ${y}q${lean} ${Math.round(r * 3)} 0 ${Math.round(r * 6)}`;
    const petal = `q${r * 0.5} ${-r} ${r} 0`;
    const cup = `q0 ${r * 1.5} ${-r} ${r * 1.5}t${-r} ${-r * 1.5}`;
    return svg`<path d=${stem} fill="none" stroke="var(--a4)" stroke-width="2"/>
      <path d=${`M${x - r} ${y - r * 0.5}${petal}${petal}${cup}`} fill="var(--g)"/>
      <circle cx=${x} cy=${y} r=${(r * 0.26).toFixed(1)} fill="var(--a4)"/>`;
  };
  return [
    disc(200, 96, 120, "g", 0.1),
    fill(ridge(176, 50, 4, 12), "a1"),
    fill(ridge(208, 30, 5, 6), "a2"),
    fill(ridge(246, 16, 6, 9), "a3"),
    ...Array.from({ length: 42 }, flower),
  ];
}

function ink() {
  const roll = dice(41);
  const books: SVGTemplateResult[] = [];
  for (let x = 20; x < 1190;) {
    const w = 14 + Math.round(roll() * 26);
    const h = 120 + Math.round(roll() * 90);
    const gap = roll() < 0.08;
    if (gap) {
      x += 46 + roll() * 60;
      continue;
    }
    const lean = roll() < 0.07 ? 9 : 0;
    const color = ["a2", "a3", "a3", "a4"][Math.floor(roll() * 4)]!;
    const glow = roll() < 0.07;
    books.push(
      svg`<g transform=${`rotate(${lean} ${x} 282)`}>
          <rect
            x=${x}
            y=${282 - h}
            width=${w}
            height=${h}
            rx="2"
            fill=${`var(--${glow ? "g" : color})`}/>
          <rect x=${x} y=${282 - h * 0.82} width=${w} height="3" fill="var(--a1)" opacity=".7"/>
          <rect x=${x} y=${282 - h * 0.2} width=${w} height="3" fill="var(--a1)" opacity=".7"/>
        </g>`,
    );
    x += w + 2 + (lean ? 26 : 0);
  }
  return [...books, svg`<rect y="282" width="1200" height="18" fill="var(--a4)"/>`];
}

const drawings: Record<string, () => unknown[]> = {
  hearth,
  tide,
  moss,
  dusk,
  dune,
  frost,
  poppy,
  ink,
};
export const THEMES = Object.keys(drawings);

const drawn = new Map<string, SVGTemplateResult>();

export function art(name: string): SVGTemplateResult {
  const known = name in drawings ? name : "hearth";
  let picture = drawn.get(known);
  if (!picture) {
    picture = svg`<svg
        viewBox="0 0 1200 300"
        preserveAspectRatio="xMaxYMax slice"
        focusable="false">${drawings[known]!()}</svg>`;
    drawn.set(known, picture);
  }
  return picture;
}
