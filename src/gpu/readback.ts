// The way back from the GPU: a whole range at once (tests, export), or a ring of mapped buffers that brings a few
// numbers a step without the step ever waiting for them.

import type { Gpu } from "./device";

/** Copies `bytes` of `buffer` from `offset` to the CPU. Waits for the queue. Both are multiples of 4. */
export async function readBuffer(
  gpu: Gpu,
  buffer: GPUBuffer,
  offset: number,
  bytes: number,
): Promise<ArrayBuffer> {
  const staging = gpu.createBuffer("readback", bytes, GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ);
  try {
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
    gpu.device.queue.submit([encoder.finish()]);
    await gpu.mapForReading(staging);
    return staging.getMappedRange().slice(0);
  } finally {
    gpu.destroyBuffer(staging);
  }
}

export const READBACK_SLOTS = 3;

/**
 * Ring of staging buffers of `bytes` each. `take` copies now and resolves later, in order. At most READBACK_SLOTS
 * results may be under way: whoever takes one more than that awaits the oldest first.
 */
export class ReadbackRing {
  private readonly staging: GPUBuffer[];
  private next = 0;

  constructor(
    private readonly gpu: Gpu,
    readonly bytes: number,
  ) {
    const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
    this.staging = Array.from({ length: READBACK_SLOTS }, (_, i) =>
      gpu.createBuffer(`readback ${i}`, bytes, usage),
    );
  }

  /** Copies `bytes` of `source` behind the work submitted so far; the promise brings them to the CPU. */
  take(source: GPUBuffer, offset: number): Promise<Float32Array> {
    const slot = this.next;
    this.next = (slot + 1) % this.staging.length;
    const staging = this.staging[slot]!;
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, offset, staging, 0, this.bytes);
    this.gpu.device.queue.submit([encoder.finish()]);
    return this.arrive(staging);
  }

  private async arrive(staging: GPUBuffer): Promise<Float32Array> {
    await this.gpu.mapForReading(staging);
    const copy = new Float32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return copy;
  }

  dispose(): void {
    for (const buffer of this.staging) this.gpu.destroyBuffer(buffer);
  }
}
