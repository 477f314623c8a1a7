// PEFT's names for the tensors of an adapter, and the way from and to the decoder's modules.

import { AppError } from "../core/errors";
import { fromFloat32, toFloat32, type HostTensor } from "../core/host-tensor";
import type { LoraMatrices, LoraModule } from "../model/lora";

/** A and B of the module at `path`, as float32. Throws `bad-adapter` when one is missing. */
export function adapterMatrices(tensors: ReadonlyMap<string, HostTensor>, path: string): LoraMatrices {
  const names = tensorNames(path);
  const read = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (!tensor) throw new AppError("bad-adapter", `The adapter has no tensor ${name}.`);
    return toFloat32(tensor);
  };
  return { a: read(names.a), b: read(names.b) };
}

/** PEFT tensors of a module's matrices, rank without padding. */
export function adapterTensors(
  module: LoraModule,
  rank: number,
  { a, b }: LoraMatrices,
): (readonly [string, HostTensor])[] {
  const names = tensorNames(module.path);
  return [
    [names.a, fromFloat32(a, [rank, module.a.cols], "F32")],
    [names.b, fromFloat32(b, [module.b.rows, rank], "F32")],
  ];
}

export function tensorNames(path: string): { readonly a: string; readonly b: string } {
  const prefix = `base_model.model.${path}`;
  return { a: `${prefix}.lora_A.weight`, b: `${prefix}.lora_B.weight` };
}
