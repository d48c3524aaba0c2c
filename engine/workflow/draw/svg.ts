import type { FrameKind } from "#engine/plugin";
import type { Plan } from "../plan.ts";
import { layOut, type Placed, type Point } from "./layout.ts";
import { type Card, LOOK, type Picture, type PortRow, pictureOf, type Wire } from "./picture.ts";
import { STYLE } from "./svg-style.ts";
import { textWidth } from "./text-width.ts";

const MARGIN = 32;
const HEADER = 64;
const FOOTER = 46;

/** A plan as a picture by itself: no script, no font and nothing else to load; light or dark as the reader's screen is. */
export function drawSvg(plan: Plan): string {
  const picture = pictureOf(plan);
  const placed = layOut(picture);
  const about = plan.description ?? "";
  const width = Math.ceil(
    Math.max(placed.width, textWidth(plan.name, 20) + 20, textWidth(about, 13), legendWidth(picture)) + 2 * MARGIN,
  );
  const height = Math.ceil(placed.height + HEADER + FOOTER + MARGIN);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="t d">
<title id="t">${plain(plan.name)}</title>
<desc id="d">${plain(summary(plan))}</desc>
<style>${STYLE}</style>
<rect class="paper" width="${width}" height="${height}" rx="14"/>
<text class="name" x="${MARGIN}" y="38">${plain(plan.name)}</text>
<text class="about" x="${MARGIN}" y="57">${plain(about)}</text>
<g transform="translate(${MARGIN} ${HEADER + 12})">
${[groups(picture, placed), ...[...placed.wires].map(([wire, points]) => wireShape(wire, points)), ...[...placed.cards].map(([card, at]) => cardShape(card, at))].join("\n")}
</g>
<g transform="translate(${MARGIN} ${height - 26})">${legend(picture)}</g>
</svg>
`;
}

const plain = (text: string): string =>
  text.replace(/[&<>"]/g, (sign) => `&#${sign.codePointAt(0)};`).replace(/[^\P{Cc}\t]/gu, "\uFFFD");

const n = (value: number): string => String(Math.round(value * 10) / 10);

/** The picture in words, for those who do not see it. */
function summary({ description, edges, nodes }: Plan): string {
  const links = edges.map(({ from, to }) => `${from.node} feeds ${to.node}`);
  return [`${description ?? "A speech workflow"}: ${nodes.length} nodes.`, ...new Set(links)].join(" ");
}

/** What runs as one call lies on one ground: around each card, and along the wires between. */
function groups({ wires }: Picture, placed: Placed): string {
  const direct = wires.filter((wire) => wire.direct);
  const ids = new Set(direct.flatMap(({ from, to }) => [from, to]));
  const bands = direct.map((wire) => `<path class="ground band" d="${curve(placed.wires.get(wire) ?? [])}"/>`);
  const grounds = [...placed.cards].flatMap(([{ id, width, height }, { x, y }]) =>
    ids.has(id)
      ? [
          `<rect class="ground" x="${n(x - 10)}" y="${n(y - 10)}" width="${n(width + 20)}" height="${n(height + 20)}" rx="20"/>`,
        ]
      : [],
  );
  return [...bands, ...grounds].join("\n");
}

/** From left to right, level at each point. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  let before = first;
  const parts = rest.map(({ x, y }, i) => {
    const bend = Math.max(18, Math.abs(x - before.x) / 2);
    // every second stretch of a wire that passes a layer is level
    const level = i % 2 === 1 && i < rest.length - 1;
    const part = level
      ? `L${n(x)} ${n(y)}`
      : `C${n(before.x + bend)} ${n(before.y)} ${n(x - bend)} ${n(y)} ${n(x)} ${n(y)}`;
    before = { x, y };
    return part;
  });
  return `M${n(first.x)} ${n(first.y)}${parts.join("")}`;
}

function wireShape({ kind, direct, toOutput, silences, words }: Wire, points: readonly Point[]): string {
  const sort = direct ? " direct" : toOutput ? " out" : silences ? " silences" : "";
  return `<path class="wire ${kind}${sort}" d="${curve(points)}"><title>${plain(words)}</title></path>`;
}

function cardShape(card: Card, { x, y }: Point): string {
  const { sort, width, height, title, within, type, policies, left, right, rowsAt } = card;
  const { pad, headLine } = LOOK;
  const round = sort === "node" ? 12 : sort === "conversion" ? 12 : 22;
  const inside = sort === "input" || sort === "output" ? pad + 2 : pad;
  const prefix = within === undefined ? "" : `<tspan class="within">${plain(within)} / </tspan>`;
  const parts = [
    `<rect class="card" width="${n(width)}" height="${n(height)}" rx="${round}"/>`,
    `<text class="title" x="${inside}" y="${pad + 12}">${prefix}${plain(title)}</text>`,
    ...(sort === "output" ? [] : [`<text class="type" x="${inside}" y="${pad + headLine + 11}">${plain(type)}</text>`]),
    ...policies.map((words, i) => {
      const top = pad + 2 * headLine + i * 20;
      const wide = n(textWidth(words, LOOK.note) + 14);
      return `<rect class="chip" x="${pad}" y="${top}" width="${wide}" height="16" rx="8"/><text class="chip" x="${pad + 7}" y="${top + 11.5}">${plain(words)}</text>`;
    }),
    ...left.map((row, i) => rowShape(row, "left", 0, rowsAt + i * LOOK.row)),
    ...right.map((row, i) => rowShape(row, "right", width, rowsAt + i * LOOK.row)),
  ];
  return `<g class="${sort}" transform="translate(${n(x)} ${n(y)})"><title>${plain(card.id)}</title>${parts.join("")}</g>`;
}

function rowShape({ name, note, kind }: PortRow, side: "left" | "right", x: number, y: number): string {
  const { pad } = LOOK;
  const at = side === "left" ? pad : x - pad;
  const dot =
    side === "left"
      ? `<path class="port ${kind}" d="M${n(x - 7)} ${n(y - 5.5)}L${n(x + 3)} ${n(y)}L${n(x - 7)} ${n(y + 5.5)}Z"/>`
      : `<circle class="port ${kind}" cx="${n(x)}" cy="${n(y)}" r="4.5"/>`;
  const words =
    note === ""
      ? `<text class="row ${side}" x="${n(at)}" y="${n(y + 4)}">${plain(name)}</text>`
      : `<text class="row ${side}" x="${n(at)}" y="${n(y - 1.5)}">${plain(name)}</text><text class="note ${side}" x="${n(at)}" y="${n(y + 11.5)}">${plain(note)}</text>`;
  return dot + words;
}

interface Key {
  readonly words: string;
  readonly shape: string;
}

const line = (kind: FrameKind | string, sort = "") => `<path class="wire ${kind}${sort}" d="M0 -4H26"/>`;

function keysOf({ cards, wires }: Picture): Key[] {
  const kinds = ["audio", "encoded", "recording", "text", "speech", "data"] as const;
  return [
    ...kinds
      .filter((kind) => wires.some((wire) => wire.kind === kind && !wire.silences))
      .map((kind) => ({ words: kind === "audio" ? "audio and its marks" : kind, shape: line(kind) })),
    ...(wires.some(({ direct }) => direct)
      ? [{ words: "runs as one call", shape: '<rect class="ground" x="0" y="-13" width="26" height="18" rx="7"/>' }]
      : []),
    ...(wires.some(({ toOutput }) => toOutput)
      ? [{ words: "output of the workflow", shape: line("data", " out") }]
      : []),
    ...(wires.some(({ silences }) => silences)
      ? [{ words: "silences who speaks", shape: line("speech", " silences") }]
      : []),
    ...(cards.some(({ sort }) => sort === "conversion")
      ? [
          {
            words: "put in by the plan",
            shape: '<g class="conversion"><rect class="card" x="0" y="-12" width="26" height="16" rx="6"/></g>',
          },
        ]
      : []),
  ];
}

const keyWidth = ({ words }: Key): number => 34 + textWidth(words, 11.5) + 22;
const legendWidth = (picture: Picture): number => keysOf(picture).reduce((sum, key) => sum + keyWidth(key), 0);

function legend(picture: Picture): string {
  let x = 0;
  return keysOf(picture)
    .map((key) => {
      const shape = `<g transform="translate(${n(x)} 0)">${key.shape}<text class="key" x="34" y="0">${key.words}</text></g>`;
      x += keyWidth(key);
      return shape;
    })
    .join("");
}
