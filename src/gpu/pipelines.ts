// Compiles kernels for one device, each once, with explicit layouts (unused bindings vanish from `layout: "auto"`).

import { AppError } from "../core/errors";
import type { Gpu } from "./device";
import type { Kernel } from "./kernel";

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

const cache = new WeakMap<Gpu, Map<Kernel, Promise<Pipeline>>>();

/** Compiles every kernel not compiled yet, in parallel. Throws `gpu-invalid` with the compiler's messages. */
export async function compileKernels(gpu: Gpu, kernels: Iterable<Kernel>): Promise<Map<Kernel, Pipeline>> {
  const compiled = cache.get(gpu) ?? new Map<Kernel, Promise<Pipeline>>();
  cache.set(gpu, compiled);
  const entries = [...new Set(kernels)].map(async (kernel): Promise<[Kernel, Pipeline]> => {
    let pending = compiled.get(kernel);
    if (!pending) compiled.set(kernel, (pending = compile(gpu, kernel)));
    return [kernel, await pending];
  });
  return new Map(await Promise.all(entries));
}

async function compile(gpu: Gpu, kernel: Kernel): Promise<Pipeline> {
  const { device } = gpu;
  const entries: GPUBindGroupLayoutEntry[] = kernel.bindings.map(({ index, access }) => ({
    binding: index,
    visibility: GPUShaderStage.COMPUTE,
    buffer: { type: access === "read" ? "read-only-storage" : "storage" },
  }));
  if (kernel.dims.length > 0) {
    entries.push({ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: "uniform" } });
  }
  const layout = device.createBindGroupLayout({ label: kernel.label, entries });
  const module = device.createShaderModule({ label: kernel.label, code: kernel.code });
  try {
    const pipeline = await device.createComputePipelineAsync({
      label: kernel.label,
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: kernel.entryPoint },
    });
    return { pipeline, layout };
  } catch (cause) {
    const { messages } = await module.getCompilationInfo();
    const lines = messages.map((m) => `line ${m.lineNum}: ${m.message}`).join("; ");
    throw new AppError("gpu-invalid", `kernel ${kernel.label} does not compile: ${lines || String(cause)}`, {
      cause,
    });
  }
}
