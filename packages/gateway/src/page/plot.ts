import uPlot from "uplot";

export interface Line {
  readonly label: string;
  /** The custom property that holds its colour. */
  readonly colour: string;
  readonly dash?: number[];
  /** A value between gaps would be no line. */
  readonly hasPoints?: boolean;
}

const height = 180;
const dark = matchMedia("(prefers-color-scheme: dark)");

/** Lines over time. What they show has to be said in words beside it. */
export class Plot {
  readonly #place: HTMLElement;
  readonly #lines: readonly Line[];
  readonly #unit: string;
  #data: uPlot.AlignedData;
  #plot: uPlot | undefined;

  constructor(place: HTMLElement, unit: string, lines: readonly Line[]) {
    this.#place = place;
    this.#unit = unit;
    this.#lines = lines;
    this.#data = [[], ...lines.map(() => [])];
    // uPlot draws with the colours that it was made with.
    dark.addEventListener("change", () => this.#make());
    new ResizeObserver(() => {
      this.#plot?.setSize({ width: place.clientWidth, height });
    }).observe(place);
  }

  /** Times in seconds since 1970; null where there is no value. */
  show(times: number[], values: (number | null)[][]): void {
    this.#data = [times, ...values];
    if (this.#plot === undefined) this.#make();
    else this.#plot.setData(this.#data);
  }

  #make(): void {
    this.#plot?.destroy();
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour("--soft"),
      grid: { stroke: colour("--faint"), width: 1 },
      ticks: { show: false },
    };
    const options: uPlot.Options = {
      width: this.#place.clientWidth,
      height,
      cursor: { show: false },
      legend: { show: false },
      scales: { y: { range: (_, __, max) => [0, Math.max(max * 1.1, 0.1)] } },
      axes: [
        { ...axis, values: "{HH}:{mm}", space: 60, size: 30 },
        { ...axis, size: 60, values: (_, ticks) => ticks.map((tick) => `${tick} ${this.#unit}`) },
      ],
      series: [
        {},
        ...this.#lines.map(({ label, colour: name, dash, hasPoints = false }) => ({
          ...{ label, stroke: colour(name), width: 2, ...(dash && { dash }) },
          points: { show: hasPoints, size: 5 },
          spanGaps: true,
        })),
      ],
    };
    this.#plot = new uPlot(options, this.#data, this.#place);
  }
}
