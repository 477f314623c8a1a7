// The engine's GPU: opened once, measured once an adapter, and opened anew after it was lost.

import { AppError } from "../core/errors";
import type { AdapterReport, Gpu } from "../gpu/device";
import { autotune } from "../ops/autotune";
import { tunings, type Tuning } from "../program/tuning";
import type { Store } from "../storage/store";
import type { GpuSummary, OnProgress } from "./api";

export class GpuRoom {
  private opened: Promise<Gpu> | undefined;
  private measured: Promise<Tuning> | undefined;
  private isLost = false;

  constructor(
    private readonly openDevice: () => Promise<Gpu>,
    private readonly store: Promise<Store>,
  ) {}

  open(): Promise<Gpu> {
    if (this.opened) return this.opened;
    const opened = this.openDevice();
    this.opened = opened;
    const forget = (): void => {
      if (this.opened !== opened) return;
      this.opened = undefined;
      this.measured = undefined;
      this.isLost = true;
    };
    opened.then((gpu) => {
      this.isLost = false;
      void gpu.lost.then(forget);
    }, forget);
    return opened;
  }

  /** The kernel variants for this adapter: measured the first time, remembered afterwards. */
  tuning(onProgress?: OnProgress): Promise<Tuning> {
    return (this.measured ??= this.measure(onProgress).catch((error: unknown) => {
      this.measured = undefined;
      throw error;
    }));
  }

  /** The tuning, waiting for a measurement under way but starting none. */
  async knownTuning(): Promise<Tuning | undefined> {
    return this.measured?.catch(() => undefined);
  }

  /** Changes with the adapter, its driver and the fields of a tuning. */
  async key(): Promise<string> {
    return keyOf((await this.open()).report);
  }

  /** `error` as it is, or as `device-lost` when the device went away under it. */
  async explained(error: unknown): Promise<unknown> {
    if (error instanceof AppError) return error;
    await new Promise((resolve) => setTimeout(resolve, LOSS_NOTICE_MILLISECONDS));
    if (!this.isLost) return error;
    return new AppError(
      "device-lost",
      "The graphics device was lost. Close other programs that use the GPU, or lower the cutoff length or micro-batch size, and start again.",
      { cause: error },
    );
  }

  private async measure(onProgress?: OnProgress): Promise<Tuning> {
    const gpu = await this.open();
    const { settings } = await this.store;
    const key = `tuning/${keyOf(gpu.report)}`;
    const known = (await settings.get(key).catch(() => undefined)) as Tuning | undefined;
    if (known) return known;
    const progress = { task: "Measuring the graphics card", total: 1, unit: "kernels" } as const;
    onProgress?.({ ...progress, done: 0 });
    const tuning = await autotune(gpu);
    onProgress?.({ ...progress, done: 1 });
    await settings.putOrHold(key, tuning);
    return tuning;
  }
}

/** The loss of a device may be told after the call that it broke. */
const LOSS_NOTICE_MILLISECONDS = 100;

export function summaryOf({ report }: Gpu): GpuSummary {
  const { vendor, architecture, description, features, maxBufferBytes } = report;
  const name = [vendor, architecture].filter(Boolean).join(" ") || description || "graphics card";
  const isSoftware = softwareAdapter.test([vendor, architecture, description].join(" "));
  return { name, isSoftware, features, largestBuffer: maxBufferBytes };
}

const softwareAdapter = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

function keyOf({ vendor, architecture, description }: AdapterReport): string {
  return [vendor, architecture, description, ...Object.keys(tunings.gpu)].join("|");
}
