// The report as text for people.

import type { Report } from "./report";

export function asText(report: Report): string {
  const { adapter } = report;
  const parts = [
    `${adapter.vendor} ${adapter.architecture} ${adapter.description}, Node ${report.node}, ${report.date}`,
    `tuning: ${JSON.stringify(report.tuning)} (autotune ${report.autotuneMilliseconds.toFixed(0)} ms)`,
  ];
  if (report.ceiling) {
    parts.push(
      `\nmultiply-add ceiling: ${number(report.ceiling.gigaflops)} GFLOP/s (${report.ceiling.form})`,
      table(
        ["form", "GFLOP/s", "by processor time"],
        report.ceiling.forms.map((form) => [
          form.form,
          number(form.gigaflops),
          software(report, form.processorGigaflops),
        ]),
      ),
    );
  }
  if (report.matmul.length > 0) {
    parts.push(
      "",
      table(
        [
          "product",
          "N×K→O",
          "weight",
          "variant",
          "ms",
          "GFLOP/s",
          "of ceiling",
          "by processor time",
          "error",
        ],
        report.matmul.map((row) => [
          `${row.name} ${row.entry}`,
          `${row.tokens}×${row.inner}→${row.outs}`,
          row.format,
          row.variant,
          number(row.milliseconds),
          number(row.gigaflops),
          percent(row.shareOfCeiling),
          report.software ? percent(row.processorShareOfCeiling) : "",
          row.error.toExponential(1),
        ]),
      ),
    );
  }
  if (report.peers.length > 0) {
    parts.push(
      "",
      table(
        ["512³ against", "product", "its ms", "our ms", "variant", "times as fast", "by processor time"],
        report.peers.map((row) => [
          row.peer,
          row.entry,
          number(row.peerMilliseconds),
          number(row.milliseconds),
          row.variant,
          number(row.ratio),
          software(report, row.processorRatio),
        ]),
      ),
    );
  }
  for (const step of report.steps) {
    parts.push(
      `\nstep: ${step.name}: ${step.tokens} tokens, ${step.launches} launches, ${number(step.milliseconds)} ms` +
        ` (${number(step.tokensPerSecond)} tokens/s), JavaScript ${number(step.javascriptMilliseconds)} ms,` +
        ` empty launch ${number(step.emptyLaunchMilliseconds)} ms,` +
        ` planned ${number(step.plannedBytes.total / 1e6)} MB, loss ${step.firstLoss.toFixed(4)} → ${step.lastLoss.toFixed(4)}`,
    );
    if (step.kernels.length === 0) continue;
    parts.push(
      `inside kernels: ${number(step.kernelMilliseconds)} ms, ${percent(step.shareInKernels)}` +
        (report.software ? ` (${percent(step.processorShareInKernels)} of processor time)` : ""),
      table(
        ["kernel", "launches", "ms", "processor ms", "share", "GFLOP/s"],
        step.kernels.map((row) => [
          row.kernel,
          String(row.launches),
          number(row.milliseconds),
          number(row.processorMilliseconds),
          percent(row.share),
          row.gigaflops > 0 ? number(row.gigaflops) : "",
        ]),
      ),
    );
  }
  for (const row of report.generation) {
    parts.push(
      `\ngeneration: ${row.name}: prompt of ${row.promptTokens} in ${number(row.prefillMilliseconds)} ms, then ` +
        `${number(row.tokensPerSecond)} tokens/s over ${row.newTokens} (${row.launchesPerToken} launches a token)`,
    );
  }
  return parts.join("\n");
}

function software(report: Report, value: number): string {
  return report.software ? number(value) : "";
}

function number(value: number): string {
  if (!Number.isFinite(value)) return "";
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

function percent(share: number): string {
  return Number.isFinite(share) ? `${(100 * share).toFixed(1)} %` : "";
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (i < 4 && !/^[\d.]/.test(cell) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)))
      .join("  ");
  return [line(head), widths.map((width) => "-".repeat(width)).join("  "), ...rows.map(line)].join("\n");
}
