// GPU memory of one session: the activation banks that programs share and the resident tensors. Owns every buffer;
// `dispose` gives all of them back.

import { assert } from "../core/errors";
import type { Gpu } from "../gpu/device";
import { readBuffer } from "../gpu/readback";
import { alignUp, rootOf, type Tensor } from "./tensor";

export class Memory {
  private banks: GPUBuffer[] = [];
  private readonly residents = new Map<Tensor, GPUBuffer>();

  constructor(readonly gpu: Gpu) {}

  /** Creates zeroed buffers for those `tensors` that have none yet. */
  async allocate(tensors: Iterable<Tensor>): Promise<void> {
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC;
    const missing = [...new Set([...tensors].map(rootOf))].filter((tensor) => !this.residents.has(tensor));
    const bytes = missing.reduce((sum, tensor) => sum + alignUp(tensor.bytes), 0);
    await this.gpu.guard(`${(bytes / 1e6).toFixed(1)} MB of weights and parameters`, () => {
      for (const tensor of missing) {
        assert(tensor.place === "resident", `tensor ${tensor.name} is placed by a plan`);
        this.residents.set(tensor, this.gpu.createBuffer(tensor.name, alignUp(tensor.bytes), usage));
      }
    });
  }

  /** Creates the activation banks. Programs made before must not run afterwards. */
  async allocateBanks(bankBytes: readonly number[]): Promise<void> {
    this.banks.forEach((bank) => this.gpu.destroyBuffer(bank));
    this.banks = [];
    const megabytes = (bankBytes.reduce((sum, bytes) => sum + bytes, 0) / 1e6).toFixed(1);
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    await this.gpu.guard(`${megabytes} MB of activations`, () => {
      this.banks = bankBytes.map((bytes, i) => this.gpu.createBuffer(`bank ${i}`, bytes, usage));
    });
  }

  bank(index: number): GPUBuffer {
    const bank = this.banks[index];
    assert(bank, `bank ${index} is not allocated`);
    return bank;
  }

  /** Buffer of a resident tensor (for a view, of the tensor it looks into). */
  buffer(tensor: Tensor): GPUBuffer {
    const buffer = this.residents.get(rootOf(tensor));
    assert(buffer, `resident ${tensor.name} is not allocated`);
    return buffer;
  }

  /** Writes `data` at element `first` of a resident tensor. Ordered before later runs. */
  write(tensor: Tensor, data: Float32Array | Uint32Array, first = 0): void {
    const end = (first + data.length) * 4;
    assert(end <= tensor.bytes, `write to ${tensor.name}: ${end} bytes, it holds ${tensor.bytes}`);
    const offset = (tensor.view?.offset ?? 0) + first * 4;
    this.gpu.device.queue.writeBuffer(this.buffer(tensor), offset, data as Float32Array<ArrayBuffer>);
  }

  /** Fills a resident tensor with zero bits. */
  clear(tensor: Tensor): void {
    const encoder = this.gpu.device.createCommandEncoder();
    encoder.clearBuffer(this.buffer(tensor), tensor.view?.offset ?? 0, Math.ceil(tensor.bytes / 4) * 4);
    this.gpu.device.queue.submit([encoder.finish()]);
  }

  async readFloats(tensor: Tensor): Promise<Float32Array> {
    return new Float32Array(await this.read(tensor));
  }

  async read(tensor: Tensor): Promise<ArrayBuffer> {
    return readBuffer(this.gpu, this.buffer(tensor), tensor.view?.offset ?? 0, tensor.bytes);
  }

  /** Destroys the buffers of `tensors`. */
  release(tensors: Iterable<Tensor>): void {
    for (const tensor of tensors) {
      const buffer = this.residents.get(rootOf(tensor));
      if (!buffer) continue;
      this.gpu.destroyBuffer(buffer);
      this.residents.delete(rootOf(tensor));
    }
  }

  dispose(): void {
    this.banks.forEach((bank) => this.gpu.destroyBuffer(bank));
    this.banks = [];
    this.release([...this.residents.keys()]);
  }
}
