// The one door to WebGPU: asks for an adapter and a device, keeps what callers need to know about them, and turns
// WebGPU's ways of failing (null adapter, error scopes, a lost device) into AppErrors. Knows no kernel and no model.

import { AppError } from "../core/errors";

/** What the adapter says about itself; reported with every benchmark and shown to the person. */
export interface AdapterReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly features: readonly string[];
  /** Largest range that one binding may cover, in bytes. */
  readonly maxBindingBytes: number;
  /** Largest buffer, in bytes. */
  readonly maxBufferBytes: number;
}

export interface OpenOptions {
  /** Optional features to switch on where the adapter has them. The default path needs none. */
  readonly wantedFeatures?: readonly GPUFeatureName[];
  /** Opens with the limits that every adapter guarantees instead of this adapter's own; for tests. */
  readonly guaranteedLimits?: boolean;
}

/** Design budget: no binding is larger, so that the limits every adapter guarantees are enough. */
export const MAX_BINDING_BYTES = 128 * 1024 * 1024;
/** No buffer is larger: WebGPU's guaranteed maxBufferSize. */
export const MAX_BUFFER_BYTES = 256 * 1024 * 1024;
/** Largest workgroup count along one axis. */
export const MAX_WORKGROUPS = 65_535;

/** An open device. Owns it: `dispose` destroys the device and with it every buffer. */
export class Gpu {
  /** Bytes of all buffers created through this object and not destroyed. */
  allocatedBytes = 0;
  /** Resolves with the reason when the device is lost; never rejects. */
  readonly lost: Promise<string>;
  private disposed = false;

  constructor(
    readonly device: GPUDevice,
    readonly report: AdapterReport,
    /** Firefox completes maps on a 100 ms timer unless work keeps arriving (bug 1870699). */
    private readonly nudge: boolean,
  ) {
    this.lost = device.lost.then((info) => info.message || info.reason || "unknown");
  }

  /** Creates a buffer and counts it. Call inside `guard` so that running out of memory is noticed. */
  createBuffer(label: string, bytes: number, usage: GPUBufferUsageFlags): GPUBuffer {
    const buffer = this.device.createBuffer({ label, size: bytes, usage });
    this.allocatedBytes += bytes;
    return buffer;
  }

  destroyBuffer(buffer: GPUBuffer): void {
    this.allocatedBytes -= buffer.size;
    buffer.destroy();
  }

  /** Runs `create` in error scopes; throws `out-of-memory` or `gpu-invalid` with WebGPU's own words. */
  async guard<T>(what: string, create: () => T | Promise<T>): Promise<T> {
    this.device.pushErrorScope("validation");
    this.device.pushErrorScope("out-of-memory");
    let result: T;
    try {
      result = await create();
    } finally {
      const outOfMemory = await this.device.popErrorScope();
      const invalid = await this.device.popErrorScope();
      if (outOfMemory) {
        throw new AppError(
          "out-of-memory",
          `The GPU has no room for ${what}. Lower the cutoff length, the micro-batch size or the rank, or close other tabs. (${outOfMemory.message})`,
        );
      }
      if (invalid) throw new AppError("gpu-invalid", `WebGPU refused ${what}: ${invalid.message}`);
    }
    return result;
  }

  /** Resolves when all work submitted so far is finished. */
  async finished(): Promise<void> {
    await this.nudged(this.device.queue.onSubmittedWorkDone());
  }

  /** Maps a MAP_READ buffer. Throws `device-lost` when the device goes away meanwhile. */
  async mapForReading(buffer: GPUBuffer): Promise<void> {
    try {
      await this.nudged(buffer.mapAsync(GPUMapMode.READ));
    } catch (cause) {
      const reason = await Promise.race([this.lost, afterMilliseconds(LOSS_NOTICE_MILLISECONDS)]);
      if (reason === undefined) throw cause;
      throw new AppError(
        "device-lost",
        `The graphics device was lost (${reason}). Close other programs that use the GPU, or lower the cutoff length or micro-batch size, and start again.`,
        { cause },
      );
    }
  }

  dispose(): void {
    if (this.disposed) return;
    this.disposed = true;
    this.device.destroy();
  }

  private async nudged<T>(pending: Promise<T>): Promise<T> {
    if (!this.nudge) return pending;
    const timer = setInterval(() => this.device.queue.submit([]), 1);
    try {
      return await pending;
    } finally {
      clearInterval(timer);
    }
  }
}

/** A failed map and the news of the device's loss may arrive in either order. */
const LOSS_NOTICE_MILLISECONDS = 100;

function afterMilliseconds(milliseconds: number): Promise<undefined> {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}

/** Opens a device, with the adapter's own limits unless told otherwise. `gpu` is `navigator.gpu`, or Dawn's under Node. */
export async function openGpu(gpu: GPU | undefined, options: OpenOptions = {}): Promise<Gpu> {
  if (!gpu) {
    throw new AppError(
      "webgpu-missing",
      "This browser has no WebGPU. Chrome or Edge 113, Safari 26 and Firefox 141 or newer have it; on Linux, Chrome 144 or newer.",
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (!adapter) {
    throw new AppError(
      "webgpu-missing",
      "WebGPU is there but found no graphics adapter. Turn on hardware acceleration in the browser's settings and update the graphics driver.",
    );
  }
  const wanted = (options.wantedFeatures ?? []).filter((feature) => adapter.features.has(feature));
  const device = await adapter.requestDevice({
    requiredFeatures: wanted,
    ...(!options.guaranteedLimits && {
      requiredLimits: {
        maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
        maxBufferSize: adapter.limits.maxBufferSize,
      },
    }),
  });
  const { vendor, architecture, description } = adapter.info;
  const report: AdapterReport = {
    vendor,
    architecture,
    description,
    features: [...adapter.features].sort(),
    maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
    maxBufferBytes: adapter.limits.maxBufferSize,
  };
  const firefox = typeof navigator !== "undefined" && /Firefox\//.test(navigator.userAgent ?? "");
  return new Gpu(device, report, firefox);
}

/** The browser's WebGPU, in a page or a worker; undefined where there is none. */
export function browserGpu(): GPU | undefined {
  return typeof navigator === "undefined" ? undefined : navigator.gpu;
}
