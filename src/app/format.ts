// Numbers as people read them. Everything is in English notation with thin grouping, and every result carries its unit.

const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** 9_215_436 → "9.2 MB". Powers of 1000, as file managers and browsers' quota pages count. */
export function formatBytes(bytes: number): string {
  if (!Number.isFinite(bytes)) return "unknown size";
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = Math.abs(bytes);
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  const text = trimZeros(value.toFixed(digits));
  return `${bytes < 0 ? "−" : ""}${text} ${units[unit]!}`;
}

/** 3145728 → "3,145,728" */
export function formatCount(count: number): string {
  return grouped.format(count);
}

/** "1 row", "52 rows". */
export function formatCounted(count: number, noun: string, plural = `${noun}s`): string {
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** 3_014_000 → "3.0 million"; below 10,000 the number itself. */
export function formatRounded(count: number): string {
  if (count < 10_000) return formatCount(count);
  if (count < 999_500) return `${formatCount(Math.round(count / 1000))} thousand`;
  if (count < 999_500_000) return `${(count / 1e6).toFixed(count < 99_500_000 ? 1 : 0)} million`;
  return `${(count / 1e9).toFixed(1)} billion`;
}

/** Seconds → "0.4 s", "12 s", "2 min 5 s", "3 h 20 min", "2 d 4 h". */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "unknown";
  if (seconds < 0) return "0 s";
  if (seconds < 9.95) return `${trimZeros(seconds.toFixed(1))} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return joined(Math.floor(whole / 60), "min", whole % 60, "s");
  const minutes = Math.round(seconds / 60);
  if (minutes < 1440) return joined(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(seconds / 3600);
  return joined(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** Significant digits without an exponent where that stays readable: 0.00021 → "0.00021", 1.23456 → "1.235". */
export function formatNumber(value: number, digits = 4): string {
  if (Number.isNaN(value)) return "not a number";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 1e-5 || size >= 1e9) {
    const [mantissa, exponent] = value.toExponential(digits - 1).split("e");
    return `${minus(trimZeros(mantissa!))}e${exponent!.replace("+", "").replace("-", "−")}`;
  }
  return minus(
    new Intl.NumberFormat("en", { maximumSignificantDigits: digits, useGrouping: size >= 10_000 }).format(
      value,
    ),
  );
}

/** 0.0314 → "3.1 %" */
export function formatPercent(share: number): string {
  if (!Number.isFinite(share)) return "unknown";
  const percent = share * 100;
  if (percent > 0 && percent < 0.05) return "under 0.1 %";
  return `${trimZeros(percent.toFixed(Math.abs(percent) < 10 && percent !== 0 ? 1 : 0))} %`;
}

/** Tokens a second: 43.21 → "43 tokens/s". */
export function formatTokensPerSecond(tokensPerSecond: number): string {
  return `${tokensPerSecond < 9.95 ? trimZeros(tokensPerSecond.toFixed(1)) : formatCount(tokensPerSecond)} tokens/s`;
}

/** "14:05" */
export function formatTime(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}

/** "today, 14:05", "yesterday, 09:12", "3 Mar 2026, 18:40" */
export function formatDateTime(milliseconds: number, now = Date.now()): string {
  const day = (time: number): number => new Date(time).setHours(0, 0, 0, 0);
  const days = Math.round((day(now) - day(milliseconds)) / 86_400_000);
  const time = formatTime(milliseconds);
  if (days === 0) return `today, ${time}`;
  if (days === 1) return `yesterday, ${time}`;
  const date = new Date(milliseconds).toLocaleDateString("en-GB", {
    day: "numeric",
    month: "short",
    year: "numeric",
  });
  return `${date}, ${time}`;
}

function joined(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function minus(text: string): string {
  return text.replace(/^-/, "−");
}
